"""JAX without its autograd: the seven lines, compiled by XLA on the first call.

XLA starts its threads once per process, as many as the first call of `prepare` asks for, and cannot change
their number later: another number of threads needs another process.
"""

import os

import jax
import jax.numpy as jnp
import numpy as np

from impls.contract import Step, Unsuited

_started = None  # or with how many threads XLA was


def prepare(X, Y, threads):
    """Start XLA on so many threads unless it runs already, and hand it the arrays."""
    _start(threads)
    with jax.enable_x64(True):  # for these calls alone; outside, JAX would make float64 float32
        return jax.device_put(X), jax.device_put(Y)


def step(w, b, X, Y):
    """Cost and gradients; formula and shapes in `impls.contract`."""
    with jax.enable_x64(True):
        J, dw, db = _step(w, b, X, Y)
    # The call above returns before its results exist; taking them out of JAX waits for them.
    return Step(float(J), np.asarray(dw), float(db))


@jax.jit
def _step(w, b, X, Y):
    m = X.shape[1]
    Z = jnp.dot(w.T, X) + b
    dZ = jax.nn.sigmoid(Z) - Y
    J = jnp.sum(jax.nn.softplus(Z) - Y * Z) / m
    dw = jnp.dot(X, dZ.T) / m
    db = jnp.sum(dZ) / m
    return J, dw, db


def _start(threads):
    """Start JAX's back end; XLA reads the number of its threads from NPROC, then and only then."""
    global _started
    if _started not in (None, threads):
        raise Unsuited(f"JAX keeps the number of threads it started with, {_started} in this process")
    if _started is None:
        before = os.environ.get("NPROC")
        os.environ["NPROC"] = str(threads)
        try:
            jax.devices()
        finally:
            if before is None:
                del os.environ["NPROC"]
            else:
                os.environ["NPROC"] = before
        _started = threads
