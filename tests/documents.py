"""Documents that tests make of the ten hand-written timings, and hostile strings to put into them."""

import copy
import json
from pathlib import Path

from reports.facts.facts import Facts
from reports.reading import parse

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
WIGGLE = (0.998, 1.003, 1.0, 0.999, 1.002, 0.997)  # of the processes of a run, and of the blocks in them
# By row and number of threads: the seconds of a step that do not grow with m, and those of each example.
KNOWN_LINES = {
    ("numba_fused", 1): (1e-5, 6e-10),
    ("numba_fused", 2): (7e-5, 3e-10),
    ("numba_chunks", 1): (3e-4, 8e-10),
    ("numba_chunks", 2): (3e-4, 4e-10),
    ("dask_chunks", 1): (6e-3, 8e-10),
    ("dask_chunks", 2): (8e-3, 4e-10),
}


def measured(document):
    """Turn a quick look into what `zeroloop run` would have measured: six quiet processes, and a twin."""
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


def told(document):
    """Let the machine of a document say how it was set up, which files of older versions lack."""
    document = copy.deepcopy(document)
    document["machine_info"]["zeroloop"]["conditions"] = {
        "quota_cores": 2.5,
        "memory_limit_bytes": 8_000_000_000,
        "governor": "performance",
        "turbo": False,
        "smt": True,
        "aslr": True,
        "huge_pages": "madvise",
        "hypervisor": None,
    }
    document["zeroloop"]["noise"]["cores"] = 2
    return document


def timing(document, row, problem):
    """Return the timing of a row on a problem."""
    held = (benchmark["extra_info"] for benchmark in document["benchmarks"])
    return next(one for one in held if (one["row"], one["problem"]) == (row, problem))


def without(document, *rows):
    """Drop the timings of some rows."""
    document["benchmarks"] = [
        benchmark for benchmark in document["benchmarks"] if benchmark["extra_info"]["row"] not in rows
    ]


def keep(document, *rows):
    """Drop everything of a document but the timings of some rows."""
    document["benchmarks"] = [
        benchmark for benchmark in document["benchmarks"] if benchmark["extra_info"]["row"] in rows
    ]
    document["zeroloop"]["unmeasured"] = []


def renamed(document, old, new):
    """Change a name of a row or problem wherever it stands in a document."""
    return json.loads(json.dumps(document).replace(json.dumps(old), json.dumps(new)))


def enter(document, ours, *peers):
    """Enter rows of a document for the contest: the first as ours, the others as peers."""
    for row in document["zeroloop"]["rows"]:
        row["side"] = "ours" if row["name"] == ours else "peer" if row["name"] in peers else None
    return document


def slowed(document, row, factor):
    """Return a document in which a row, or all for None, takes longer by a factor."""
    other = copy.deepcopy(document)
    for one in (entry["extra_info"] for entry in other["benchmarks"]):
        if row in (one["row"], None):
            one["blocks_s"] = [[factor * block_s for block_s in process] for process in one["blocks_s"]]
    return other


def spoilt(value, hostile):
    """Put a hostile string in place of every text that is not a name."""
    if isinstance(value, list):
        return [spoilt(item, hostile) for item in value]
    if isinstance(value, dict):
        return {
            key: hostile if key in FREE_TEXTS and isinstance(item, str) else spoilt(item, hostile)
            for key, item in value.items()
        }
    return value


def sized(cells, rows, step_s):
    """Make a run over sizes of data: `step_s(row, n_x, m)`, None where a row was not timed."""
    document = measured(json.loads(TEN_TIMINGS.read_text("utf-8")))
    like = document["benchmarks"][0]["extra_info"]
    known = {row["name"]: row for row in document["zeroloop"]["rows"]}
    problems = [{"name": f"{n_x}x{m}", "title": f"{n_x} of {m}", "n_x": n_x, "m": m} for n_x, m in cells]
    timings = []
    for problem in problems:
        for row in rows:
            once_s = step_s(row, problem["n_x"], problem["m"])
            if once_s is not None:
                blocks_s = [[once_s * process * block for block in WIGGLE[:4]] for process in WIGGLE]
                own = {"row": row, "problem": problem["name"], "blocks_s": blocks_s}
                timings.append({**like, **own, "first_call_s": [], "warm_call_s": []})
    document["benchmarks"] = [{"extra_info": one} for one in timings]
    document["zeroloop"]["plan"]["baseline"] = rows[0]
    document["zeroloop"].update(
        rows=[{**known["python_two_loop"], **known.get(row, {}), "name": row} for row in rows],
        problems=problems,
        done=len(WIGGLE) * len(problems),
        unmeasured=[],
        lights=[],
        twins=[],
        trainings=[],
    )
    return document


def threaded(cells, rows, counts, step_s):
    """Make such a run with several numbers of threads: `step_s(row, threads, n_x, m)`."""
    entries = []
    for count in counts:
        document = sized(cells, rows, lambda row, n_x, m, count=count: step_s(row, count, n_x, m))
        entries += [{**entry["extra_info"], "threads": count} for entry in document["benchmarks"]]
    document["benchmarks"] = [{"extra_info": one} for one in entries]
    document["zeroloop"]["plan"]["thread_counts"] = list(counts)
    return document


def ways(lines=KNOWN_LINES):
    """Make a run past one core and one memory; a way without a time has None in place of its line."""
    return threaded(
        [(4, 10**k) for k in (5, 6, 7, 8)],
        ("numba_fused", "numba_chunks", "dask_chunks"),
        (1, 2),
        lambda row, threads, n_x, m: (line := lines[row, threads]) and line[0] + line[1] * m,
    )


def compared(document):
    """Return the comparisons of a document."""
    return Facts(parse(document)).comparisons
