"""The cost of a training at each iteration, as a file of numbers or a picture."""

from importlib import import_module
from pathlib import Path

from impls.errors import BadValue
from reports.files import check_writable, write_file

_KINDS = (".csv", ".svg", ".pdf", ".png")


def check_curve(path: Path) -> None:
    """Raise BadValue or OSError unless a cost curve can be written to this path."""
    if path.suffix not in _KINDS:
        raise BadValue(f"{path}: a cost curve is written as {', '.join(_KINDS)}")
    if path.suffix != ".csv":
        import_module("reports.figures")  # with Matplotlib; if that fails, it does before the training
    check_writable(path.parent)


def write_curve(path: Path, costs: list[float], title: str) -> None:
    """Write the cost J at each iteration, as numbers or as a picture; raises what `check_curve` does."""
    check_curve(path)
    if path.suffix == ".csv":
        write_file(path, "iteration,cost\n" + "".join(f"{i},{cost!r}\n" for i, cost in enumerate(costs)))
    else:
        from reports import figures  # not above: numbers do not wait for Matplotlib

        write_file(path, figures.cost_curve(costs, title, path.suffix.removeprefix(".")))
