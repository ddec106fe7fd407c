"""The command `zeroloop train`: a row on a problem, or the fused pass on data that fit in no memory."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import click
import numpy as np

import impls
from bench.cli.options import FILE_TO_WRITE, dtype_option, given, spelled, threads_option
from bench.cli.subjects import Subject, data_set, row_on_problem
from bench.cli.terminal import Advance, Unmet, lack_of_memory, message_of, progress, user_errors
from bench.datasets.checkpoint import Checkpoint
from bench.lanes.harness import Lost
from bench.locking import alone_at
from bench.request import BadRequest
from bench.signals import INTERRUPTED, ended_by_signals, signals_wait
from impls.contract import Step
from impls.data.address import trusted
from impls.errors import UserError
from impls.registry import BoundStep
from impls.training import Diverged, Fit, check_settings, gradient_descent
from reports import files, wording
from reports.curve import check_curve, write_curve


@dataclass(frozen=True)
class Options:
    """What the user asks for, an option of the command each."""

    data: Path | None
    row: str
    problem: str
    address: str | None
    iterations: int
    alpha: float
    tolerance: float | None
    save: Path | None
    every: int
    resume: bool
    curve: Path | None
    dtype: str
    threads: int | None


@click.command()
@click.argument("data", required=False, type=click.Path(path_type=Path))
@click.option(
    "--impl",
    "row",
    default="numpy_zero_loop",
    show_default=True,
    metavar="NAME|FILE.py",
    help="Without DATA: the row that computes.",
)
@click.option(
    "--problem",
    "problem",
    default="breast_cancer",
    show_default=True,
    metavar="NAME|NxM",
    help="Without DATA: the problem that is trained on.",
)
@click.option(
    "--cluster",
    "address",
    metavar="ADDRESS",
    help="With DATA: local[:N], tcp://HOST:PORT or tls://HOST:PORT.  [default: this process]",
)
@click.option(
    "--iterations",
    type=click.IntRange(min=1),
    default=500,
    show_default=True,
    metavar="N",
    help="Most updates of w and b.",
)
@click.option("--alpha", type=float, default=0.1, show_default=True, metavar="RATE", help="Learning rate.")
@click.option(
    "--tolerance", type=float, metavar="J", help="Stop when an update lowers the cost by J or less."
)
@click.option(
    "--save",
    type=FILE_TO_WRITE,
    metavar="FILE.npz",
    help="Save w, b and all costs, also if the training is interrupted.",
)
@click.option(
    "--every",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    metavar="K",
    help="Save after every K iterations.",
)
@click.option("--resume", is_flag=True, help="Continue from the file of --save.")
@click.option(
    "--curve",
    type=FILE_TO_WRITE,
    metavar="FILE",
    help="Save the cost of each iteration as .csv, .svg, .pdf or .png.",
)
@dtype_option()
@threads_option()
@click.pass_context
def train(ctx: click.Context, /, **options: Any) -> None:
    """Fit w and b by gradient descent, starting from zero.

    Without DATA, a row trains on a problem. DATA is a folder made by `zeroloop data`, or a .npy file with one
    example per row, its label first. It need not fit in memory: the fused pass reads it chunk by chunk, in
    this process or on a cluster of dask.distributed. Without TLS, whoever reaches its port can run code as
    you; with local workers this is any user of this machine.
    """
    asked = Options(**options)
    with user_errors():
        _check(ctx, asked)
        subject = _subject(asked)
        training = _Training(ctx, asked, subject)
        if asked.address:
            click.echo(trusted(asked.address), err=True)
    with ended_by_signals(), _ends(training, subject), ExitStack() as stack:
        step = subject.bind(stack)
        advance = stack.enter_context(progress("training", asked.iterations, len(training.fit.costs)))
        fit = training.run(step, advance)
        final = _final(step, fit)
    _show(subject, fit, final, training)
    if asked.curve:
        with user_errors():
            write_curve(asked.curve, fit.costs, f"{subject.title}, alpha {asked.alpha:g}")
        click.echo(f"curve     {asked.curve}")


class _Training:
    """What a training has done so far, and the file in which it is kept.

    Raises BadCheckpoint, BadRequest, OSError for a file that cannot be read or written.
    """

    def __init__(self, ctx: click.Context, asked: Options, subject: Subject):
        self._asked = asked
        self.file = Checkpoint(asked.save, subject.identity, asked.alpha) if asked.save else None
        self.fit = _start(ctx, asked, subject, self.file)
        self.saved = len(self.fit.costs)  # iterations in the file
        self.began_s, self.ended_s = time.perf_counter(), list[float]()

    def run(self, step: BoundStep, advance: Advance) -> Fit:
        """Train to the end, and save; raises Unmet where that fails, and what the step raises."""

        def after(fit: Fit) -> None:
            self.fit = fit
            self.ended_s.append(time.perf_counter())
            if len(fit.costs) % self._asked.every == 0:
                self.save()
            advance(said=f"cost {fit.costs[-1]:.6g}")

        asked, start = self._asked, self.fit
        self.fit = gradient_descent(
            step, start.w, start.b, asked.alpha, asked.iterations, asked.tolerance, after, start.costs
        )
        self.save()
        return self.fit

    def save(self) -> None:
        """Write what there is to the file, if there is one; raises Unmet where that fails."""
        if self.file and len(self.fit.costs) > self.saved:
            try:
                self.file.save(self.fit)
            except OSError as error:
                raise Unmet(f"{error}{self.kept}") from None
            self.saved = len(self.fit.costs)

    @property
    def kept(self) -> str:
        """What is kept of the iterations that were done, to be added to what is said about the end."""
        if not self.fit.costs:
            return ""
        if not self.file:
            return "; nothing is kept: --save FILE.npz does that"
        if not self.saved or not self.file.path.exists():
            return "; nothing is kept"
        kept = wording.counted(self.saved, "iteration")
        return f"; {kept} in {self.file.path}: with --resume the same command continues"

    @property
    def iteration_s(self) -> float:
        """The median time of an iteration; the first, which compiles or checks the data, counts if alone."""
        return float(median(np.diff([self.began_s, *self.ended_s])[len(self.ended_s) > 1 :]))


@contextmanager
def _ends(training: _Training, subject: Subject) -> Iterator[None]:
    """Save what was done when a training ends early, and say in one line why, if a user can do something.

    Any other error is a fault of this project, and shows its traceback.
    """
    try:
        yield
    except KeyboardInterrupt:
        with signals_wait():  # a second Ctrl-C must not cost what was done
            training.save()
            click.echo(f"interrupted{training.kept}", err=True)
            raise SystemExit(INTERRUPTED) from None
    except click.ClickException:
        raise
    except Diverged as error:
        raise click.ClickException(f"{subject.name} diverged at {error}") from None
    except impls.Unsuited as error:
        raise Unmet(str(error)) from None
    except (UserError, OSError) as error:
        training.save()
        raise Unmet(f"{message_of(error)}{training.kept}") from None
    except Lost as lost:
        training.save()
        said = lost.why.reason if lost.why.failed else f"{subject.name} {lost.why.status}: {lost.why.reason}"
        raise click.ClickException(f"{said}{training.kept}") from None
    except BaseException as error:
        training.save()
        if lack := lack_of_memory(error):
            raise Unmet(f"{lack}{training.kept}") from None
        raise


def _check(ctx: click.Context, asked: Options) -> None:
    """Raise BadValue, BadRequest or OSError for options that are wrong, or mean nothing together."""
    check_settings(asked.alpha, asked.iterations, asked.tolerance)
    if asked.curve:
        check_curve(asked.curve)
    reasons = {
        "row": (asked.data, "DATA is trained on by the fused pass"),
        "problem": (asked.data, "DATA is what is trained on"),
        "dtype": (asked.data, "DATA has its own"),
        "address": (not asked.data, "it needs DATA"),
        "threads": (asked.address, "a cluster's workers have their own"),
        "every": (not asked.save, "it needs --save FILE.npz"),
        "resume": (not asked.save, "it needs --save FILE.npz"),
    }
    for name in reasons.keys() & given(ctx):
        wrong, reason = reasons[name]
        if wrong:
            raise BadRequest(f"{spelled(ctx, name)}: {reason}")


def _subject(asked: Options) -> Subject:
    """Return what is to be trained; raises UserError."""
    if asked.data:
        return data_set(asked.data, asked.address, asked.threads)
    return row_on_problem(asked.row, asked.problem, asked.dtype, asked.threads)


def _start(ctx: click.Context, asked: Options, subject: Subject, file: Checkpoint | None) -> Fit:
    """Return where training starts, and hold its file for this command; raises as `_Training` does."""
    if file:
        if not asked.resume and file.path.suffix != ".npz":
            raise BadRequest(f"--save: {file.path}, but the name of a file .npz is needed")
        if not asked.resume or file.path.parent.is_dir():
            files.check_writable(file.path.parent)
            ctx.with_resource(alone_at(file.path, "another training"))
        if asked.resume:
            return file.load(subject.n_x, subject.dtype, asked.iterations)
        if file.path.exists():
            raise BadRequest(f"{file.path} is there already: continue with --resume, or name another file")
    return Fit(np.zeros((subject.n_x, 1), subject.dtype), 0.0, [], converged=False)


def _final(step: BoundStep, fit: Fit) -> Step:
    """Return the step at the end of a training; raises Diverged where its cost is not finite."""
    with np.errstate(over="ignore", invalid="ignore"):
        final = step(fit.w, fit.b)
    if not np.isfinite(final.cost):
        raise Diverged(f"iteration {len(fit.costs)}: the cost is {final.cost}; a smaller alpha may help")
    return final


def _show(subject: Subject, fit: Fit, final: Step, training: _Training) -> None:
    iterations, done = len(fit.costs), len(training.ended_s)
    wall_s = training.ended_s[-1] - training.began_s if done else 0.0  # none: it had converged before
    click.echo(f"{subject.title}, {subject.n_x:,} x {subject.m:,}, {subject.dtype}")
    click.echo(f"cost      {fit.costs[0]:.6g} -> {final.cost:.6g}{' (converged)' if fit.converged else ''}")
    if subject.accuracy:
        right = subject.accuracy(fit.w, fit.b)
        click.echo(f"accuracy  {right:.2%} of {subject.m:,} examples")
    rate = ""
    if done and not subject.row:
        each_s, read_bytes = training.iteration_s, subject.n_x * subject.m * np.dtype(subject.dtype).itemsize
        rate = f"; then {wording.seconds(each_s)} each in the median, {wording.size(read_bytes / each_s)}/s"
    click.echo(
        f"seconds   {wall_s:.3f} for {wording.counted(done, 'iteration')}, the first call included{rate}"
    )
    if training.file:
        click.echo(f"saved     {training.file.path}, {wording.counted(iterations, 'iteration')}")
