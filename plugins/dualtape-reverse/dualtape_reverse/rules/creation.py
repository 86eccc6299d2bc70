"""VJP rules of creation."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.primitive import PRIMITIVES


def weighted(g: Any, falling: bool, num: int, endpoint: bool, axis: int) -> Any:
    """Sum a cotangent of a linspace with the weight that one of its ends has in each sample."""
    weights = np.linspace(falling, not falling, num, endpoint, dtype=g.real.dtype)
    return np.sum(g * weights.reshape(-1, *(1,) * (-axis - 1)), axis=axis)


PRIMITIVES["linspace"].vjp = (
    lambda g, _out, _start, _stop, *, num, endpoint, dtype, axis: weighted(g, True, num, endpoint, axis),
    lambda g, _out, _start, _stop, *, num, endpoint, dtype, axis: weighted(g, False, num, endpoint, axis),
)
