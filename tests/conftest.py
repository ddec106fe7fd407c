"""What several folders of tests share: ten hand-written timings, what is made of them, hostile strings."""

import copy
import json
import signal
from pathlib import Path

import pytest

from impls import pools

signal.signal(signal.SIGINT, signal.default_int_handler)  # in the background, processes would ignore it
TEN_TIMINGS = Path(__file__).with_name("reports") / "ten_timings.json"
HOSTILE = {
    "html": "</code></td><script>alert(1)</script><img src=x onerror=alert(1)>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "entities": "&lt;b&gt; &amp;amp; &#60;",
    "jinja": "{{ 7 * 7 }} {% raw %}",
    "markdown": r"a|b\|c `d` **e** [f](http://g.h) ~~i~~",
    "latex": r"\input{/etc/passwd} $x_1^2$ 100% #1 & {~} \\[2pt] \end{table}",
    "mathematics": r"$\frac{ $ \$ $$",
    "rich": "[red]x[/red] [/]",
    "rich emoji": ":smile:",
    "csv": '=1+1,"quoted";\'',
    "lines": "one\ntwo\r\nthree\rfour\tfive\u2028six",
    "long": "x" * 10_000,
    "right to left": "\u202eשלום",
    "emoji": "🙂🏳️‍🌈",
    "control": "\0\a\x1b[31m",
}

FREE_TEXTS = (
    "title",
    "origin",
    "threading_layer",
    "reason",
    "cpu",
    "gpu",
    "system",
    "python",
    "numpy",
    "id",
    "datetime",
)


_MOST_WORKERS = 4  # each loads the libraries anew, and compiles what it meets first


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config):
    """Run a plain `pytest` on several cores; whoever names files, or says how to run, is obeyed."""
    option, is_plain = config.option, config.args_source is config.ArgsSource.TESTPATHS
    serial = option.benchmark_only or option.collectonly or option.usepdb or hasattr(config, "workerinput")
    if config.pluginmanager.hasplugin("xdist") and is_plain and not serial and option.numprocesses is None:
        option.numprocesses, option.dist = min(pools.available(), _MOST_WORKERS), "loadgroup"
    return (yield)


@pytest.fixture(params=HOSTILE.values(), ids=HOSTILE)
def hostile(request):
    return request.param


@pytest.fixture(scope="session")
def all_hostile():
    return HOSTILE


@pytest.fixture(scope="session")
def ten_timings():
    return TEN_TIMINGS


@pytest.fixture
def document():
    return json.loads(TEN_TIMINGS.read_text("utf-8"))


@pytest.fixture
def cited(document, measured):
    """The ten timings as `zeroloop run` would have measured them."""
    return measured(document)


@pytest.fixture(scope="session")
def measured():
    """Turn a quick look into what `zeroloop run` would have measured: six quiet processes, and a twin."""
    return _measured


@pytest.fixture(scope="session")
def keep():
    """Drop everything of a document but the timings of some rows."""
    return _keep


@pytest.fixture(scope="session")
def renamed():
    """Change a name of a row or problem wherever it stands in a document."""
    return _renamed


@pytest.fixture(scope="session")
def enter():
    """Enter rows of a document for the contest: the first as ours, the others as peers."""
    return _enter


@pytest.fixture(scope="session")
def slowed():
    """Return a document in which a row, or all for None, takes longer by a factor."""
    return _slowed


@pytest.fixture(scope="session")
def spoilt():
    """Put a string in place of every text of a document that is not a name."""
    return _spoilt


def _measured(document):
    document = copy.deepcopy(document)
    wiggle = (0.998, 1.003, 1.0, 0.999, 1.002, 0.997)  # of the processes, and of the blocks in them
    for number, entry in enumerate(document["benchmarks"]):
        one = entry["extra_info"]
        step_s = sorted(one["blocks_s"][0])[len(one["blocks_s"][0]) // 2]
        one["blocks_s"] = [
            [step_s * wiggle[(p + number) % 6] * wiggle[(n + p) % 6] for n in range(4)] for p in range(6)
        ]
        one["prepare_s"] = [one["prepare_s"][0] * factor for factor in wiggle]
        one["first_call_s"] = [first_s * factor for first_s in one["first_call_s"] for factor in wiggle[:3]]
        one["warm_call_s"] = [warm_s * factor for warm_s in one["warm_call_s"] for factor in wiggle[3:]]
        one["extra_bytes"] = 4096 * number
    twins = [
        {**one, "blocks_s": one["blocks_s"][1:] + one["blocks_s"][:1]}
        for one in (entry["extra_info"] for entry in document["benchmarks"])
        if one["row"] == "numpy_zero_loop"
    ]
    trainings = [
        {
            "row": row,
            "problem": "breast_cancer",
            "dtype": "float64",
            "threads": 2,
            "alpha": 0.5,
            "costs": [0.6931471805599453, 0.234, 0.2, 0.1786, 0.163],
            "wall_s": [wall_s * factor for factor in wiggle],
        }
        for row, wall_s in (("python_two_loop", 1e-2), ("numpy_zero_loop", 1.25e-4))
    ]
    document["zeroloop"].update(
        kind="run",
        twins=twins,
        trainings=trainings,
        plan={
            "preset": "course",
            "dtypes": ["float64"],
            "thread_counts": [2],
            "baseline": "numpy_zero_loop",
            "processes": 6,
            "cold": 3,
            "rounds": 4,
            "block_s": 0.05,
            "row_s": 37.5,
            "budget_s": 300.0,
            "until": None,
            "seed": 1,
        },
        done=12,
        noise={"stolen": 0.001, "others": 0.01, "throttled": 0},
        spent={"timed_s": 150.0, "total_s": 310.0},
        code="0123456789abcdef",
    )
    return document


def _keep(document, *rows):
    document["benchmarks"] = [
        benchmark for benchmark in document["benchmarks"] if benchmark["extra_info"]["row"] in rows
    ]
    document["zeroloop"]["unmeasured"] = []


def _renamed(document, old, new):
    return json.loads(json.dumps(document).replace(json.dumps(old), json.dumps(new)))


def _enter(document, ours, *peers):
    for row in document["zeroloop"]["rows"]:
        row["side"] = "ours" if row["name"] == ours else "peer" if row["name"] in peers else None
    return document


def _slowed(document, row, factor):
    other = copy.deepcopy(document)
    for one in (entry["extra_info"] for entry in other["benchmarks"]):
        if row in (one["row"], None):
            one["blocks_s"] = [[factor * block_s for block_s in process] for process in one["blocks_s"]]
    return other


def _spoilt(value, hostile):
    """Put a hostile string in place of every text that is not a name."""
    if isinstance(value, list):
        return [_spoilt(item, hostile) for item in value]
    if isinstance(value, dict):
        return {
            key: hostile if key in FREE_TEXTS and isinstance(item, str) else _spoilt(item, hostile)
            for key, item in value.items()
        }
    return value
