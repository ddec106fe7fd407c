"""`zeroloop gallery`: the page of all results files of a folder."""

from tests.bench.helpers import message, refused, zeroloop


def test_gallery_lies_in_the_folder_that_it_read(runs):
    (runs / "cut.json").write_text("{")
    result = zeroloop("gallery", runs)
    assert result.exit_code == 0
    lines = result.output.splitlines()
    assert [line.split()[0] for line in lines[2:4]] == ["after", "before"]
    assert "left out: cut.json: not a JSON file, or a truncated one: " in result.output
    assert lines[-1] == f"page: {runs / 'gallery.html'}"
    first = (runs / "gallery.html").read_bytes()
    assert zeroloop("gallery", runs).output == result.output
    assert (runs / "gallery.html").read_bytes() == first


def test_gallery_goes_where_it_is_told_and_leaves_a_report_alone(runs):
    (runs / "index.html").write_text("precious")
    result = zeroloop("gallery", runs, "-o", runs / "a" / "b")
    assert result.exit_code == 0
    assert (runs / "a" / "b" / "gallery.html").is_file()
    assert zeroloop("gallery", runs).exit_code == 0
    assert (runs / "index.html").read_text() == "precious"


def test_gallery_of_nothing(tmp_path):
    missing = zeroloop("gallery", tmp_path / "nowhere")
    assert missing.exit_code == 2
    assert "does not exist" in message(missing)
    file = tmp_path / "file.json"
    file.write_text("{}")
    assert "is a file" in message(zeroloop("gallery", file))
    empty = zeroloop("gallery", tmp_path)
    assert empty.exit_code == 2
    assert message(empty).startswith(f"{tmp_path}: no results file lies below it; ")
    file.write_text("{")
    assert "no results file below it can be read: file.json: " in message(zeroloop("gallery", tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["file.json"]


def test_gallery_says_in_one_line_what_names_cannot_break(tmp_path):
    (tmp_path / "one\ntwo\x1b[31m.json").write_text("{")
    result = zeroloop("gallery", tmp_path)
    assert result.exit_code == 2
    assert "\x1b" not in message(result)


def test_gallery_into_a_file(runs, tmp_path):
    (tmp_path / "file").write_text("precious")
    for place in ("file", "file/below"):
        assert str(tmp_path / place) in refused("gallery", runs, "-o", tmp_path / place)
    assert (tmp_path / "file").read_text() == "precious"
