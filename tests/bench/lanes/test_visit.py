"""The memory that the data of a visit take, made in this process and shared with the lanes."""

import contextlib
import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.lanes.checks import Truths
from bench.lanes.memory import peak_extra
from bench.lanes.visit import Visit
from impls import limits
from impls.data import problems
from impls.errors import BadValue
from impls.truth.gate import Gate
from tests.bench.helpers import setting

# A wide problem is nearly all X; of one with two features, what the oracle computes takes the most.
SIZES = [("128x20000", "float64"), ("2x150000", "float32")]
NOISE = 5_000_000  # as in test_memory, and what the allocator kept of the tests before
counted = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="nobody counts here")


def visit(name, dtype, folder):
    budget = SimpleNamespace(seen=lambda part: contextlib.nullcontext())
    ledger = SimpleNamespace(plan=None)
    means = SimpleNamespace(
        ledger=ledger,
        paces=None,
        field=None,
        budget=budget,
        folder=folder,
        truths=Truths(),
        patience_s=1.0,
    )
    return Visit(means, setting(name, dtype), 0, 0)


def in_files(paths):
    return sum(os.stat(path).st_blocks * 512 for path in paths.values())


@counted
@pytest.mark.parametrize(("name", "dtype"), SIZES)
def test_a_visit_takes_the_memory_that_is_asked_for(name, dtype, tmp_path):
    visited, shared = visit(name, dtype, tmp_path), []

    def enter():
        with visited._data():
            shared.append(in_files(visited._stage._shared.paths))

    grown = peak_extra(enter)  # without the files, which are in memory but not in this process
    assert is_about(grown + shared[0], problems.bytes_of(problems.find(name), dtype, copies=2))


@counted
@pytest.mark.parametrize(("name", "dtype"), SIZES)
def test_so_do_data_that_are_made_and_verified_only(name, dtype):
    grown = peak_extra(lambda: Gate(problems.load(name, dtype)))
    assert is_about(grown, problems.bytes_of(problems.find(name), dtype))


def is_about(taken, needed):
    return 0.8 * needed - NOISE < taken < 1.05 * needed + NOISE


def test_a_visit_without_room_for_both_copies_makes_none(tmp_path, monkeypatch):
    needed = problems.bytes_of(problems.find("5x7"), "float64", copies=2)
    monkeypatch.setattr(limits, "free_bytes", lambda: needed)
    with visit("5x7", "float64", tmp_path)._data():
        pass
    monkeypatch.setattr(limits, "free_bytes", lambda: needed - 1)
    monkeypatch.setattr(problems, "made", None)
    with (
        pytest.raises(BadValue, match="problem 5x7: 2 copies of the data and the oracle take"),
        visit("5x7", "float64", tmp_path)._data(),
    ):
        pass
