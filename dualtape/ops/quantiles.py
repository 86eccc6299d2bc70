"""Quantiles: median, quantile, percentile, and their forms that leave nan out."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.array import plain
from dualtape.ops.pinning import differentiated_as
from dualtape.ops.protocol import is_traced, strip
from dualtape.ops.reduction import NOT_GIVEN, from_last_axis, on_last_axis
from dualtape.ops.shaping import arraylike

__all__: list[str] = []

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.

# A quantile is an entry of the sorted sample, or lies between two of them. NumPy's own function tells where, when it is
# asked of the entries' ranks. The derivative goes to the entries found, of equal ones to that which a stable sort puts
# there. Between two entries it depends on q too, by a slope: at an entry the one to its right.

# By how much the position among n sorted entries grows with q, beyond n, and where it starts: n q + growth q + start
# (R. Hyndman and Y. Fan, "Sample quantiles in statistical packages", 1996). Other methods jump.
LINES = {
    "interpolated_inverted_cdf": (0.0, -1.0),
    "hazen": (0.0, -0.5),
    "weibull": (1.0, -1.0),
    "linear": (-1.0, 0.0),
    "median_unbiased": (1 / 3, -2 / 3),
    "normal_unbiased": (1 / 4, -5 / 8),
}


def _between(
    numpy_function: Callable[..., Any],
    a: Any,
    axis: Any,
    q: Any = None,
    line: tuple[float, float] | None = None,
    *,
    skip: bool,
) -> Any:
    """Return what lies at the positions that a quantile function finds in an array.

    Args:
        numpy_function: the function, of an array alone.
        a: the array.
        axis: the axes that it reduces.
        q: the quantiles between 0 and 1, if any.
        line: how the position depends on q, if it does continuously.
        skip: whether the function leaves nan out.

    Returns:
        An array of the shape that the function gives.
    """
    a = arraylike(a)
    y = on_last_axis(a, axis)
    shape: tuple[int, ...] = () if q is None else np.shape(q)
    if not y.size:
        return np.broadcast_to(np.sum(y, axis=-1) + np.nan, shape + y.shape[:-1])
    order = np.argsort(plain(y), axis=-1, kind="stable")
    valid = ~np.isnan(plain(y))
    ranks = _ranks(order, y.dtype)
    if skip:
        ranks[~valid & valid.any(axis=-1, keepdims=True)] = np.nan  # NumPy has warned of those without any number
    position = numpy_function(from_last_axis(ranks, axis, a.shape))
    at = np.moveaxis(position.reshape(math.prod(shape), *y.shape[:-1]), 0, -1)
    n = np.add.reduce(valid, axis=-1, keepdims=True) if skip else np.full((*y.shape[:-1], 1), y.shape[-1])
    if not skip:
        at = np.where(valid.all(axis=-1, keepdims=True), at, n - 1)  # a nan comes last, and is the result
    low = np.floor(at).astype(np.intp)
    part: Any = at - low
    if line is not None and is_traced(q):
        part = part + _growth(q, n, line)
    result = np.take_along_axis(y, np.take_along_axis(order, low, -1), -1)
    if np.any(plain(part)) or is_traced(part):
        high = np.take_along_axis(order, np.clip(low + 1, 0, np.maximum(n - 1, 0)), -1)
        result = result + (np.take_along_axis(y, high, -1) - result) * part
    return np.moveaxis(result, -1, 0).reshape(position.shape)


def _ranks(order: Any, dtype: Any) -> Any:
    """Return the place of each entry in its sorted row, in the precision of the entries if it holds such numbers."""
    n = order.shape[-1]
    precision = np.finfo(dtype) if dtype.kind in "fc" else np.finfo(float)
    ranks = np.empty(order.shape, precision.dtype if n * precision.eps < 0.1 else float)
    np.put_along_axis(ranks, order, np.arange(n, dtype=ranks.dtype), -1)
    return ranks


def _growth(q: Any, n: Any, line: tuple[float, float]) -> Any:
    """Return 0, with the derivative of the position in q."""
    slope, start = line
    q = np.ravel(arraylike(q))
    return np.where((n + slope) * plain(q) + start < 0, 0.0, n + slope) * (q - plain(q))


def _quantile(numpy_function: Callable[..., Any], unit: float, skip: bool) -> None:
    @differentiated_as(numpy_function)
    def formula(
        _value: Any, a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False,
        method: str = "linear", keepdims: Any = NOT_GIVEN, *, weights: Any = None, interpolation: Any = None,
    ) -> Any:  # fmt: skip
        keywords = {"axis": axis, "method": interpolation or method, "weights": strip(weights)}
        if keepdims is not NOT_GIVEN:
            keywords["keepdims"] = keepdims
        line = LINES.get(interpolation or method)
        q_plain = strip(q)
        scaled = arraylike(q) / unit
        return _between(lambda ranks: numpy_function(ranks, q_plain, **keywords), a, axis, scaled, line, skip=skip)


def _median(numpy_function: Callable[..., Any], skip: bool) -> None:
    @differentiated_as(numpy_function)
    def formula(
        _value: Any, a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = NOT_GIVEN
    ) -> Any:
        keywords = {} if keepdims is NOT_GIVEN else {"keepdims": keepdims}
        return _between(lambda ranks: numpy_function(ranks, axis, **keywords), a, axis, skip=skip)


_quantile(np.quantile, 1, False)
_quantile(np.percentile, 100, False)
_quantile(np.nanquantile, 1, True)
_quantile(np.nanpercentile, 100, True)
_median(np.median, False)
_median(np.nanmedian, True)
