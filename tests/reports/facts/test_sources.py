"""Lines and loops of hand-written snippets, and of every row of the registry."""

import pytest

from bench.request import describe_row
from impls.records import RECORDS, find
from reports.facts.sources import Count, count, counted
from reports.reading import parse

SNIPPETS = {
    "nothing": ("", 0, 0),
    "no function": ("x = 1\nfor i in x:\n    pass\n", 0, 0),
    "one line": ("def f(): return 1\n", 1, 0),
    "no line end": ("def f():\n    return 1", 1, 0),
    "carriage returns": ("def f():\r\n    return 1\r\n", 1, 0),
    "docstring": ('def f():\n    """One.\n\n    Two.\n    """\n    return 1\n', 1, 0),
    "docstring alone": ('def f():\n    """One."""\n', 0, 0),
    "a string that is none": ('def f():\n    x = """One.\n    Two."""\n    return x\n', 3, 0),
    "comment": ("def f():\n    # why\n    return 1  # because\n", 1, 0),
    "blank": ("def f():\n\n    x = 1\n\n\n    return x\n", 2, 0),
    "imports": ("import numpy as np\nfrom math import exp\n\ndef f():\n    return exp(1)\n", 1, 0),
    "signature": ("def f(\n    a, \n    b=1, \n):\n    return a\n", 1, 0),
    "decorators": ("@njit(\n    parallel=True,\n)\n@other\ndef f():\n    return 1\n", 1, 0),
    "long statement": ("def f(a):\n    return (\n        a\n        # why\n        + 1\n    )\n", 4, 0),
    "continued line": ("def f(a):\n    return a \\\n        + 1\n", 2, 0),
    "two statements": ("def f(a):\n    x = 1; y = 2\n", 1, 0),
    "two functions": ("def f():\n    return 1\n\ndef g():\n    x = 1\n    return x\n", 3, 0),
    "method": ("class A:\n    x = 1\n\n    def f(self):\n        return 1\n", 1, 0),
    "for": ("def f(a):\n    for i in a:\n        pass\n", 2, 1),
    "for in while": ("def f(a):\n    while a:\n        for i in a:\n            pass\n", 3, 2),
    "one after another": ("def f(a):\n    for i in a: pass\n    for i in a: pass\n", 2, 1),
    "loop in else": ("def f(a):\n    for i in a:\n        pass\n    else:\n        while a: pass\n", 4, 2),
    "if between": ("def f(a):\n    for i in a:\n        if i:\n            for j in a: pass\n", 3, 2),
    "list": ("def f(a):\n    return [i for i in a]\n", 1, 1),
    "set": ("def f(a):\n    return {i for i in a}\n", 1, 1),
    "dict": ("def f(a):\n    return {i: 1 for i in a}\n", 1, 1),
    "generator": ("def f(a):\n    return sum(i for i in a)\n", 1, 1),
    "two in one": ("def f(a):\n    return [i for b in a for i in b]\n", 1, 2),
    "one in one": ("def f(a):\n    return [[i for i in b] for b in a]\n", 1, 2),
    "comprehension in loop": ("def f(a):\n    for b in a:\n        sum(i for i in b)\n", 2, 2),
    "lambda": ("def f(a):\n    return lambda b: [i for i in b]\n", 1, 1),
    "lambda outside": ("f = lambda a: [i for i in a]\n", 0, 0),
    "async": ("async def f(a):\n    async for i in a:\n        await i\n", 2, 1),
    "name of a loop": ("def f(format):\n    return 'for i in a'\n", 1, 0),
    "nested function": (
        "def f(a):\n    for i in a:\n        def g(b):\n            for j in b: pass\n",
        2,
        2,
    ),
    "nested docstring": (
        'def f():\n    class A:\n        def g(self):\n            """One."""\n            return 1\n',
        2,
        0,
    ),
}


@pytest.mark.parametrize(("source", "lines", "loops"), SNIPPETS.values(), ids=SNIPPETS)
def test_count(source, lines, loops):
    assert count(source) == Count(lines, loops)


@pytest.mark.parametrize(
    "source",
    [
        "def f(:\n",
        "def f():\n",
        "def f():\n\tx = 1\n        y = 2\n",
        "def f():\n    '''",
        "\0",
        "int main() {}",
        "f = " + "(" * 1000,
        "\udcff",
    ],
)
def test_text_that_is_not_python_has_no_count(source):
    assert count(source) is None


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        pytest.param("+".join("1" * 1000), (Count(1, 0), None), id="a long sum"),
        pytest.param("-" * 100_000 + "1", (Count(1, 0), None), id="many signs"),
        pytest.param(r"'\d'", (Count(1, 0),), id="an escape that Python warns of"),
    ],
)
def test_odd_python(expression, expected):
    assert count(f"def f():\n    return {expression}\n") in expected


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_loops_of_a_row_are_those_of_its_record(record):
    step, prepare = counted(describe_row(record))
    assert step.loops == record.loops
    assert step.lines > 0
    assert (prepare.lines > 0) == ("prepare" in record.source)


def test_lines_are_those_that_a_reader_must_read():
    """By hand: of the step, of sigmoid and softplus, of the compiled lesson; of another row's prepare."""
    known = {
        "python_two_loop": (14, 0),
        "numpy_zero_loop": (8 + 3, 0),
        "cupy_zero_loop": (9 + 3, None),
        "numba_two_loop": (2 + 14, 0),
        "torch_autograd": (7, 1 + 3),
        "jax_autograd": (3 + 2, 18),
    }
    for name, (lines, prepare_lines) in known.items():
        step, prepare = counted(describe_row(find(name)))
        assert step.lines == lines
        assert prepare_lines in (prepare.lines, None)


def test_an_older_file_is_counted_as_far_as_it_goes(document):
    for row in document["zeroloop"]["rows"]:
        row["compiles"] = row.pop("helpers")
        del row["prepare_helpers"]
    rows = {row.name: row for row in parse(document).run.rows}
    assert counted(rows["numba_two_loop"]) == (Count(4, 2), Count(0, 0))
    assert counted(rows["mine.py"]) is None
