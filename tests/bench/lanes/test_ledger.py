"""The results file while it is written, and what an interrupted one is good for."""

import copy
import dataclasses
import errno
import json
import os
import re
from pathlib import Path

import pytest

from bench.lanes import ledger as ledgers
from bench.lanes.ledger import Ledger, Replaced, Stale
from bench.outcome import LeftOut
from bench.planning import plan as plans
from bench.planning.plan import Asked
from bench.request import Setting
from impls import records
from impls.data import problems
from reports import files
from reports.reading import check_resumable, parse, read
from reports.results import BadResults, Light, Training

NAMES = ("numpy_zero_loop", "numba_two_loop")
ROWS = tuple(map(records.find, NAMES))
SETTINGS = [Setting(problems.find(problem), "float64", 1) for problem in ("5x7", "3x50")]
FIRST, SECOND = SETTINGS


@pytest.fixture
def make(tmp_path, known_machine):
    def begin(name="run.json"):
        asked = Asked("quick", NAMES, ("5x7", "3x50"), thread_counts=(1,), processes=3)
        plan, selected = plans.make(asked)
        plan = dataclasses.replace(plan, seed=1)
        made.append(Ledger(tmp_path / name, plan, selected))
        return made[-1]

    made = []
    yield begin
    for ledger in made:
        ledger.close()


@pytest.fixture
def begun(make):
    """A run that was interrupted in its second process, on the second problem."""
    ledger = make()
    for process in range(2):
        for setting in SETTINGS:
            for row in ROWS:
                for twin in (False, True)[: 1 + (row == ROWS[0])]:
                    entry = ledger.change(row, setting, twin)
                    entry.add_block(process, 1e-3 * (process + 1))
                    if (process, setting) != (1, SECOND):
                        entry.add_block(process, 2e-3)
                        entry.prepare_s.append(1e-6)
                        if (row, setting) == (ROWS[1], FIRST):
                            entry.add_training(process, 0.25 * (process + 1), [0.75, 0.5 - process])
                    if setting == FIRST:
                        entry.first_call_s.append(0.5)
    ledger.done = 3
    ledger.add_light(Light("5x7", "float64", 1, "cpu", 1e-6, 2e-6))
    ledger.save()
    return ledger


def resumed(make, found):
    ledger = make("other.json")
    ledger.resume(found, SETTINGS)
    return ledger


def test_an_empty_run_is_a_whole_file(make):
    ledger = make()
    ledger.save()
    found = read(ledger.path)
    assert (found.timings, found.run.interrupted, found.run.done) == ((), True, 0)


def test_what_is_written_is_what_was_measured(begun):
    found = read(begun.path)
    first = found.timings[0]
    assert first.blocks_s == ((1e-3, 2e-3), (2e-3, 2e-3))
    assert (first.prepare_s, first.first_call_s) == ((1e-6, 1e-6), (0.5, 0.5))
    assert found.timings[2].blocks_s == ((1e-3, 2e-3), (2e-3,))
    assert [twin.row for twin in found.run.twins] == [NAMES[0]] * 2
    assert begun.results.run_id == found.run_id


def test_stats_are_those_of_the_blocks(begun):
    entry = json.loads(begun.path.read_text())["benchmarks"][0]
    assert entry["stats"]["rounds"] == 4
    assert entry["stats"]["median"] == pytest.approx(2e-3)


def test_what_a_process_left_unfinished_is_measured_again(begun, make):
    ledger = resumed(make, read(begun.path))
    assert ledger.done == 3
    assert ledger.entries[ROWS[0], FIRST].blocks_s == [[1e-3, 2e-3], [2e-3, 2e-3]]
    assert ledger.entries[ROWS[0], SECOND].blocks_s == [[1e-3, 2e-3]]
    assert ledger.twins[ROWS[0], SECOND].blocks_s == [[1e-3, 2e-3]]
    assert ledger.lights == begun.lights
    assert ledger.results.when == begun.results.when


