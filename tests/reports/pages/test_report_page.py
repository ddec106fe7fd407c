"""The page: its words and numbers against the golden file, its markup, and what hostile strings do to it."""

import re

import pytest

from reports.facts.facts import Facts
from reports.pages.report_page import render
from reports.reading import parse
from reports.tables.speedup_table import WIDE
from tests.documents import HOSTILE, enter, keep, renamed, sized, spoilt, told, ways
from tests.reports.pages_read import bare_page, golden, read_html, rendered, stub, unpacked


@pytest.fixture(scope="module")
def plain(results):
    return structure(read_html(rendered(results.document)))


def structure(read):
    """All tags with the names of their attributes, less the spans that highlight code."""
    return [(tag, sorted(held)) for tag, held in read.tags if not (tag == "span" and set(held) <= {"class"})]


def sections(text):
    return re.findall(r'<section id="([^"]*)">', text)


def without_highlights(text):
    code = re.compile("<code>.*?</code>", re.DOTALL)
    return code.sub(lambda found: re.sub("</?span.*?>", "", found[0]), text)


def test_golden_page(page_text):
    golden("index.html", without_highlights(bare_page(page_text)))


def test_page_is_sound(page_text):
    read = read_html(page_text)
    assert read.faults == []
    assert page_text.startswith("<!doctype html>")
    assert {"html", "head", "title", "body", "main", "nav", "h1"} <= {tag for tag, _ in read.tags}
    assert [held["lang"] for tag, held in read.tags if tag == "html"] == ["en"]


def test_page_needs_nothing_but_itself(page_text):
    read = read_html(page_text)
    assert all(link.startswith("#") for link in read.values("src", "href", "xlink:href", "action", "srcset"))
    assert not {"link", "img", "iframe", "object", "base"} & {tag for tag, _ in read.tags}
    assert not re.search(r"https?:", page_text)
    assert not re.search(r"@import|url\(\s*['\"]?(?!#)", page_text)


def test_every_link_and_label_finds_its_target(page_text):
    read = read_html(page_text)
    ids = set(read.values("id"))
    links = [held["href"] for tag, held in read.tags if tag == "a"]
    assert {link.removeprefix("#") for link in links} <= ids
    assert set(read.values("aria-labelledby")) <= ids


def test_every_section_is_in_the_navigation_in_order(page_text):
    navigation = re.search("<nav.*?</nav>", page_text, re.DOTALL)[0]
    assert re.findall('href="#([^"]*)"', navigation) == sections(page_text)
    assert len(sections(page_text)) == page_text.count("<h2") == 11


def test_a_contest_has_a_section_in_the_navigation(contested):
    text = rendered(contested)
    navigation = re.search("<nav.*?</nav>", text, re.DOTALL)[0]
    assert re.findall('href="#([^"]*)"', navigation) == sections(text)
    section = re.search('<section id="contest">.*?</section>', text, re.DOTALL)[0]
    words = " ".join(re.sub("<[^>]*>", " ", section).split())
    assert (
        "square float64 numba_two_loop 500 µs, 2 threads 10.1 ms numpy_zero_loop 1.00 ms, 2 threads 2.00x ["
        in words
    )
    assert "80 % In the geometric mean ours is 1.40x as fast as the best peer." in words
    assert read_html(text).faults == []


def test_past_one_core_and_one_memory():
    document = ways()
    largest = [entry for entry in document["benchmarks"] if entry["extra_info"]["problem"] == "4x100000000"]
    document["benchmarks"].remove(next(one for one in largest if one["extra_info"]["row"] == "dask_chunks"))
    results = parse(document)
    pictures = {name: stub(name) for name in ("scaling", "beyond")}
    text = render(Facts(results), pictures, {})
    assert read_html(text).faults == []
    section = re.search('<section id="beyond">.*?</section>', text, re.DOTALL)[0]
    words = " ".join(re.sub("<svg.*?</svg>|<[^>]*>", " ", section, flags=re.DOTALL).split())
    assert "Past one core it pays: on 10⁸ examples numba_fused is 2.00x [" in words
    assert "dask_chunks 1 worker, up to 10,000,000 6.00 ms [" in words
    assert re.findall('<tr data-row="([^"]*)">', section) == [
        *("numba_fused", "numba_fused", "numba_chunks", "numba_chunks", "dask_chunks", "dask_chunks")
    ]
    scaling = re.search('<section id="scaling">.*?</section>', text, re.DOTALL)[0]
    assert "float64, 1 thread, which has the most sizes of all that were timed." in " ".join(scaling.split())


