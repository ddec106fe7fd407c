"""What several folders of tests share: the ten hand-written timings, and how a plain `pytest` runs."""

import gc
import json
import re
import signal

import pytest

from impls import pools
from tests.documents import TEN_TIMINGS, measured

signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background, processes would ignore it
_SLOW_FILE = re.compile(r"^pytestmark = \[?pytest\.mark\.slow\b", re.MULTILINE)
_MOST_WORKERS = 4  # each loads the libraries anew, and compiles what it meets first


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config):
    """Run a plain `pytest` on several cores; whoever names files, or says how to run, is obeyed."""
    option, is_plain = config.option, config.args_source is config.ArgsSource.TESTPATHS
    serial = option.benchmark_only or option.collectonly or option.usepdb or hasattr(config, "workerinput")
    if config.pluginmanager.hasplugin("xdist") and is_plain and not serial and option.numprocesses is None:
        option.numprocesses, option.dist = min(pools.available(), _MOST_WORKERS), "loadfile"
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Look for garbage neither while tests are loaded, nor in what was loaded: an eighth of the time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_ignore_collect(collection_path, config):
    """Do not load a file of slow tests where none of them will run."""
    if collection_path.suffix == ".py" and config.option.markexpr == "not slow":
        return bool(_SLOW_FILE.search(collection_path.read_text("utf-8"))) or None
    return None


@pytest.fixture(scope="session")
def ten_timings():
    return TEN_TIMINGS


@pytest.fixture
def document():
    return json.loads(TEN_TIMINGS.read_text("utf-8"))


@pytest.fixture
def cited(document):
    """The ten timings as `zeroloop run` would have measured them."""
    return measured(document)
