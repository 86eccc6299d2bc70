"""VJP rules of differences and of what is made of neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dualtape.ops.differences import cross3, neighbours, part, turns, windows
from dualtape.ops.reduction import conj
from dualtape.ops.shaping import scatter
from dualtape.primitive import PRIMITIVES

__all__: list[str] = []


# --- diff, cross, unwrap ------------------------------------------------------------------------------------------


def _diff(g: Any, _out: Any, x_shape: Any, *, n: int, axis: int) -> Any:
    if x_shape[axis] <= n:  # nothing was left
        return np.zeros(g.shape[: g.ndim - len(x_shape)] + x_shape, g.dtype)
    lead = g.ndim + axis
    ends = np.zeros((*g.shape[:lead], n, *g.shape[lead + 1 :]), g.dtype)
    back = np.diff(np.concatenate([ends, g, ends], axis), n, axis)
    return -back if n % 2 else back


PRIMITIVES["diff"].vjp = (_diff,)


def _cotangent(g: Any, flat: bool) -> Any:
    return np.stack([0.0 * g, 0.0 * g, g], axis=-1) if flat else g


def _cross(g: Any, x: Any, y: Any, sign: float) -> Any:
    """Return the cotangent of x in sign * cross(x, y): the triple product's rule."""
    flat = x.shape[-1] == y.shape[-1] == 2
    return (sign * cross3(conj(y), _cotangent(g, flat)))[..., : x.shape[-1]]


PRIMITIVES["cross"].vjp = (
    lambda g, _out, x, y: _cross(g, x, y, 1.0),
    lambda g, _out, x, y: _cross(g, y, x, -1.0),
)
PRIMITIVES["unwrap"].vjp = (
    lambda g, _out, _p, _period, *, discont, axis: g,
    lambda g, out, p, period, *, discont, axis: g * turns(out, p, period),
)


# --- convolve, correlate ------------------------------------------------------------------------------------------


def _full(g: Any, start: int, length: int) -> Any:
    """Return the cotangent of the full convolution."""
    return scatter(g, (*g.shape[:-1], length), (..., slice(start, start + g.shape[-1])))


def _adjoint(g: Any, start: int, x: Any, y: Any) -> Any:
    """Return the cotangent of x, where g is that of the full convolution of x and y from `start` on."""
    if len(x) < len(y) and g.ndim > 1:
        return (g @ conj(windows(y, len(x))[start : start + g.shape[-1]]))[..., ::-1]
    g = _full(g, start, len(x) + len(y) - 1)
    return np.correlate(g, y) if g.ndim == 1 else sliding_window_view(g, len(y), axis=-1) @ conj(y)


def _convolve_x(g: Any, out: Any, x: Any, y: Any, *, mode: Any) -> Any:
    return _adjoint(g, part(out, x, y)[0], x, y)


def _correlate_x(g: Any, out: Any, x: Any, y: Any, *, mode: Any) -> Any:
    return _adjoint(g, part(out, x, y, len(y) > len(x))[0], x, conj(y)[::-1])


def _correlate_y(g: Any, out: Any, x: Any, y: Any, *, mode: Any) -> Any:
    return conj(_adjoint(g, part(out, x, y, len(y) > len(x))[0], y, x))[..., ::-1]


PRIMITIVES["convolve"].vjp = (_convolve_x, lambda g, out, x, y, *, mode: _convolve_x(g, out, y, x, mode=mode))
PRIMITIVES["correlate"].vjp = (_correlate_x, _correlate_y)


# --- interp -------------------------------------------------------------------------------------------------------


def _pieces(g: Any, x: Any, xp: Any) -> tuple[Any, ...]:
    """Return the neighbours, their distance, the part of it that lies below x, and the cotangent between points."""
    i, j, below, above = neighbours(x, xp)
    width = xp[j] - xp[i]
    width = np.where(np.equal(width, 0), 1.0, width)  # a single point
    return i, j, width, (x - xp[i]) / width, np.where(np.logical_or(below, above), 0.0, g)


def _spread(g: Any, part: Any, i: Any, j: Any, n: int) -> Any:
    """Add up what each of n points gets of cotangents: (1 - part) for the point i, part for the point j."""
    lead = g.shape[: g.ndim - i.ndim]
    both = np.stack([(1.0 - part) * g, part * g], axis=-1)
    points = np.stack([i, j], axis=-1).ravel()
    return scatter(both.reshape(*lead, points.size), (*lead, n), (..., points), add=True)


def _interp_x(g: Any, _out: Any, x: Any, xp: Any, fp: Any, _left: Any, _right: Any) -> Any:
    i, j, width, _, g = _pieces(g, x, xp)
    return g * conj((fp[j] - fp[i]) / width)


def _interp_xp(g: Any, _out: Any, x: Any, xp: Any, fp: Any, _left: Any, _right: Any) -> Any:
    i, j, width, part, g = _pieces(g, x, xp)
    return _spread(g * conj((fp[i] - fp[j]) / width), part, i, j, len(xp))


def _interp_fp(g: Any, _out: Any, x: Any, xp: Any, _fp: Any, _left: Any, _right: Any) -> Any:
    i, j, _, part, g = _pieces(g, x, xp)
    return _spread(g, part, i, j, len(xp))


def _interp_end(side: int) -> Any:
    def vjp(g: Any, _out: Any, x: Any, xp: Any, _fp: Any, _left: Any, _right: Any) -> Any:
        hit = neighbours(x, xp)[side]
        return np.sum(np.where(hit, g, 0.0), axis=tuple(range(-hit.ndim, 0)))

    return vjp


PRIMITIVES["interp"].vjp = (_interp_x, _interp_xp, _interp_fp, _interp_end(2), _interp_end(3))
