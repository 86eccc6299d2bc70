"""VJP rules of reductions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.array import TracedArray
from dualtape.ops.reduction import (
    conj,
    count,
    deviations,
    expand,
    from_last_axis,
    on_last_axis,
    share,
    softmax,
    std_scale,
)
from dualtape.primitive import PRIMITIVES
from dualtape_reverse.walk import LARGE

__all__: list[str] = []

# `more` are the operands beyond the first: the mask, then an initial value or a mean. An initial value and a mean are
# broadcast; what they are broadcast to is summed by the walk.

FLOAT64 = np.float64


# --- sum and mean -------------------------------------------------------------------------------------------------


def _spread(g: Any, shape: tuple[int, ...], axis: Any, keepdims: Any, where: Any = True) -> Any:
    """Give each entry of an operand of `shape` the cotangent of what it was summed into; 0 where it was masked out."""
    g = expand(g, shape, axis, keepdims)
    full = g.shape[: g.ndim - len(shape)] + shape
    if isinstance(g, TracedArray):
        g = np.broadcast_to(g, full)
        return g if where is True else np.where(where, g, 0.0)
    if where is True and math.prod(full) >= LARGE:
        return np.broadcast_to(g, full)  # the walk knows what need not be multiplied by it
    buffer = np.empty(full, g.dtype)
    if where is True:
        buffer[...] = g
    else:
        buffer.fill(0)
        np.copyto(buffer, g, where=where)
    return buffer


def _sum(g: Any, _out: Any, x_shape: Any, *more: Any, axis: Any, keepdims: Any = False, **_params: Any) -> Any:
    if type(g) is FLOAT64 and x_shape and not more:  # the commonest case, a loss, without the detours
        if math.prod(x_shape) >= LARGE:
            return np.broadcast_to(g, x_shape)
        buffer = np.empty(x_shape)
        buffer.fill(g)
        return buffer
    return _spread(g, x_shape, axis, keepdims, *more[:1]) if x_shape or more else g


def _mean(g: Any, _out: Any, x_shape: Any, *where: Any, axis: Any, keepdims: Any = False, **_params: Any) -> Any:
    if axis is None and type(g) is FLOAT64 and x_shape and not where:
        return _sum(g / (math.prod(x_shape) or 1), None, x_shape, axis=axis)
    if where:
        n = count(x_shape, where[0], axis, g.dtype, least=1)
        return _spread(expand(g, x_shape, axis, keepdims) / n, x_shape, axis, True, where[0])
    g = g / count(x_shape, True, axis, None, least=1)
    return _sum(g, None, x_shape, axis=axis, keepdims=keepdims)


PRIMITIVES["sum"].vjp = (_sum, None, lambda g, _out, _x, *_more, **_params: g)
PRIMITIVES["mean"].vjp = (_mean, None)


# --- variance and standard deviation ------------------------------------------------------------------------------


def _var(g: Any, _out: Any, x: Any, *more: Any, keepdims: Any = False, **params: Any) -> Any:
    d, divisor = deviations(x, *more, **params)
    return expand(g, x.shape, params["axis"], keepdims) * (2.0 * d / divisor)


def _std(g: Any, out: Any, x: Any, *more: Any, **params: Any) -> Any:
    return _var(g * std_scale(out), None, x, *more, **params)


PRIMITIVES["var"].vjp = (_var, None, lambda g, _out, x, *more, **params: -_var(g, None, x, *more, **params))
PRIMITIVES["std"].vjp = (_std, None, lambda g, out, x, *more, **params: -_std(g, out, x, *more, **params))


# --- product, extrema, logaddexp ----------------------------------------------------------------------------------


def _weighted(weight: Callable[..., Any]) -> tuple[Any, ...]:
    """Return the rules of a reduction whose derivative in x is `weight(out, x, where, initial, axis=...)`."""

    def rule(
        g: Any, out: Any, x: Any, *more: Any, axis: Any, keepdims: Any = False, of_initial: bool = False, **_params: Any
    ) -> Any:
        found = weight(expand(out, x.shape, axis, keepdims), x, *more, axis=axis, of_initial=of_initial)
        return expand(g, x.shape, axis, keepdims) * found

    return rule, None, lambda g, out, x, *more, **params: rule(g, out, x, *more, of_initial=True, **params)


for _name in ("max", "min", "fmax.reduce", "fmin.reduce"):
    PRIMITIVES[_name].vjp = _weighted(share)
PRIMITIVES["logaddexp.reduce"].vjp = _weighted(softmax(np.exp))
PRIMITIVES["logaddexp2.reduce"].vjp = _weighted(softmax(np.exp2))


def _others(x: Any, axis: Any) -> Any:
    """Return for each entry the product of those before it and of those after it, running products both."""
    y = on_last_axis(x, axis)
    one = np.ones((*y.shape[:-1], 1), y.dtype)[..., : y.shape[-1]]
    before = np.concatenate([one, np.cumprod(y[..., :-1], axis=-1)], axis=-1)
    after = np.concatenate([np.cumprod(y[..., :0:-1], axis=-1)[..., ::-1], one], axis=-1)
    return from_last_axis(before * after, axis, x.shape)


def _prod(
    g: Any,
    _out: Any,
    x: Any,
    where: Any = True,
    initial: Any = None,
    *,
    axis: Any,
    keepdims: Any = False,
    **_params: Any,
) -> Any:
    weight = _others(x if where is True else np.where(where, x, 1), axis)
    if initial is not None:
        weight = weight * initial
    g = expand(g, x.shape, axis, keepdims) * conj(weight)
    return g if where is True else np.where(where, g, 0)


def _prod_initial(
    g: Any, _out: Any, x: Any, where: Any, _initial: Any, *, axis: Any, keepdims: Any = False, **_params: Any
) -> Any:
    return g * conj(np.prod(x if where is True else np.where(where, x, 1), axis=axis, keepdims=keepdims))


PRIMITIVES["prod"].vjp = (lambda g, _out, x, *more, **params: _prod(g, None, x, *more, **params), None, _prod_initial)
