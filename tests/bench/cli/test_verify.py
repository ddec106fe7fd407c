"""`zeroloop verify`: which rows agree, which do not and why, and which cannot run here."""

import sys
from pathlib import Path

import pytest

from impls.kernels import cuda_device
from tests.bench.helpers import line_of, refused, zeroloop

WRONG = Path(__file__).parents[2] / "impls" / "wrong"
QUICK = ("--problem", "5x7", "--threads", "1")


def test_verify_agrees():
    rows = ("python_two_features", "python_two_loop", "numpy_zero_loop")
    result = zeroloop("verify", *(f"--impl={row}" for row in rows), *QUICK, "--dtype=float32")
    assert result.exit_code == 0
    assert line_of(result, "numpy_zero_loop").endswith("agrees")
    assert line_of(result, "python_two_loop").endswith("agrees")
    assert "unsuited: " in line_of(result, "python_two_features")
    assert "agree" in result.output.splitlines()[-1]


def test_verify_tells_wrong_rows_from_the_others():
    verdicts = {
        "wrong_sign.py": "failed: dw is off by ",
        "returns_nan.py": "failed: J is ",
        "overwrites_input.py": "failed: overwrites_input.py, line 8: ValueError: ",
        "raises.py": "failed: raises.py, line 5: RuntimeError: no gradient today",
    }
    rows = (*(WRONG / name for name in verdicts), "numpy_zero_loop")
    result = zeroloop("verify", *(f"--impl={row}" for row in rows), *QUICK, columns=300)
    assert result.exit_code == 1
    for name, verdict in verdicts.items():
        assert verdict in line_of(result, name)
    assert line_of(result, "numpy_zero_loop").endswith("agrees")
    assert "4 failed" in result.output.splitlines()[-1]


def test_verify_fails_for_no_row_that_cannot_run_here(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)
    monkeypatch.setattr(cuda_device, "why_none", lambda: "none here")
    result = zeroloop("verify", "--impl=numba_two_loop", "--impl=torch_gpu", *QUICK)
    assert result.exit_code == 0
    assert line_of(result, "numba_two_loop").endswith("not installed: pip install numba")
    assert line_of(result, "torch_gpu").endswith("no CUDA device: none here")


@pytest.mark.parametrize("command", ["verify", "train"])
def test_bad_request(command):
    for argument, expected in {
        "--impl=numpy_zero_lop": "no implementation 'numpy_zero_lop'; did you mean numpy_zero_loop",
        "--problem=brest_cancer": "no problem 'brest_cancer'; did you mean breast_cancer",
        "--problem=1000000x1000000000": "problem 1000000x1000000000: the data and the oracle take 8,000,128",
        "--threads=0": "threads: 0, but a whole number from 1 to 1024 is needed",
        "--dtype=float16": "Invalid value for '--dtype': 'float16' is not one of ",
    }.items():
        assert refused(command, *QUICK, argument).startswith(expected)


def test_an_error_that_no_user_can_mend_is_not_made_a_message(monkeypatch):
    def broken(*_):
        raise ValueError("a fault of ours")

    monkeypatch.setattr("impls.records.find", broken)
    with pytest.raises(ValueError, match="a fault of ours"):
        zeroloop("verify", *QUICK)
