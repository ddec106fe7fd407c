"""Worker processes of dask.distributed, on this machine or on others, that add up chunks of a data set.

In each step every worker is asked once, for a range of chunks: w and b travel out, the sums of a few
subtrees back (`impls.data.chunked`). To answer, it needs nothing but the data set's path, which all workers
must be able to read. So what a worker was doing when it died, others do again, to the same bits. Which
workers there are is looked up every few seconds, and the chunks are dealt to those.

The scheduler only passes question and answers on. As tasks, whose states it would follow from a queue to a
result that is fetched, the same work took five milliseconds more in every step. The price: it sees no work
on its dashboard, for scaling to it, or as a reason not to end when idle.
"""

import asyncio
import atexit
import logging
import re
import signal
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing import resource_tracker
from pathlib import Path
from time import monotonic
from typing import Any

from impls import pools
from impls.contract import Array, Step
from impls.data.chunked import Node, as_step, partial
from impls.data.dataset import KEPT_BYTES, BadData, DataSet, reopened
from impls.errors import Unavailable, UserError, not_installed

_CONNECT_S = 10
_LOOK_S = 2  # between two looks at which workers there are
_DEALS = 3  # of the same chunks, to workers that all die over them
_PATIENCE_S = 30  # without any, until they are given up
_BASE_BYTES = 300_000_000  # of a worker that has imported all it needs
_CHUNKS_HELD = 3  # by each thread, at most: as read, as decoded, and while its values are checked
_SAFE = 0.8  # of its memory limit; at 0.95 a worker's nanny ends it
_LOGS = "their logs may say why, such as a lack of memory"
_SAME = ("distributed", "numpy", "numba", "zarr")  # on all machines
_ENVIRONMENT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",  # it looks at each worker a hundred times a second
}


class BadCluster(UserError, RuntimeError):
    """The cluster cannot be reached or used; the message names the address, what is wrong, what to do."""


