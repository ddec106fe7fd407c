"""Worker processes of dask.distributed, on this machine or on others, that add up chunks of a data set.

In each step every worker gets one request, for a range of chunks: w and b go out, the sums of a few subtrees
come back (`impls.data.chunked`). A worker needs nothing else but the path of the data set, which all workers
must be able to read. So if a worker dies, others repeat its work and get the same bits. The list of workers
is read again every few seconds, and the chunks are dealt to the workers in it.

The scheduler only forwards requests and answers. If the work were tasks, whose states the scheduler follows,
each step would take five milliseconds more. The price: the scheduler does not know of the work, so it shows
none on its dashboard, starts no workers for it, and would end itself as idle.
"""

import asyncio
import atexit
import logging
import multiprocessing
import signal
import threading
import warnings
from collections.abc import Callable, Iterator
from concurrent import futures
from contextlib import contextmanager
from multiprocessing import resource_tracker
from pathlib import Path
from time import monotonic, sleep
from typing import Any

from impls.contract import Array, Step
from impls.data.address import BadCluster, workers_of
from impls.data.chunked import Node, as_step, partial
from impls.data.dataset import KEPT_BYTES, BadData, DataSet, reopened
from impls.errors import Unavailable, not_installed

_CONNECT_S = 10
_LOOK_S = 2  # the list of workers is read again after this time
_DEALS = 3  # attempts at the same chunks, if all workers die over them
_PATIENCE_S = 30  # longest wait for a first worker
_SILENCE_S = (
    30  # a cluster that gave no answer for so long is asked whether it lives, and given as long again
)
_BASE_BYTES = 300_000_000  # memory of a worker that has imported all it needs
_CHUNKS_HELD = 3  # copies of a chunk in each thread, at most: read, decoded, and compared while it is checked
_SAFE = 0.8  # share of its memory limit that a worker may use; at 0.95 its nanny ends it
_LOGS = "their logs may say why, such as a lack of memory"
_SAME = ("distributed", "numpy", "numba", "zarr")  # packages that need the same version on all machines
_ENVIRONMENT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"),
    "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False",  # it interrupts workers 100 times a second
}


