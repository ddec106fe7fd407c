"""The LaTeX and BibTeX of a report: read apart again, and set by the programs that a paper is set with."""

import os
import re
import shutil
import subprocess
import unicodedata

import pytest

from reports.facts.facts import Facts
from reports.reading import parse
from reports.tables import as_latex, as_markdown, cite
from reports.tables.contest_table import contest
from reports.tables.speedup_table import speedups
from reports.tables.tex import escape
from reports.tables.ways_table import ways as ways_of
from reports.wording import speedup
from tests.documents import HOSTILE, renamed, ways

# Where a line of a table begins, TeX takes some signs for part of the command before; others join to one.
OPENINGS = ("*[99pt]a", "[99pt]b", "--- c", "?`d", "\u200bf", "W" * 200)
SIGNS = {
    r"\textbackslash{}": "\\",
    r"\textbraceleft{}": "{",
    r"\textbraceright{}": "}",
    r"\textasciicircum{}": "^",
    r"\textasciitilde{}": "~",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\textbar{}": "|",
    r"\dots{}": "…",
    r"\allowbreak{}": "",
    r"$\times$": "×",
    r"$\mu$": "µ",
    "$-$": "−",
    r"$\cdot$": "·",
    **{rf"\textsuperscript{{{digit}}}": raised for digit, raised in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    "--": "–",
    "{[}": "[",
    "{]}": "]",
    "{*}": "*",
    "{}`{}": "`",
    "-{}": "-",
    r"\,": " ",
    **{f"\\{sign}": sign for sign in "$&#%_"},
}
PAPERS = {"one column": "", "two columns": "[twocolumn]"}
DATABASES = {"plain": "bibtex", "abbrv": "bibtex", "biblatex": "biber"}


def unescaped(text):
    return re.sub("|".join(map(re.escape, SIGNS)), lambda found: SIGNS[found[0]], text)


def printed(line):
    """The texts of a line of a table, without what only changes how they look."""
    line = re.sub(r" \\\\$", "", line.strip())
    texts = []
    for cell in re.split(r" ?(?<!\\)& ?", line):
        cell = re.sub(r"^\\multicolumn\{\d\}\{.*?\}(?=\{\\raggedright )", "", cell)
        cell = re.sub(r"^\{\\(?:tiny|raggedright) (.*)\}$|^\\textbf\{(.*)\}$", r"\1\2", cell)
        texts.append(unescaped(cell))
    return texts


def lines_of(text):
    """The lines of each table, without its heading."""
    bodies = re.findall(r"\\midrule\n(.*?) *\\bottomrule", text, re.DOTALL)
    return [[line for line in body.splitlines() if "addlinespace" not in line] for body in bodies]


def labels_of(text):
    return re.findall(r"\\label\{(.*?)\}", text)


def program(name):
    if shutil.which(name) is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"no {name} on PATH")
    return name


def ran(folder, *command):
    """What a program said; it must end well."""
    program(command[0])
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    assert done.returncode == 0, said[-3000:]
    return said


def typeset(folder):
    return ran(
        folder, "pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "paper.tex"
    )


def text_of(folder):
    return plain(ran(folder, "pdftotext", "-layout", "paper.pdf", "-"))


def cited_text(folder, database):
    """Set a paper with its citations; return its text once nothing is amiss."""
    typeset(folder)
    assert not re.search("warn|error", ran(folder, database, "paper"), re.IGNORECASE)
    typeset(folder)
    typeset(folder)
    assert_well_set(folder)
    return text_of(folder)


