"""The figure of the speed of light."""

import pytest

from reports.wording import share
from tests.documents import keep
from tests.reports.figures.drawn import draw, faults_of_texts, marks, texts

pytestmark = pytest.mark.slow


def test_marks_lie_at_bytes_and_gigabytes_per_second(pictures, comparisons):
    (axes,) = pictures["roofline-float64-2"].figure.axes
    small, square = 30 * 569 * 8, 128 * 10_000 * 8
    roof = axes.lines[0].get_xydata()
    assert roof.tolist() == [pytest.approx([small, small / 5e3]), pytest.approx([square, square / 4e5])]
    marked = {line.get_gid(): line.get_xydata()[0].tolist() for line in axes.lines if line.get_gid()}
    expected = [
        [size, size / line.step_s.estimate / 1e9]
        for size, comparison in zip((small, square), comparisons, strict=True)
        for line in comparison.measured
    ]
    assert [marked[f"mark-{place}"] for place in range(len(expected))] == [
        pytest.approx(one) for one in expected
    ]


def test_marks_say_the_share_of_the_table(pictures, comparisons):
    expected = [
        (line.name, f"{line.name} on {one.problem.name}: ", f" of X a second, {share(line.share)} of light")
        for one in comparisons
        for line in one.measured
    ]
    for (row, said), (name, start, end) in zip(marks(pictures["roofline-float64-2"]), expected, strict=True):
        assert row == name
        assert said.startswith(start)
        assert said.endswith(end)


def test_the_alternative_says_which_row_is_closest(pictures):
    assert pictures["roofline-float64-2"].alternative.endswith(
        "; float64, 2 threads. "
        "Closest to it: numba_two_loop on square, 128 × 10,000, float64, 2 threads, at 80 %."
    )


def test_problems_rows_and_axes_are_named(pictures):
    shown = texts(pictures["roofline-float64-2"].svg)
    assert {"breast_cancer", "square", "speed of light", "size of X", "1 MB", "numba_two_loop"} <= set(shown)


def test_without_a_light_there_is_no_roofline(document):
    keep(document, "numpy_zero_loop")
    document["zeroloop"]["lights"] = []
    assert draw(document) == {}


def test_each_dtype_and_number_of_threads_has_a_figure(document):
    keep(document, "numpy_zero_loop")
    held = [benchmark["extra_info"] for benchmark in document["benchmarks"]]
    for other in ({"dtype": "float32"}, {"threads": 1}, {"dtype": "float16"}):
        document["benchmarks"] += [{"extra_info": {**one, **other}} for one in held]
        document["zeroloop"]["lights"] += [{**one, **other} for one in document["zeroloop"]["lights"][:2]]
    assert sorted(draw(document)) == ["roofline-float32-2", "roofline-float64-1", "roofline-float64-2"]


def test_a_gpu_has_a_figure_of_its_own(on_gpu):
    keep(on_gpu, "numpy_zero_loop", "numba_two_loop")
    found = {name: one for name, one in draw(on_gpu).items() if name.startswith("roofline")}
    assert sorted(found) == ["roofline-cuda-float64-2", "roofline-float64-2"]
    size = 128 * 10_000 * 8
    (axes,) = found["roofline-cuda-float64-2"].figure.axes
    roof, mark = (line.get_xydata().tolist() for line in axes.lines if len(line.get_xdata()) == 1)
    assert (roof, mark) == ([pytest.approx([size, size / 2.5e5])], [pytest.approx([size, size / 5e5])])
    assert "below the speed of light of the GPU; float64" in found["roofline-cuda-float64-2"].alternative
    assert "numba_two_loop" not in found["roofline-float64-2"].svg


def test_one_small_problem_has_its_size_below(document):
    keep(document, "numpy_zero_loop")
    document["benchmarks"] = document["benchmarks"][:1]
    document["zeroloop"]["problems"][0].update(n_x=8, m=8)
    (picture,) = draw(document).values()
    assert "1 kB" in texts(picture.svg), "512 bytes lie between powers of ten"
    assert faults_of_texts(picture) == []


def test_names_of_problems_of_one_size_stand_apart(document):
    keep(document, "numpy_zero_loop")
    (problem, light, timing) = (
        document["zeroloop"]["problems"][0],
        document["zeroloop"]["lights"][0],
        document["benchmarks"][0]["extra_info"],
    )
    names = [f"problem_{n}" for n in range(8)]
    document["zeroloop"].update(
        problems=[{**problem, "name": name} for name in names],
        lights=[{**light, "problem": name} for name in names],
    )
    document["benchmarks"] = [{"extra_info": {**timing, "problem": name}} for name in names]
    (picture,) = draw(document).values()
    assert set(names) <= set(texts(picture.svg))
    assert faults_of_texts(picture) == []
