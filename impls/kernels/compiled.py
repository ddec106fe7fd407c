"""How Numba compiles here: kept on disk where that works, run on threads that give way to other programs.

Numba keeps compiled code beside the source, or in the user's cache folder. Where neither can be written it
would refuse the function; here it is compiled anew in each process.

Of Numba's threading layers TBB is taken where it is installed: its threads yield while a neighbour keeps a
core busy, where OpenMP's barriers spin; and it survives a fork, and calls from several Python threads at
once.
"""

import contextlib
import ctypes
import functools
import hashlib
from importlib import metadata
from pathlib import Path

from numba import njit, types
from numba.extending import intrinsic

# Sums may be split into as many partial sums as SIMD registers hold, and a*b + c rounded once.
# NaN and infinity keep their meaning.
SUMS = {"reassoc", "contract", "nsz"}


def compiled(function=None, /, **options):
    """Compile as `numba.njit` does, to run without the interpreter's lock, and to be kept on disk."""
    if function is None:
        return functools.partial(compiled, **options)
    if options.get("parallel"):
        _load_tbb()
    try:
        kept = njit(cache=True, nogil=True, error_model="numpy", **options)(function)
    except RuntimeError:  # no folder for the cache
        return njit(nogil=True, error_model="numpy", **options)(function)
    # Numba asks whether the function's own file has changed, but not the files whose functions it calls. It
    # has no public way to be told; where the private one is gone, it asks as before.
    with contextlib.suppress(AttributeError):
        file = kept._cache._cache_file
        file._source_stamp = (file._source_stamp, digest_of_sources())
    return kept


@intrinsic
def use_wide_registers(_):
    """Let the function that calls this use 512-bit registers, where the processor has them.

    LLVM prefers 256 bits, since the first processors that had more slowed down for them. On a recent one that
    costs the link a fifth of its speed, and the loops over data in memory a tenth. The function must not be
    inlined, or it would lose what is said of it here.
    """

    def generate(context, builder, signature, arguments):
        attributes = builder.function.attributes
        attributes.add("noinline")
        # By way of the set that it is, since llvmlite's own `add` knows no attributes with values.
        set.add(attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), generate


@functools.cache
def digest_of_sources():
    """Return a hash of all files of this package."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


@functools.cache
def _load_tbb():
    """Load TBB's library from its PyPI package: a folder that the system's loader does not search."""
    try:
        files = metadata.files("tbb") or []
    except metadata.PackageNotFoundError:
        return
    for file in files:
        if file.name in ("libtbb.so.12", "tbb12.dll"):
            with contextlib.suppress(OSError):  # Numba then takes the next layer that it finds
                ctypes.CDLL(str(file.locate()), mode=ctypes.RTLD_GLOBAL)