def test_losses_of_an_unfinished_process_are_forgotten(begun, make):
    why = LeftOut("crashed", "SIGSEGV")
    begun.lose(ROWS[1], FIRST, why, 1)
    begun.lose(ROWS[1], SECOND, why, 1)
    ledger = resumed(make, begun.results)
    assert [(lost.problem, lost.process) for lost in ledger.results.run.unmeasured] == [("5x7", 2)]


def test_what_has_no_time_at_all_stays_so(make):
    ledger = make()
    ledger.lose(ROWS[1], SECOND, LeftOut("unsuited", "serves n_x = 2 only"), None)
    again = resumed(lambda name: make(), ledger.results)
    assert again.is_left_out(ROWS[1], SECOND)
    assert not again.is_left_out(ROWS[1], FIRST)


def test_the_time_of_a_run_goes_on_where_it_was_interrupted(begun, make):
    begun.timed_s, begun.total_s = 2.0, 5.0
    ledger = resumed(make, begun.results)
    assert (ledger.timed_s, ledger.total_s) == (2.0, 5.0)


def test_trainings_have_the_times_of_all_processes_and_the_costs_of_the_first(begun):
    (training,) = read(begun.path).run.trainings
    assert training == Training(
        NAMES[1], *FIRST.key, alpha=plans.ALPHA, costs=(0.75, 0.5), wall_s=(0.25, 0.5)
    )


def test_trainings_survive_when_a_run_goes_on(begun, make):
    ledger = resumed(make, read(begun.path))
    assert ledger.results.run.trainings == begun.results.run.trainings
    entry = ledger.entries[ROWS[1], FIRST]
    entry.lose(1)
    assert entry.trained_s == {0: 0.25}


def test_trainings_after_a_lost_process_are_of_the_processes_that_have_times(begun, make):
    begun.change(ROWS[1], FIRST).lose(0)
    ledger = resumed(make, begun.results)
    assert ledger.entries[ROWS[1], FIRST].trained_s == {1: 0.5}


def test_trainings_of_an_unfinished_process_are_forgotten(begun, make):
    """As where a run ends while its last words are written."""
    for process in range(2):
        begun.change(ROWS[0], SECOND).add_training(process, 0.25 * (process + 1), [0.75])
    ledger = resumed(make, begun.results)
    assert ledger.entries[ROWS[0], SECOND].trained_s == {0: 0.25}


def test_a_row_has_failed_where_it_was_wrong_in_any_process(begun):
    begun.lose(ROWS[0], FIRST, LeftOut("failed", "J is off by 1"), 1)
    begun.lose(ROWS[1], FIRST, LeftOut("crashed", "SIGSEGV"), 1)
    pairs = [(row, setting) for row in ROWS for setting in SETTINGS if begun.has_failed(row, setting)]
    assert pairs == [(ROWS[0], FIRST)]


def changed(document, *path, to):
    other = copy.deepcopy(document)
    place = other
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to
    return parse(other)


