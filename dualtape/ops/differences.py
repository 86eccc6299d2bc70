"""Differences and what is made of neighbours: diff, gradient, cross, convolve, interp, unwrap and their kin."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple
from numpy.lib.stride_tricks import sliding_window_view

from dualtape.array import NO_PARAMS, Operand, apply
from dualtape.ops.borrowed import borrow
from dualtape.ops.pinning import differentiated_as
from dualtape.ops.protocol import function, strip
from dualtape.ops.reduction import conj
from dualtape.ops.shaping import arraylike, current
from dualtape.primitive import Primitive, structural

__all__ = ["cross3", "neighbours", "part", "turns", "windows"]

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.
NOT_GIVEN: Any = np._NoValue

# --- diff ---------------------------------------------------------------------------------------------------------

diff_: Primitive = structural(
    "diff",
    lambda x, *, n, axis: np.diff(x, n, axis),
    (lambda t, _out, _x, *, n, axis: np.diff(t, n, axis),),
)


@function(np.diff)
def diff(a: Any, n: Any = 1, axis: Any = -1, prepend: Any = NOT_GIVEN, append: Any = NOT_GIVEN) -> Any:
    """Return the differences of neighbours along an axis, n times."""
    n = operator.index(strip(n))
    if n == 0:
        return current(a) if isinstance(a, Operand) else a
    a = arraylike(a)
    if n < 0 or a.ndim == 0:
        np.diff(np.zeros(a.shape), n)  # raises NumPy's error
    axis = normalize_axis_index(operator.index(strip(axis)), a.ndim)
    given = [x if x is NOT_GIVEN else _beside(a, x, axis) for x in (prepend, append)]
    parts = [x for x in (given[0], a, given[1]) if x is not NOT_GIVEN]
    if len(parts) > 1:
        a = np.concatenate(parts, axis)
    return apply(diff_, (a,), {"n": n, "axis": axis - a.ndim})


def _beside(a: Any, x: Any, axis: int) -> Any:
    """Return what stands before or behind an array: of a scalar, as much as there are rows."""
    x = arraylike(x)
    return x if x.ndim else np.broadcast_to(x, (*a.shape[:axis], 1, *a.shape[axis + 1 :]))


@function(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Return the differences of neighbours among all entries, other numbers before and behind."""
    ary = np.ravel(arraylike(ary))
    parts = [np.diff(ary)]
    for name, x in (("to_begin", to_begin), ("to_end", to_end)):
        if x is None:
            continue
        x = np.ravel(arraylike(x))
        if not np.can_cast(x.dtype, ary.dtype, casting="same_kind"):
            raise TypeError(f"dtype of `{name}` must be compatible with input `ary` under the `same_kind` rule.")
        parts.insert(len(parts) if name == "to_end" else 0, x.astype(ary.dtype, copy=False))
    return np.concatenate(parts) if len(parts) > 1 else parts[0]


# --- gradient, trapezoid ------------------------------------------------------------------------------------------


@differentiated_as(np.gradient)
def gradient(_value: Any, f: Any, *varargs: Any, axis: Any = None, edge_order: Any = 1) -> Any:
    """Return the slopes along axes.

    NumPy's own code takes evenly spaced coordinates for a single spacing, which is right for the value only: the
    derivative in a coordinate needs the formula for uneven ones.
    """
    f = arraylike(f)
    axes = normalize_axis_tuple(range(f.ndim) if axis is None else axis, f.ndim)
    spacings = varargs or (1.0,)
    if len(spacings) == 1:
        spacings *= len(axes)
    found = []
    for i, spacing in zip(axes, map(arraylike, spacings), strict=True):
        x = spacing if spacing.ndim else spacing * np.arange(f.shape[i])
        found.append(np.moveaxis(_slopes(np.moveaxis(f, i, -1), x, edge_order), -1, i))
    return found[0] if len(found) == 1 else tuple(found)


def _slopes(f: Any, x: Any, edge_order: int) -> Any:
    """Return at each point the slope of the parabola, at the ends the chord, through it and its neighbours."""
    d = np.diff(x)
    chords = np.diff(f) / d
    first, last = chords[..., :1], chords[..., -1:]
    bend = np.diff(chords)
    share = d[:-1] / (d[:-1] + d[1:])
    inner = chords[..., :-1] + share * bend
    if edge_order == 2:
        first, last = first - (share * bend)[..., :1], last + ((1.0 - share) * bend)[..., -1:]
    return np.concatenate([first, inner, last], axis=-1)