def test_what_beats_the_speed_of_light_is_warned_of_beside_the_verdict(document, page_text):
    assert "beat the speed of light" not in page_text
    document["zeroloop"]["lights"][1]["read_s"] = 1.07 * 5e-4
    header = re.search("<header>.*?</header>", rendered(document), re.DOTALL)[0]
    words = " ".join(re.sub("<[^>]*>", "", header).split())
    assert (
        "numba_two_loop seems to beat the speed of light on square, 128 × 10,000, float64, 2 threads "
        "(107 %): the measurement was disturbed, or the row knows a faster way to read X" in words
    )


def test_speed_of_light_is_shown_with_what_bounds_it(page_text):
    section = re.search('<section id="roofline">.*?</section>', page_text, re.DOTALL)[0]
    words = " ".join(re.sub("<svg.*?</svg>|<[^>]*>", " ", section, flags=re.DOTALL).split())
    assert "breast_cancer float64, 2 threads 4.00 µs 5.00 µs sigmoid and softplus" in words
    assert words.endswith("square float64, 2 threads 400 µs 100 µs reading X")


def test_a_gpu_is_shown_with_its_light(on_gpu, page_text):
    assert "GPU" not in re.sub("<(script|style).*?</\\1>", "", page_text, flags=re.DOTALL)
    text = rendered(on_gpu)
    words = " ".join(re.sub("<[^>]*>", " ", text).split())
    assert "Measured on Hand-Written CPU @ 2.00 GHz, 2 cores, and Hand-Written GPU, with CPython" in words
    assert "GPU Hand-Written GPU Memory" in words
    on_gpu["zeroloop"]["lights"][2]["read_s"] = 1.07 * 5e-4
    assert "or the row knows a faster way to read X than this suite does" in " ".join(
        re.sub("<[^>]*>", " ", rendered(on_gpu)).split()
    )


def test_the_light_of_a_gpu_stands_beside_that_of_the_processor(on_gpu):
    results = parse(on_gpu)
    page = render(Facts(results), {"roofline-cuda-float64-2": stub("roofline-cuda-float64-2")}, {})
    section = re.search('<section id="roofline">.*?</section>', page, re.DOTALL)[0]
    words = " ".join(re.sub("<[^>]*>", " ", section).split())
    assert "what roofline-cuda-float64-2 says" in words
    assert words.endswith("square float64, 2 threads, on the GPU 200 µs 250 µs sigmoid and softplus")


@pytest.mark.parametrize(("layer", "shown"), [(None, False), ("tbb", True)])
def test_threading_layer_is_shown_where_it_is_known(document, layer, shown):
    document["machine_info"]["zeroloop"]["threading_layer"] = layer
    assert ("<dd>tbb</dd>" in rendered(document)) is shown
    assert ("Threads of Numba" in rendered(document)) is shown


def test_times_of_all_ten_timings_are_on_the_page(page_text):
    small, square = "2.00 ms|8.00 ms|200 µs|20.0 µs|20.5 µs", "400 ms|1.60 s|50.0 ms|1.00 ms|500 µs"
    cells = re.findall('<td data-key="step_s" data-value="[^"]*">([^<]*)<', page_text)
    assert [cell.strip() for cell in cells] == f"{small}|{square}".split("|")


def test_a_failed_row_has_no_time(page_text):
    (row,) = re.findall(r'<tr data-row="mine.py" class="failed">.*?</tr>', page_text, re.DOTALL)
    words = " ".join(re.sub("<.*?>", " ", row).split())
    assert words == "mine.py – – failed: dw[3] is off by 0.25 2.5e-01"


def test_a_row_that_failed_is_wrong_in_the_table_of_errors(page_text):
    assert '<td class="wrong">2.5e-01 ✗</td>' in page_text


@pytest.mark.parametrize(
    ("rows", "absent"),
    [
        (("python_two_loop", "numba_two_loop"), {"roofline", "compiling", "left-out"}),
        (("numpy_zero_loop",), {"speedup", "roofline", "compiling", "left-out"}),
        ((), {"speedup", "roofline", "compiling", "left-out", "agreement"}),
    ],
)
def test_sections_without_data_are_absent(document, page_text, rows, absent):
    keep(document, *rows)
    text = rendered(document)
    assert sections(text) == [name for name in sections(page_text) if name not in absent]
    assert len(sections(text)) == text.count("<h2")


def test_claims_need_their_rows(document):
    keep(document, "python_two_loop", "numba_two_loop")
    assert "Lines of code and explicit loops" in rendered(document)
    document["zeroloop"]["rows"] = [
        row for row in document["zeroloop"]["rows"] if row["name"] == "numba_two_loop"
    ]
    keep(document, "numba_two_loop")
    text = rendered(document)
    assert "claims" not in sections(text)
    assert "#claims" not in read_html(text).values("href")


def test_sources_that_are_missing_are_absent(document):
    for row in document["zeroloop"]["rows"]:
        row["source"] = ""
    assert "code" not in sections(rendered(document))


