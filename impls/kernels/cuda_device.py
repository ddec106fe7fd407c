"""The GPU, asked through NVIDIA's driver: whether there is one, its model, and its free memory.

None of the libraries that compute on a GPU is imported. They all use the first GPU, and so does this module.
Functions that need a GPU raise NoDevice if there is none.
"""

import ctypes
import functools
import sys
from typing import Any

from impls.contract import Array
from impls.errors import Unsuited

_LIBRARY = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_MULTIPROCESSORS = 16  # CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT in cuda.h
_LONGEST_NAME = 256  # bytes


class NoDevice(RuntimeError):
    """No GPU can be used; the message says why."""


@functools.cache
def why_none() -> str | None:
    """Return why no GPU can be used here; None if one can."""
    try:
        _driver()
    except NoDevice as none:
        return str(none)
    return None


def name() -> str | None:
    """Return the model of the GPU; None without one."""
    if why_none():
        return None
    text = ctypes.create_string_buffer(_LONGEST_NAME)
    _ask("cuDeviceGetName", text, _LONGEST_NAME, _device())
    return text.value.decode(errors="replace")


def multiprocessors() -> int:
    """Return how many multiprocessors the GPU has."""
    count = ctypes.c_int()
    _ask("cuDeviceGetAttribute", ctypes.byref(count), _MULTIPROCESSORS, _device())
    return count.value


def check_room(X: Array) -> None:
    """Raise Unsuited if X is larger than the free memory of the GPU."""
    free = _free_bytes()
    if X.nbytes > free:
        raise Unsuited(f"X takes {X.nbytes / 1e9:,.1f} GB, the GPU has {free / 1e9:,.1f} GB free")


def _free_bytes() -> int:
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    _ask("cuCtxPushCurrent_v2", _context())
    try:
        _ask("cuMemGetInfo_v2", ctypes.byref(free), ctypes.byref(total))
    finally:
        _ask("cuCtxPopCurrent_v2", ctypes.byref(ctypes.c_void_p()))
    return free.value


@functools.cache
def _context() -> ctypes.c_void_p:
    """Return the context that the libraries of this process share; make it if none has."""
    context = ctypes.c_void_p()
    _ask("cuDevicePrimaryCtxRetain", ctypes.byref(context), _device())
    return context


def _device() -> ctypes.c_int:
    device = ctypes.c_int()
    _ask("cuDeviceGet", ctypes.byref(device), 0)
    return device


def _ask(function: str, *arguments: Any) -> None:
    if error := getattr(_driver(), function)(*arguments):
        raise NoDevice(f"{function} of the driver failed with error {error}")


@functools.cache
def _driver() -> Any:
    """Load and start the driver; raises NoDevice."""
    try:
        driver = ctypes.CDLL(_LIBRARY)
    except OSError:
        raise NoDevice(f"needs an NVIDIA GPU and its driver; {_LIBRARY} is not here") from None
    count = ctypes.c_int()
    error = driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count))
    if error or not count.value:
        raise NoDevice(f"the driver finds no GPU (error {error}); nvidia-smi may tell why")
    return driver
