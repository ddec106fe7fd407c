"""What limits a process, read from made-up folders of /proc and /sys, and felt by real processes."""

import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from impls import limits

GB = 10**9
V2 = "35 25 0:30 {top} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"
V2_ABOVE = V2.format(top="/")
V1 = "36 25 0:31 {top} /sys/fs/cgroup/{name} rw shared:9 - cgroup cgroup rw,{name}\n"
ELSEWHERE = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/root rw,cpu,memory\n"
NONE_IN_V1 = "9223372036854771712\n"  # the largest whole number of pages


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Make /proc and /sys of a machine with 64 GB, 50 of them free."""
    memory = SimpleNamespace(total=64 * GB, available=50 * GB)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)

    def make(groups="0::/\n", mounts=V2_ABOVE, **files):
        for name, text in {"cgroup": groups, "mountinfo": ELSEWHERE + mounts, **files}.items():
            path = tmp_path / (name if "/" in name else f"proc/self/{name}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path

    return make


def v2(group, name, text):
    return {f"sys/fs/cgroup/{group}/{name}": text}


def v1(controller, group, **values):
    return {f"sys/fs/cgroup/{controller}/{group}/{name}": f"{value}\n" for name, value in values.items()}


def held_v1(group, limit, usage, idle=0):
    files = {"memory.limit_in_bytes": limit, "memory.usage_in_bytes": usage}
    return v1("memory", group, **files, **{"memory.stat": f"inactive_file 7\ntotal_inactive_file {idle}"})


def held_v2(group, limit, usage, idle=0):
    stat = f"anon {usage}\ninactive_file {idle}\nactive_file 3\n"
    files = {"memory.max": f"{limit}\n", "memory.current": f"{usage}\n", "memory.stat": stat}
    return {name: text for file, text in files.items() for name, text in v2(group, file, text).items()}


def test_without_any_file_there_is_no_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=8 * GB, available=3 * GB))
    assert limits.cores(tmp_path) is None
    assert limits.memory_bytes(tmp_path) is None
    assert limits.free_bytes(tmp_path) == 3 * GB


@pytest.mark.parametrize(
    ("groups", "files", "cores"),
    [
        ("0::/a/b\n", v2("a/b", "cpu.max", "50000 100000\n"), 0.5),
        ("0::/a/b\n", v2("a", "cpu.max", "200000 100000\n"), 2),
        ("0::/a/b\n", {**v2("a/b", "cpu.max", "max 100000\n"), **v2("a", "cpu.max", "150000 100000\n")}, 1.5),
        ("0::/a/b\n", {**v2("a/b", "cpu.max", "400000 100000\n"), **v2("a", "cpu.max", "9000 3000\n")}, 3),
        ("0::/\n", v2("", "cpu.max", "200000 100000\n"), 2),  # a container's own namespace
        ("0::/../b\n", v2("", "cpu.max", "200000 100000\n"), 2),  # moved out of its namespace
        ("0::/a:b c\n", v2("a:b c", "cpu.max", "200000 100000\n"), 2),
        ("0::/a/b\n", v2("other", "cpu.max", "50000 100000\n"), None),
        ("0::/a/b\n", v2("a/b", "cpu.max", "max 100000\n"), None),
    ],
)
def test_quota_of_version_2(machine, groups, files, cores):
    assert limits.cores(machine(groups, **files)) == cores


@pytest.mark.parametrize(
    ("path", "top", "group", "quota", "cores"),
    [
        ("/a/b", "/", "a/b", 250_000, 2.5),
        ("/a/b", "/", "a", 250_000, 2.5),
        ("/a/b", "/", "a/b", -1, None),
        ("/docker/1f", "/docker/1f", "", 50_000, 0.5),  # a container without a namespace
        ("/docker/1f/sub", "/docker/1f", "sub", 50_000, 0.5),
        ("/elsewhere", "/docker/1f", "", 50_000, 0.5),
        ("/docker/1fx", "/docker/1f", "", 50_000, 0.5),
        ("/../../c", "/../..", "c", 50_000, 0.5),
    ],
)
def test_quota_of_version_1(machine, path, top, group, quota, cores):
    files = v1("cpu,cpuacct", group, **{"cpu.cfs_quota_us": quota, "cpu.cfs_period_us": 100_000})
    groups = f"4:memory:/m\n3:cpu,cpuacct:{path}\n1:name=systemd:/s\n0::/u\n"
    mounts = V1.format(top=top, name="cpu,cpuacct") + V1.format(top="/", name="memory")
    assert limits.cores(machine(groups, mounts, **files)) == cores


def test_the_controller_may_be_of_either_version(machine):
    groups, mounts = "3:cpu:/a\n0::/b\n", V1.format(top="/", name="cpu") + V2.format(top="/")
    one = {"cpu.cfs_quota_us": 300_000, "cpu.cfs_period_us": 100_000}
    root = machine(groups, mounts, **v1("cpu", "a", **one), **v2("b", "cpu.max", "200000 100000\n"))
    assert limits.cores(root) == 2


@pytest.mark.parametrize(
    "text", ["", "x", "100000", "1 0", "-1 100000", "1.5 2", "0x10 100", "99 100 7", b"\xff\0", "\n1"]
)
def test_what_no_kernel_says_is_no_quota(machine, text):
    assert limits.cores(machine(**v2("", "cpu.max", text))) is None


@pytest.mark.parametrize(
    "groups", ["", "0", "0::", "::", "0:/a", "\n\n", b"0::/\xff\xfe\0", "0::/" + "a" * 300]
)
@pytest.mark.parametrize("mounts", ["", " - ", "a - cgroup2 b", b"\xff - cgroup2 \0", V2_ABOVE])
def test_broken_tables_are_no_limit(machine, groups, mounts):
    root = machine(groups, "", mountinfo=mounts)
    assert limits.cores(root) is None
    assert limits.free_bytes(root) == 50 * GB


def test_a_mount_whose_name_is_no_text_hides_no_other(machine):
    mounts = b"40 1 8:2 / /mnt/\xe9t\xe9 rw - ext4 /dev/sdb rw\n" + V2_ABOVE.encode()
    assert limits.cores(machine(mountinfo=mounts, **v2("", "cpu.max", "50000 100000\n"))) == 0.5


@pytest.mark.parametrize(
    ("files", "limit", "free"),
    [
        (held_v2("a/b", 4 * GB, GB), 4 * GB, 3 * GB),
        (held_v2("a", 4 * GB, GB), 4 * GB, 3 * GB),
        ({**held_v2("a/b", 4 * GB, GB), **held_v2("a", 6 * GB, 5 * GB)}, 4 * GB, GB),
        (held_v2("a/b", 4 * GB, 3 * GB, idle=2 * GB), 4 * GB, 3 * GB),
        (held_v2("a/b", GB, 2 * GB), GB, 0),
        (held_v2("a/b", 0, 0), 0, 0),
        (held_v2("a/b", "max", GB), None, 50 * GB),
        (held_v2("a/b", 99 * GB, GB), None, 50 * GB),
        (held_v2("a/b", 99 * GB, 90 * GB), None, 9 * GB),
        (v2("a/b", "memory.max", f"{GB}\n"), None, 50 * GB),  # nobody says what is used
        ({**held_v2("a/b", 4 * GB, GB), **v2("a/b", "memory.stat", "")}, 4 * GB, 3 * GB),
    ],
)
def test_memory_of_version_2(machine, files, limit, free):
    root = machine("0::/a/b\n", **files)
    assert (limits.memory_bytes(root), limits.free_bytes(root)) == (limit, free)


@pytest.mark.parametrize(
    ("files", "limit", "free"),
    [
        (held_v1("a", 4 * GB, 3 * GB, idle=GB), 4 * GB, 2 * GB),
        (held_v1("", 4 * GB, 3 * GB), 4 * GB, GB),
        (held_v1("a", NONE_IN_V1.strip(), 3 * GB), None, 50 * GB),
    ],
)
def test_memory_of_version_1(machine, files, limit, free):
    root = machine("4:memory:/a\n", V1.format(top="/", name="memory"), **files)
    assert (limits.memory_bytes(root), limits.free_bytes(root)) == (limit, free)


def ulimits(space="unlimited", data="unlimited"):
    return (
        "Limit                     Soft Limit           Hard Limit           Units     \n"
        f"Max data size             {data:<20} unlimited            bytes     \n"
        f"Max address space         {space:<20} unlimited            bytes     \n"
    )


@pytest.mark.parametrize(
    ("set_to", "limit", "free"),
    [
        ({}, None, 50 * GB),
        ({"space": 2_000_000_000}, 2 * GB, 2 * GB - 1024 * 900_000),
        ({"data": 1_000_000_000}, GB, GB - 1024 * 300_000),
        ({"space": 2_000_000_000, "data": 1_900_000_000}, 1_900_000_000, 2 * GB - 1024 * 900_000),
    ],
)
def test_ulimit(machine, set_to, limit, free):
    status = "VmPeak:\t 1000000 kB\nVmSize:\t  900000 kB\nVmData:\t  300000 kB\n"
    root = machine(limits=ulimits(**set_to), status=status)
    assert (limits.memory_bytes(root), limits.free_bytes(root)) == (limit, free)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps to these limits, and tells them")
@pytest.mark.parametrize("name", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_as_much_is_free_as_a_process_can_really_take(name):
    code = f"""
import mmap, resource
from impls import limits
resource.setrlimit(resource.{name}, (3 * 10**9, resource.RLIM_INFINITY))
MB, free = 10**6, limits.free_bytes()
assert limits.memory_bytes() == 3 * 10**9
assert 10**9 < free < 3 * 10**9, free
mmap.mmap(-1, free - MB, flags=mmap.MAP_PRIVATE).close()
try:
    mmap.mmap(-1, free + MB, flags=mmap.MAP_PRIVATE)
except OSError:
    print("full")
"""
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "full\n"
