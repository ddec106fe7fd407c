"""A folder that one command at a time writes to."""

import os

import pytest

from bench.locking import alone_in
from bench.request import BadRequest


def test_a_folder_belongs_to_one_command_at_a_time(tmp_path):
    with alone_in(tmp_path, "another run"):
        said = f"{tmp_path}: another run writes there; two at once disturb each other"
        with pytest.raises(BadRequest, match=said), alone_in(tmp_path, "another run"):
            pytest.fail("two have it")
    with alone_in(tmp_path, "another run"):
        assert not list(tmp_path.iterdir()), "it leaves nothing there"


def test_a_folder_is_free_again_after_an_error(tmp_path):
    open_before = len(os.listdir("/proc/self/fd"))
    with pytest.raises(ZeroDivisionError), alone_in(tmp_path, "another run"):
        raise ZeroDivisionError
    with alone_in(tmp_path, "another run"):
        pass
    assert len(os.listdir("/proc/self/fd")) == open_before
