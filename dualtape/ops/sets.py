"""Sets, and what else picks entries by their values: the derivative goes with the entry that is picked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.array import plain
from dualtape.ops.pinning import differentiated_as
from dualtape.ops.protocol import function, is_traced
from dualtape.ops.shaping import arraylike, ravel

__all__: list[str] = []

# Operands are arrays, scalars, lists or handles: `Any` in this file says that. Of equal entries the first counts.


def _found(values: Any, *arrays: Any) -> Any:
    """Return the entries of arrays that have certain values."""
    pool = np.concatenate([ravel(arraylike(x)) for x in arrays])
    entries = plain(pool)
    order = np.argsort(entries, kind="stable")
    index = order[np.searchsorted(entries[order], values)] if len(order) else np.zeros(0, np.intp)
    missing = np.isnan(values)
    index[missing] = np.flatnonzero(np.isnan(entries))[: np.add.reduce(missing)]  # nan are all alike, or all different
    return np.take(pool, index)


@differentiated_as(np.unique)
def _unique(
    value: Any, ar: Any, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False,
    axis: Any = None, *, equal_nan: bool = True, sorted: bool = True,
) -> Any:  # fmt: skip
    several = isinstance(value, tuple)
    values = value[0] if several else value
    if axis is None or np.ndim(plain(ar)) == 1:
        found = _found(values, ar)
    else:
        _, index = np.unique(plain(ar), return_index=True, axis=axis, equal_nan=equal_nan)
        found = np.take(ar, index, axis)
    return (found, *value[1:]) if several else found


def _array_api(numpy_function: Callable[..., Any]) -> None:
    @differentiated_as(numpy_function)
    def formula(value: Any, x: Any) -> Any:
        return (_found(value[0], x), *value[1:]) if isinstance(value, tuple) else _found(value, x)


for _function in (np.unique_values, np.unique_all, np.unique_counts, np.unique_inverse):
    _array_api(_function)


@differentiated_as(np.union1d)
def _union1d(value: Any, ar1: Any, ar2: Any) -> Any:
    return _found(value, ar1, ar2)


@differentiated_as(np.intersect1d)
def _intersect1d(value: Any, ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False) -> Any:
    x = ar1 if is_traced(ar1) else ar2  # both hold the values
    return (_found(value[0], x), *value[1:]) if return_indices else _found(value, x)


@differentiated_as(np.setdiff1d)
def _setdiff1d(value: Any, ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    return _found(value, ar1)


@differentiated_as(np.setxor1d)
def _setxor1d(value: Any, ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    return _found(value, ar1, ar2)


@differentiated_as(np.sort_complex)
def _sort_complex(_value: Any, a: Any) -> Any:
    return np.sort(a)


@function(np.trim_zeros)
def trim_zeros(filt: Any, trim: Any = "fb", axis: Any = None) -> Any:
    """Leave out the zeros at the ends of an array, or of its axes: a view."""
    filt = arraylike(filt)
    # Where a view of an array of the same layout lies tells which entries NumPy keeps.
    marks = np.array(plain(filt) != 0)
    kept = np.trim_zeros(marks, trim, **({} if axis is None else {"axis": axis}))
    if not kept.size:
        return filt[tuple([slice(0, n) for n in kept.shape])]
    first = (kept.__array_interface__["data"][0] - marks.__array_interface__["data"][0]) // marks.itemsize
    starts = np.unravel_index(first, marks.shape)
    return filt[tuple([slice(int(start), int(start) + n) for start, n in zip(starts, kept.shape, strict=True)])]
