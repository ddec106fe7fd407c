"""Why a row has no time: the status and the reason for each thing that can be raised."""

import pytest

import impls
from bench.outcome import explain
from impls import records
from impls.errors import BadValue
from impls.truth.gate import Refused
from tests.bench.helpers import written


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (
            impls.Unavailable("not installed", "pip install numba"),
            ("not installed", "pip install numba", None),
        ),
        (
            impls.Unavailable("does not load", "no libtbb"),
            ("does not load", "no libtbb", None),
        ),
        (
            impls.Unavailable("no CUDA device", "needs an NVIDIA GPU; see: there is none"),
            ("no CUDA device", "needs an NVIDIA GPU; see: there is none", None),
        ),
        # Only a row of the registry has data that it does not serve; an own file that says so is wrong here.
        (impls.Unsuited("n_x = 2 only"), ("failed", "mine.py: Unsuited: n_x = 2 only", None)),
        (impls.BrokenFile("mine.py: no such file"), ("failed", "mine.py: no such file", None)),
        (Refused("J is off by 5.0e-01", 0.5), ("failed", "J is off by 5.0e-01", 0.5)),
        (Refused("step wrote to its inputs"), ("failed", "step wrote to its inputs", None)),
        (BadValue("step returned a list of 2"), ("failed", "mine.py: step returned a list of 2", None)),
        (MemoryError(), ("failed", "mine.py: MemoryError", None)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_explain(error, expected):
    why = explain(error, records.find("mine.py"))
    assert tuple(why) == expected
    assert why.failed == (expected[0] == "failed")


def test_unsuited_row_says_what_it_has_no_room_for():
    why = explain(impls.Unsuited("X takes 4.0 GB, the GPU has 2.1 GB free"), records.find("torch_gpu"))
    assert why == ("unsuited", "X takes 4.0 GB, the GPU has 2.1 GB free", None)


def test_unsuited_row_says_what_it_serves():
    error = impls.Unsuited("X: shape (5, 7), but python_two_features serves n_x = 2 only")
    why = explain(error, records.find("python_two_features"))
    assert why.status == "unsuited"
    assert why.reason.endswith("serves n_x = 2 only")
    assert not why.failed


@pytest.mark.parametrize("raised", ["ZeroDivisionError: too\\n  flat", "SystemExit: 3"])
def test_what_a_file_raises_is_said_in_one_line_with_its_place(tmp_path, raised):
    kind, said = raised.split(": ")
    path = written(tmp_path, "mine.py", f"def step(w, b, X, Y):\n    raise {kind}('{said}')\n")
    with pytest.raises((ZeroDivisionError, SystemExit)) as caught:
        impls.load(str(path)).step(None, 0, None, None)
    why = explain(caught.value, records.find(str(path)))
    assert why.status == "failed"
    assert why.reason == "mine.py, line 2: " + raised.replace("\\n ", "")


def test_an_exception_that_cannot_be_said_is_named(tmp_path):
    source = "class Mute(Exception):\n    def __str__(self):\n        raise ValueError\n\n\n"
    path = written(tmp_path, "mine.py", f"{source}def step(w, b, X, Y):\n    raise Mute\n")
    with pytest.raises(Exception) as caught:  # noqa: PT011 - its own class, which is not at hand
        impls.load(str(path)).step(None, 0, None, None)
    assert explain(caught.value, records.find(str(path))).reason == "mine.py, line 7: Mute"


def test_a_long_message_is_cut(tmp_path):
    path = written(tmp_path, "mine.py", "def step(w, b, X, Y):\n    raise ValueError('x' * 400_000)\n")
    with pytest.raises(ValueError, match="x") as caught:
        impls.load(str(path)).step(None, 0, None, None)
    assert len(explain(caught.value, records.find(str(path))).reason) < 400