def plain(text):
    """One line, each ligature as its letters, and no underscores: TeX's first fonts have none."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("_", " ").split())


def write_paper(folder, document, options="", style="plain"):
    """A paper with both tables, all of whose labels it refers to, and the entry of the run."""
    facts = Facts(parse(document))
    written = as_latex.render(speedups(facts)), as_latex.render(contest(facts))
    (folder / "speedup.tex").write_text(written[0], "utf-8")
    (folder / "contest.tex").write_text(written[1], "utf-8")
    (folder / "cite.bib").write_text(cite.bibtex(facts.citation), "utf-8")
    by_biber = style == "biblatex"
    references = " ".join(rf"\ref{{{label}}}" for text in written for label in labels_of(text))
    (folder / "paper.tex").write_text(
        rf"\documentclass{options}{{article}}\usepackage{{booktabs}}"
        + (r"\usepackage[backend=biber]{biblatex}\addbibresource{cite.bib}" if by_biber else "")
        + rf"\begin{{document}}As measured \cite{{zeroloop-{facts.run_id}}}, see {references}."
        + r"\input{speedup}\input{contest}"
        + (r"\printbibliography" if by_biber else rf"\bibliographystyle{{{style}}}\bibliography{{cite}}")
        + r"\end{document}",
        "utf-8",
    )


def texts_of(table, row):
    """What a row of the page says on paper too, where the time of a step has no interval."""
    name, loops, count, step, *others = [one.texts(row)[0] for one in table.printed(table.wide)]
    if reason := table.reason(row):
        return [name, loops, count, reason]
    return [name, loops, count, step.split(" [")[0], *others[:2]]


def assert_well_set(folder):
    log = (folder / "paper.log").read_text("latin-1")
    widths = [float(points) for points in re.findall(r"Overfull \\hbox \((\d+\.\d+)pt too wide", log)]
    assert [points for points in widths if points > 1] == []
    assert not re.search(r"multiply|undefined|Float too large|! ", log)


@pytest.fixture
def spoilt(contested):
    """Give a timed row, one left out, a problem, the reasons and the processor a name; two more end in it."""

    def spoil(name):
        document = contested
        document["machine_info"]["zeroloop"]["cpu"] = name
        document["zeroloop"]["version"] = name
        for entry in document["zeroloop"]["unmeasured"]:
            entry["reason"] = name
        for old in ("breast_cancer", "numpy_one_loop", "numba_two_loop", "mine.py"):
            document = renamed(document, old, f"{name}-{old}")
        return renamed(document, "square", f"square {name}")

    return spoil


def test_every_text_is_that_of_the_page(facts):
    tables = speedups(facts)
    for table, lines in zip(tables, lines_of(as_latex.render(tables)), strict=True):
        for row, written in zip(table.rows, lines, strict=True):
            name, loops, count, step, *others = printed(written)
            joined = [" ".join(filter(None, pair)) for pair in zip(others[::2], others[1::2], strict=True)]
            assert [name, loops, count, step, *joined] == texts_of(table, row)
    assert {row.status for table in tables for row in table.rows} == {
        *("measured", "failed", "not installed", "unsuited")
    }


def test_every_text_of_the_contest_is_that_of_the_page(contested):
    (table,) = contest(Facts(parse(contested)))
    (lines,) = lines_of(as_latex.render([table]))
    for match, upper, lower in zip(table.rows, lines[::2], lines[1::2], strict=True):
        problem, ours, step, peer, peers_step, ratio, share = printed(upper)
        dtype, threads, prepare, peers_threads, _, interval, _ = printed(lower)
        first, second = f"{ours}, {threads}", f"{peer}, {peers_threads}"
        assert [problem, dtype, first, prepare, step, second, peers_step, f"{ratio} {interval}", share] == (
            [one.texts(match)[0] for one in table.printed(table.wide)]
        )


def test_no_table_is_nothing():
    assert as_latex.render([]) == as_markdown.render([]) == ""


@pytest.mark.slow
def test_a_paper_of_ways_past_one_core(tmp_path):
    tables = ways_of(Facts(parse(ways())))
    (tmp_path / "beyond.tex").write_text(as_latex.render(tables), "utf-8")
    (tmp_path / "paper.tex").write_text(
        r"\documentclass{article}\usepackage{booktabs}\begin{document}"
        rf"\ref{{tab:zeroloop-{tables[0].run_id}-beyond-0}}"
        r"\input{beyond}\end{document}",
        "utf-8",
    )
    typeset(tmp_path)
    typeset(tmp_path)
    assert_well_set(tmp_path)
    text = text_of(tmp_path)
    assert "dask chunks 7.99 ms 480 μs 66.7 GB/s 0.626x 0.840x from about 5.7·107" in text


def test_any_string_is_given_back():
    for text in (*HOSTILE.values(), *OPENINGS):
        escaped = escape(text)
        assert re.fullmatch(r"[ -~]*", escaped)
        shown = "".join(
            sign if sign in SIGNS.values() or " " <= sign <= "~" else "?" if sign.isprintable() else " "
            for sign in text.replace("\u200b", "")
        )
        assert unescaped(escaped) == shown.replace('"', "''")


def test_braces_pair_for_bibtex_too():
    for hostile in HOSTILE.values():
        depth = 0
        for sign in escape(hostile):
            depth += {"{": 1, "}": -1}.get(sign, 0)
            assert depth >= 0
        assert depth == 0


def test_each_table_has_a_label_of_its_own(document):
    facts = Facts(parse(renamed(renamed(document, "breast_cancer", "a b"), "square", "a_b")))
    assert labels_of(as_latex.render(speedups(facts))) == [
        f"tab:zeroloop-{facts.run_id}-a-b-float64-2t",
        f"tab:zeroloop-{facts.run_id}-a-b-float64-2t-2",
    ]


def test_long_names_are_shortened(document):
    for old in ("square", "numpy_one_loop"):
        document = renamed(document, old, old + "x" * 10_000)
    written = as_latex.render(speedups(Facts(parse(document))))
    assert len(written) < 5000
    assert written.count(r"\dots{}") == 3  # a row of two tables, and a caption


def test_a_paper_in_seconds(contested, tmp_path):
    """One pass of one paper; the slow tests set every kind, with its citations."""
    write_paper(tmp_path, contested)
    typeset(tmp_path)
    text = text_of(tmp_path)
    assert "numba two loop 2 4 500 μs 800x [754, 849] 2.00x [1.90, 2.11]" in text
    assert "jax zero loop 0 1 not installed: pip install jax" in text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("run", "style", "columns"),  # each run in each style, and either with each number of columns
    [
        (run, style, [*PAPERS][(i + j) % 2])
        for i, run in enumerate(("document", "cited", "contested"))
        for j, style in enumerate(DATABASES)
    ],
)
def test_papers(run, style, columns, tmp_path, request):
    document, options = request.getfixturevalue(run), PAPERS[columns]
    write_paper(tmp_path, document, options, style)
    text = cited_text(tmp_path, DATABASES[style])
    facts = Facts(parse(document))
    for table in speedups(facts):
        for row in table.rows:
            assert plain(" ".join(texts_of(table, row))) in text
    assert "HandWritten CPU @ 2.00 GHz, 2 cores" in re.sub("- ?", "", text)  # wherever a line ended
    for match in facts.contest:
        assert speedup(match.ratio).split(" ", 1)[1] in text


@pytest.mark.slow
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE)
def test_papers_of_any_string(spoilt, hostile, tmp_path):
    write_paper(tmp_path, spoilt(hostile), "[twocolumn]")
    text = cited_text(tmp_path, "bibtex")
    assert "root:" not in text  # of the file that a command in a name asks for
    assert "numpy zero loop 0 1" in text


@pytest.mark.slow
def test_biber_takes_any_string(spoilt, tmp_path):
    """All in one paper, each with its tables in one column: a paper for each would take a minute."""
    found = [Facts(parse(spoilt(text))) for text in HOSTILE.values()]
    tables_of = [as_latex.render(speedups(facts)) + as_latex.render(contest(facts)) for facts in found]
    (tmp_path / "cite.bib").write_text("".join(cite.bibtex(facts.citation) for facts in found), "utf-8")
    (tmp_path / "paper.tex").write_text(
        r"\documentclass{article}\usepackage{booktabs}\usepackage[backend=biber]{biblatex}"
        r"\addbibresource{cite.bib}\begin{document}\nocite{*}"
        + "".join(text + r"\clearpage" for text in tables_of)
        + r"\emergencystretch=1em"  # a label of two digits leaves a shorter line
        r"\printbibliography\end{document}",
        "utf-8",
    )
    text = cited_text(tmp_path, "biber")
    assert text.count("The zeroloop authors.") == len(HOSTILE)
    assert text.count("numpy zero loop 0 1") >= len(HOSTILE)
    assert "root:" not in text


@pytest.mark.slow
@pytest.mark.parametrize("name", OPENINGS)
def test_names_that_begin_like_an_argument(spoilt, name, tmp_path):
    document = renamed(spoilt(name), "numpy_zero_loop", name[:12])
    write_paper(tmp_path, document)
    typeset(tmp_path)
    typeset(tmp_path)
    log = (tmp_path / "paper.log").read_text("latin-1")
    assert "multiply" not in log
    assert f"{plain(name[:12].strip(chr(0x200B)))} 0 1 " in text_of(tmp_path).replace("‘", "`")
