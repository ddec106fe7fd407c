"""The cost of a training, as numbers and as a picture."""

import pytest

from reports import curve


def test_curve_as_csv_holds_every_digit(tmp_path):
    costs = [0.6931471805599453, 0.1 + 0.2, 1e-300]
    path = tmp_path / "new" / "cost.csv"
    curve.write_curve(path, costs, "title")
    assert (
        path.read_text("utf-8") == "iteration,cost\n0,0.6931471805599453\n1,0.30000000000000004\n2,1e-300\n"
    )


@pytest.mark.parametrize(("kind", "start"), [("svg", b"<?xml"), ("pdf", b"%PDF-"), ("png", b"\x89PNG")])
def test_curve_as_a_picture(tmp_path, kind, start):
    curve.write_curve(tmp_path / f"cost.{kind}", [0.7, 0.5], "title")
    (file,) = tmp_path.iterdir()
    assert file.name == f"cost.{kind}"
    assert file.read_bytes().startswith(start)


@pytest.mark.parametrize("name", ["cost", "cost.txt", "cost.csv.gz", ".csv"])
def test_curve_in_another_format_is_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"a cost curve is written as \.csv, \.svg, \.pdf, \.png"):
        curve.write_curve(tmp_path / name, [0.7], "title")
    assert not list(tmp_path.iterdir())


def test_curve_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=f"cannot write to {tmp_path}/file"):
        curve.check_curve(tmp_path / "file" / "cost.csv")
