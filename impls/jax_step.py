"""No Python loop: JAX, with the gradients written out.

XLA compiles the step at the first call. XLA starts its threads once per process, as many as the first call of
`prepare` asks for, and cannot change their number later: another number of threads needs another process.
"""

import os

import jax
import jax.numpy as jnp
import numpy as np

from impls.contract import Step
from impls.errors import Unsuited

_started = None  # the number of threads that XLA started with; None before it starts


def prepare(X, Y, threads):
    """Start XLA with this number of threads unless it already runs, and give it the arrays."""
    if start(threads) != threads:
        raise Unsuited(f"JAX keeps the number of threads it started with, {_started} in this process")
    return on_device(jax.devices("cpu")[0], X, Y)  # else JAX would choose a GPU


def step(w, b, X, Y):
    """Cost and gradients; formula and shapes in `impls.contract`."""
    with jax.enable_x64(True):
        J, dw, db = cost_and_gradients(w, b, X, Y)
    # The call above returns before its results exist; turning them into NumPy's waits for them.
    return Step(float(J), np.asarray(dw), float(db))


@jax.jit
def cost_and_gradients(w, b, X, Y):
    """Return J, dw and db as arrays of JAX, on the device of X and Y."""
    m = X.shape[1]
    Z = jnp.dot(w.T, X) + b
    dZ = jax.nn.sigmoid(Z) - Y
    J = jnp.sum(jax.nn.softplus(Z) - Y * Z) / m
    dw = jnp.dot(X, dZ.T) / m
    return J, dw, jnp.sum(dZ) / m


def on_device(device, X, Y):
    """Give X and Y to JAX in their own dtype."""
    with jax.enable_x64(True):  # without it, JAX would turn float64 into float32
        return jax.device_put((X, Y), device)


def start(threads):
    """Start JAX's back ends unless they already run, and return the number of threads that XLA has.

    XLA reads that number from the variable NPROC when it starts, and never again.
    """
    global _started
    if _started is None:
        # JAX would reserve three quarters of a GPU's memory, which other rows need too.
        os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
        before = os.environ.get("NPROC")
        os.environ["NPROC"] = str(threads)
        try:
            jax.devices()
        finally:
            del os.environ["NPROC"]
            if before is not None:
                os.environ["NPROC"] = before
        _started = threads
    return _started
