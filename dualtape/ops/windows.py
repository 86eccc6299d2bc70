"""Windows that slide over an array."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple
from numpy.lib.stride_tricks import sliding_window_view

from dualtape.array import apply
from dualtape.errors import NoRuleError
from dualtape.ops.protocol import function, strip
from dualtape.ops.shaping import arraylike, integers
from dualtape.primitive import Primitive, structural

__all__: list[str] = []

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.


def _view(x: Any, *, lengths: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """Return NumPy's windows as a view whose base is that of `x`: NumPy hides it in an object of its own."""
    found = sliding_window_view(x, lengths, axes)
    owner = getattr(x, "base", None) if type(x) is np.ndarray else None
    owner = x if owner is None else owner
    if type(found) is not np.ndarray or type(owner) is not np.ndarray or not found.size:
        return found
    memory = owner if owner.flags.c_contiguous else owner.T
    if not memory.flags.c_contiguous:
        return found
    offset = x.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    view: Any = np.ndarray(found.shape, found.dtype, memory, offset, found.strides)
    view.flags.writeable = False
    return view


windows_: Primitive = structural(
    "sliding_window_view",
    _view,
    (lambda t, _out, _x, *, lengths, axes: sliding_window_view(t, lengths, axes),),
    view=True,
)


@function(sliding_window_view)
def windows(x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False) -> Any:
    """Return all windows of a shape: a view for reading."""
    if writeable:
        raise NoRuleError("windows overlap, so a traced array has them for reading only: write into the array itself")
    x, lengths = arraylike(x), integers(window_shape)
    sliding_window_view(np.broadcast_to(np.int8(0), x.shape), lengths, strip(axis))  # raises NumPy's errors
    axes = tuple(range(x.ndim)) if axis is None else normalize_axis_tuple(strip(axis), x.ndim, allow_duplicate=True)
    return apply(windows_, (x,), {"lengths": lengths, "axes": tuple(i - x.ndim for i in axes)})
