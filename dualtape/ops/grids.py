"""Grids: coordinates of all pairs, and numbers that are spaced on a logarithmic scale."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from dualtape.array import apply
from dualtape.ops.creation import linspace, ramp
from dualtape.ops.protocol import function, rank
from dualtape.ops.shaping import arraylike, astype, reshape
from dualtape.primitive import Primitive, structural

__all__: list[str] = []

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.


@function(np.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> Any:
    """Return arrays that hold the coordinates of all points of a grid."""
    if indexing not in ("xy", "ij"):
        raise ValueError("Valid values for `indexing` are 'xy' and 'ij'.")
    axes = list(range(len(xi)))
    if indexing == "xy" and len(xi) > 1:
        axes[:2] = 1, 0
    shapes = [(1,) * axis + (-1,) + (1,) * (len(xi) - axis - 1) for axis in axes]
    grids: Any = [reshape(arraylike(x), shape) for x, shape in zip(xi, shapes, strict=True)]
    if not sparse:
        grids = np.broadcast_arrays(*grids)
    return tuple(x.copy() for x in grids) if copy else grids


@function(np.ix_)
def ix_(*args: Any) -> Any:
    """Return vectors as the axes of an open grid."""
    found: list[Any] = []
    for axis, x in enumerate(map(arraylike, args)):
        if x.ndim != 1:
            raise ValueError("Cross index must be 1 dimensional")
        if x.dtype.kind == "b":
            x = x.nonzero()[0]
        elif not x.size and type(args[axis]) in (list, tuple):
            x = x.astype(np.intp)
        found.append(reshape(x, (1,) * axis + (x.size,) + (1,) * (len(args) - axis - 1)))
    return tuple(found)


@function(np.logspace)
def logspace(
    start: Any, stop: Any, num: Any = 50, endpoint: Any = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Any:
    """Return numbers whose logarithms are evenly spaced."""
    if not isinstance(base, (float, int)) and rank(base):
        ends = [arraylike(x) for x in (start, stop, base)]
        ndim = max(x.ndim for x in ends)
        start, stop, base = (reshape(x, (1,) * (ndim - x.ndim) + x.shape) for x in ends)
        base = np.expand_dims(base, axis)
    result = np.power(base, linspace(start, stop, num, endpoint, axis=axis))
    return result if dtype is None else astype(result, dtype, copy=False)


# The k-th number is start^(1 - w) stop^w with a weight w that grows evenly from 0 to 1.
geomspace_: Primitive = structural(
    "geomspace",
    np.geomspace,
    (
        lambda t, out, start, _stop, **params: out * ramp(t / start, out, True, **params),
        lambda t, out, _start, stop, **params: out * ramp(t / stop, out, False, **params),
    ),
)


@function(np.geomspace)
def geomspace(start: Any, stop: Any, num: Any = 50, endpoint: Any = True, dtype: Any = None, axis: int = 0) -> Any:
    """Return numbers each of which is a constant multiple of the one before."""
    start, stop = arraylike(start), arraylike(stop)
    ndim = max(start.ndim, stop.ndim) + 1
    axis = normalize_axis_index(axis, ndim) - ndim
    dtype = None if dtype is None else np.dtype(dtype)
    return apply(geomspace_, (start, stop), {"num": num, "endpoint": bool(endpoint), "dtype": dtype, "axis": axis})
