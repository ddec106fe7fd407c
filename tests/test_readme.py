"""What the documents show is what works: the own file, the commands, the links, the figures of the story."""

import re
import shlex
from pathlib import Path

import click
import pytest

import impls
from bench.cli import main
from impls.data import problems
from impls.truth.gate import Gate
from reports import wording
from reports.facts.facts import Facts
from reports.reading import read

ROOT = Path(__file__).parents[1]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted((*ROOT.glob("*.md"), *ROOT.glob("impls/*.md"), *ROOT.glob("bench/*.md")))
}
README = PAGES["README.md"]


@pytest.mark.parametrize("name", ["breast_cancer", "128x1000"])
def test_own_file_agrees(name, tmp_path):
    mine = tmp_path / "mine.py"
    mine.write_text(re.search(r"```python\n(# mine\.py\n.*?)```", README, re.DOTALL)[1], encoding="utf-8")
    gate = Gate(problems.load(name))
    assert gate.run(impls.load(str(mine)).bind(gate.problem.X, gate.problem.Y)) <= gate.tolerance


def test_readme_is_short_and_begins_with_the_command():
    lines = README.splitlines()
    assert len(lines) <= 110
    assert "pip install -e . && pytest --benchmark-only" in "\n".join(lines[:20])


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", PAGES[page]):
        if "://" not in target:
            assert (ROOT / page).parent.joinpath(target).exists(), target


@pytest.mark.parametrize("page", PAGES)
def test_commands_are_those_of_the_command_line(page):
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", PAGES[page], re.DOTALL)).replace("\\\n", " ")
    for line in re.findall(r"(?:^|&& |; )(zeroloop [^&\n]*)", blocks, re.MULTILINE):
        _, *words = shlex.split(line, comments=True)
        command = main
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            command = command.commands[words.pop(0)]
        context = click.Context(command, help_option_names=["-h", "--help"])  # which click keeps
        command.make_parser(context).parse_args(words)  # fails for an unknown option


def test_story_is_that_of_the_reference_results():
    comparisons = Facts(read(ROOT / "reports" / "reference" / "results.json")).comparisons
    for row, said in re.findall(r"^\| \[`(\w+)`\].* \| ([^|]+) \|$", README, re.MULTILINE):
        found = [line.over_python.estimate for one in comparisons if (line := one.line(row))]
        ends = [wording.times(end) for end in (min(found), max(found))]
        expected = "1x" if row == "python_two_loop" else " to ".join(ends)
        assert said == expected, row