@pytest.mark.parametrize(
    ("field", "value", "note"),
    [("interrupted", True, "This run was interrupted:"), ("kind", "pytest", "A quick look:")],
)
def test_notes(document, field, value, note):
    document["zeroloop"].update(kind="lanes", interrupted=False)
    assert note not in rendered(document)
    document["zeroloop"][field] = value
    assert note in rendered(document)


@pytest.mark.parametrize(("load", "shown"), [(None, False), (0.0, True)])
def test_load_is_shown_where_it_is_known(document, load, shown):
    document["machine_info"]["zeroloop"]["load_before"] = load
    assert ("<dt>Load</dt>" in rendered(document)) is shown


def test_conditions_are_shown_where_they_are_known(cited, document):
    cited = told(cited)
    page = rendered(cited)
    for name, said in {
        "Processor time": "of 2.5 cores, by a quota",
        "Memory limit": "8 GB",
        "Frequency governor": "performance",
        "Turbo": "off",
        "SMT": "on",
        "ASLR": "on",
        "Huge pages": "madvise",
    }.items():
        assert f"<dt>{name}</dt><dd>{said}</dd>" in page
    assert "Virtual machine" not in page
    assert "Turbo" not in rendered(document), "of a version that recorded nothing"
    cited["machine_info"]["zeroloop"]["conditions"]["governor"] = HOSTILE["html"]
    assert HOSTILE["html"] not in rendered(cited)


def test_commit_may_be_unknown(document):
    document["commit_info"]["id"] = None
    assert "not from a git checkout" in rendered(document)


def test_rows_that_agree_exactly_are_in_the_table_of_errors(document):
    keep(document, "numpy_zero_loop")
    for benchmark in document["benchmarks"]:
        benchmark["extra_info"]["error"] = 0.0
    assert "agreement" in sections(rendered(document))


def test_hostile_strings_and_code_stay_text(results, plain):
    """Rows, problems, titles, reasons and sources; rows are marked with their very names."""
    names = ("-square", "-numba_two_loop", "-mine.py")
    for hostile in HOSTILE.values():
        document = spoilt(results.document, hostile)
        document["zeroloop"]["rows"][-1]["source"] = hostile
        document["zeroloop"]["rows"][0]["source"] += f"# {hostile}"
        for name in names:
            document = renamed(document, name[1:], f"{hostile}{name}")
        read = read_html(rendered(document))
        assert read.faults == []
        assert structure(read) == plain
        words = " ".join(read.text.split())
        for name in ("", *names):
            assert " ".join(f"{hostile}{name}".split()) in words
        row = f"{hostile}-numba_two_loop"
        assert row in [held.get("data-row") for tag, held in read.tags if tag == "tr"]
        assert row in [held.get("data-source") for tag, held in read.tags if tag == "details"]
        assert row in [held.get("value") for tag, held in read.tags if tag == "input"]


def test_a_quiet_run_is_citable(cited):
    read = read_html(rendered(cited))
    assert not read.faults
    words = " ".join(read.text.split())
    assert "Citable: 6 fresh processes of each row, side by side" in words
    assert "Over all problems the second was 1.00x [" in words
    assert "A quick look" not in words
    assert "Student’s t, at 95 %, over the processes" in words
    assert "noise" in sections(rendered(cited))


def test_what_speaks_against_a_run_leads_its_page(cited):
    cited["zeroloop"]["noise"]["others"] = 1.2
    cited["zeroloop"]["interrupted"] = True
    words = " ".join(read_html(rendered(cited)).text.split())
    assert "Citable:" not in words
    assert words.index("other programs kept 1.2 of 2 cores busy") < words.index("How noisy was it?")
    assert "interrupted: what it had not reached is missing" in words


def test_a_run_without_a_twin_or_a_finished_process_has_a_page(cited):
    cited["zeroloop"].update(twins=[], noise=dict.fromkeys(("stolen", "others", "throttled")))
    assert not read_html(rendered(cited)).faults
    cited["benchmarks"] = []
    cited["zeroloop"]["unmeasured"] = []
    assert not read_html(rendered(cited)).faults


def test_a_process_that_lost_a_row_is_named(cited):
    cited["benchmarks"][0]["extra_info"]["blocks_s"][1] = []
    lost = {"row": "python_two_loop", "problem": "breast_cancer", "dtype": "float64", "threads": 2}
    cited["zeroloop"]["unmeasured"].append(
        {**lost, "status": "crashed", "reason": "SIGSEGV", "error": None, "process": 2}
    )
    words = " ".join(read_html(rendered(cited)).text.split())
    assert "python_two_loop crashed in process 2: SIGSEGV breast_cancer (float64, 2 threads)" in words


def test_a_quick_look_has_no_section_of_noise(page_text):
    assert "noise" not in sections(page_text)


