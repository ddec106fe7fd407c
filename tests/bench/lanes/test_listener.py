"""What counts as the work of other programs."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from bench.lanes import listener
from bench.lanes.listener import Listener
from reports.results import Noise

NOTHING = Noise(None, None, None)


class Machine:
    """Cores whose clocks the test sets: core 1 is offline, and this process may run on 2 and 5."""

    def __init__(self, tmp_path, monkeypatch):
        self.now_s = 100.0
        idle = {"user": 10.0, "system": 5.0, "idle": 50.0, "steal": 0.0}
        self.cores = {number: dict(idle) for number in (0, 2, 3, 5)}
        stat = tmp_path / "stat"
        stat.write_text("cpu  1 2\n" + "".join(f"cpu{number} 1 2\n" for number in self.cores) + "intr 7\n")
        monkeypatch.setattr(listener, "_STAT", stat)
        monkeypatch.setattr(listener, "perf_counter", lambda: self.now_s)
        monkeypatch.setattr(listener, "_own_s", lambda: 0.0)
        monkeypatch.setattr(os, "sched_getaffinity", lambda process: {2, 5}, raising=False)
        monkeypatch.setattr(listener.psutil, "cpu_times", self.times)

    def times(self, percpu):
        assert percpu
        kinds = tuple(next(iter(self.cores.values())))
        return [SimpleNamespace(_fields=kinds, **core) for core in self.cores.values()]

    def work(self, number, **seconds):
        for kind, second in seconds.items():
            self.cores[number][kind] += second


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return Machine(tmp_path, monkeypatch)


def test_only_cores_that_this_process_may_use_are_watched(machine):
    heard = Listener(NOTHING, 0.0)
    machine.now_s += 10
    machine.work(0, user=10.0, steal=9.0)
    machine.work(3, user=8.0)
    machine.work(2, idle=10.0)
    machine.work(5, idle=10.0)
    found = heard.heard(running_s=0.0)
    assert (found.others, found.stolen, found.cores) == (0.0, 0.0, 2)


def test_what_lanes_took_is_not_of_others(machine):
    heard = Listener(NOTHING, 0.0)
    machine.now_s += 10
    machine.work(2, user=7.0, system=1.0, idle=1.0, steal=1.0)
    machine.work(5, user=4.0, idle=6.0)
    found = heard.heard(running_s=9.0)
    assert found.others == pytest.approx(0.3)
    assert found.stolen == pytest.approx(0.05)


def test_what_was_heard_before_a_resume_counts_by_its_time(machine):
    heard = Listener(Noise(stolen=0.0, others=1.0, throttled=None, cores=2), before_s=30.0)
    machine.now_s += 10
    machine.work(5, user=2.0, idle=8.0)
    assert heard.heard(running_s=0.0).others == pytest.approx((30 * 1.0 + 10 * 0.2) / 40)


def test_where_nobody_tells_cores_apart_all_are_watched(machine, monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    heard = Listener(NOTHING, 0.0)
    machine.now_s += 10
    machine.work(0, user=5.0)
    machine.work(3, user=5.0)
    found = heard.heard(running_s=0.0)
    assert (found.others, found.cores) == (1.0, None)


@pytest.mark.skipif(
    not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2, reason="needs two cores"
)
def test_work_is_heard_on_its_core_alone():
    """A neighbour fills one core; what is heard on each is the time in which that core was not idle."""
    code = """
import os, subprocess, sys, time
from bench.lanes.listener import Listener
from reports.results import Noise

def idle_s(core):
    with open("/proc/stat") as stat:
        times = next(line.split() for line in stat if line.startswith(f"cpu{core} "))
    return sum(map(int, (times[4], times[5], times[8]))) / os.sysconf("SC_CLK_TCK")

cores = sorted(os.sched_getaffinity(0))[:2]
spin = f"import os; os.sched_setaffinity(0, [{cores[1]}]); print(flush=True)\\nwhile True: pass"
neighbour = subprocess.Popen([sys.executable, "-c", spin], stdout=subprocess.PIPE)
neighbour.stdout.readline()
heard = []
for core in cores:
    os.sched_setaffinity(0, [core])
    heard.append((Listener(Noise(None, None, None), 0.0), idle_s(core), time.perf_counter()))
time.sleep(0.5)
found = [one.heard(0.0).others - 1 + (idle_s(core) - before_s) / (time.perf_counter() - start_s)
         for core, (one, before_s, start_s) in zip(cores, heard)]
neighbour.kill()
neighbour.wait()
print(all(abs(off) < 0.25 for off in found) or found)
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "True\n"
