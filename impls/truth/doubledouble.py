"""Arrays with 106-bit significands: each number is an unevaluated sum hi + lo of two float64.

The oracle computes with these, on every platform alike: `numpy.longdouble` would carry 64 bits on x86 and no
more than float64 itself on Windows and Apple silicon. Sums and products are error-free transformations:
T. J. Dekker, A floating-point technique for extending the available precision, Numer. Math. 18 (1971);
Y. Hida, X. S. Li and D. H. Bailey, Library for double-double and quad-double arithmetic (2008).

Valid for magnitudes up to 2**969, beyond which splitting a factor overflows.
"""

from __future__ import annotations

import numpy as np

from impls.contract import Array

_SPLITTER = 2.0**27 + 1
_LN2 = (0.6931471805599453, 2.3190468138462996e-17)
_TAYLOR_TERMS = 8
_SQUARINGS = 10


class DoubleDouble:
    """Array of numbers hi + lo, |lo| at most half a unit in the last place of hi, with + - * / and abs."""

    __slots__ = ("hi", "lo")

    def __init__(self, hi: Array | float, lo: Array | float = 0.0):
        self.hi = np.asarray(hi, np.float64)
        self.lo = np.broadcast_to(np.asarray(lo, np.float64), self.hi.shape)

    def __add__(self, other: DoubleDouble | Array | float) -> DoubleDouble:
        other = _lifted(other)
        high, high_error = _two_sum(self.hi, other.hi)
        low, low_error = _two_sum(self.lo, other.lo)
        high, high_error = _quick_two_sum(high, high_error + low)
        return DoubleDouble(*_quick_two_sum(high, high_error + low_error))

    def __neg__(self) -> DoubleDouble:
        return DoubleDouble(-self.hi, -self.lo)

    def __sub__(self, other: DoubleDouble | Array | float) -> DoubleDouble:
        return self + -_lifted(other)

    def __mul__(self, other: DoubleDouble | Array | float) -> DoubleDouble:
        other = _lifted(other)
        high, error = _two_product(self.hi, other.hi)
        return DoubleDouble(*_quick_two_sum(high, error + (self.hi * other.lo + self.lo * other.hi)))

    def __truediv__(self, other: DoubleDouble | Array | float) -> DoubleDouble:
        other = _lifted(other)
        quotient = DoubleDouble(self.hi / other.hi)
        for _ in range(2):  # each remainder yields 53 more bits
            quotient = quotient + (self - quotient * other).hi / other.hi
        return quotient

    def __abs__(self) -> DoubleDouble:
        sign = np.where(self.hi < 0, -1.0, 1.0)
        return DoubleDouble(sign * self.hi, sign * self.lo)

    def sum(self, axis: int) -> DoubleDouble:
        """Add along an axis, pairwise."""
        total = DoubleDouble(np.moveaxis(self.hi, axis, 0), np.moveaxis(self.lo, axis, 0))
        while (count := len(total.hi)) > 1:
            half = count // 2
            pairs = total[:half] + total[half : 2 * half]
            total = pairs if count % 2 == 0 else _joined(pairs, total[2 * half :])
        return total[0]

    def __getitem__(self, index: int | slice | tuple[slice, ...]) -> DoubleDouble:
        return DoubleDouble(self.hi[index], self.lo[index])


def product(a: Array, b: Array) -> DoubleDouble:
    """a * b of two float64 arrays, exact unless it underflows."""
    return DoubleDouble(*_two_product(a, b))


def where(condition: Array, yes: DoubleDouble, no: DoubleDouble) -> DoubleDouble:
    """Choose elementwise, like `numpy.where`."""
    return DoubleDouble(np.where(condition, yes.hi, no.hi), np.where(condition, yes.lo, no.lo))


def exp(x: DoubleDouble) -> DoubleDouble:
    """exp(x) for x <= 0, to a relative error below 1e-28, or to 2**-1074 where that is more."""
    x = where(x.hi < -800, DoubleDouble(np.full_like(x.hi, -800.0)), x)
    k = np.rint(x.hi / _LN2[0])
    result = _expm1(x - DoubleDouble(_LN2[0], _LN2[1]) * DoubleDouble(k)) + 1.0
    return DoubleDouble(np.ldexp(result.hi, k.astype(int)), np.ldexp(result.lo, k.astype(int)))


def log1p(t: DoubleDouble) -> DoubleDouble:
    """log(1 + t) for 0 <= t <= 1, to a relative error below 1e-28: float64's value and one Newton step."""
    y = DoubleDouble(np.log1p(t.hi))
    found = _expm1(y)  # exp(y) would lose the digits of a small t beside its 1
    newton = y + (t - found) / (found + 1.0)
    return where(t.hi < 1e-15, t - t * t * 0.5 + t * t * t / 3.0, newton)


def _expm1(x: DoubleDouble) -> DoubleDouble:
    """exp(x) - 1 for |x| <= log 2: Taylor's series of a small part of x, then (1 + s)**2 - 1 = 2 s + s**2."""
    r = x * 2.0**-_SQUARINGS
    series = DoubleDouble(1.0)
    for n in range(_TAYLOR_TERMS, 1, -1):
        series = series * (r * (DoubleDouble(1.0) / n)) + 1.0
    s = r * series
    for _ in range(_SQUARINGS):
        s = s * 2.0 + s * s
    return s


def _lifted(value: DoubleDouble | Array | float) -> DoubleDouble:
    return value if isinstance(value, DoubleDouble) else DoubleDouble(value)


def _joined(first: DoubleDouble, second: DoubleDouble) -> DoubleDouble:
    return DoubleDouble(np.concatenate([first.hi, second.hi]), np.concatenate([first.lo, second.lo]))


def _two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    total = a + b
    b_part = total - a
    return total, (a - (total - b_part)) + (b - b_part)


def _quick_two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    total = a + b
    return total, b - (total - a)


def _two_product(a: Array, b: Array) -> tuple[Array, Array]:
    product = a * b
    a_hi, a_lo = _split(a)
    b_hi, b_lo = _split(b)
    return product, ((a_hi * b_hi - product) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo


def _split(a: Array) -> tuple[Array, Array]:
    big = _SPLITTER * a
    hi = big - (big - a)
    return hi, a - hi
