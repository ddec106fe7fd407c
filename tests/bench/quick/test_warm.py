"""The first call of a new process: timed where that process can, None where it cannot."""

import subprocess

import pytest

from bench.quick import warm
from bench.quick.cache import kept_code
from impls.data import problems

SHAPE = problems.find("5x7")


@pytest.fixture
def ended(monkeypatch):
    """Let the process end as told, and return its command."""

    def end_with(result):
        commands = []

        def run(command, **options):
            commands.append(command)
            if isinstance(result, Exception):
                raise result
            return subprocess.CompletedProcess(command, 0, result)

        monkeypatch.setattr(subprocess, "run", run)
        return commands

    return end_with


@pytest.mark.slow  # the run `good` of tests/bench/conftest.py does it too
def test_first_call_is_timed_in_a_process_of_its_own():
    assert 0 < warm.first_call_s("numpy_zero_loop", SHAPE, "float32", 1) < 60


@pytest.mark.slow
def test_what_is_compiled_already_is_only_loaded(monkeypatch, tmp_path):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    found = []
    for _ in range(2):
        assert warm.first_call_s("numba_two_loop", SHAPE, "float64", 1) > 0
        found.append(kept_code())
    assert found[0] == found[1] > 0


@pytest.mark.slow
def test_process_that_fails_gives_no_time():
    assert warm.first_call_s("no_such_row", SHAPE, "float64", 1) is None


def test_no_time_is_none(ended):
    for result in (
        subprocess.TimeoutExpired("python", 60),
        subprocess.CalledProcessError(-11, "python"),
        OSError("no more processes"),
        b"",
        b"0.25 and more",
        b"null",
        b"[1]",
    ):
        ended(result)
        assert warm.first_call_s("numba_two_loop", SHAPE, "float64", 2) is None, result


def test_no_module_of_the_users_folder_is_loaded(ended):
    commands = ended(b"0.25")
    warm.first_call_s("numba_two_loop", SHAPE, "float64", 2)
    assert commands[0][1] == "-P"


def test_time_is_read(ended):
    commands = ended(b"0.25\n")
    assert warm.first_call_s("numba_two_loop", SHAPE, "float64", 2) == 0.25
    assert len(commands) == 1


def test_data_are_as_wide_and_as_long_unless_they_take_long_to_make(ended):
    for name, asked in {
        "5x7": "5x7",
        "breast_cancer": "30x569",
        "cats": "12288x209",
        "large": "1000x4000",
        "9000000x2": "9000000x1",
    }.items():
        commands = ended(b"0.25")
        warm.first_call_s("numba_two_loop", problems.find(name), "float64", 2)
        assert commands[0][-4:] == ["numba_two_loop", asked, "float64", "2"]
