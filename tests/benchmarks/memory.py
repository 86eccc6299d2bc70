"""Peak memory of a run above what its inputs take, of the whole process."""

from __future__ import annotations

import ctypes
import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")


def peak(run: Callable[[], Any]) -> int:
    """Return the bytes that a run adds at its peak; raises OSError where the system does not tell (Linux does).

    It is the second run, so that what is loaded or compiled once is not counted; what the first one left to the
    allocator is given back before.
    """
    run()
    gc.collect()
    _trim()
    RESET.write_text("5", encoding="ascii")  # forgets the highest figure so far
    before = _resident("VmRSS")
    result = run()
    highest = _resident("VmHWM")
    del result
    return max(highest - before, 0)


def _trim() -> None:
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's
    if trim is not None:
        trim(0)


def _resident(what: str) -> int:
    for line in STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith(what + ":"):
            return int(line.split()[1]) * 1024
    raise OSError(f"{STATUS} has no {what}")
