"""Where the user's code stands: for warnings and for messages that name a line."""

from __future__ import annotations

import sys
from types import FrameType

__all__ = ["stack_level", "user_line"]

_OURS = ("dualtape", "dualtape_reverse", "numpy", "contextlib")


def user_line() -> str:
    """Return file and line of the nearest caller outside dualtape and NumPy."""
    frame, _ = _user_frame()
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def stack_level() -> int:
    """Return the `stacklevel` by which a warning raised by the caller points at the user's line."""
    return _user_frame()[1]


def _user_frame() -> tuple[FrameType, int]:
    frame, level = sys._getframe(2), 1
    while frame.f_back is not None and str(frame.f_globals.get("__name__")).partition(".")[0] in _OURS:
        frame, level = frame.f_back, level + 1
    return frame, level
