"""Functions that are executed again: whether they give the value that they gave."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.array import plain

__all__ = ["alike", "sample"]

# Values are arrays, scalars or handles: `Any` in this file.

SAMPLE = 64  # entries by which another value is told


def sample(x: Any) -> Any:
    """Return some entries of a value."""
    entries = np.ravel(plain(x))
    return entries[:: max(1, entries.size // SAMPLE)].copy()


def alike(before: Any, again: Any, tolerance: float) -> bool:
    """Tell whether two samples are of one value, but for rounding, also in an entry that is all rounding."""
    if before.shape != again.shape:
        return False
    scale = np.max(np.abs(again), initial=0.0, where=np.isfinite(again))
    return np.allclose(again, before, rtol=tolerance, atol=1e-3 * tolerance * scale, equal_nan=True)
