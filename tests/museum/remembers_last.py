"""Returns its first result again and again."""

from impls.numpy_zero_loop import step as honest

results = {}


def step(w, b, X, Y):
    key = None
    if key not in results:
        results[key] = honest(w, b, X, Y)
    return results[key]
