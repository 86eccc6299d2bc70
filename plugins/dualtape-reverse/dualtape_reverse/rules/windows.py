"""VJP rules of sliding windows."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.array import TracedArray
from dualtape.places import Place
from dualtape.primitive import PRIMITIVES
from dualtape.views import container


def _windows(g: Any, _out: Any, _x: Any, *, lengths: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    # The axes of the windows stand last: one after the other is summed into the axis that it slid over.
    for i in reversed(range(len(lengths))):
        axis, length = axes[i] - i, lengths[i]
        shape = list(g.shape[:-1])
        steps = shape[axis]
        shape[axis] += length - 1
        total: Any = np.zeros(shape, g.dtype)
        if isinstance(g, TracedArray):
            total = container(total)
        for k in range(length):
            place = Place((..., slice(k, k + steps), *(slice(None),) * (-axis - 1)), None, False, 0)
            place.put(total, 0, g[..., k], add=True)
        g = total
    return g


PRIMITIVES["sliding_window_view"].vjp = (_windows,)
