"""Measuring: rows on problems, verified before and after, into one results file; and the command line."""

import os

os.environ.pop("NUMBA_DISABLE_JIT", None)  # under which rows of Numba would not be what their names say
