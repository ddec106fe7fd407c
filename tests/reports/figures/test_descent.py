"""The figures of training."""

import pytest

from reports import figures
from tests.reports.figures.drawn import marks, texts

pytestmark = pytest.mark.slow


def test_each_row_goes_down_its_costs_in_its_time(cited_pictures):
    (axes,) = cited_pictures["training-0"].figure.axes
    curves = [line for line in axes.lines if line.get_gid()]
    for line, wall_s in zip(curves, (1e-2, 1.25e-4), strict=True):
        assert line.get_xdata() == pytest.approx([wall_s * n / 5 for n in range(1, 6)], rel=1e-3)
        assert list(line.get_ydata()) == [0.6931471805599453, 0.234, 0.2, 0.1786, 0.163]


def test_marks_and_alternative_say_the_times(cited_pictures):
    assert marks(cited_pictures["training-0"]) == [
        ("python_two_loop", "python_two_loop: 10.0 ms for 5 iterations"),
        ("numpy_zero_loop", "numpy_zero_loop: 125 µs for 5 iterations"),
    ]
    assert cited_pictures["training-0"].alternative == (
        "Cost against time on breast_cancer, 30 × 569, float64, 2 threads: all rows go down the same curve, "
        "python_two_loop in 10.0 ms, numpy_zero_loop in 125 µs."
    )


@pytest.mark.parametrize("costs", [[0.7], [0.7, 0.5, 0.4], [1.0] * 1000])
def test_cost_curve_has_the_same_bytes_each_time(costs):
    curve = figures.cost_curve(costs, r"mine $\frac{ $.py", "svg")
    assert r"mine $\frac{ $.py" in texts(curve)
    assert curve == figures.cost_curve(costs, r"mine $\frac{ $.py", "svg")
