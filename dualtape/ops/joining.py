"""Joining, splitting and repeating arrays."""

from __future__ import annotations

import operator
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from dualtape.array import apply
from dualtape.ops.protocol import function, store, strip
from dualtape.ops.shaping import arraylike, copy, integer_array, integers, moveaxis, ravel, transpose
from dualtape.primitive import Primitive, structural

__all__ = ["stack"]

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.

# --- joining ------------------------------------------------------------------------------------------------------


def _filled(tangents: Any, xs: Any) -> list[Any]:
    """Return the tangents with zeros for the operands that have none."""
    first = next(t for t in tangents if t is not None)
    rows, dtype = first.shape[:1], first.dtype
    return [np.zeros(rows + np.shape(x), dtype) if t is None else t for t, x in zip(tangents, xs, strict=True)]


# `offsets` tells where each operand begins and ends, so that a rule need not look at all of them for each.
concatenate_: Primitive = structural(
    "concatenate",
    lambda *xs, axis, offsets, dtype, casting: np.concatenate(xs, axis, dtype=dtype, casting=casting),
    lambda tangents, out, *xs, axis, offsets, dtype, casting: np.concatenate(_filled(tangents, xs), axis),
)


@function(np.concatenate)
def concatenate(arrays: Any, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """Join arrays along an axis that they have."""
    parts = tuple(arraylike(a) for a in arrays)
    if axis is None:
        parts, axis = tuple(ravel(a) for a in parts), 0
    rank = parts[0].ndim if parts else 0
    if rank:
        axis = normalize_axis_index(operator.index(axis), rank) - rank
    lengths = [a.shape[axis] if a.ndim == rank and rank else 0 for a in parts]
    params = {"axis": axis, "offsets": (0, *accumulate(lengths)), "dtype": _dtype(dtype, out), "casting": casting}
    result = apply(concatenate_, parts, params)
    return result if out is None else store(out, result)


def _dtype(dtype: Any, out: Any) -> Any:
    return None if dtype is None and out is None else np.dtype(dtype if out is None else out.dtype)


stack: Primitive = structural(
    "stack",
    lambda *xs, axis, dtype, casting: np.stack(xs, axis, dtype=dtype, casting=casting),
    lambda tangents, out, *xs, axis, dtype, casting: np.stack(_filled(tangents, xs), axis),
)


@function(np.stack)
def _stack(arrays: Any, axis: int = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    parts = tuple(arraylike(a) for a in arrays)
    rank = parts[0].ndim + 1 if parts else 1
    params = {
        "axis": normalize_axis_index(operator.index(axis), rank) - rank,
        "dtype": _dtype(dtype, out),
        "casting": casting,
    }
    result = apply(stack, parts, params)
    return result if out is None else store(out, result)


@function(np.vstack)
def vstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """Join arrays along the first axis, vectors being rows."""
    return concatenate([np.atleast_2d(arraylike(a)) for a in tup], 0, dtype=dtype, casting=casting)


@function(np.hstack)
def hstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """Join arrays along the second axis, vectors along the first."""
    parts = [np.atleast_1d(arraylike(a)) for a in tup]
    return concatenate(parts, 0 if parts and parts[0].ndim == 1 else 1, dtype=dtype, casting=casting)


@function(np.dstack)
def dstack(tup: Any) -> Any:
    """Join arrays along the third axis."""
    return concatenate([np.atleast_3d(arraylike(a)) for a in tup], 2)


@function(np.column_stack)
def column_stack(tup: Any) -> Any:
    """Join vectors as columns, and matrices beside them."""
    parts = [arraylike(a) for a in tup]
    return concatenate([a if a.ndim > 1 else transpose(np.atleast_2d(a)) for a in parts], 1)


@function(np.append)
def append(arr: Any, values: Any, axis: Any = None) -> Any:
    """Join values to the end of an array."""
    arr, values = arraylike(arr), arraylike(values)
    if axis is None:
        arr, values, axis = ravel(arr), ravel(values), 0
    return concatenate((arr, values), axis)


def _depth(blocks: Any) -> int:
    """Return how deep lists are nested."""
    return 1 + max(map(_depth, blocks)) if type(blocks) is list else 0


@function(np.block)
def block(arrays: Any) -> Any:
    """Join nested lists of blocks: the innermost along the last axis, the others along the axes before it."""
    np.block(_marks(arrays))  # raises NumPy's errors
    depth = _depth(arrays)
    leaves = _leaves(arrays)
    rank = max(depth, *(x.ndim for x in leaves))
    dtype = np.result_type(*(x.dtype for x in leaves))

    def join(part: Any, level: int) -> Any:
        if level == depth:
            x = arraylike(part)
            return x.reshape((1,) * (rank - x.ndim) + x.shape) if x.ndim < rank else x
        return concatenate([join(each, level + 1) for each in part], level - depth, dtype=dtype)

    return join(arrays, 0) if depth else copy(join(arrays, 0), "K")


def _marks(blocks: Any) -> Any:
    """Return nested lists with arrays of the same shapes that take no memory."""
    if type(blocks) is list:
        return [_marks(each) for each in blocks]
    return blocks if type(blocks) is tuple else np.broadcast_to(np.int8(0), arraylike(blocks).shape)


def _leaves(blocks: Any) -> list[Any]:
    return [x for each in blocks for x in _leaves(each)] if type(blocks) is list else [arraylike(blocks)]


# --- splitting ----------------------------------------------------------------------------------------------------


@function(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Split into parts that need not be of one length, as views."""
    ary = arraylike(ary)
    axis = normalize_axis_index(axis, ary.ndim)
    # NumPy itself tells where the parts begin and end.
    parts = np.array_split(np.arange(ary.shape[axis]), strip(indices_or_sections))
    before = (slice(None),) * axis
    return [ary[(*before, slice(part[0], part[-1] + 1) if len(part) else slice(0, 0))] for part in parts]


@function(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Split into parts of one length, or at indices, as views."""
    ary, sections = arraylike(ary), strip(indices_or_sections)
    if np.ndim(sections) == 0 and ary.shape[axis] % sections:
        raise ValueError("array split does not result in an equal division")
    return array_split(ary, sections, axis)


@function(np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Split along the second axis, a vector along the first, as views."""
    ary = arraylike(ary)
    if ary.ndim == 0:
        raise ValueError("hsplit only works on arrays of 1 or more dimensions")
    return split(ary, indices_or_sections, 1 if ary.ndim > 1 else 0)


@function(np.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Split along the first axis, as views."""
    ary = arraylike(ary)
    if ary.ndim < 2:
        raise ValueError("vsplit only works on arrays of 2 or more dimensions")
    return split(ary, indices_or_sections, 0)


@function(np.dsplit)
def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Split along the third axis, as views."""
    ary = arraylike(ary)
    if ary.ndim < 3:
        raise ValueError("dsplit only works on arrays of 3 or more dimensions")
    return split(ary, indices_or_sections, 2)


@function(np.unstack)
def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """Split into the parts along an axis, without that axis, as views."""
    x = arraylike(x)
    if x.ndim == 0:
        raise ValueError("Input array must be at least 1-d.")
    return tuple(moveaxis(x, axis, 0))


# --- repeating ----------------------------------------------------------------------------------------------------

repeat_: Primitive = structural(
    "repeat",
    lambda x, repeats, *, axis: np.repeat(x, repeats, axis),
    (lambda t, _out, _x, repeats, *, axis: np.repeat(t, repeats, axis), None),
)


@function(np.repeat, method="repeat")
def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    """Repeat each entry along an axis."""
    a = arraylike(a)
    if axis is None:
        a, axis = ravel(a), 0
    a = np.atleast_1d(a)
    axis = normalize_axis_index(operator.index(axis), a.ndim) - a.ndim
    return apply(repeat_, (a, integer_array(repeats)), {"axis": axis})


def _tile_jvp(t: Any, _out: Any, x: Any, *, reps: tuple[int, ...]) -> Any:
    t = t.reshape(t.shape[:1] + (1,) * (len(reps) - x.ndim) + x.shape)
    return np.tile(t, (1,) * (t.ndim - len(reps)) + reps)


tile_: Primitive = structural("tile", lambda x, *, reps: np.tile(x, reps), (_tile_jvp,))


@function(np.tile)
def tile(A: Any, reps: Any) -> Any:
    """Repeat an array as a whole along its axes."""
    return apply(tile_, (arraylike(A),), {"reps": integers(reps)})