borrow(np.trapezoid)

# --- cross --------------------------------------------------------------------------------------------------------


def cross3(x: Any, y: Any, flat: bool = False) -> Any:
    """Return the cross product over the last axes, which may hold two components for three; the last one if flat."""
    product = np.cross(_three(x), _three(y))
    return product[..., 2] if flat else product


def _three(x: Any) -> Any:
    if x.shape[-1] == 3:
        return x
    return np.concatenate([x, np.zeros((*x.shape[:-1], 1), x.dtype)], axis=-1)


def _lifted(t: Any, other: Any) -> Any:
    """Insert axes behind the batch axis of tangents, up to the rank of the other operand."""
    missing = other.ndim + 1 - t.ndim
    return t.reshape(t.shape[:1] + (1,) * missing + t.shape[1:]) if missing > 0 else t


# Of vectors along the last axes. Two components each, deprecated in NumPy 2, give a number.
cross_: Primitive = structural(
    "cross",
    np.cross,
    (
        lambda t, _out, x, y: cross3(_lifted(t, y), y, x.shape[-1] == y.shape[-1] == 2),
        lambda t, _out, x, y: cross3(x, _lifted(t, x), x.shape[-1] == y.shape[-1] == 2),
    ),
)


@function(np.cross)
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None) -> Any:
    """Return the cross products of vectors along an axis."""
    if axis is not None:
        axisa, axisb, axisc = (axis,) * 3
    a, b = arraylike(a), arraylike(b)
    if a.ndim < 1 or b.ndim < 1:
        raise ValueError("At least one array has zero dimension")
    result = apply(cross_, (np.moveaxis(a, axisa, -1), np.moveaxis(b, axisb, -1)), NO_PARAMS)
    flat = a.shape[axisa] == b.shape[axisb] == 2
    return result if flat else np.moveaxis(result, -1, axisc)


borrow(np.linalg.cross)

# --- convolve, correlate ------------------------------------------------------------------------------------------


def windows(x: Any, width: int) -> Any:
    """Return what a convolution with a sequence of some width sees: (..., n) gives (..., n + width - 1, width)."""
    room = np.zeros((*x.shape[:-1], width - 1), x.dtype)
    return sliding_window_view(np.concatenate([room, x, room], axis=-1), width, axis=-1)


def part(out: Any, x: Any, y: Any, swapped: bool = False) -> tuple[int, int]:
    """Return where a result begins and ends in the full convolution."""
    rest = len(x) + len(y) - 1 - len(out)
    start = rest - rest // 2 if swapped else rest // 2
    return start, start + len(out)


def _convolve_rows(x: Any, y: Any, start: int, stop: int) -> Any:
    """Return part of the full convolutions of the rows of x with y."""
    if x.shape[-1] < len(y):  # windows are wide as the shorter operand: views of the longer one
        return x[..., ::-1] @ windows(y, x.shape[-1])[start:stop].T
    return windows(x, len(y))[..., start:stop, :] @ y[::-1]


def _convolve_jvp(t: Any, out: Any, x: Any, y: Any, *, mode: Any) -> Any:
    return _convolve_rows(t, y, *part(out, x, y))


convolve_: Primitive = structural(
    "convolve",
    lambda x, y, *, mode: np.convolve(x, y, mode),
    (_convolve_jvp, lambda t, out, x, y, *, mode: _convolve_jvp(t, out, y, x, mode=mode)),
)


def _correlate_x(t: Any, out: Any, x: Any, y: Any, *, mode: Any) -> Any:
    return _convolve_rows(t, conj(y)[::-1], *part(out, x, y, len(y) > len(x)))


def _correlate_y(t: Any, out: Any, x: Any, y: Any, *, mode: Any) -> Any:
    return _convolve_rows(conj(t)[..., ::-1], x, *part(out, x, y, len(y) > len(x)))


correlate_: Primitive = structural(
    "correlate", lambda x, y, *, mode: np.correlate(x, y, mode), (_correlate_x, _correlate_y)
)


@function(np.convolve)
def convolve(a: Any, v: Any, mode: Any = "full") -> Any:
    """Return the convolution of two sequences."""
    return apply(convolve_, _sequences(a, v), {"mode": mode})


@function(np.correlate)
def correlate(a: Any, v: Any, mode: Any = "valid") -> Any:
    """Return the correlation of two sequences, the second one conjugated."""
    return apply(correlate_, _sequences(a, v), {"mode": mode})


