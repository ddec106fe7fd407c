"""What is read as a results file, and how everything else is refused."""

import copy
import itertools
import json
import math
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reports import results
from reports.reading import parse, read, run_id
from reports.results import BadResults
from tests.documents import told

TEXT = Path(__file__).with_name("ten_timings.json").read_text("utf-8").strip()
VALID = json.loads(TEXT)
SCHEMA = results.schema()
VALIDATOR = Draft202012Validator(SCHEMA)
WRONG = (None, True, 7, 0.5, "text", [], {})


def paths(value=VALID, path=()):
    """Keys and indices that lead to each value below `value`; of an array only its first and last item."""
    if path:
        yield path
    if isinstance(value, dict):
        for key in value:
            yield from paths(value[key], (*path, key))
    elif isinstance(value, list) and value:
        for index in sorted({0, len(value) - 1}):
            yield from paths(value[index], (*path, index))


def dotted(path):
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")


def holder(document, path):
    for key in path[:-1]:
        document = document[key]
    return document


def refusal(read_it, source):
    """Why something is refused, None where it is not; no other exception is let through."""
    try:
        read_it(source)
    except BadResults as error:
        return str(error)
    return None


ALL = list(paths())
FIELDS = [path for path in ALL if isinstance(path[-1], str)]
# The file may hold more than is relied on: here pytest-benchmark's own version, and those of libraries.
FREE = [path for path in FIELDS if path == ("version",) or path[-2:-1] == ("versions",)]


@pytest.fixture
def document():
    return copy.deepcopy(VALID)


@pytest.fixture
def file(tmp_path):
    return tmp_path / "results.json"


def test_hand_written_file_is_read(ten_timings):
    found = read(ten_timings)
    assert found.document == VALID
    assert found.run_id == run_id(VALID)
    assert (found.when, found.commit) == ("2026-01-31T12:00:00+00:00", "0123456789abcdef" * 2 + "01234567")
    rows = ["python_two_loop", "numpy_two_loop", "numpy_one_loop", "numpy_zero_loop", "numba_two_loop"]
    timed = [(timing.problem, timing.row) for timing in found.timings]
    assert timed == list(itertools.product(["breast_cancer", "square"], rows))
    assert found.timings[0].blocks_s == ((0.001953125, 0.002, 0.002048),)
    assert found.timings[5].first_call_s == ()
    assert (found.timings[3].warm_call_s, found.timings[4].warm_call_s) == ((), (0.03,))
    assert [(light.problem, light.read_s, light.link_s) for light in found.run.lights] == [
        ("breast_cancer", 4e-6, 5e-6),
        ("square", 4e-4, 1e-4),
    ]
    assert found.environment.threading_layer == "omp"
    assert [one.status for one in found.run.unmeasured] == ["unsuited", "not installed", "failed"]
    assert found.environment.pools[1].version is None


def test_the_schema_can_be_printed():
    printed = subprocess.run([sys.executable, "-m", "reports.results"], capture_output=True, check=True)
    assert json.loads(printed.stdout) == SCHEMA


def test_schema_is_one_and_takes_the_hand_written_file():
    Draft202012Validator.check_schema(SCHEMA)
    VALIDATOR.validate(VALID)


def test_a_field_that_is_missing_is_named(document):
    for path in FIELDS:
        place = holder(document, path)
        kept = dict(place)
        del place[path[-1]]
        said = refusal(parse, document)
        assert (said is None) == VALIDATOR.is_valid(document) == (path in FREE), dotted(path)
        assert said is None or dotted(path) in said
        place.update(kept)


@pytest.mark.parametrize("checked", [1, pytest.param(2 * len(WRONG), marks=pytest.mark.slow)])
def test_a_value_of_another_type_is_named(document, checked):
    """The schema, whose validator is slow, is compared on every second place, or on every value."""
    for number, path in enumerate(ALL):
        place = holder(document, path)
        right = place[path[-1]]
        refused = 0
        for turn, wrong in enumerate(WRONG):
            if type(wrong) is type(right):
                continue
            place[path[-1]] = wrong
            said = refusal(parse, document)
            if path[-1] == "error" and said and "within its tolerance" in said:
                continue  # a number, but not one that may stand beside a time
            if (number + turn) % (2 * len(WRONG)) < checked:
                assert (said is None) == VALIDATOR.is_valid(document), f"{dotted(path)}: {wrong!r}: {said}"
            assert said is None or dotted(path) in said
            refused += said is not None
        assert refused >= 4 or path == ("version",)
        place[path[-1]] = right


