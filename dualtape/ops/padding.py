"""Padding: an array with a margin that is made of constants, of its own entries or of statistics of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from dualtape.ops.protocol import function, strip
from dualtape.ops.shaping import arraylike, astype

__all__ = ["pad"]

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.

# NumPy pads one axis after the other, each time all that stands there already: so does this, with operations that
# have rules. A side is what is joined to the array along an axis, made by a function of the array, the axis, the
# width on either side, and the setting of the mode for this axis on either side.
Sides = tuple[Any, Any]
Pair = tuple[Any, Any]
STATISTICS: dict[str, Callable[..., Any]] = {
    "maximum": np.max, "minimum": np.min, "mean": np.mean, "median": np.median,
}  # fmt: skip
SETTINGS = {"constant": "constant_values", "linear_ramp": "end_values", **dict.fromkeys(STATISTICS, "stat_length")}


@function(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """Put a margin around an array."""
    array, pad_width = arraylike(array), strip(pad_width)
    how: Any = "constant" if callable(mode) else mode
    # On next to no entries NumPy raises its errors.
    small = np.zeros([min(n, 1) for n in array.shape], array.dtype)
    np.pad(small, pad_width, how, **({} if callable(mode) else strip(kwargs)))
    widths = _widths(pad_width, array.ndim)
    setting = None if callable(mode) else kwargs.get(SETTINGS.get(mode, ""), 0 if mode in SETTINGS else None)
    default = setting is None or (mode in STATISTICS and "stat_length" not in kwargs)
    given = None if default else np.broadcast_to(arraylike(setting), (array.ndim, 2))
    result = array
    for axis, pair in enumerate(widths):
        if any(pair):
            values = (None, None) if given is None else (given[axis, 0], given[axis, 1])
            if mode in ("reflect", "symmetric") and kwargs.get("reflect_type") == "odd" and array.shape[axis] > 1:
                result = _reflect(result, axis, pair, mode == "symmetric")
            else:
                left, right = _sides(result, axis, pair, how, values)
                result = np.concatenate([astype(part, array.dtype, copy=False) for part in (left, result, right)], axis)
    if result is array:
        result = np.copy(array)
    if callable(mode):
        _fill_by(mode, result, widths, kwargs)
    return result


def _widths(pad_width: Any, rank: int) -> list[tuple[int, int]]:
    """Return the widths on both sides of each axis."""
    if isinstance(pad_width, dict):
        found = [(0, 0)] * rank
        for axis, width in pad_width.items():
            found[normalize_axis_index(axis, rank)] = (width, width) if np.ndim(width) == 0 else tuple(width)
        return found
    return [(int(left), int(right)) for left, right in np.broadcast_to(pad_width, (rank, 2))]


def _sides(x: Any, axis: int, widths: tuple[int, int], mode: str, values: Pair) -> Sides:
    """Return what is joined to `x` on both sides of an axis."""
    if mode in ("constant", "empty"):
        left, right = (0 if value is None else value for value in values)
        return _spread(left, x, axis, widths[0]), _spread(right, x, axis, widths[1])
    if mode == "linear_ramp":
        ends = zip(values, _edges(x, axis), widths, strict=True)
        left, right = (_ramp(end, edge, axis, width, x.dtype) for end, edge, width in ends)
        return left, np.flip(right, axis)
    if mode in STATISTICS:
        length = x.shape[axis]
        counts = [length if n is None else min(int(n), length) for n in values]
        parts = x[_along(axis, slice(0, counts[0]))], x[_along(axis, slice(length - counts[1], length))]
        left, right = (STATISTICS[mode](part, axis=axis, keepdims=True) for part in parts)
        return _spread(left, x, axis, widths[0]), _spread(right, x, axis, widths[1])
    # The other modes repeat entries: NumPy itself tells which.
    numbers = np.pad(np.arange(x.shape[axis]), widths, mode)  # type: ignore[call-overload]  # any of its modes
    return np.take(x, numbers[: widths[0]], axis), np.take(x, numbers[len(numbers) - widths[1] :], axis)


def _along(axis: int, key: slice) -> tuple[slice, ...]:
    return (*(slice(None),) * axis, key)


def _edges(x: Any, axis: int) -> Sides:
    return x[_along(axis, slice(0, 1))], x[_along(axis, slice(x.shape[axis] - 1, None))]


def _spread(value: Any, x: Any, axis: int, width: int) -> Any:
    """Return a value repeated to a side of `x`."""
    shape = (*x.shape[:axis], width, *x.shape[axis + 1 :])
    return np.broadcast_to(astype(arraylike(value), x.dtype, copy=False), shape)


def _ramp(end: Any, edge: Any, axis: int, width: int, dtype: Any) -> Any:
    return np.linspace(end, np.squeeze(edge, axis), width, endpoint=False, dtype=dtype, axis=axis)


def _reflect(x: Any, axis: int, widths: tuple[int, int], include_edge: bool) -> Any:
    """Pad with what mirrors the array in its end points, as often as the width needs it."""
    left, right = widths
    period = x.shape[axis] - (not include_edge)
    skip = 0 if include_edge else 1
    while left or right:
        length = (x.shape[axis] - skip) // period * period
        first, last = _edges(x, axis)
        n = min(length, left)
        before = 2 * first - np.flip(x[_along(axis, slice(skip, skip + n))], axis)
        x, left = np.concatenate((before, x), axis), left - n
        n, end = min(length, right), x.shape[axis] - skip
        after = 2 * last - np.flip(x[_along(axis, slice(end - n, end))], axis)
        x, right = np.concatenate((x, after), axis), right - n
    return x


def _fill_by(fill: Any, padded: Any, widths: list[tuple[int, int]], kwargs: dict[str, Any]) -> None:
    """Let the user's function fill the margin of each line in place."""
    for axis in range(padded.ndim):
        lines = np.moveaxis(padded, axis, -1)
        for index in np.ndindex(lines.shape[:-1]):
            fill(lines[(*index, ...)], widths[axis], axis, kwargs)
