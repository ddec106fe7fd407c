"""JAX without its autograd: the seven lines, compiled by XLA on the first call.

XLA starts its threads once per process, as many as the first call of `prepare` asks for, and cannot change
their number later: another number of threads needs another process.
"""

import os

import jax
import jax.numpy as jnp
import numpy as np

from impls.contract import Step
from impls.errors import Unsuited

_started = None  # or with how many threads XLA was


def prepare(X, Y, threads):
    """Start XLA on so many threads unless it runs already, and hand it the arrays."""
    if start(threads) != threads:
        raise Unsuited(f"JAX keeps the number of threads it started with, {_started} in this process")
    return on_device(jax.devices("cpu")[0], X, Y)  # named, since where JAX has a GPU it would take that


def step(w, b, X, Y):
    """Cost and gradients; formula and shapes in `impls.contract`."""
    with jax.enable_x64(True):
        J, dw, db = cost_and_gradients(w, b, X, Y)
    # The call above returns before its results exist; taking them out of JAX waits for them.
    return Step(float(J), np.asarray(dw), float(db))


@jax.jit
def cost_and_gradients(w, b, X, Y):
    """J, dw and db as arrays of JAX, on the device that X and Y are on."""
    m = X.shape[1]
    Z = jnp.dot(w.T, X) + b
    dZ = jax.nn.sigmoid(Z) - Y
    J = jnp.sum(jax.nn.softplus(Z) - Y * Z) / m
    dw = jnp.dot(X, dZ.T) / m
    return J, dw, jnp.sum(dZ) / m


def on_device(device, X, Y):
    """Hand X and Y to JAX as they are."""
    with jax.enable_x64(True):  # for this call alone; outside, JAX would make float64 float32
        return jax.device_put((X, Y), device)


def start(threads):
    """Start JAX's back ends unless they run, and return the number of threads that XLA has.

    It reads that number from NPROC, then and only then.
    """
    global _started
    if _started is None:
        # Of a GPU's memory JAX would take three quarters at once, and other rows need it too.
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
