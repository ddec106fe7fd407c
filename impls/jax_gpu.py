"""jax_step on a GPU.

The same formulas, compiled by XLA for the GPU.
"""

import jax
import numpy as np

from impls.contract import Step
from impls.errors import Unsuited
from impls.jax_step import cost_and_gradients, on_device, start
from impls.kernels import cuda_device

_PLATFORM = "cuda"


def prepare(X, Y, threads):
    """Copy X and Y to the GPU."""
    start(threads)
    try:
        gpu = jax.devices(_PLATFORM)[0]
    except RuntimeError:
        raise Unsuited("JAX has no CUDA here; pip install 'jax[cuda13]'") from None
    cuda_device.check_room(X)
    return jax.block_until_ready(on_device(gpu, X, Y))


def step(w, b, X, Y):
    """Cost and gradients; formula and shapes in `impls.contract`, X and Y on the GPU."""
    # By default, JAX multiplies float32 matrices with only three digits (TF32) on a GPU.
    with jax.enable_x64(True), jax.default_matmul_precision("highest"):
        J, dw, db = cost_and_gradients(w, b, X, Y)
    return Step(float(J), np.asarray(dw), float(db))
