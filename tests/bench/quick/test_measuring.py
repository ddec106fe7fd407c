"""When a first call is one: rows share compiled code, and which of it they use depends on the data."""

import dataclasses
import os
import uuid
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.quick import cache, test_step, warm
from bench.quick.plugin import RECORDER
from bench.quick.recorder import Recorder
from bench.request import request
from impls import records
from impls.registry import load
from impls.truth.gate import gate_for
from tests.bench.helpers import setting

NUMPY = load("numpy_zero_loop")
NARROW, WIDE = setting("5x7"), setting("300x20")


@pytest.fixture
def measured(monkeypatch):
    """Measure rows, given which code each compiles on which data; return their first and warm calls."""
    monkeypatch.setattr(warm, "first_call_s", lambda *_: 0.5)
    end = cache.start_cold()
    recorder, compiled = Recorder(request(["numpy_zero_loop"]), None), set()

    def timing(row, on, code):
        def step(w, b, X, Y):
            if code and code not in compiled:
                compiled.add(code)
                (Path(os.environ["NUMBA_CACHE_DIR"]) / f"{uuid.uuid4()}.nbc").touch()
            return NUMPY.step(w, b, X, Y)

        impl = dataclasses.replace(NUMPY, record=records.find(row), step=step)
        gate = gate_for(on.shape, on.dtype)
        return test_step._measure(benchmark, impl, gate, on.threads, recorder, 1.0, 2)

    yield timing
    end()


def pedantic(function, setup, rounds):
    for _ in range(2):
        arguments, _ = setup()
        function(*arguments)


benchmark = SimpleNamespace(
    pedantic=pedantic, stats=SimpleNamespace(stats=SimpleNamespace(data=[1e-6, 2e-6]))
)


def test_a_row_that_finds_all_code_compiled_has_no_first_call(measured):
    fused = measured("numba_fused", NARROW, "features as rows")
    packed = measured("numba_fused_packed", NARROW, "features as rows")
    assert len(fused.first_call_s) == len(fused.warm_call_s) == 1
    assert packed.first_call_s == packed.warm_call_s == ()


def test_the_packed_row_has_a_first_call_on_wide_data(measured):
    for on, fused, packed in ((NARROW, 1, 0), (WIDE, 0, 1), (WIDE, 0, 0)):
        code = "features as rows" if on is NARROW else "examples as rows"
        assert len(measured("numba_fused", on, "features as rows").first_call_s) == fused
        timing = measured("numba_fused_packed", on, code)
        assert len(timing.first_call_s) == len(timing.warm_call_s) == packed


def test_a_row_that_shares_no_code_has_one_first_call_whatever_it_compiles(measured):
    assert [len(measured("numpy_zero_loop", on, None).first_call_s) for on in (NARROW, WIDE)] == [1, 0]
    assert [len(measured("numba_parallel", on, None).first_call_s) for on in (NARROW, WIDE)] == [1, 0]


def test_data_that_do_not_fit_in_memory_fail_the_test_in_a_line_and_no_row(monkeypatch):
    def too_large(*_):
        raise MemoryError("Unable to allocate 8 GB")

    monkeypatch.setattr(test_step, "gate_for", too_large)
    recorder = Recorder(request(["numpy_zero_loop"]), None)
    config = SimpleNamespace(stash={RECORDER: recorder})
    with pytest.raises(pytest.fail.Exception) as caught:
        test_step.test_step(benchmark, config, NARROW, NUMPY.record)
    said = "not enough memory for 5x7; choose a smaller problem: Unable to allocate 8 GB"
    assert (caught.value.msg, caught.value.pytrace, caught.value.__suppress_context__) == (said, False, True)
    assert [(lost.status, lost.reason) for lost in recorder.run().unmeasured] == [("skipped", said)]
