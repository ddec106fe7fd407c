"""Never gets to an answer."""


def step(w, b, X, Y):
    raise RuntimeError("no gradient today")
