"""The link between forward and backward: sigmoid and softplus of each z, in a form that fits SIMD.

Three ideas make it fast, and none makes it less exact.

* exp without a table or a branch: x = k ln 2 + r with |r| <= ln(2)/2, so that exp(x) = 2^k exp(r). A
  polynomial gives exp(r). Adding 1.5 x 2^52 + 1023 (float32: 1.5 x 2^23 + 127) rounds x / ln 2 to k and
  leaves k + 1023 in the last bits of the sum, from where a shift makes it the exponent of 2^k.
* One exp for both: with t = exp(-|z|), sigmoid(z) is 1/(1 + t) or t/(1 + t), softplus(z) max(z, 0) +
  log1p(t).
* No logarithm for each example: a sum of log1p(t) is log1p(Q) with Q = (1 + t_1)(1 + t_2)... - 1, and Q <- Q
  + t (1 + Q) adds one more. Nothing cancels: Q is right in its leading digits where every t is tiny, as
  the logarithm of the product (1 + t_1)(1 + t_2)... would not be.

Errors: exp is within 2 units in the last place for -708 <= x <= 0 (float32: -87) and stays at exp(-708) =
3e-308 (exp(-87) = 2e-38) below; n factors add 3n rounding units at most to the error of the t.

The polynomials have the least relative error (Remez) on |r| <= 1.0005 ln(2)/2: 3e-18 with degree 11, 1.9e-9
with degree 6, before their coefficients are rounded, and 1.9e-17 and 1.8e-8 after it. ln 2 in two parts: W.
J. Cody and W. Waite, Software Manual for the Elementary Functions (1980), ch. 6.
"""

import math

import numpy as np
from numba import types
from numba.extending import overload

from impls.kernels.compiled import SUMS, compiled, use_wide_registers

TILE = 512  # examples handled together; Z, dZ and Q of one tile stay in the first-level cache
MOST_TILES = 16  # tiles that may go into Q before `log_of_products`; they make at most 2^16 of each place


def exp(x):
    """Return exp(x) for x <= 0 in the precision of x; raises TypeError outside of compiled code."""
    raise TypeError("exp of impls.kernels.link is for compiled code; numpy.exp serves everywhere else")


@overload(exp, jit_options={"fastmath": {"contract"}})
def _exp(x):
    return _exp32 if x == types.float32 else _exp64


def _exp64(x):
    x = -708.0 if x < -708.0 else x
    shifted = x * 1.4426950408889634 + 6755399441056767.0
    k = shifted - 6755399441056767.0
    r = x - k * 6.93147180369123816490e-01 - k * 1.90821492927058770002e-10
    s = r * r
    even = 2.7632362997606779e-07
    even = even * s + 2.4801486335092234e-05
    even = even * s + 1.3888888951395968e-03
    even = even * s + 4.1666666666492130e-02
    even = even * s + 5.0000000000000178e-01
    even = even * s + 1.0
    odd = 2.499464924626504e-08
    odd = odd * s + 2.7557622151852234e-06
    odd = odd * s + 1.9841269432932209e-04
    odd = odd * s + 8.3333333335594382e-03
    odd = odd * s + 1.6666666666666168e-01
    odd = odd * s + 1.0
    return (odd * r + even) * np.int64(np.float64(shifted).view(np.int64) << 52).view(np.float64)


_F32 = np.float32
_LOW, _LOG2_E, _SHIFT = _F32(-87.0), _F32(1.44269504), _F32(12583039.0)
_LN2_HIGH, _LN2_LOW = _F32(0.693359375), _F32(-2.12194440e-4)
_C0, _C1, _C2 = _F32(1.00000000055632), _F32(1.00000003642758), _F32(0.49999992055)
_C3, _C4, _C5 = _F32(0.16666419694597), _F32(0.04166822913315), _F32(0.00837485619677)
_C6 = _F32(0.00138367649912)


def _exp32(x):
    x = _LOW if x < _LOW else x
    shifted = x * _LOG2_E + _SHIFT
    k = shifted - _SHIFT
    r = x - k * _LN2_HIGH - k * _LN2_LOW
    p = _C6
    p = p * r + _C5
    p = p * r + _C4
    p = p * r + _C3
    p = p * r + _C2
    p = p * r + _C1
    p = p * r + _C0
    return p * np.int32(_F32(shifted).view(np.int32) << np.int32(23)).view(_F32)


@compiled(fastmath=SUMS)
def link(Z, Y, dZ, Q):
    """Write dZ = sigmoid(Z) - Y of a tile, and multiply each 1 + Q[i] by 1 + exp(-|Z[i]|).

    Z, Y, dZ and Q are 1-D, of one dtype and one length. Returns two sums over the tile: of max(z, 0) - y z,
    to which `log_of_products` adds the rest of the cost, and of dz.
    """
    use_wide_registers()
    zero, one = Z.dtype.type(0), Z.dtype.type(1)
    J = db = zero
    for i in range(len(Z)):
        z, y = Z[i], Y[i]
        t = exp(-abs(z))
        a = one / (one + t)
        dz = (a if z >= zero else t * a) - y
        dZ[i] = dz
        db += dz
        J += (z if z > zero else zero) - y * z
        Q[i] += t * (one + Q[i])
    return J, db


@compiled(fastmath=SUMS)
def log_of_products(Q):
    """Return the sum of log1p over Q, which holds at most `MOST_TILES` tiles, and set Q to 0."""
    P = Q.astype(np.float64)
    Q[:] = 0
    n = len(P)
    for _ in range(5):  # 32 places of at most 2^16 make one of 2^512; another round could overflow
        if n == 1:
            break
        half = n // 2
        A, B = P[:half], P[n - half : n]
        for i in range(half):
            A[i] += B[i] * (1 + A[i])
        n -= half
    total = 0.0
    for i in range(n):
        total += math.log1p(P[i])
    return total
