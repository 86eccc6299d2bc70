"""Editing: entries taken out, put in, repeated to a size, or zeroed on one side of a diagonal."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from dualtape.ops.protocol import function, strip
from dualtape.ops.shaping import arraylike, astype, copy, integers, ravel

__all__: list[str] = []

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.


@function(np.delete)
def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    """Return an array without some entries along an axis."""
    arr = arraylike(arr)
    if axis is None:
        arr, axis = ravel(arr), 0
    axis = normalize_axis_index(axis, arr.ndim)
    length = arr.shape[axis]
    kept = np.delete(np.arange(length), strip(obj))  # NumPy itself tells which
    before = (slice(None),) * axis
    start = int(np.count_nonzero(kept == np.arange(kept.size)))
    if not np.array_equal(kept[start:], np.arange(length - kept.size + start, length)):
        return np.take(arr, kept, axis)
    # One gap, the common case: slices are cheaper than indices, and more so their derivative.
    parts = arr[(*before, slice(0, start))], arr[(*before, slice(length - kept.size + start, None))]
    return copy(parts[0], "K") if start == kept.size else np.concatenate(parts, axis)


@function(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """Return an array with values put in before some entries along an axis."""
    arr, values, obj = arraylike(arr), arraylike(values), strip(obj)
    if isinstance(obj, (int, np.integer)) and not isinstance(obj, bool):
        return _insert_at(arr, operator.index(obj), astype(values, arr.dtype, copy=False), axis)
    numbers = np.arange(arr.size).reshape(arr.shape)
    new = np.arange(arr.size, arr.size + values.size).reshape(values.shape)
    # Of numbers, NumPy itself shows which entry comes from where.
    sources = np.insert(numbers, obj, new, axis)
    return np.concatenate((ravel(arr), astype(ravel(values), arr.dtype, copy=False)))[sources]


def _insert_at(arr: Any, index: int, values: Any, axis: Any) -> Any:
    """Put values in before one index: slices are cheaper than indices, and more so their derivative."""
    nothing = np.int8(0)
    # Of arrays that take next to no memory, NumPy itself tells the shape, and raises its errors.
    shape = np.insert(np.broadcast_to(nothing, arr.shape), index, np.broadcast_to(nothing, values.shape), axis).shape
    if axis is None:
        arr, axis = ravel(arr), 0
    axis = normalize_axis_index(axis, arr.ndim)
    length = arr.shape[axis]
    index = index + length if index < 0 else index
    values = np.moveaxis(values.reshape((1,) * (arr.ndim - values.ndim) + values.shape), 0, axis)
    values = np.broadcast_to(values, (*arr.shape[:axis], shape[axis] - length, *arr.shape[axis + 1 :]))
    before = (slice(None),) * axis
    return np.concatenate((arr[(*before, slice(index))], values, arr[(*before, slice(index, None))]), axis)


@function(np.resize)
def resize(a: Any, new_shape: Any) -> Any:
    """Return an array of another size, repeated as often as needed."""
    a, shape = ravel(arraylike(a)), integers(new_shape)
    size = math.prod(shape)
    if any(n < 0 for n in shape):
        raise ValueError("all elements of `new_shape` must be non-negative")
    if not a.size or not size:
        return np.zeros_like(a, shape=shape)
    return np.reshape(np.concatenate((a,) * -(-size // a.size))[:size], shape)


def _triangle(m: Any, k: int) -> Any:
    """Return where the lower triangle of a matrix is."""
    tri: Any = np.tri
    return tri(*m.shape[-2:], k=k, dtype=bool)


@function(np.tril)
def tril(m: Any, k: int = 0) -> Any:
    """Return an array with zeros above a diagonal."""
    m = arraylike(m)
    return np.where(_triangle(m, strip(k)), m, np.zeros(1, m.dtype))


@function(np.triu)
def triu(m: Any, k: int = 0) -> Any:
    """Return an array with zeros below a diagonal."""
    m = arraylike(m)
    return np.where(_triangle(m, strip(k) - 1), np.zeros(1, m.dtype), m)
