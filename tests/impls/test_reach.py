"""What a reader of a row must read: hand-written files whose code is known, and all rows."""

import re

import pytest

from impls import reach
from impls.records import RECORDS, find

FILES = {
    "what it calls, and what that calls": (
        "def step(): return f()\ndef f(): return g()\ndef g(): pass\ndef other(): pass\n",
        {"step", "f", "g"},
        set(),
    ),
    "prepare apart, what both call in the step": (
        "def step(): f()\ndef prepare(): f(), g()\ndef f(): pass\ndef g(): pass\n",
        {"step", "f"},
        {"prepare", "g"},
    ),
    "a function that is wrapped": (
        "def _cost(): pass\n_both = jax.jit(jax.value_and_grad(_cost))\ndef step(): return _both()\n",
        {"_cost", "_both", "step"},
        set(),
    ),
    "a step that is wrapped": ("def f(): pass\nstep = jit(f)\n", {"f", "step"}, set()),
    "a decorator of its own": ("def d(f): return f\n@d\ndef step(): pass\n", {"d", "step"}, set()),
    "what compiled code runs instead": (
        "def exp(x): raise TypeError\n@overload(exp)\ndef _exp(x): return _fast\ndef _fast(x): pass\n"
        "def step(): exp(1)\n",
        {"exp", "_exp", "_fast", "step"},
        set(),
    ),
    "a kernel that prepare makes": (
        "def prepare(): return _made()\n"
        "def _made():\n    @cuda.jit\n    def kernel(): link()\n    return kernel\n"
        "def link(): pass\ndef step(): pass\n",
        {"step", "_made", "link"},
        {"prepare"},
    ),
    "names of arguments and variables": (
        "def f(): pass\ndef g(): pass\ndef step(f):\n    g = f\n    return g\n",
        {"step"},
        set(),
    ),
    "annotations do not run": ("def f(): pass\ndef step(x: f) -> f: pass\n", {"step"}, set()),
    "a class with its methods": (
        "class A:\n    def f(self): g()\ndef g(): pass\ndef step(): A()\n",
        {"A", "g", "step"},
        set(),
    ),
    "below an if, and defined twice": (
        "if fast:\n    def f(): return 1\nelse:\n    def f(): g()\ndef g(): pass\ndef step(): f()\n",
        {"f", "g", "step"},
        set(),
    ),
    "itself": ("def step(): return step()\n", {"step"}, set()),
    "no step": ("def f(): pass\n", set(), set()),
}


def defined(text):
    """Return the names that a text defines at the start of a line."""
    return set(re.findall(r"^(?:def |class )?(\w+)(?=\(|:| =)", text, re.MULTILINE))


@pytest.mark.parametrize(("source", "step", "prepare"), FILES.values(), ids=FILES)
def test_functions_of_one_file(source, step, prepare):
    for elsewhere in (True, False):
        found = reach.texts(source, elsewhere)
        assert tuple(defined(one.get(reach.OWN, "")) for one in found) == (step, prepare)


@pytest.mark.parametrize(
    "source",
    [
        "from impls.stable import sigmoid as s\ndef step(Z): return s(Z)\n",
        "from impls import stable\ndef step(Z): return stable.sigmoid(Z)\n",
        "import impls.stable\ndef step(Z): return impls.stable.sigmoid(Z)\n",
        "import impls.stable as st\ndef step(Z): return st.sigmoid(Z)\n",
        "def step(Z):\n    from impls.stable import sigmoid\n    return sigmoid(Z)\n",
    ],
)
def test_functions_of_this_package_however_they_are_imported(source):
    step, prepare = reach.texts(source)
    assert set(step) == {reach.OWN, "stable"}
    assert defined(step["stable"]) == {"sigmoid"}
    assert prepare == {}
    assert reach.joined(step).startswith("# impls/stable.py\n\n\ndef sigmoid(Z):")
    assert reach.texts(source, elsewhere=False)[0].keys() == {reach.OWN}


@pytest.mark.parametrize("module", ["math", "impls", "impls.nowhere", "impls.kernels.compiled", "my.stable"])
def test_other_functions_are_not_read(module):
    step, _ = reach.texts(f"from {module} import sigmoid, compiled\ndef step(): sigmoid(compiled)\n")
    assert step.keys() == {reach.OWN}


def test_rows_are_read_through_all_files():
    step, prepare = reach.texts(find("numba_fused").source)
    assert step.keys() == {reach.OWN, "kernels/sweep", "kernels/link"}
    assert {"sweep", "_features_as_rows", "dot_rows", "_SHORTEST_PIECE"} <= defined(step["kernels/sweep"])
    assert {"link", "exp", "_exp", "_exp64", "_C6", "TILE"} <= defined(step["kernels/link"])
    assert "sums" not in defined(step["kernels/sweep"]), "of chunks alone"
    assert defined(prepare["kernels/sweep"]) == {"threads_for", "_LINK", "_WORTH_A_THREAD"}
    assert reach.texts(find("jax_autograd").source)[1].keys() == {"jax_step"}
    assert reach.texts(find("numba_fused_packed").source)[0]["numba_fused"].startswith("def step(")


def test_rows_that_share_kernels_are_known():
    shared = {record.name: record.kernels for record in RECORDS if record.kernels}
    assert shared["numba_fused"] == shared["numba_fused_packed"] == ("kernels/link", "kernels/sweep")
    assert set(shared) == {"numba_fused", "numba_fused_packed", "numba_chunks", "dask_chunks"}


@pytest.mark.parametrize("source", ["def step(:\n", "\0", "def step():\n    return " + "-" * 100_000 + "1\n"])
def test_text_that_is_not_python_or_too_deep_has_no_code(source):
    assert reach.texts(source) is None


@pytest.mark.parametrize("separator", ["\r\n", "\r", "\n\x0c\n", "\n# \u2028 \x85 \n"])
def test_lines_are_those_of_the_parser(separator):
    source = separator.join(["x = 1", "def f():", "    return x", "def step():", "    return f()", ""])
    (text,) = reach.texts(source.replace("    return", "\treturn"))[0].values()
    assert defined(text) >= {"x", "f", "step"}
    assert text.endswith("return f()\n")
