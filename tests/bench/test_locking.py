"""A folder, or a file, that one command at a time writes to."""

import fcntl
import os

import pytest

from bench.locking import alone_at, alone_in
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


def test_a_file_is_held_by_one_and_nothing_is_left(tmp_path):
    file = tmp_path / "fit.npz"
    with alone_at(file, "another training"), alone_at(tmp_path / "other.npz", "another training"):
        for _ in range(2):  # who is refused takes nothing away
            said = r"fit\.npz: another training saves there; name another file$"
            with pytest.raises(BadRequest, match=said), alone_at(file, "another training"):
                pass
    assert not list(tmp_path.iterdir())
    with pytest.raises(ZeroDivisionError), alone_at(file, "another training"):
        raise ZeroDivisionError
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("again", [False, True])
def test_a_lock_that_was_removed_before_it_was_taken_holds_nothing(tmp_path, monkeypatch, again):
    lock, flock = tmp_path / ".fit.npz.lock", fcntl.flock

    def late(handle, how):
        lock.unlink()
        if again:
            lock.touch()
        flock(handle, how)

    monkeypatch.setattr(fcntl, "flock", late)
    said = "another training saves there"
    with pytest.raises(BadRequest, match=said), alone_at(tmp_path / "fit.npz", "another training"):
        pass
    assert lock.exists() == again