class Cluster:
    """Workers on this machine, for "local" or "local:N", or those of a scheduler, for its address.

    Raises BadCluster where the address is none or nobody answers, Unavailable without dask.distributed.
    """

    def __init__(self, address: str):
        self.address = address
        self._ready: tuple[str, set[str]] = ("", set())  # data set, and the workers that were checked for it
        self._workers: dict[str, int] = {}
        self._looked_s = 0.0  # when workers were last asked for
        local = _workers_of(address)
        self._distributed = _distributed()
        # What goes wrong is said once, in a message; that other versions do, by `_check`.
        for logger in ("distributed.client", "asyncio", "tornado.application"):
            logging.getLogger(logger).setLevel(logging.CRITICAL)
        self._local: Any
        with warnings.catch_warnings(action="ignore"):
            self._local, self._client = self._started(local) if local else (None, self._connected())

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Disconnect, and end the workers that were started here."""
        self._client.close()
        if self._local:
            self._local.close()

    def step(self, data: DataSet, w: Array, b: float) -> Step:
        """Return cost and gradients; w is (n_x, 1).

        Raises BadData as `DataSet.sums` does, BadCluster where workers cannot do it or none are left.
        """
        place, nodes = (str(data.path.resolve()), data.identity), list[Node]()
        missing, in_vain = [range(len(data))], 0
        while missing:
            shares = dealt(missing, self.workers(data))
            # All workers that there are now are asked: one that has gone would be waited for.
            found = self._told(None, _on_worker, shares, w, b, place)
            for worker in shares.keys() & found.keys():
                nodes += _answered(worker, found[worker])
            in_vain = in_vain + 1 if shares.keys().isdisjoint(found) else 0
            if in_vain == _DEALS:
                said = f"its workers died {_DEALS} times over the same chunks: {_LOGS}"
                raise BadCluster(f"{self.address}: {said}")
            missing = [part for worker, share in shares.items() if worker not in found for part in share]
            if missing:
                self._looked_s = 0.0
        return as_step(sorted(nodes, key=lambda node: node.number << node.level), data)

    def workers(self, data: DataSet) -> dict[str, int]:
        """Return the threads of each worker, once all of them can work on a data set; raises BadCluster."""
        if self._ready[0] != data.identity:
            self._ready, self._looked_s = (data.identity, set()), 0.0
        if monotonic() - self._looked_s > _LOOK_S:
            self._workers = self._found()
            if new := set(self._workers) - self._ready[1]:
                self._check(data, {worker: self._workers[worker] for worker in new})
                self._ready[1].update(new)
            # A scheduler that ends when idle counts nothing but tasks.
            self._said(self._client.submit, int, pure=False)
            self._looked_s = monotonic()
        return self._workers

    def _found(self) -> dict[str, int]:
        while not (workers := self._said(self._client.nthreads)):
            self._said(self._client.wait_for_workers, 1, timeout=_PATIENCE_S)
        return dict(sorted(workers.items()))

    def _started(self, workers: int) -> tuple[Any, Any]:
        try:
            with _deaf_to_interrupts():
                local = self._distributed.LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    dashboard_address="127.0.0.1:0",  # any port that is free
                    memory_limit=0,  # none: a worker maps its chunks, and what is mapped counts as its memory
                    env=_ENVIRONMENT,
                    silence_logs=logging.CRITICAL,
                )
                return local, self._distributed.Client(local, set_as_default=False)
        except RuntimeError as error:
            raise BadCluster(f"{self.address}: workers do not start: {error}") from None
        except BaseException:  # Ctrl-C; closing what is half started would fail at exit, with a traceback
            atexit.unregister(self._distributed.deploy.spec.close_clusters)
            raise

    def _connected(self) -> Any:
        security = self._security()
        try:
            with ThreadPoolExecutor(1) as thread:  # where no event loop runs yet, as it may do here
                thread.submit(asyncio.run, _greeted(self.address, security)).result()
            return self._distributed.Client(
                self.address, timeout=_CONNECT_S, security=security, set_as_default=False
            )
        except OSError as error:
            said = "start one with `dask scheduler`, or mend the address, its protocol or the certificates"
            raise BadCluster(f"{self.address}: no scheduler answers: {said}") from error

    def _security(self) -> Any:
        """Return Dask's settings of TLS; a client that finds them wrong itself takes 20 s to be let go."""
        settings = "distributed.comm in Dask's configuration"
        try:
            security = self._distributed.Security()
            certificates = security.get_connection_args("client")["ssl_context"]
        except (OSError, ValueError) as error:
            raise BadCluster(f"{self.address}: {settings} names certificates that fail: {error}") from None
        if self.address.startswith("tls:") and not certificates:
            raise BadCluster(f"{self.address}: no TLS without certificates: set {settings}")
        if self.address.startswith("tcp:") and security.require_encryption:
            raise BadCluster(f"{self.address}: {settings} requires encryption: use a tls:// address")
        return security

    def _check(self, data: DataSet, workers: dict[str, int]) -> None:
        """Raise BadCluster unless these workers run the same code, have memory and see the data set."""
        limits = self._client.scheduler_info(n_workers=-1)["workers"]
        for worker, count in workers.items():
            kept = min(KEPT_BYTES, len(data) * data.chunk_bytes)
            needed = _BASE_BYTES + kept + _CHUNKS_HELD * count * data.chunk_bytes
            limit = limits.get(worker, {}).get("memory_limit")
            if limit and _SAFE * limit < needed:
                raise BadCluster(
                    f"worker {worker}: its memory limit is {limit / 1e6:,.0f} MB, but chunks of "
                    f"{data.chunk_bytes / 1e6:,.1f} MB need {needed / _SAFE / 1e6:,.0f} MB: give it more, "
                    "or make the data set with smaller chunks"
                )
        self._check_versions(list(workers))
        place = (str(data.path.resolve()), data.identity)
        for worker, error in self._told(list(workers), _unseen, *place).items():
            if error:
                raise BadCluster(f"worker {worker}: it needs the data set at the same path, but {error}")

    def _check_versions(self, workers: list[str]) -> None:
        """Raise BadCluster unless these workers run what runs here."""
        # First what Dask itself tells: a function that is sent to another Python can be its end.
        found = self._said(self._client.get_versions, packages=_SAME)
        ours, theirs = found["client"]["packages"], found["workers"]
        for worker in set(workers) & set(theirs):
            for name in ("python", *_SAME):
                _compare(worker, name, theirs[worker]["packages"][name], ours[name])
        digest = _digest()
        for worker, other in self._told(workers, digest).items():
            _compare(worker, "zeroloop's code", other, digest())

    def _told(
        self, workers: list[str] | None, function: Callable[..., Any], *arguments: Any
    ) -> dict[str, Any]:
        """Return what a function returns, or raises, on each of some workers, or all, that is still there."""
        told = self._said(self._client.run, function, *arguments, workers=workers, on_error="return")
        return {worker: answer for worker, answer in told.items() if not isinstance(answer, OSError)}

    def _said(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Return what a call returns, with what dask.distributed raises as BadCluster."""
        try:
            return call(*arguments, **named)
        except TimeoutError:
            raise BadCluster(f"{self.address}: it has no workers; start some with `dask worker`") from None
        except (OSError, self._distributed.CancelledError) as error:
            raise BadCluster(f"{self.address}: the scheduler is gone") from error


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back, and for good from what is started meanwhile: a terminal sends it to workers too."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # started later, with the first worker, it would undo the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


async def _greeted(address: str, security: Any) -> None:
    """Wait for an answer, which a client does without end where somebody else listens; raises OSError."""
    connecting = _distributed().comm.connect(
        address, timeout=_CONNECT_S, **security.get_connection_args("client")
    )
    comm = await asyncio.wait_for(connecting, _CONNECT_S)
    comm.abort()


def _workers_of(address: str) -> int | None:
    """Return how many workers to start here, or None for a scheduler's address; raises BadCluster."""
    if local := re.fullmatch(r"local(?::(\d+))?", address):
        try:
            return pools.check(int(local[1] or pools.available()))
        except ValueError as error:
            raise BadCluster(f"cluster: {address!r}: {error}") from None
    if not re.fullmatch(r"(tcp|tls)://[^/]+:\d+", address):
        needed = "local, local:N, tcp://HOST:PORT or tls://HOST:PORT"
        raise BadCluster(f"cluster: {address!r}, but {needed} is needed")
    return None


def dealt(missing: list[range], workers: dict[str, int]) -> dict[str, list[range]]:
    """Deal ranges of chunks to workers by their threads: neighbours to each; of few, none to some."""
    whole, given = sum(workers.values()), 0
    shares: dict[str, list[range]] = {}
    for worker, count in workers.items():
        first, given = given, given + count
        parts = (chunks[first * len(chunks) // whole : given * len(chunks) // whole] for chunks in missing)
        if share := [part for part in parts if part]:
            shares[worker] = share
    return shares


async def _on_worker(
    shares: dict[str, list[range]], w: Array, b: float, place: tuple[str, str], dask_worker: Any
) -> list[Node]:
    """Return the sums of a worker's share, computed in its thread for tasks: it answers others meanwhile."""
    logging.getLogger("distributed.worker").addFilter(_is_no_step)  # a line for each step is no use
    share, (path, identity) = shares.get(dask_worker.address), place
    if not share:
        return []

    def compute() -> list[Node]:
        data, threads = reopened(Path(path), identity), dask_worker.state.nthreads
        parts = (partial(data, part.start, part.stop, w, b, threads) for part in share)
        return [node for nodes in parts for node in nodes]

    return await asyncio.get_running_loop().run_in_executor(dask_worker.executors["default"], compute)


def _answered(worker: str, answer: Any) -> list[Node]:
    """Return the nodes that a worker found; raises what it raised, as BadCluster unless the data are bad."""
    if isinstance(answer, BadData | Unavailable):
        raise answer
    if isinstance(answer, Exception):
        raise BadCluster(f"worker {worker}: {answer!r}; {_LOGS}") from answer
    return list(answer)


def _compare(worker: str, name: str, theirs: str | None, ours: str | None) -> None:
    if theirs != ours:
        said = f"{name} {theirs or 'is not installed'}, but here it is {ours}"
        raise BadCluster(f"worker {worker}: {said}: install the same on both")


def _unseen(path: str, identity: str) -> str | None:
    """Say why a worker cannot open a data set."""
    try:
        reopened(Path(path), identity)
    except BadData as error:
        return str(error)
    return None


def _is_no_step(record: logging.LogRecord) -> bool:
    return record.args != (_on_worker.__name__,)


def _digest() -> Callable[[], str | None]:
    """Return a function that a worker can run even if it has none of our modules."""

    def digest() -> str | None:
        try:
            from impls.kernels.compiled import digest_of_sources
        except ImportError:
            return None
        return str(digest_of_sources()[:12])

    return digest


def _distributed() -> Any:
    try:
        import distributed
    except ImportError:
        raise not_installed("distributed") from None
    return distributed