class Cluster:
    """Workers on this machine, for "local" or "local:N", or those of a scheduler, for its address.

    Raises BadCluster if the address is not valid or nobody answers, Unavailable without dask.distributed.
    """

    def __init__(self, address: str):
        self.address = address
        self._ready: tuple[str, set[str]] = ("", set())  # a data set, and the workers checked for it
        self._workers: dict[str, int] = {}
        self._looked_s = 0.0  # when the list of workers was last read
        local = workers_of(address)
        self._distributed = _distributed()
        # An error is reported once, by an exception, and so are different versions, by `_check`.
        for logger in ("distributed", "distributed.client", "asyncio", "tornado.application"):
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

        Raises BadData as `DataSet.sums` does, BadCluster if workers fail or none are left.
        """
        place, nodes = (str(data.path.resolve()), data.identity), list[Node]()
        missing, in_vain = [range(len(data))], 0
        while missing:
            shares = dealt(missing, self.workers(data))
            # All workers that the scheduler knows now are asked, since it would wait for one that is gone.
            found = self._answers(None, _on_worker, shares, w, b, place)
            for worker in shares.keys() & found.keys():
                nodes += _value(worker, found[worker])
            in_vain = in_vain + 1 if shares.keys().isdisjoint(found) else 0
            if in_vain == _DEALS:
                said = f"its workers died {_DEALS} times over the same chunks: {_LOGS}"
                raise BadCluster(f"{self.address}: {said}")
            if lost := shares.keys() - found.keys():
                self._wait_until_forgotten(lost)
                self._looked_s = 0.0
            missing = [part for worker, share in shares.items() if worker in lost for part in share]
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
            # A task, since a scheduler that ends when idle counts nothing else as work.
            self._call(self._client.submit, int, pure=False)
            self._looked_s = monotonic()
        return self._workers

    def _found(self) -> dict[str, int]:
        while not (workers := self._call(self._client.nthreads)):
            self._call(self._client.wait_for_workers, 1, timeout=_PATIENCE_S)
        return dict(sorted(workers.items()))

    def _wait_until_forgotten(self, lost: set[str]) -> None:
        """Wait a moment until the scheduler knows that workers are gone: else it would name them again."""
        end_s = monotonic() + _LOOK_S
        while not lost.isdisjoint(self._call(self._client.nthreads)) and monotonic() < end_s:
            sleep(_LOOK_S / 100)

    def _started(self, workers: int) -> tuple[Any, Any]:
        try:
            with _deaf_to_interrupts():
                local = self._distributed.LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    dashboard_address="127.0.0.1:0",  # any port that is free
                    memory_limit=0,  # none, since mapped chunks would count as a worker's memory
                    env=_ENVIRONMENT,
                    silence_logs=logging.CRITICAL,
                )
                return local, self._distributed.Client(local, set_as_default=False)
        except RuntimeError as error:
            raise BadCluster(f"{self.address}: workers do not start: {_cause(error)}") from None
        except BaseException:  # Ctrl-C: at exit, closing half-started workers would fail with a traceback
            atexit.unregister(self._distributed.deploy.spec.close_clusters)
            raise

    def _connected(self) -> Any:
        security = self._security()
        try:
            with futures.ThreadPoolExecutor(1) as thread:  # this thread may already run an event loop
                thread.submit(asyncio.run, _greeted(self.address, security)).result()
            return self._distributed.Client(
                self.address, timeout=_CONNECT_S, security=security, set_as_default=False
            )
        except (OSError, ValueError) as error:  # ValueError: Tornado, where TLS meets a scheduler without
            said = "start one with `dask scheduler`, or correct the address, its protocol or the certificates"
            raise BadCluster(f"{self.address}: no scheduler answers: {said}") from error

    def _security(self) -> Any:
        """Return Dask's settings for TLS, checked here: a client that finds them wrong takes 20 s to end."""
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
        """Raise BadCluster unless these workers have the memory, run the same code and see the data set."""
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
        for worker, answer in self._answers(list(workers), _why_unseen, *place).items():
            if why := _value(worker, answer):
                raise BadCluster(f"worker {worker}: it needs the data set at the same path, but {why}")

    def _check_versions(self, workers: list[str]) -> None:
        """Raise BadCluster unless these workers run the same versions and code as this process."""
        # Versions come first, from Dask itself: a function that is sent to another Python can crash it.
        found = self._call(self._client.get_versions, packages=_SAME)
        ours, theirs = found["client"]["packages"], found["workers"]
        for worker in set(workers) & set(theirs):
            for name in ("python", *_SAME):
                _compare(worker, name, theirs[worker]["packages"][name], ours[name])
        digest = _digest()
        for worker, answer in self._answers(workers, digest).items():
            _compare(worker, "zeroloop's code", _value(worker, answer), digest())

    def _answers(
        self, workers: list[str] | None, function: Callable[..., Any], *arguments: Any
    ) -> dict[str, Any]:
        """Return what a function returns, or the exception that it raises, on each of some workers, or all.

        A worker that is gone gives no answer. If the connection breaks, distributed answers CommClosedError;
        if it cannot be made, OSError. A function may raise OSError too, for a disk that is full, but then its
        worker is still there.
        """
        answers = self._call(self._client.run, function, *arguments, workers=workers, on_error="return")
        lost = self._distributed.comm.CommClosedError
        failed = {worker for worker, answer in answers.items() if isinstance(answer, OSError)}
        gone = {worker for worker in failed if isinstance(answers[worker], lost)}
        if failed - gone:
            gone |= failed - set(self._call(self._client.nthreads))
        return {worker: answer for worker, answer in answers.items() if worker not in gone}

    def _call(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Return what a call returns; errors of dask.distributed become BadCluster."""
        answer = _begun(call, *arguments, **named)
        try:
            while not futures.wait([answer], _SILENCE_S).done:
                self._check_alive()
            return answer.result()
        except TimeoutError:
            raise BadCluster(f"{self.address}: it has no workers; start some with `dask worker`") from None
        except (OSError, self._distributed.CancelledError) as error:
            raise BadCluster(f"{self.address}: the scheduler is gone") from error

    def _check_alive(self) -> None:
        """Raise BadCluster if the scheduler, or a worker, answers nothing at all, as one that was stopped."""
        client, there = self._client, _begun(self._client.nthreads)
        _check_answered({f"{self.address}: the scheduler": there})
        # One that computes answers too; the scheduler forgets one that has died.
        workers = set(self._workers) & set(there.result())
        _check_answered(
            {
                f"worker {worker}": _begun(client.run, int, workers=[worker], on_error="return")
                for worker in workers
            }
        )


def _check_answered(asked: dict[str, futures.Future[Any]]) -> None:
    """Wait for answers; raises BadCluster for who gives none."""
    futures.wait(asked.values(), _SILENCE_S)
    for name, answer in asked.items():
        if not answer.done():
            raise BadCluster(f"{name} is stopped or cut off, and gave no answer for {_SILENCE_S} s: end it")


def _begun(call: Callable[..., Any], *arguments: Any, **named: Any) -> futures.Future[Any]:
    """Call in a thread that does not keep this process alive, since dask.distributed may wait for ever."""
    answer = futures.Future[Any]()

    def run() -> None:
        try:
            answer.set_result(call(*arguments, **named))
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer


@contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """Delay Ctrl-C. Processes started here never get it, although a terminal sends it to workers too."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # if the first worker started it, it would undo the mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


async def _greeted(address: str, security: Any) -> None:
    """Wait for an answer; raises OSError. A client would wait forever for a program that is no scheduler."""
    connecting = _distributed().comm.connect(
        address, timeout=_CONNECT_S, **security.get_connection_args("client")
    )
    comm = await asyncio.wait_for(connecting, _CONNECT_S)
    comm.abort()


def _cause(error: BaseException) -> str:
    """Return why workers do not start, which dask.distributed hides below errors that say nothing."""
    try:
        multiprocessing.Lock()
    except OSError as lack:
        return f"they need semaphores, which Linux keeps in /dev/shm: {lack.strerror}"
    while error.__cause__:
        error = error.__cause__
    return repr(error)


def dealt(missing: list[range], workers: dict[str, int]) -> dict[str, list[range]]:
    """Deal ranges of chunks to workers, in proportion to their threads, neighbours to the same worker.

    If there are fewer chunks than threads, some workers get none and are not in the result.
    """
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
    """Return the sums of a worker's share, computed in its thread for tasks, so that it can still answer."""
    logging.getLogger("distributed.worker").addFilter(_is_no_step)  # else the log gets a line for each step
    share, (path, identity) = shares.get(dask_worker.address), place
    if not share:
        return []

    def compute() -> list[Node]:
        data, threads = reopened(Path(path), identity), dask_worker.state.nthreads
        parts = (partial(data, part.start, part.stop, w, b, threads) for part in share)
        return [node for nodes in parts for node in nodes]

    return await asyncio.get_running_loop().run_in_executor(dask_worker.executors["default"], compute)


def _value(worker: str, answer: Any) -> Any:
    """Return a worker's answer, or raise the exception that it is, as BadCluster unless it says enough."""
    if isinstance(answer, BadData | Unavailable):
        raise answer
    if isinstance(answer, Exception):
        raise BadCluster(f"worker {worker}: {answer!r}; {_LOGS}") from answer
    return answer


def _compare(worker: str, name: str, theirs: str | None, ours: str | None) -> None:
    if theirs != ours:
        said = f"{name} {theirs or 'is not installed'}, but here it is {ours}"
        raise BadCluster(f"worker {worker}: {said}: install the same on both")


def _why_unseen(path: str, identity: str) -> str | None:
    """Return why a worker cannot open a data set; None if it can."""
    try:
        reopened(Path(path), identity)
    except BadData as error:
        return str(error)
    return None


def _is_no_step(record: logging.LogRecord) -> bool:
    return record.args != (_on_worker.__name__,)


def _digest() -> Callable[[], str | None]:
    """Return a function that a worker can run even without our modules: it is sent as code, not by name."""

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
