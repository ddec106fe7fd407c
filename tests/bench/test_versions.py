"""Two versions of a file: what each holds, what they are called, and what cannot be had."""

import os
import shutil
import subprocess

import pytest

from bench.request import BadRequest
from bench.versions import versions
from impls import registry
from impls.errors import UserError
from tests.bench.helpers import written

STEP = """
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
sys.modules.pop("neighbour", None)
from neighbour import version


def step(w, b, X, Y):
    return version, 0 * w, 0.0
"""


def git(folder, *arguments):
    who = ("-c", "user.name=a", "-c", "user.email=b")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ("git", *who, *arguments)
    done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    root = tmp_path_factory.mktemp("own")
    written(root, "src/mine.py", STEP)
    written(root, "top.py", "")
    git(root, "init", "--quiet")
    for version in (1, 2):
        written(root, "src/neighbour.py", f"version = {version}")
        git(root, "add", "--all")
        git(root, "commit", "--quiet", "--message", str(version))
    written(root, "src/neighbour.py", "version = 3")
    return root


@pytest.fixture
def own(repository, tmp_path, monkeypatch):
    """A folder of a repository with a file whose neighbour has two versions there, and a third beside it."""
    folder = shutil.copytree(repository, tmp_path / "own") / "src"
    monkeypatch.chdir(folder)
    return folder


def held(texts, folder):
    folder.mkdir(exist_ok=True)
    return versions(texts, folder)


def test_a_revision_finds_the_neighbours_that_it_had(own, tmp_path):
    folder = tmp_path / "held"
    old, new = held(("mine.py@HEAD~1", "mine.py"), folder)
    assert [registry.loaded(row).step(0, 0, 0, 0)[0] for row in (old, new)] == [1, 3]
    assert (old.name, new.name) == ("mine.py@HEAD~1", "mine.py")
    assert old.path.is_relative_to(folder.resolve())
    assert new.path == own / "mine.py"
    assert old.origin == f"its author, at commit {git(own, 'rev-parse', 'HEAD~1')[:12]}"
    assert old.source == new.source, "they differ in their neighbour alone"
    assert {path.name for path in folder.rglob("*.py")} == {"mine.py", "neighbour.py"}, "nothing from above"


def test_a_file_that_is_gone_has_its_revisions(own, tmp_path):
    (own / "mine.py").unlink()
    rows = held(("mine.py@HEAD~1", f"{own}/mine.py@HEAD"), tmp_path / "held")
    assert [row.name for row in rows] == ["mine.py@HEAD~1", "mine.py@HEAD"]
    assert [registry.loaded(row).step(0, 0, 0, 0)[0] for row in rows] == [1, 2]


@pytest.mark.parametrize(
    ("texts", "names"),
    [
        (("a/mine.py", "b/mine.py"), ("a/mine.py", "b/mine.py")),
        (("a/x/mine.py", "b/x/mine.py"), ("a/x/mine.py", "b/x/mine.py")),
        (("mine.py", "a/mine.py"), ("src/mine.py", "a/mine.py")),
        (("numpy_zero_loop", "mine.py"), ("numpy_zero_loop", "mine.py")),
        (("numpy_zero_loop", "numba_fused"), ("numpy_zero_loop", "numba_fused")),
    ],
)
def test_names_differ_and_are_as_short_as_that_allows(own, tmp_path, texts, names):
    for text in texts:
        if text.endswith(".py"):
            written(own, text, STEP)
    assert tuple(row.name for row in held(texts, tmp_path / "held")) == names


@pytest.mark.parametrize(
    ("old", "said"),
    [
        ("mine.py@", "mine.py@: its repository has no revision ''"),
        ("mine.py@nowhere", "mine.py@nowhere: its repository has no revision 'nowhere'"),
        ("mine.py@--help", "mine.py@--help: its repository has no revision '--help'"),
        ("new.py@HEAD", "new.py@HEAD: there is no new.py at 'HEAD'"),
        ("../top.py@HEAD:src", "../top.py@HEAD:src: its repository has no revision 'HEAD:src'"),
        ("/mine.py@HEAD", "/mine.py@HEAD: not a git repository"),
        ("gone/mine.py@HEAD", "gone/mine.py@HEAD: cannot change to 'gone': No such file"),
        ("numpy_zero", "no implementation 'numpy_zero'; did you mean "),
        ("./mine.py", "./mine.py and mine.py are the same: nothing can be compared"),
    ],
)
def test_what_cannot_be_had_is_said(own, tmp_path, old, said):
    written(own, "new.py", STEP)
    with pytest.raises(UserError) as caught:
        held((old, "mine.py"), tmp_path / "held")
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("other", ["mine.py@HEAD", "./mine.py@HEAD"])
def test_one_revision_is_not_compared_with_itself(own, tmp_path, other):
    with pytest.raises(BadRequest, match=r"^mine\.py@HEAD and \S+ are the same: nothing can be compared$"):
        held(("mine.py@HEAD", other), tmp_path / "held")


def test_without_git_there_are_no_revisions(own, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BadRequest, match=r"mine\.py@HEAD: git is not installed"):
        held(("mine.py@HEAD", "mine.py"), tmp_path / "held")
    assert held(("numpy_zero_loop", "mine.py"), tmp_path / "held")
