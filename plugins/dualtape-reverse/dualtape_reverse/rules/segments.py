"""VJP rule of the sum over segments."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.ops.segments import ends
from dualtape.ops.shaping import scatter
from dualtape.primitive import PRIMITIVES


def _sums(g: Any, _out: Any, x_shape: Any, starts: Any, *, axis: int, **_params: Any) -> Any:
    """Give each entry the cotangents of the segments in which it lies."""
    lengths = ends(starts, x_shape[axis]) - starts
    number = np.repeat(np.arange(len(starts)), lengths)
    first = np.cumsum(lengths) - lengths
    entry = starts[number] + np.arange(len(number)) - first[number]
    rest = (slice(None),) * (-axis - 1)
    shape = g.shape[: g.ndim - len(x_shape)] + x_shape
    return scatter(g[(..., number, *rest)], shape, (..., entry, *rest), add=True)


PRIMITIVES["add.reduceat"].vjp = (_sums, None)
