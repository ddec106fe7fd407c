"""The SIMD exp against mpmath in units of the last place, and the sums that `link` builds on it."""

import platform
import re

import mpmath
import numpy as np
import pytest
from llvmlite import binding
from numba import float32, float64, njit

from impls.kernels.compiled import SUMS
from impls.kernels.link import MOST_TILES, TILE, exp, link, log_of_products

X86 = platform.machine() in ("x86_64", "AMD64")
LOWEST = {"float64": -708.0, "float32": -87.0}


@njit
def exp_of_all(x, results):
    for i in range(len(x)):
        results[i] = exp(x[i])


def exponentials(x):
    results = np.empty_like(x)
    exp_of_all(x, results)
    return results


def ulps(computed, x):
    """Distance from exp(x) in units of the last place of the true value."""
    with mpmath.workdps(40):
        true = [mpmath.exp(mpmath.mpf(float(value))) for value in x]
        unit = np.spacing(np.array([float(value) for value in true], computed.dtype))
        errors = [
            abs(mpmath.mpf(float(c)) - t) / float(u) for c, t, u in zip(computed, true, unit, strict=True)
        ]
        return float(max(errors))


def over_the_range(dtype, count):
    rng = np.random.default_rng(count)
    lowest = LOWEST[dtype]
    # Uniform, and ever closer to 0; and on both sides of each change of k, where |r| is largest.
    near_zero = -np.exp2(rng.uniform(-1074 if dtype == "float64" else -149, np.log2(-lowest), count))
    halves = (np.arange(0, int(lowest / np.log(2)), -1) - 0.5) * np.log(2)
    x = np.concatenate(
        [rng.uniform(lowest, 0, count), near_zero, halves, np.nextafter(halves, -1e3), [0.0, -0.0, lowest]]
    )
    return np.maximum(x, lowest).astype(dtype)


def test_exp_is_within_two_units(dtype):
    x = over_the_range(dtype, 500)
    assert ulps(exponentials(x), x) <= 2


@pytest.mark.slow
def test_exp_is_within_two_units_everywhere(dtype):
    x = over_the_range(dtype, 20_000)
    assert ulps(exponentials(x), x) <= 2


def test_exp_stays_where_it_would_underflow(dtype):
    lowest = np.array([LOWEST[dtype]], dtype)
    beyond = np.array([-710, -1e4, np.finfo(dtype).min, -np.inf], dtype)
    assert set(exponentials(beyond)) == set(exponentials(lowest))
    assert 0 < exponentials(lowest)[0] < 4e-38


def test_exp_of_nan_is_nan(dtype):
    assert np.isnan(exponentials(np.array([np.nan], dtype)))[0]


def test_exp_is_for_compiled_code_only():
    with pytest.raises(TypeError, match="compiled"):
        exp(0.0)


def truth(Z, Y):
    """The costs' sum and sigmoid(Z) - Y, in 40 digits."""
    with mpmath.workdps(40):
        cost, dZ = mpmath.mpf(0), []
        for z, y in zip(map(float, Z), map(float, Y), strict=True):
            signed = z if y == 0 else -z
            cost += mpmath.log1p(mpmath.exp(signed))
            dZ.append(float((1 - 2 * y) / (1 + mpmath.exp(-signed))))
        return float(cost), np.array(dZ)


def linked(Z, Y):
    dZ, Q = np.empty_like(Z), np.zeros_like(Z)
    J, db = link(Z, Y, dZ, Q)
    return J + log_of_products(Q), dZ, db, Q


TAILS = {
    "usual": lambda rng, m: rng.normal(0, 3, m),
    "near 0": lambda rng, m: rng.normal(0, 1e-8, m),
    "zeros": lambda rng, m: np.where(rng.random(m) < 0.5, 0.0, -0.0),
    "subnormal": lambda rng, m: rng.normal(0, 1e-310, m),
    "to 1e4": lambda rng, m: rng.uniform(-1e4, 1e4, m),
    "certain": lambda rng, m: rng.uniform(-40, -18, m),
}


def assert_linked(tail, sizes, dtype):
    for m in sizes:
        rng = np.random.default_rng(m)
        Z = TAILS[tail](rng, m).astype(dtype)
        Y = np.zeros(m, dtype) if tail == "certain" else (rng.random(m) < 0.5).astype(dtype)
        cost, dZ = truth(Z, Y)
        found_cost, found_dZ, db, _ = linked(Z, Y)
        eps = float(np.finfo(dtype).eps)
        assert found_cost == pytest.approx(cost, rel=20 * eps), m
        # sigmoid(z) - 1 is as exact as sigmoid(z): textbook, and what the gate's scale allows for.
        assert np.abs(found_dZ - dZ).max() <= 3 * eps, m
        assert db == pytest.approx(dZ.sum(), abs=m * 3 * eps), m


@pytest.mark.parametrize("tail", TAILS)
def test_link(tail, dtype):
    assert_linked(tail, (1, 2, 7, 8, 33, *((TILE - 1, TILE + 1) if tail == "usual" else ())), dtype)


@pytest.mark.slow
@pytest.mark.parametrize("tail", TAILS)
def test_link_of_every_size(tail, dtype):
    assert_linked(tail, (3, 9, 31, 32, TILE - 1, TILE, TILE + 1), dtype)


def test_small_terms_are_not_lost(dtype):
    Z, Y = np.full(TILE, -17, dtype), np.zeros(TILE, dtype)  # log(1 + t) of float32 would be 0
    assert linked(Z, Y)[0] == pytest.approx(
        TILE * np.log1p(np.exp(-17.0)), rel=20 * float(np.finfo(dtype).eps)
    )


def test_products_have_room_for_all_tiles(dtype):
    Z, Y = np.zeros(TILE, dtype), np.zeros(TILE, dtype)  # t = 1, as large as it gets
    dZ, Q = np.empty_like(Z), np.zeros_like(Z)
    for _ in range(MOST_TILES):
        link(Z, Y, dZ, Q)
    assert log_of_products(Q) == pytest.approx(MOST_TILES * TILE * np.log(2), rel=1e-6)
    assert not Q.any()
    assert log_of_products(Q) == 0


def test_a_missing_factor_shows():
    Z, Y = np.zeros(TILE), np.zeros(TILE)
    assert linked(Z[1:], Y[1:])[0] == pytest.approx((TILE - 1) * np.log(2), rel=1e-13)


@pytest.mark.skipif(not X86, reason="the names of the registers are those of x86-64")
@pytest.mark.parametrize("kind", [float64, pytest.param(float32, marks=pytest.mark.slow)])
def test_link_is_compiled_to_simd(kind):
    fresh = njit(fastmath=SUMS, error_model="numpy")(link.py_func)  # what the cache gives shows no code
    fresh.compile((kind[::1],) * 4)
    (assembler,) = fresh.inspect_asm().values()
    register = "zmm" if binding.get_host_cpu_features().get("avx512f") else "ymm"
    assert len(re.findall(rf"vdivp[sd].*{register}", assembler)) >= 1