PLAN = ("zeroloop", "plan")


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ((*PLAN, "processes"), 10**9, "zeroloop.plan.processes is 1000000000, which no run has"),
        ((*PLAN, "processes"), 0, "zeroloop.plan.processes is 0"),
        ((*PLAN, "rounds"), -1, "zeroloop.plan.rounds is -1"),
        ((*PLAN, "rounds"), 10**6, "zeroloop.plan.rounds is 1000000"),
        ((*PLAN, "cold"), -1, "zeroloop.plan.cold is -1"),
        ((*PLAN, "seed"), -1, "zeroloop.plan.seed is -1"),
        ((*PLAN, "thread_counts"), [0], "zeroloop.plan.thread_counts is 0"),
        ((*PLAN, "thread_counts"), [1, 1], "zeroloop.plan has a dtype or a number of threads twice"),
        ((*PLAN, "dtypes"), [], "zeroloop.plan has a dtype that no run has, or no dtype"),
        ((*PLAN, "block_s"), 1e5, "zeroloop.plan.block_s is 100000, which no run has"),
        ((*PLAN, "block_s"), 0.0, "zeroloop.plan.block_s is 0"),
        ((*PLAN, "row_s"), -1.0, "zeroloop.plan.row_s is -1"),
        ((*PLAN, "budget_s"), -60.0, "zeroloop.plan.budget_s is -60"),
        ((*PLAN, "until"), 0.0, "zeroloop.plan.until is 0"),
        (("zeroloop", "done"), 7, "zeroloop.done is 7, but the plan has 6 parts"),
        (("zeroloop", "done"), -1, "zeroloop.done is -1"),
        (("zeroloop", "done"), 5, "zeroloop.done is 5, but numpy_zero_loop on 5x7 has fewer processes"),
        (("zeroloop", "spent", "total_s"), -1.0, "zeroloop.spent has a time that no run takes"),
        ((*PLAN, "thread_counts"), [2], "5x7, float64, 1 threads is not in zeroloop.plan"),
        ((*PLAN, "processes"), 1, "zeroloop.done is 3, but the plan has 2 parts"),
        ((*PLAN, "rounds"), 1, "numpy_zero_loop on 5x7 has more blocks than zeroloop.plan"),
        (("benchmarks",), [], "zeroloop.done is 3, but numpy_zero_loop on 5x7 has fewer processes"),
    ],
)
def test_what_no_run_can_have_written_is_not_resumed(begun, path, value, words):
    begun.plan = dataclasses.replace(begun.plan, budget_s=None)
    for row in ROWS:
        begun.change(row, SECOND).blocks_s.pop()  # which a run that is killed has not written
    check_resumable(begun.results)
    with pytest.raises(BadResults, match=f"^{re.escape(words)}"):
        check_resumable(changed(begun.document, *path, to=value))


def test_a_run_whose_budget_was_spent_may_have_fewer_processes_of_a_row(begun):
    begun.plan = dataclasses.replace(begun.plan, budget_s=60.0)
    begun.done = 6
    check_resumable(begun.results)


def test_a_loss_before_the_first_process_is_refused(begun):
    begun.lose(ROWS[1], FIRST, LeftOut("crashed", "SIGSEGV"), -1)
    with pytest.raises(BadResults, match="numba_two_loop on 5x7 was lost in process 0"):
        parse(begun.document)


ENVIRONMENT = ("machine_info", "zeroloop")


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ((*ENVIRONMENT, "cpu"), "another", "cpu is .* here, but was another"),
        ((*ENVIRONMENT, "gpu"), "another", "gpu is .* here, but was another"),
        ((*ENVIRONMENT, "cores"), 99, "cores is .* here, but was 99"),
        ((*ENVIRONMENT, "python"), "CPython 3.1", "python is .* but was CPython 3.1"),
        ((*ENVIRONMENT, "versions", "numpy"), "1.0", "numpy is .* here, but was 1.0"),
        ((*ENVIRONMENT, "versions", "jax2"), "1.0", "jax2 is not installed here, but was 1.0"),
        (("zeroloop", "code"), "other", "the code of zeroloop has changed since then"),
        (("zeroloop", "rows", 0, "source"), "x", "the file of numpy_zero_loop has changed since then"),
    ],
)
def test_another_machine_version_or_code_is_refused(begun, make, path, value, words):
    with pytest.raises(Stale, match=words):
        resumed(make, changed(begun.document, *path, to=value))


def test_each_device_has_its_light(make):
    ledger = make()
    for device in ("cpu", "cuda"):
        ledger.add_light(Light("5x7", "float64", 1, device, 1e-6, 2e-6))
    assert [light.device for light in ledger.results.run.lights] == ["cpu", "cuda"]


def test_lights_are_the_shortest(make):
    ledger = make()
    for read_s, link_s in ((2e-6, 3e-6), (1e-6, 4e-6), (3e-6, 2e-6)):
        ledger.add_light(Light("5x7", "float64", 1, "cpu", read_s, link_s))
    assert ledger.lights[FIRST, "cpu"] == Light("5x7", "float64", 1, "cpu", 1e-6, 2e-6)