def test_truncated_file_is_refused(file):
    for offset in range(0, len(TEXT), len(TEXT) // 20):
        file.write_text(TEXT[:offset], encoding="utf-8")
        with pytest.raises(BadResults, match="not a JSON file, or a truncated one") as caught:
            read(file)
        assert str(caught.value).startswith(f"{file}: ")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a JSON file"),
        (b"row,seconds\n", "not a JSON file"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not a JSON file"),
        (bytes(range(256)), "not a JSON file"),
        (b"[" * 100_000, "not a JSON file"),
        (b'{"a":' * 100_000, "not a JSON file"),
        (b"1" * 10_000, "not a JSON file"),
        (TEXT.replace("2.5e-3", "NaN").encode(), "NaN is not a number"),
        (TEXT.replace("2.5e-3", "Infinity").encode(), "Infinity is not a number"),
        (TEXT.replace("2.5e-3", "-Infinity").encode(), "-Infinity is not a number"),
        (TEXT.replace("2.5e-3", "1e999").encode(), "1e999 is beyond the range of floating point"),
        (b"[]", "not a benchmark's results file"),
        (b"null", "not a benchmark's results file"),
        (b'"text"', "not a benchmark's results file"),
        (b"{}", "not a benchmark's results file"),
        (b'{"benchmarks": [], "machine_info": {}, "version": "5.3.1"}', "written by another tool"),
        (TEXT.replace('"schema": 5', '"schema": 6').encode(), "schema 6, but .* up to 5: upgrade zeroloop"),
        (b'{"benchmarks": {}, "zeroloop": {"schema": 99}}', "schema 99, but .* up to 5: upgrade zeroloop"),
        (TEXT.replace('"schema": 5', '"schema": 1').encode(), "schema 1, .* older zeroloop: measure again"),
        (b'{"benchmarks": [], "zeroloop": {"schema": 1}}', "schema 1, .* older zeroloop: measure again"),
    ],
)
def test_file_that_is_none_is_refused(content, message, file):
    file.write_bytes(content)
    with pytest.raises(BadResults, match=message) as caught:
        read(file)
    assert str(caught.value).startswith(f"{file}: ")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_encodings_of_json_are_read(encoding, file):
    file.write_text(TEXT, encoding=encoding)
    assert read(file).document == VALID


def test_file_that_is_missing_or_a_folder_is_an_os_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "none.json")
    with pytest.raises(OSError, match=str(tmp_path)):
        read(tmp_path)


def set_first(name, value):
    return lambda document: document["benchmarks"][0]["extra_info"].update({name: value})


def set_light(name, value):
    return lambda document: document["zeroloop"]["lights"][1].update({name: value})


def repeat(*path):
    def change(document):
        items = holder(document, (*path, None))
        items.append(copy.deepcopy(items[0]))

    return change


def time_what_was_left_out(document):
    document["zeroloop"]["unmeasured"][0]["row"] = "python_two_loop"


