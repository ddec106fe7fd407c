"""How much memory a call takes at its peak, as the system counts it: native libraries' included."""

import contextlib
import ctypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"  # written to `_CLEAR`, it resets the peak (proc(5))


def peak_extra(call: Callable[[], Any]) -> int | None:
    """Return how many bytes this process grew at its peak while it ran a call; None if nobody counts.

    First, allocators return to the system what they kept of earlier calls; otherwise the call could reuse it
    unseen. The system counts pages, and a huge one has 2 MB. Each processor counts for itself before the sum
    is made. So two megabytes are noise.
    """
    try:
        with contextlib.suppress(OSError, AttributeError):  # of C libraries other than GNU's
            ctypes.CDLL(None).malloc_trim(0)
        _CLEAR.write_text(_RESET_PEAK)
        before = _bytes_of("VmRSS")
        call()
        return max(0, _bytes_of("VmHWM") - before)
    except OSError:
        return None


def _bytes_of(name: str) -> int:
    found = re.search(rf"^{name}:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
    if found is None:
        raise OSError(f"{_STATUS} has no {name}")
    return 1024 * int(found[1])