def test_rows_without_a_block_are_not_there(make):
    ledger = make()
    ledger.change(ROWS[0], FIRST).prepare_s.append(1.0)
    ledger.change(ROWS[1], FIRST).add_block(2, 1e-3)
    assert [timing.row for timing in ledger.results.timings] == [NAMES[1]]
    assert ledger.results.timings[0].blocks_s == ((), (), (1e-3,))


def test_a_file_that_cannot_be_written_leaves_the_one_before(begun, monkeypatch):
    before = begun.path.read_bytes()
    begun.change(ROWS[0], FIRST).add_block(2, 9.0)

    def full(path, content):
        raise OSError("cannot write: No space left on device")

    monkeypatch.setattr(files, "write_file", full)
    with pytest.raises(OSError, match="No space"):
        begun.save()
    assert begun.path.read_bytes() == before


@pytest.mark.parametrize("end", [Ledger.save, Ledger.conclude])
def test_a_file_of_another_run_is_not_written_over(begun, make, end):
    """As where a second run was told the same file, and put its own there by renaming."""
    make("other.json").save()
    theirs = (begun.path.parent / "other.json").rename(begun.path).read_bytes()
    place = begun.path
    begun.change(ROWS[0], FIRST).add_block(2, 9.0)
    with pytest.raises(
        Replaced, match=r"^.*run.json: another file has taken its place; this run is kept in "
    ):
        end(begun)
    assert place.read_bytes() == theirs
    assert begun.path != place
    begun.change(ROWS[0], FIRST).add_block(2, 8.0)
    begun.conclude()
    assert read(begun.path).timings[0].blocks_s[2] == (9.0, 8.0)
    assert place.read_bytes() == theirs


def test_a_file_that_was_not_there_before_is_not_written_over(make):
    ledger = make()
    ledger.path.write_text("theirs")
    with pytest.raises(Replaced):
        ledger.save()
    assert (ledger.path.parent / "run.json").read_text() == "theirs"


@pytest.mark.parametrize(
    "change", [Path.touch, Path.unlink, lambda path: path.write_bytes(path.read_bytes())]
)
def test_a_file_that_loses_nothing_is_written_again(begun, change):
    place = begun.path
    change(place)
    begun.change(ROWS[0], FIRST).add_block(2, 9.0)
    begun.save()
    assert begun.path == place
    assert read(place).timings[0].blocks_s[2] == (9.0,)


def test_the_spare_space_is_given_up_for_the_last_write(begun, monkeypatch):
    write_file, calls = files.write_file, []

    def full_once(path, content):
        calls.append(path)
        if len(calls) == 1:
            raise OSError("cannot write: No space left on device")
        write_file(path, content)

    begun.change(ROWS[0], FIRST).add_block(2, 9.0)
    monkeypatch.setattr(files, "write_file", full_once)
    with pytest.raises(OSError, match="No space"):
        begun.save()
    assert begun._spare.closed
    assert read(begun.path).timings[0].blocks_s[2] == (9.0,)


def test_a_disk_without_room_for_a_run_is_said_with_the_file(make, monkeypatch):
    def no_room(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", no_room)
    ledger = make()
    with pytest.raises(OSError, match=rf"^cannot write .*{ledger.path.name}: No space left on device$"):
        ledger.save()


def test_nothing_is_left_beside_the_file(begun):
    begun.close()
    assert [file.name for file in Path(begun.path).parent.iterdir()] == ["run.json"]


def test_code_digest_is_that_of_all_files(monkeypatch, tmp_path):
    assert ledgers.code_digest() == ledgers.code_digest.__wrapped__()
    (tmp_path / "bench" / "lanes").mkdir(parents=True)
    monkeypatch.setattr(ledgers, "__file__", str(tmp_path / "bench" / "lanes" / "ledger.py"))
    (tmp_path / "bench" / "lanes" / "ledger.py").write_text("a")
    before = ledgers.code_digest.__wrapped__()
    (tmp_path / "bench" / "lanes" / "ledger.py").write_text("b")
    assert ledgers.code_digest.__wrapped__() != before
