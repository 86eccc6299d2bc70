"""Segments: `reduceat` of any ufunc of two operands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from dualtape.array import ACTIVE, apply, plain, resolve
from dualtape.ops import accumulation as _accumulation  # noqa: F401  # it fills the table of reductions read below
from dualtape.ops.pinning import pinned
from dualtape.ops.protocol import REDUCTIONS, is_traced, rank, store, strip
from dualtape.ops.reduction import in_dtype, promoted
from dualtape.ops.shaping import arraylike, integer_array
from dualtape.primitive import Primitive, structural

__all__ = ["ends"]

# Operands are arrays, scalars, lists or handles: `Any` in this file says that. A segment leads from its start to the
# next one's, the last to the end; where the next one does not start behind it, it is one entry.


def ends(starts: Any, length: int) -> Any:
    """Return where segments end."""
    following = np.append(starts[1:], length)
    return np.where(following > starts, following, starts + 1)


def _call(x: Any, starts: Any, *, axis: int, dtype: Any = None) -> Any:
    return np.add.reduceat(x, starts, axis, dtype)


# The sum over segments is linear, and has rules of its own; the others are put together from reductions.
sums: Primitive = structural(
    "add.reduceat", _call, (lambda t, _out, _x, starts, *, axis, **_params: np.add.reduceat(t, starts, axis), None)
)


def _sums(array: Any, indices: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
    array = arraylike(array)
    # NumPy checks the arguments.
    starts = integer_array(indices)
    np.add.reduceat(plain(array), starts, axis)
    params = {"axis": normalize_axis_index(axis, array.ndim) - array.ndim}
    if dtype is not None or out is not None:
        params["dtype"] = dtype if dtype is not None else promoted(out, array)
    result = apply(sums, (array, starts), params)
    return result if out is None else store(out, result)


def _of_ufunc(ufunc: np.ufunc) -> Callable[..., Any]:
    def reduceat(array: Any, indices: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        array = resolve(array, ACTIVE.get())
        starts = integer_array(indices)
        value = ufunc.reduceat(strip(array), starts, axis, dtype)
        if is_traced(array):
            array = in_dtype(ufunc, array, dtype)
            with np.errstate(all="ignore"):  # NumPy has warned already
                value = pinned(_reduced(ufunc, array, starts, normalize_axis_index(axis, rank(array))), value)
        return value if out is None else store(out, value)

    return reduceat


def _reduced(ufunc: np.ufunc, x: Any, starts: Any, axis: int) -> Any:
    before = (slice(None),) * axis
    pairs = zip(starts.tolist(), ends(starts, x.shape[axis]).tolist(), strict=True)
    parts = [ufunc.reduce(x[(*before, slice(start, end))], axis) for start, end in pairs]
    return np.stack(parts, axis) if parts else None


for _ufunc, _method in list(REDUCTIONS):
    if _method == "reduce":
        REDUCTIONS[_ufunc, "reduceat"] = _sums if _ufunc is np.add else _of_ufunc(_ufunc)