def _sequences(*operands: Any) -> tuple[Any, ...]:
    found = tuple(arraylike(x) for x in operands)
    return tuple(x if x.ndim else np.atleast_1d(x) for x in found)


# --- interp -------------------------------------------------------------------------------------------------------


def neighbours(x: Any, xp: Any) -> tuple[Any, Any, Any, Any]:
    """Tell between which points each x lies: the two indices, and whether it is below all points or above them.

    At a point, the derivative is that of the piece to its right; at the last one, of the last piece.
    """
    x, xp = strip(x), strip(xp)
    last = len(xp) - 1
    i = np.clip(np.searchsorted(xp, x, "right") - 1, 0, max(last - 1, 0))
    return i, np.minimum(i + 1, last), np.less(x, xp[0]), np.greater(x, xp[-1])


def _piece(x: Any, xp: Any, fp: Any) -> tuple[Any, ...]:
    i, j, below, above = neighbours(x, xp)
    width = xp[j] - xp[i]
    width = np.where(np.equal(strip(width), 0), 1.0, width)  # a single point
    return i, j, np.logical_or(below, above), (fp[j] - fp[i]) / width, (x - xp[i]) / width


def _interp_x(t: Any, _out: Any, x: Any, xp: Any, fp: Any, _left: Any, _right: Any) -> Any:
    _, _, outside, slope, _ = _piece(x, xp, fp)
    return np.where(outside, 0.0, t * slope)


def _interp_xp(t: Any, _out: Any, x: Any, xp: Any, fp: Any, _left: Any, _right: Any) -> Any:
    i, j, outside, slope, part = _piece(x, xp, fp)
    return np.where(outside, 0.0, -slope * ((1.0 - part) * t[..., i] + part * t[..., j]))


def _interp_fp(t: Any, _out: Any, x: Any, xp: Any, fp: Any, _left: Any, _right: Any) -> Any:
    i, j, outside, _, part = _piece(x, xp, fp)
    return np.where(outside, 0.0, (1.0 - part) * t[..., i] + part * t[..., j])


def _interp_end(side: int) -> Any:
    def jvp(t: Any, out: Any, x: Any, xp: Any, _fp: Any, _left: Any, _right: Any) -> Any:
        return np.where(neighbours(x, xp)[side], t.reshape(t.shape + (1,) * out.ndim), 0.0)

    return jvp


def _call_interp(*operands: Any) -> Any:
    if any(isinstance(x, Operand) for x in operands):
        return apply(interp_, operands, NO_PARAMS)  # NumPy does not ask the values outside
    return np.interp(*operands)


interp_: Primitive = structural(
    "interp", _call_interp, (_interp_x, _interp_xp, _interp_fp, _interp_end(2), _interp_end(3))
)


def _interp(x: Any, xp: Any, fp: Any, left: Any, right: Any) -> Any:
    x, xp, fp = arraylike(x), arraylike(xp), arraylike(fp)
    if fp.shape != xp.shape or xp.ndim != 1 or not xp.size:
        np.interp(strip(x), strip(xp), strip(fp))  # raises
    return apply(interp_, (x, xp, fp, fp[0] if left is None else left, fp[-1] if right is None else right), NO_PARAMS)


# NumPy's own code handles the period, and ends in one of these two.
borrow(np.interp, compiled_interp=_interp, compiled_interp_complex=_interp)

# --- unwrap -------------------------------------------------------------------------------------------------------


def _call_unwrap(p: Any, period: Any, *, discont: Any, axis: int) -> Any:
    by: Any = unwrap if isinstance(period, Operand) else np.unwrap  # NumPy does not ask the period
    return by(p, discont, axis, period=period)


# What is added to an angle is a whole number of periods.
unwrap_: Primitive = structural(
    "unwrap",
    _call_unwrap,
    (
        lambda t, _out, _p, _period, *, discont, axis: t,
        lambda t, out, p, period, *, discont, axis: t.reshape(t.shape + (1,) * out.ndim) * turns(out, p, period),
    ),
)


def turns(out: Any, p: Any, period: Any) -> Any:
    """Return how many periods were added."""
    return np.rint((strip(out) - strip(p)) / strip(period))


@function(np.unwrap)
def unwrap(p: Any, discont: Any = None, axis: Any = -1, *, period: Any = 2 * np.pi) -> Any:
    """Replace jumps between neighbours by their complement to a period."""
    params = {"discont": strip(discont), "axis": operator.index(strip(axis))}
    return apply(unwrap_, (arraylike(p), period), params)
