"""The table of rows: it agrees with their files, and a new row is its file and one line."""

import ast
import importlib.util
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

import impls
from impls import records
from impls.records import RECORDS, Record
from tests.impls.checks import bits, problem_of, run

# Modules directly in `impls` that are no rows.
MACHINERY = {"__init__", "contract", "errors", "limits", "pools", "reach", "records", "registry"}
MACHINERY |= {"stable", "training"}


def test_names_are_in_teaching_order():
    lessons = ["python_two_loop", "numpy_two_loop", "numpy_one_loop", "numpy_zero_loop", "numba_two_loop"]
    assert [name for name in impls.names() if name in lessons] == lessons
    assert set(Counter(impls.names()).values()) == {1}


def test_every_file_has_a_record_and_every_record_a_file():
    files = {path.stem for path in Path(records.__file__).parent.glob("*.py")}
    assert files - MACHINERY == set(impls.names())


def test_titles_are_short_and_tell_rows_apart():
    titles = {record.title: record.name for record in RECORDS}
    assert len(titles) == len(RECORDS)
    for record in RECORDS:
        first, *others = ast.get_docstring(ast.parse(record.source)).splitlines()
        assert first in (record.title, f"{record.title}."), record.name
        assert len(first) <= 75, record.name
        assert first[-1] in ".…", record.name
        assert not others or others[0] == "", record.name


# What every installation has, or comes with a library that a row needs.
ALWAYS = {"llvmlite", "psutil", "sklearn", "threadpoolctl", "dask"}


@pytest.mark.parametrize("name", impls.names())
def test_record_tells_the_truth_about_its_module(name):
    record = records.find(name)
    path = record.path
    tree = ast.parse(path.read_text("utf-8"))
    assert libraries(tree) - (ALWAYS - set(record.needs)) == set(record.needs)
    assert ("cuda_device" in path.read_text("utf-8")) == (record.device == "cuda")
    assert record.origin


def test_a_new_row_is_its_file_and_one_line(tmp_path, monkeypatch):
    lesson = Path(records.__file__).with_name("numpy_zero_loop.py").read_text("utf-8")
    (tmp_path / "brand_new.py").write_text(lesson.replace(lesson.splitlines()[0], '"""A row of tomorrow.', 1))
    monkeypatch.setattr(records, "RECORDS", (*RECORDS, Record("brand_new", 0, "a test")))
    monkeypatch.setattr(records, "_FOLDER", tmp_path)  # where its file would be, beside the others
    monkeypatch.setattr(impls, "__path__", [*impls.__path__, str(tmp_path)])
    record = records.find("brand_new")
    assert impls.names()[-1] == "brand_new"
    assert (record.title, record.path) == ("A row of tomorrow", tmp_path / "brand_new.py")
    assert record.source.startswith('"""A row of tomorrow.')
    assert (record.missing, record.is_own, record.spelling) == (None, False, "brand_new")
    assert (record.keeps_code, record.on_disk, record.is_interpreted) == (False, False, False)
    try:
        problem = problem_of("2x50")
        mine, expected = (run(impls.load(name), problem) for name in ("brand_new", "numpy_zero_loop"))
        assert bits(mine) == bits(expected)
    finally:
        sys.modules.pop("impls.brand_new", None)
    with pytest.raises(impls.UnknownName, match="did you mean brand_new"):
        impls.load("brandnew")


def test_types_are_checked_without_naming_rows():
    settings = tomllib.loads((Path(records.__file__).parents[1] / "pyproject.toml").read_text("utf-8"))
    overrides = settings["tool"]["mypy"]["overrides"]
    named = {module for override in overrides for module in override["module"]}
    assert not named & {f"impls.{name}" for name in impls.names()}


def test_missing_library_is_named_as_pip_knows_it(monkeypatch):
    monkeypatch.setattr(records, "_is_installed", lambda library: library == "numpy")
    assert str(records.find("sklearn_loss").missing) == "not installed: pip install scikit-learn"
    assert str(records.find("jax_step").missing) == "not installed: pip install jax"


def test_what_is_kept_on_disk_and_what_runs_in_the_interpreter():
    kept = {record.name for record in RECORDS if record.keeps_code}
    assert {"numba_two_loop", "numba_fused", "dask_chunks"} <= kept
    assert not kept & {"numpy_zero_loop", "numba_cuda_fused", "jax_step"}
    interpreted = {record.name for record in RECORDS if record.is_interpreted}
    assert interpreted == {"python_two_features", "python_two_loop", "numpy_two_loop", "numpy_one_loop"}
    assert {record.name for record in RECORDS if record.on_disk} == {"numba_chunks", "dask_chunks"}


def test_a_link_keeps_the_name_it_was_asked_by(tmp_path):
    (tmp_path / "real.py").write_text("def step(w, b, X, Y): ...\n", encoding="utf-8")
    (tmp_path / "mine.py").symlink_to("real.py")
    own = records.find(str(tmp_path / "mine.py"))
    assert (own.name, own.title, own.loops) == ("mine.py", "own file", None)
    assert (own.path, own.spelling) == (tmp_path / "real.py", str(tmp_path / "real.py"))
    assert impls.load(tmp_path / "mine.py").name == "mine.py"


def test_what_ends_in_py_or_has_a_slash_is_a_path():
    assert [records.find(text).is_own for text in ("mine.py", "./mine", "a\\mine", "numpy_zero_loop")] == [
        True,
        True,
        True,
        False,
    ]


def test_own_file_that_is_not_there_has_no_source():
    assert records.find("no/such/file.py").source == ""


def libraries(tree):
    """Libraries that a module imports, itself or through modules of `impls`; not the standard library."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "impls":
            names = [node.module] if "." in node.module else [f"impls.{alias.name}" for alias in node.names]
            for name in names:
                path = importlib.util.find_spec(name).origin
                found |= libraries(ast.parse(Path(path).read_text("utf-8")))
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module.split(".")[0])
    return found - sys.stdlib_module_names
