"""Leaves out every tenth example."""

from impls.numpy_zero_loop import step as honest


def prepare(X, Y, threads):
    kept = [i for i in range(X.shape[1]) if i % 10]
    return X[:, kept].copy(), Y[:, kept].copy()


step = honest
