"""The command line as a whole: its help, and what it says to a command that it does not know."""

import subprocess
import sys
from importlib import metadata

import click
import pytest

from bench.cli import main
from tests.bench.helpers import message, zeroloop


@pytest.mark.slow
def test_a_command_that_computes_nothing_loads_nothing_large():
    libraries = {"matplotlib", "scipy", "numba", "zarr", "distributed", "pyarrow", "torch", "jax"}
    code = f"import sys, bench.cli; print({libraries} & {{*sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def commands(group, *before):
    """Yield the words of a group and of all commands below it."""
    yield before
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)
        else:
            yield *before, name


def test_help_fits_a_terminal():
    for command in commands(main):
        result = zeroloop(*command, "--help", columns=80)
        assert result.exit_code == 0, command
        assert result.output.startswith("Usage: "), command
        assert max(map(len, result.output.splitlines())) <= 80, command
        assert zeroloop(*command, "-h", columns=80).output == result.output, command


def test_unknown_command():
    for name, offer in {
        "lst": "Did you mean 'list'?",
        "trian": "Did you mean 'train'?",
        "xyzzy": "There are ab, compare, ",
    }.items():
        result = zeroloop(name)
        assert result.exit_code == 2, name
        assert message(result).startswith(f"No such command {name!r}. {offer}")


@pytest.mark.parametrize(
    ("command", "place"),
    [
        (["list"], "bench.cli.listing.describe_row"),
        (["train", "here.npy"], "impls.data.dataset.opened"),
    ],
)
def test_ctrl_c_shows_one_line(monkeypatch, command, place):
    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(place, interrupted)
    result = zeroloop(*command)
    assert (result.exit_code, result.output) == (130, "interrupted\n")


def test_version():
    result = zeroloop("--version")
    assert result.exit_code == 0
    assert result.output == f"zeroloop, version {metadata.version('zeroloop')}\n"