MEANINGLESS = {
    "unknown row": (set_first("row", "nobody"), "row 'nobody' is not in the list of rows"),
    "unknown problem": (set_first("problem", "none"), "problem 'none' is not in the list of problems"),
    "timing twice": (repeat("benchmarks"), "python_two_loop on breast_cancer is there twice"),
    "left out twice": (
        repeat("zeroloop", "unmeasured"),
        "python_two_features on breast_cancer is there twice",
    ),
    "timed and left out": (time_what_was_left_out, "python_two_loop on breast_cancer is there twice"),
    "no process": (set_first("blocks_s", []), "python_two_loop on breast_cancer has no blocks"),
    "no block": (set_first("blocks_s", [[], []]), "python_two_loop on breast_cancer has no blocks"),
    "no time that a machine takes": (set_first("blocks_s", [[5e-324]]), "has a time that no machine takes"),
    "a time with too large an error": (set_first("error", 1.0), "not within its tolerance"),
    "no time": (set_first("blocks_s", [[1.0, 0.0]]), "has a time that is not above 0"),
    "negative time": (set_first("blocks_s", [[1.0], [-1e-9]]), "has a time that is not above 0"),
    "row listed twice": (repeat("zeroloop", "rows"), "twice"),
    "problem listed twice": (repeat("zeroloop", "problems"), "twice"),
    "schema 0": (lambda document: document["zeroloop"].update(schema=0), "schema"),
    "negative prepare": (set_first("prepare_s", [-1.0]), "prepare_s"),
    "endless prepare": (set_first("prepare_s", [1e308]), "prepare_s"),
    "negative first call": (set_first("first_call_s", [-1.0]), "first_call_s"),
    "negative warm call": (set_first("warm_call_s", [-1e-9]), "warm_call_s"),
    "light of an unknown problem": (set_light("problem", "none"), r"lights\[1\] has a problem 'none'"),
    "light twice": (repeat("zeroloop", "lights"), r"lights\[2\]: the light of breast_cancer is there twice"),
    "light of no device": (set_light("device", "tpu"), r"lights\[1\] has a device that is not cpu or cuda"),
    "row of no device": (
        lambda document: document["zeroloop"]["rows"][0].update(device="tpu"),
        "row 'python_two_features' has a device that is not cpu or cuda",
    ),
    "no time to read": (
        set_light("read_s", 0.0),
        r"lights\[1\] has a read_s or link_s that no machine takes",
    ),
    "negative time to read": (set_light("read_s", -1e-6), r"lights\[1\] has a read_s or link_s"),
    "no time for the links": (set_light("link_s", 0), r"lights\[1\] has a read_s or link_s"),
    "a light that no machine takes": (set_light("link_s", 5e-324), r"lights\[1\] has a read_s or link_s"),
    "no example": (lambda document: document["zeroloop"]["problems"][0].update(m=0), r"problems\[0\]"),
    "left out with a time": (
        lambda document: document["zeroloop"]["unmeasured"][0].update(status="measured"),
        "status",
    ),
    "an integer beyond floats": (
        lambda document: document["machine_info"]["zeroloop"].update(memory_bytes=10**400),
        "memory_bytes",
    ),
    "a number beyond floats": (set_first("prepare_s", [10**400]), r"benchmarks\[0\].extra_info.prepare_s"),
}


@pytest.mark.parametrize(
    ("change", "message"),
    MEANINGLESS.values(),
    ids=MEANINGLESS,
)
def test_results_that_mean_nothing_are_refused(change, message, document):
    change(document)
    with pytest.raises(BadResults, match=message):
        parse(document)


def test_a_light_may_differ_in_threads_or_dtype_or_device_alone(document):
    lights = document["zeroloop"]["lights"]
    others = ({"threads": 1}, {"dtype": "float32"}, {"device": "cuda"})
    lights += [{**lights[0], **other} for other in others]
    assert len(parse(document).run.lights) == 5


def test_trainings_are_read(cited):
    VALIDATOR.validate(cited)
    found = parse(cited).run
    assert [(one.row, one.problem, one.alpha) for one in found.trainings] == [
        ("python_two_loop", "breast_cancer", 0.5),
        ("numpy_zero_loop", "breast_cancer", 0.5),
    ]
    assert all(one.costs == (0.6931471805599453, 0.234, 0.2, 0.1786, 0.163) for one in found.trainings)
    assert all(len(one.wall_s) == 6 for one in found.trainings)
    assert (found.spent.timed_s, found.spent.total_s) == (150.0, 310.0)


def test_what_older_versions_did_not_record_may_be_missing_but_not_wrong(cited):
    """The ten timings are such a file."""
    cited = told(cited)
    environment, noise = cited["machine_info"]["zeroloop"], cited["zeroloop"]["noise"]
    for holder, name in ((environment, "conditions"), (noise, "cores")):
        right = holder.pop(name)
        VALIDATOR.validate(cited)
        assert parse(cited)
        holder[name] = None
        VALIDATOR.validate(cited)
        assert parse(cited)
        holder[name] = "text"
        assert not VALIDATOR.is_valid(cited)
        with pytest.raises(BadResults, match=rf"{name} is (not an object|\"text\", but )"):
            parse(cited)
        holder[name] = right
    for name in list(environment["conditions"]):
        right = environment["conditions"].pop(name)
        assert not VALIDATOR.is_valid(cited)
        with pytest.raises(BadResults, match=rf"conditions\.{name} is missing"):
            parse(cited)
        environment["conditions"][name] = right
    assert parse(cited).environment.conditions.quota_cores == 2.5
    assert parse(cited).run.noise.cores == 2


@pytest.mark.parametrize("name", ["row", "problem", "dtype", "threads", "alpha", "costs", "wall_s"])
def test_a_training_that_lacks_something_is_refused(cited, name):
    del cited["zeroloop"]["trainings"][1][name]
    assert not VALIDATOR.is_valid(cited)
    with pytest.raises(BadResults, match=rf"zeroloop.trainings\[1\].{name} is missing"):
        parse(cited)


