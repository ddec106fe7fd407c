"""How Numba compiles here: code is kept on disk where possible, and runs on threads that yield.

Numba keeps compiled code beside the source, or in the user's cache folder. If neither can be written, Numba
would refuse the function; here it is compiled anew in each process.

Of Numba's threading layers TBB is used if it is installed. Its threads yield while another program keeps a
core busy, where the barriers of OpenMP spin. It also survives a fork, and calls from several Python threads
at once.
"""

import contextlib
import ctypes
import functools
import hashlib
from importlib import metadata
from pathlib import Path

from numba import config, njit, types
from numba.extending import intrinsic

# For `fastmath`: a sum may be split into a partial sum for each place of a SIMD register, and a*b + c may be
# rounded once. NaN and infinity keep their meaning.
SUMS = {"reassoc", "contract", "nsz"}

if config.DISABLE_JIT:
    raise RuntimeError(
        "NUMBA_DISABLE_JIT is set, so that Numba compiles nothing: unset it, and start Python again"
    )


def compiled(function=None, /, **options):
    """Compile as `numba.njit` does; the code runs without the interpreter's lock and is kept on disk."""
    if function is None:
        return functools.partial(compiled, **options)
    if options.get("parallel"):
        _load_tbb()
    options = {"nogil": True, "error_model": "numpy", **options}
    try:
        kept = njit(cache=True, **options)(function)
        _compile_again_after_any_edit(kept)
    except (RuntimeError, AttributeError):  # no folder for the code; no way to tell when it is out of date
        return njit(**options)(function)
    return kept


def _compile_again_after_any_edit(dispatcher):
    """Make code on disk out of date once a file with compiled functions is edited; raises AttributeError.

    Numba notices an edit of the function's own file, but not of the files whose functions it calls, and then
    runs code that is out of date. It has no public way to add to what it compares, so this uses private
    attributes: AttributeError says that they are gone, and then no code may be kept on disk.
    """
    file = dispatcher._cache._cache_file
    file._source_stamp = (file._source_stamp, digest_of_sources(compiled_only=True))


@intrinsic
def use_wide_registers(_):
    """Let the function that calls this use 512-bit registers, where the processor has them.

    LLVM prefers 256 bits, since the first processors with 512 slowed down when they used them. On a recent
    one 256 bits cost the link a fifth of its speed, and the loops over data in memory a tenth. The function
    must not be inlined, or it would lose this attribute.
    """

    def generate(context, builder, signature, arguments):
        attributes = builder.function.attributes
        attributes.add("noinline")
        # The attributes are a subclass of set, whose own `add` accepts no attributes with values.
        set.add(attributes, '"prefer-vector-width"="512"')
        return context.get_dummy_value()

    return types.void(), generate


@functools.cache
def digest_of_sources(compiled_only=False):
    """Return a hash of all files of this package, or of those whose functions can be compiled."""
    digest, root = hashlib.sha256(), Path(__file__).parents[1]
    compilable = (*root.glob("*.py"), *root.glob("kernels/*.py"))
    for file in sorted(compilable if compiled_only else root.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


@functools.cache
def _load_tbb():
    """Load TBB's library from its PyPI package, in a folder that the system's loader does not search."""
    try:
        files = metadata.files("tbb") or []
    except metadata.PackageNotFoundError:
        return
    for file in files:
        if file.name in ("libtbb.so.12", "tbb12.dll"):
            with contextlib.suppress(OSError):  # then Numba uses the next layer that it finds
                ctypes.CDLL(str(file.locate()), mode=ctypes.RTLD_GLOBAL)
