"""Functions of the user's own, applied to lines, along several axes, or where a condition holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from dualtape.array import ACTIVE, resolve
from dualtape.ops.protocol import function, strip
from dualtape.ops.shaping import arraylike, astype, broadcast_to

__all__: list[str] = []

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.


@function(np.apply_along_axis)
def apply_along_axis(func1d: Callable[..., Any], axis: Any, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """Apply a function to all lines along an axis, and put its results in their places."""
    arr = arraylike(arr)
    axis = normalize_axis_index(axis, arr.ndim)
    lines = np.moveaxis(arr, axis, -1)
    results = [arraylike(func1d(lines[(*index, ...)], *args, **kwargs)) for index in np.ndindex(lines.shape[:-1])]
    if not results:
        raise ValueError("Cannot apply_along_axis when any iteration dimensions are 0")
    first = results[0]
    # The array that NumPy fills is made for the first result: the others are cast to its dtype and shape.
    parts = [broadcast_to(astype(x, first.dtype, copy=False), first.shape) for x in results]
    whole = np.stack(parts).reshape(lines.shape[:-1] + first.shape)
    before, behind = list(range(arr.ndim - 1)), list(range(arr.ndim - 1, whole.ndim))
    return np.transpose(whole, before[:axis] + behind + before[axis:])


@function(np.apply_over_axes)
def apply_over_axes(func: Callable[..., Any], a: Any, axes: Any) -> Any:
    """Apply a function of an array and an axis for one axis after the other."""
    result: Any = arraylike(a)
    ndim = result.ndim
    for axis in np.atleast_1d(strip(axes)):
        axis = axis + ndim if axis < 0 else axis
        found = func(result, axis)
        if found.ndim != result.ndim:
            found = np.expand_dims(found, axis)
        if found.ndim != result.ndim:
            raise ValueError("function is not returning an array of the correct shape")
        result = found
    return result


@function(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Apply to each entry the function, or set the value, whose condition holds there."""
    x = arraylike(x)
    conditions = strip(condlist)
    if np.isscalar(conditions) or (not isinstance(conditions[0], (list, np.ndarray)) and x.ndim):
        conditions = [conditions]
    conditions = np.asarray(conditions, bool)
    if len(conditions) == len(funclist) - 1:
        otherwise = ~np.any(conditions, axis=0, keepdims=True)
        conditions = np.concatenate([conditions, otherwise])
    elif len(conditions) != len(funclist):
        n = len(conditions)
        raise ValueError(f"with {n} condition(s), either {n} or {n + 1} functions are expected")
    result: Any = np.zeros_like(resolve(x, ACTIVE.get()))
    for condition, f in zip(conditions, funclist, strict=True):
        if not callable(f):
            result[condition] = f
        elif condition.any():
            result[condition] = f(x[condition], *args, **kw)
    return result