@pytest.mark.parametrize(
    ("section", "names"),
    [
        ("speedup", ["speedup-numpy-1"]),
        ("pays", ["pays", "fastest"]),
        ("scaling", ["scaling"]),
        ("beyond", ["beyond"]),
        ("roofline", ["roofline-float32-1"]),
        ("compiling", ["first-calls"]),
        ("training", ["training-0"]),
    ],
)
def test_a_section_of_figures_is_there_with_its_figures(cited, section, names):
    cited["zeroloop"]["trainings"] = cited["zeroloop"]["trainings"] if section == "training" else []
    results = parse(cited)
    shown = [render(Facts(results), {name: stub(name) for name in drawn}, {}) for drawn in ([], names)]
    without, with_figures = map(sections, shown)
    assert section not in without
    assert set(with_figures) == {*without, section}
    assert read_html(shown[1]).faults == []
    assert read_html(shown[1]).values("aria-labelledby").count(f"{names[0]}-says") == 1
    for text in shown:
        navigation = re.search("<nav.*?</nav>", text, re.DOTALL)[0]
        assert re.findall('href="#([^"]*)"', navigation) == sections(text)


def test_a_full_page_has_all_its_sections_in_order(cited):
    grid = sized([(n_x, m) for n_x in (1, 2, 3) for m in (1, 2, 3)], ["numpy_zero_loop"], lambda *_: 1e-3)
    document = enter(cited, "numba_two_loop", "numpy_zero_loop")
    document["benchmarks"] += grid["benchmarks"]
    document["zeroloop"]["problems"] += grid["zeroloop"]["problems"]
    results = parse(document)
    names = (
        "speedup-python-0",
        "pays",
        "fastest",
        "scaling",
        "roofline-float64-2",
        "first-calls",
        "training-0",
    )
    text = render(Facts(results), {name: stub(name) for name in names}, {})
    assert sections(text) == [
        *("speedup", "tables", "contest", "claims", "pays", "scaling", "roofline", "compiling", "agreement"),
        *("code", "training", "noise", "left-out", "environment", "reading", "cite"),
    ]
    assert read_html(text).faults == []


def test_every_row_of_a_table_can_be_found_and_sorted(page_text, comparisons):
    found = re.findall('<table class="sortable">.*?</table>', page_text, re.DOTALL)
    assert len(found) == len(comparisons)
    fields = list(WIDE)
    for table, comparison in zip(found, comparisons, strict=True):
        assert (
            re.findall('<th scope="col"[^>]* data-key="([^"]*)"', table.replace('"col" data', '"col"  data'))
            == fields
        )
        rows = re.findall("<tr .*?</tr>", table, re.DOTALL)
        for row, line in zip(rows, comparison.lines, strict=True):
            (_, attributes), *cells = read_html(row).tags
            assert attributes["data-row"] == line.name
            held = {cell["data-key"]: cell["data-value"] for _, cell in cells if "data-key" in cell}
            assert set(held) <= set(fields)
            if line.step_s:
                assert list(held) == fields
                assert float(held["step_s"]) == line.step_s.estimate
            assert held["error"] == ("" if line.error is None else repr(line.error))


def test_what_the_controls_offer_is_what_the_page_is_marked_with(page_text):
    read = read_html(page_text)
    rows = {held["value"] for tag, held in read.tags if tag == "input" and held["name"] == "row"}
    bases = {held["value"] for tag, held in read.tags if tag == "input" and held["name"] == "over"}
    settings = {held["value"] for tag, held in read.tags if tag == "option"}
    assert set(read.values("data-row")) <= rows
    assert set(read.values("data-over")) == bases
    assert set(read.values("data-setting")) | {"all"} | set(read.values("data-source")) == settings
    assert read.values("data-setting")
    assert set(read.values("data-copy")) <= set(read.values("id"))


def test_each_file_that_the_page_holds_has_one_button(page_text):
    assert sorted(read_html(page_text).values("data-file")) == sorted(unpacked(page_text))


def test_files_of_any_text_and_bytes_are_held(facts):
    files = {
        **{f"{hostile}.txt": hostile for hostile in HOSTILE.values()},
        "script": "</script><script>alert(1)</script>",
        "b.pdf": bytes(range(256)),
    }
    text = render(facts, {}, files)
    assert unpacked(text) == {
        name: content.encode() if isinstance(content, str) else content for name, content in files.items()
    }
    assert read_html(text).faults == []
    assert text.count("</script>") == text.count("<script") == 2


def test_a_source_ends_neither_the_block_of_files_nor_its_own(document):
    document["zeroloop"]["rows"][-1]["source"] = "x = '</script></code></pre><script>alert(1)</script>'"
    read = read_html(rendered(document))
    assert read.faults == []
    assert [tag for tag, _ in read.tags].count("script") == 2
    assert "<script>alert(1)</script>" in read.text
