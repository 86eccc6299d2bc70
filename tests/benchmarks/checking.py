"""What a peer computes is compared with what dualtape computes before it is timed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .case import Result

TOLERANCE = 1e-8


class DifferentError(Exception):
    """Two libraries don't compute the same."""


def check(ours: Result, theirs: Result, to_numpy: Callable[[Any], Any], who: str) -> None:
    """Raise where values or derivatives differ, in their shapes or by more than rounding."""
    (value, found), (their_value, their_found) = ours, theirs
    pairs = [("value", value, their_value)]
    if len(found) != len(their_found):
        raise DifferentError(f"{who} has {len(their_found)} derivatives, not {len(found)}")
    pairs += [(f"derivative {i}", a, b) for i, (a, b) in enumerate(zip(found, their_found, strict=True))]
    for what, a, b in pairs:
        mine, other = np.asarray(a), np.asarray(to_numpy(b))
        if mine.shape != other.shape or other.dtype != np.float64:
            raise DifferentError(f"{who}, {what}: {other.dtype} of shape {other.shape}, not {mine.dtype} {mine.shape}")
        size = np.max(np.abs(mine), initial=0.0)
        if not np.allclose(other, mine, rtol=TOLERANCE, atol=TOLERANCE * size):
            raise DifferentError(f"{who}, {what}: differs by {np.max(np.abs(other - mine))}, of {size}")
