"""The command `zeroloop train`: a row on a problem, or the fused pass on data that fit in no memory."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import click
import numpy as np

import impls
from bench.cli.options import FILE_TO_WRITE, data_options
from bench.cli.terminal import INTERRUPTED, Unmet, progress, user_errors
from bench.datasets.checkpoint import Checkpoint
from bench.request import BadRequest, check_threads, request
from bench.signals import ended_by_signals, signals_wait
from impls import pools, registry
from impls.contract import Array, Step
from impls.data import chunked, dataset, problems
from impls.data.cluster import BadCluster, Cluster
from impls.data.dataset import BadData
from impls.registry import BoundStep
from impls.training import Diverged, Fit, accuracy, check_settings, gradient_descent
from reports import files, wording
from reports.curve import check_curve, write_curve


@dataclass(frozen=True)
class Subject:
    """What is trained: a row on a problem, or a data set."""

    title: str
    identity: str  # in words that differ where the numbers do
    n_x: int
    m: int
    dtype: str
    bind: Callable[[ExitStack], BoundStep]  # what it needs ends with the stack
    impl: registry.Implementation | None = None
    accuracy: Callable[[Array, float], float] | None = None


@click.command()
@click.argument("data", required=False, type=click.Path(path_type=Path))
@click.option(
    "--impl",
    "row",
    default="numpy_zero_loop",
    show_default=True,
    metavar="NAME|FILE.py",
    help="Without DATA: what computes.",
)
@click.option(
    "--problem",
    "name",
    default="breast_cancer",
    show_default=True,
    metavar="NAME|NxM",
    help="Without DATA: what is trained on.",
)
@click.option(
    "--cluster",
    "address",
    metavar="ADDRESS",
    help="With DATA: local[:N], tcp://HOST:PORT or tls://HOST:PORT.  [default: this process]",
)
@click.option("--iterations", type=click.IntRange(min=1), default=500, show_default=True, metavar="N")
@click.option("--alpha", type=float, default=0.1, show_default=True, metavar="RATE", help="Learning rate.")
@click.option("--tolerance", type=float, metavar="J", help="Stop once an update lowers the cost by no more.")
@click.option(
    "--save",
    type=FILE_TO_WRITE,
    metavar="FILE.npz",
    help="Keep w, b and the costs, also of a training that is interrupted.",
)
@click.option(
    "--every",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="K",
    help="Iterations after which --save writes.",
)
@click.option("--resume", is_flag=True, help="Go on from what --save has kept.")
@click.option(
    "--curve",
    type=FILE_TO_WRITE,
    metavar="FILE",
    help="Save the cost of each iteration as .csv, .svg, .pdf or .png.",
)
@data_options
@click.pass_context
def train(
    ctx: click.Context,
    data: Path | None,
    row: str,
    name: str,
    address: str | None,
    iterations: int,
    alpha: float,
    tolerance: float | None,
    save: Path | None,
    every: int,
    resume: bool,
    curve: Path | None,
    dtype: str,
    threads: int | None,
) -> None:
    """Fit w and b by gradient descent, starting from zero.

    A row on a problem; or, given DATA, the fused pass on a folder of `zeroloop data` or on a .npy file (a
    row per example, its label first), which need not fit in memory: chunk by chunk in this process, or on a
    cluster of dask.distributed.
    """
    with user_errors():
        check_settings(alpha, iterations, tolerance)
        if curve:
            check_curve(curve)
        _check_options(ctx, data)
        subject = _data_set(data, address, threads) if data else _row_on_problem(row, name, dtype, threads)
        file = Checkpoint(save, subject.identity, alpha) if save else None
        start = _start(subject, file, resume, iterations)
    training = _Training(file, every, start)
    with ended_by_signals(), _ends(training, subject.impl), ExitStack() as stack:
        step = subject.bind(stack)
        advance = stack.enter_context(progress("training", iterations, len(start.costs)))

        def after(fit: Fit) -> None:
            training.after(fit)
            advance(said=f"cost {fit.costs[-1]:.6g}")

        fit = gradient_descent(step, start.w, start.b, alpha, iterations, tolerance, after, start.costs)
        training.save(fit)
        with np.errstate(over="ignore", invalid="ignore"):
            final = step(fit.w, fit.b)
        if not np.isfinite(final.cost):
            raise Diverged(f"iteration {len(fit.costs)}: the cost is {final.cost}; a smaller alpha may help")
    _show(subject, fit, final, training)
    if curve:
        with user_errors():
            write_curve(curve, fit.costs, f"{subject.title}, alpha {alpha:g}")
        click.echo(f"curve     {curve}")


class _Training:
    """What a training has done so far, and the file that it goes to."""

    def __init__(self, file: Checkpoint | None, every: int, start: Fit):
        self.file, self._every = file, every
        self.fit, self.saved = start, len(start.costs)
        self.began_s, self.ended_s = time.perf_counter(), list[float]()

    def after(self, fit: Fit) -> None:
        """Take note of an iteration; raises Unmet where it cannot be saved."""
        self.fit = fit
        self.ended_s.append(time.perf_counter())
        if len(fit.costs) % self._every == 0:
            self.save(fit)

    def save(self, fit: Fit) -> None:
        """Write what there is to the file, if there is one; raises Unmet where that fails."""
        if self.file and len(fit.costs) > self.saved:
            try:
                self.file.save(fit)
            except OSError as error:
                raise Unmet(f"{error}{self.kept}") from None
            self.saved = len(fit.costs)

    @property
    def kept(self) -> str:
        """What there is to go on from, if anything was done, to be said after what has ended it."""
        if not self.fit.costs:
            return ""
        if not self.file:
            return "; nothing is kept: --save FILE.npz does that"
        if not self.saved or not self.file.path.exists():
            return "; nothing is kept"
        kept = wording.counted(self.saved, "iteration")
        return f"; {kept} in {self.file.path}: with --resume the same command goes on"

    @property
    def iteration_s(self) -> float:
        """The median time of an iteration; the first, which compiles or checks the data, counts if alone."""
        return float(median(np.diff([self.began_s, *self.ended_s])[len(self.ended_s) > 1 :]))


@contextmanager
def _ends(training: _Training, impl: registry.Implementation | None) -> Iterator[None]:
    """Turn every way in which a training can end early into one line, which says what is kept of it."""
    try:
        yield
    except KeyboardInterrupt:
        with signals_wait():  # a second Ctrl-C must not cost what was done
            training.save(training.fit)
            click.echo(f"interrupted{training.kept}", err=True)
            raise SystemExit(INTERRUPTED) from None
    except (BadData, BadCluster, impls.Unavailable) as error:
        training.save(training.fit)
        raise Unmet(f"{wording.one_line(str(error))}{training.kept}") from None
    except click.ClickException:
        raise
    except impls.Unsuited as error:
        raise Unmet(str(error)) from None
    except Diverged as error:
        raise click.ClickException(f"{impl.name if impl else 'training'} diverged at {error}") from None
    except BaseException as error:  # SystemExit in a file ends the row and not the command
        if impl is None:
            raise
        raise click.ClickException(registry.where_it_failed(error, impl.record.path)) from None


def _row_on_problem(row: str, name: str, dtype: str, count: int | None) -> Subject:
    """Load row and problem; raises what `request` and `impls.load` do."""
    asked = request([row], [name], [dtype], [] if count is None else [count])
    (number,), (record,), (shape,) = asked.thread_counts, asked.rows, asked.shapes
    problem, impl = problems.made(shape, dtype), registry.loaded(record)
    n_x, m = problem.X.shape
    return Subject(
        title=f"{record.name} on {shape.name}",
        identity=f"{record.name} on {shape.name} in {dtype}",
        n_x=n_x,
        m=m,
        dtype=dtype,
        bind=lambda _: impl.prepare(problem.X, problem.Y, number),
        impl=impl,
        accuracy=lambda w, b: accuracy(w, b, problem.X, problem.Y),
    )


def _data_set(path: Path, address: str | None, count: int | None) -> Subject:
    """Open a data set; raises BadData, BadRequest, Unavailable."""
    if count is not None:
        check_threads(count)
    data = dataset.opened(path)

    def bind(stack: ExitStack) -> BoundStep:
        if address is None:
            number = count or pools.available()
            return lambda w, b: chunked.as_step(chunked.partial(data, 0, len(data), w, b, number), data)
        cluster = stack.enter_context(Cluster(address))
        return lambda w, b: cluster.step(data, w, b)

    chunks = wording.counted(len(data), "chunk")
    return Subject(
        title=f"{path} in {chunks}{f' on {address}' if address else ''}",
        identity=f"data set {data.identity} in {chunks}",
        n_x=data.n_x,
        m=data.m,
        dtype=data.dtype,
        bind=bind,
    )


def _check_options(ctx: click.Context, data: Path | None) -> None:
    """Raise BadRequest for options that mean nothing together."""
    by_hand = click.core.ParameterSource.COMMANDLINE
    given = {name for name in ctx.params if ctx.get_parameter_source(name) is by_hand}
    reasons = {
        "row": (data, "--impl", "DATA is trained on by the fused pass"),
        "name": (data, "--problem", "DATA is what is trained on"),
        "dtype": (data, "--dtype", "DATA has its own"),
        "address": (not data, "--cluster", "it needs DATA"),
        "threads": (ctx.params["address"], "--threads", "a cluster's workers have their own"),
        "every": (not ctx.params["save"], "--every", "it needs --save FILE.npz"),
        "resume": (not ctx.params["save"], "--resume", "it needs --save FILE.npz"),
    }
    for name, (wrong, option, reason) in reasons.items():
        if name in given and wrong:
            raise BadRequest(f"{option}: {reason}")


def _start(subject: Subject, file: Checkpoint | None, resume: bool, iterations: int) -> Fit:
    """Return where training starts; raises BadCheckpoint, BadRequest, OSError."""
    if file and resume:
        return file.load(subject.n_x, subject.dtype, iterations)
    if file:
        if file.path.suffix != ".npz":
            raise BadRequest(f"--save: {file.path}, but the name of a file .npz is needed")
        if file.path.exists():
            raise BadRequest(f"{file.path} is there already: go on with --resume, or name another file")
        files.check_writable(file.path.parent)
    return Fit(np.zeros((subject.n_x, 1), subject.dtype), 0.0, [], converged=False)


def _show(subject: Subject, fit: Fit, final: Step, training: _Training) -> None:
    iterations, done = len(fit.costs), len(training.ended_s)
    wall_s = training.ended_s[-1] - training.began_s if done else 0.0  # none: it had converged before
    click.echo(f"{subject.title}, {subject.n_x:,} x {subject.m:,}, {subject.dtype}")
    click.echo(f"cost      {fit.costs[0]:.6g} -> {final.cost:.6g}{' (converged)' if fit.converged else ''}")
    if subject.accuracy:
        right = subject.accuracy(fit.w, fit.b)
        click.echo(f"accuracy  {right:.2%} of {subject.m:,} examples")
    rate = ""
    if done and not subject.impl:
        each_s, read_bytes = training.iteration_s, subject.n_x * subject.m * np.dtype(subject.dtype).itemsize
        rate = f"; then {wording.seconds(each_s)} each in the median, {wording.size(read_bytes / each_s)}/s"
    click.echo(
        f"seconds   {wall_s:.3f} for {wording.counted(done, 'iteration')}, the first call included{rate}"
    )
    if training.file:
        click.echo(f"saved     {training.file.path}, {wording.counted(iterations, 'iteration')}")
