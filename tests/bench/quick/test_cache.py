"""The cache of a session: empty, and gone after it."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.quick import cache


@pytest.mark.parametrize("before", [None, "elsewhere"])
def test_session_has_an_empty_cache_of_its_own(monkeypatch, before):
    numba = SimpleNamespace(config=SimpleNamespace(CACHE_DIR=before or ""))
    monkeypatch.setitem(sys.modules, "numba", numba)
    monkeypatch.setenv("NUMBA_CACHE_DIR", before or "")
    if before is None:
        monkeypatch.delenv("NUMBA_CACHE_DIR")
    end = cache.start_cold()
    folder = Path(os.environ["NUMBA_CACHE_DIR"])
    assert str(folder) == numba.config.CACHE_DIR
    assert list(folder.iterdir()) == []
    assert cache.kept_code() == 0
    (folder / "below").mkdir()
    (folder / "below" / "compiled.nbc").touch()
    (folder / "below" / "compiled.nbi").touch()
    assert cache.kept_code() == 1
    end()
    assert not folder.exists()
    assert os.environ.get("NUMBA_CACHE_DIR") == before
    assert (before or "") == numba.config.CACHE_DIR
