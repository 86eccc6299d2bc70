"""Reductions: sum, product, extrema, moments, cumulative sums."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.array import apply
from dualtape.ops.protocol import REDUCTIONS, function, rank, store
from dualtape.primitive import structural

__all__: list[str] = []

NOT_GIVEN: Any = np._NoValue


def axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return the axes of a reduction, counted from the right."""
    if axis is None:
        return tuple(range(-ndim, 0))
    if type(axis) is int and -ndim <= axis < ndim:
        return (axis if axis < 0 else axis - ndim,)
    axis = axis if isinstance(axis, tuple) else (axis,)
    return tuple(a - ndim for a in np.lib.array_utils.normalize_axis_tuple(axis, ndim))


sum_ = structural(
    "sum",
    lambda x, *, axis, keepdims: np.add.reduce(x, axis=axis, keepdims=keepdims),
    (lambda t, _out, _x, *, axis, keepdims: np.add.reduce(t, axis=axis, keepdims=keepdims),),
)


@function(np.sum, method="sum")
def sum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = False) -> Any:
    """Sum over axes."""
    return apply(sum_, (a,), {"axis": axes(axis, rank(a)), "keepdims": bool(keepdims)})


REDUCTIONS[np.add, "reduce"] = sum
