"""Double-double arithmetic against mpmath at 300 bits."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from impls.truth import doubledouble
from impls.truth.doubledouble import DoubleDouble

mp = mpmath.MPContext()
mp.prec = 300

ROUNDING = 2.0**-102  # sixteen units of 2**-106, for a chain of a few roundings
SMALLEST = 2.0**-1074  # exp(x) has fewer bits than usual where its low part underflows

OPERATIONS = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("decades", [0, 30])
def test_arithmetic(operation, decades):
    rng = np.random.default_rng(1)
    a, b = random_numbers(rng, 1000, decades), random_numbers(rng, 1000, decades)
    result = OPERATIONS[operation](a, b)
    assert_close(
        result, [OPERATIONS[operation](x, y) for x, y in zip(exact(a), exact(b), strict=True)], ROUNDING
    )
    assert np.array_equal(result.hi + result.lo, result.hi)


@pytest.mark.parametrize("bits", [0, 1, 20, 50, 52])
def test_cancellation(bits):
    a = random_numbers(np.random.default_rng(2), 1000, decades=3)
    b = DoubleDouble(-a.hi * (1 + 2.0**-bits if bits else 1), a.lo * 0.3)
    assert_close(a + b, [x + y for x, y in zip(exact(a), exact(b), strict=True)], ROUNDING)
    assert_close(a - a, [0] * 1000, 0)


def test_floats_and_arrays_are_lifted():
    a = DoubleDouble(np.array([1.0, 2.0]), np.array([1e-20, -1e-20]))
    for other in (3.0, np.array([3.0, 3.0])):
        assert_close(a + other, [x + 3 for x in exact(a)], ROUNDING)
        assert_close(a - other, [x - 3 for x in exact(a)], ROUNDING)
        assert_close(a * other, [x * 3 for x in exact(a)], ROUNDING)
        assert_close(a / other, [x / 3 for x in exact(a)], ROUNDING)


def test_sign():
    a = DoubleDouble(np.array([2.0, -2.0, 0.0]), np.array([-1e-20, 1e-20, 0.0]))
    assert exact(-a) == [-x for x in exact(a)]
    assert exact(abs(a)) == [abs(x) for x in exact(a)]


def test_product_is_exact():
    rng = np.random.default_rng(3)
    a, b = (random_numbers(rng, 1000, decades=30).hi for _ in range(2))
    result = doubledouble.product(a, b)
    for x, y, hi, lo in zip(a, b, result.hi, result.lo, strict=True):
        assert Fraction(x) * Fraction(y) == Fraction(hi) + Fraction(lo)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64, 1000])
@pytest.mark.parametrize("axis", [0, 1])
def test_sum(count, axis):
    numbers = random_numbers(np.random.default_rng(count), 3 * count, decades=10)
    table = DoubleDouble(numbers.hi.reshape(3, count), numbers.lo.reshape(3, count))
    rows = [exact(table[i]) for i in range(3)]
    total = (table if axis == 1 else DoubleDouble(table.hi.T, table.lo.T)).sum(axis)
    for found, row in zip(exact(total), rows, strict=True):
        assert abs(found - sum(row)) <= ROUNDING * sum(map(abs, row))


def test_where():
    yes, no = DoubleDouble(np.ones(2), np.full(2, 1e-20)), DoubleDouble(np.zeros(2), np.full(2, 1e-30))
    chosen = doubledouble.where(np.array([True, False]), yes, no)
    assert exact(chosen) == [exact(yes)[0], exact(no)[1]]


@pytest.mark.parametrize(
    "interval", [(-1e-300, 0), (-1e-10, 0), (-1, 0), (-50, -1), (-700, -50), (-745, -700)]
)
def test_exp(interval):
    x = with_low_parts(np.random.default_rng(4).uniform(*interval, 500))
    assert_close(doubledouble.exp(x), [mp.exp(value) for value in exact(x)], 1e-28, SMALLEST)


def test_exp_at_its_ends():
    x = np.array([0.0, -0.0, -746.0, -800.0, -1e4, -1e300, -np.inf])
    assert exact(doubledouble.exp(DoubleDouble(x))) == [1, 1, 0, 0, 0, 0, 0]


EDGES = [1e-300, 1e-40, 1e-16, 9.9e-16, 1e-15, 1.1e-15, 1e-12, 1e-8, 1e-5, 1e-3, 0.1, 0.5, 1.0]


@pytest.mark.parametrize("t", EDGES)
def test_log1p(t):
    numbers = with_low_parts(t * np.random.default_rng(5).uniform(0.9, 1, 200))
    assert_close(doubledouble.log1p(numbers), [mp.log1p(value) for value in exact(numbers)], 1e-28)


def test_log1p_at_its_ends():
    assert exact(doubledouble.log1p(DoubleDouble(np.zeros(1)))) == [0]
    assert_close(doubledouble.log1p(DoubleDouble(np.ones(1))), [mp.log(2)], 1e-28)


def random_numbers(rng, count, decades):
    """Numbers of both signs and magnitudes up to this number of decades from 1, with low parts."""
    return with_low_parts(rng.standard_normal(count) * 10.0 ** rng.uniform(-decades, decades, count))


def with_low_parts(hi):
    return DoubleDouble(hi, hi * np.random.default_rng(6).uniform(-1, 1, len(hi)) * 2.0**-54)


def exact(numbers):
    return [mp.mpf(float(hi)) + mp.mpf(float(lo)) for hi, lo in zip(numbers.hi, numbers.lo, strict=True)]


def assert_close(computed, true, relative, absolute=0.0):
    for found, expected in zip(exact(computed), true, strict=True):
        assert abs(found - expected) <= relative * abs(expected) + absolute