PLACE = "the training of numpy_zero_loop on breast_cancer"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"row": "nobody"}, "row 'nobody' is not in the list of rows"),
        ({"problem": "none"}, "problem 'none' is not in the list of problems"),
        ({"row": "python_two_loop"}, "python_two_loop on breast_cancer is there twice"),
        ({"alpha": 0.0}, f"{PLACE} has an alpha that is not above 0"),
        ({"alpha": -0.5}, f"{PLACE} has an alpha that is not above 0"),
        ({"costs": []}, f"{PLACE} has no costs"),
        ({"costs": [0.7, -1e-9]}, f"{PLACE} has a cost that is below 0"),
        ({"costs": [math.inf]}, r"trainings\[1\].costs\[0\] is not a finite number"),
        ({"costs": [0.7, math.nan]}, r"trainings\[1\].costs\[1\] is not a finite number"),
        ({"wall_s": []}, f"{PLACE} has no wall_s"),
        ({"wall_s": [1.0, 0.0]}, f"{PLACE} has a wall_s that no machine takes"),
        ({"wall_s": [-1.0]}, f"{PLACE} has a wall_s that no machine takes"),
        ({"wall_s": [1e300]}, f"{PLACE} has a wall_s that no machine takes"),
    ],
)
def test_a_training_that_means_nothing_is_refused(cited, changes, message):
    cited["zeroloop"]["trainings"][1].update(changes)
    with pytest.raises(BadResults, match=message):
        parse(cited)


def test_a_training_may_differ_in_threads_or_dtype_alone(cited):
    trainings = cited["zeroloop"]["trainings"]
    trainings += [{**trainings[0], "threads": 1}, {**trainings[0], "dtype": "float32"}]
    assert len(parse(cited).run.trainings) == 4


def test_a_cost_may_be_nothing(cited):
    cited["zeroloop"]["trainings"][0]["costs"] = [0.0]
    assert parse(cited).run.trainings[0].costs == (0.0,)


GONE = object()
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


CHANGES = st.lists(st.tuples(st.sampled_from(ALL), anything | st.just(GONE)), min_size=1, max_size=3)


@given(CHANGES)
@settings(max_examples=20)
def test_any_change_is_read_or_refused(changes):
    assert_read_or_refused(changes)


@pytest.mark.slow
@given(CHANGES)
@settings(max_examples=500, deadline=None)
def test_any_of_many_changes_is_read_or_refused(changes):
    assert_read_or_refused(changes)


def assert_read_or_refused(changes):
    changed = copy.deepcopy(VALID)
    for path, value in changes:
        with suppress(LookupError, TypeError):  # an earlier change may have taken this place away
            place = holder(changed, path)
            was = place[path[-1]]
            place[path[-1]] = was if value is GONE else value
            if value is GONE:
                del place[path[-1]]
    said = refusal(parse, changed)
    assert said is None or "\n" not in said


@given(st.lists(st.tuples(st.integers(0, len(TEXT) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_any_damaged_file_is_read_or_refused(tmp_path_factory, changes):
    data = bytearray(TEXT.encode())
    for place, byte in changes:
        data[place] = byte
    file = tmp_path_factory.getbasetemp() / "damaged.json"
    file.write_bytes(data)
    said = refusal(read, file)
    assert said is None or said.startswith(f"{file}: ")


@given(st.binary(max_size=100))
def test_any_bytes_are_refused(tmp_path_factory, data):
    file = tmp_path_factory.getbasetemp() / "bytes.json"
    file.write_bytes(data)
    with pytest.raises(BadResults):
        read(file)


def test_run_id_does_not_depend_on_the_order_of_keys():
    def reversed_keys(value):
        if isinstance(value, dict):
            return {key: reversed_keys(value[key]) for key in reversed(value)}
        return [reversed_keys(item) for item in value] if isinstance(value, list) else value

    turned = reversed_keys(VALID)
    assert list(turned) != list(VALID)
    assert run_id(turned) == run_id(VALID)


@pytest.mark.parametrize("path", [("version",), ("datetime",), *ALL[-3:]], ids=dotted)
def test_run_id_stands_for_every_value(path, document):
    holder(document, path)[path[-1]] = "another"
    assert run_id(document) != run_id(VALID)


def test_run_id_stands_for_every_digit(document):
    blocks = document["benchmarks"][0]["extra_info"]["blocks_s"][0]
    blocks[0] = math.nextafter(blocks[0], 1)
    assert run_id(document) != run_id(VALID)
    assert len(run_id(VALID)) == 12
    assert set(run_id(VALID)) <= set("0123456789abcdef")
