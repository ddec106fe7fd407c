"""What is used of pytest-benchmark beyond its public interface: each test fails when that is gone."""

from types import SimpleNamespace

import pytest
from pytest_benchmark.session import BenchmarkSession
from pytest_benchmark.stats import Metadata

from bench.quick import pytest_benchmark_private as private


def timing(name):
    options = {"group": None, "name": name, "fullname": name, "params": None, "param": None, "extra_info": {}}
    return Metadata(SimpleNamespace(**options, cprofile_stats=None), 1, options)


def test_the_session_keeps_a_list_of_timings_each_with_its_fixture(pytestconfig, monkeypatch):
    session = pytestconfig._benchmarksession
    assert isinstance(session, BenchmarkSession)
    kept, lost = timing("kept"), timing("lost")
    monkeypatch.setattr(session, "benchmarks", [kept, lost])
    private.drop(lost.fixture, pytestconfig)
    assert session.benchmarks == [kept]


def test_the_document_is_made_of_what_the_session_knows(pytestconfig, monkeypatch):
    monkeypatch.setattr(pytestconfig._benchmarksession, "get_machine_info", lambda: {"cpu": {}})
    assert private.document(pytestconfig).keys() >= {"benchmarks", "machine_info", "commit_info"}


def test_without_the_session_nothing_is_written():
    with pytest.raises(AttributeError):
        private.document(SimpleNamespace(hook=None))
