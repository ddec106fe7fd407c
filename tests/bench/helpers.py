"""What the tests of `bench` share: rows and settings by name, own files, and commands run in this process."""

from click.testing import CliRunner

from bench.cli import main
from bench.request import Setting
from impls.data import problems


def setting(problem="5x7", dtype="float64", threads=1):
    return Setting(problems.find(problem), dtype, threads)


def written(folder, name, source):
    """Write a file, also into a folder that is not there yet, and return its path."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, "utf-8")
    return path


def zeroloop(*arguments, columns=120):
    """Run a command in this process; whatever it is asked, it shows no traceback."""
    result = CliRunner(env={"COLUMNS": str(columns)}).invoke(main, [str(one) for one in arguments])
    if not isinstance(result.exception, SystemExit | None):
        raise result.exception
    assert "Traceback" not in result.output
    return result


def message(result):
    """Return the one message of a command that failed."""
    before, found, said = result.output.partition("Error: ")
    assert found, result.output
    assert not before or before.startswith("Usage: "), result.output
    assert said.endswith("\n")
    assert "\n" not in said[:-1], said
    return said[:-1]


def line_of(result, name):
    """Return the one line of a table that begins with a name, with single spaces."""
    (line,) = [line for line in result.output.splitlines() if line.split(" ")[:2] == ["", name]]
    return " ".join(line.split())


def refused(*arguments):
    """Run a command that cannot be met, and return its one message."""
    result = zeroloop(*arguments)
    assert result.exit_code == 2, result.output
    return message(result)
