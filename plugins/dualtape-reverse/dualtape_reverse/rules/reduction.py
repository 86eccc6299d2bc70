"""VJP rules of reductions and running forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.array import TracedArray
from dualtape.ops.reduction import axes, chain_weights, count, deviations, from_last_axis, on_last_axis, share, std_scale, steps
from dualtape.primitive import PRIMITIVES

__all__: list[str] = []

# `more` are the operands beyond the first: the mask, then an initial value or a mean.


def expand(g: Any, ndim: int, axis: Any, keepdims: Any) -> Any:
    """Return a cotangent with the reduced axes of an operand of rank `ndim` put back."""
    return g if keepdims or not ndim else np.expand_dims(g, axes(axis, ndim))


def conj(x: Any) -> Any:
    """Return the conjugate; of a real array itself, for NumPy would copy it."""
    return np.conj(x) if x.dtype.kind == "c" else x


# --- sum and mean -------------------------------------------------------------------------------------------------


def spread(g: Any, shape: tuple[int, ...], axis: Any, keepdims: Any, where: Any = True) -> Any:
    """Give each entry of an operand of `shape` the cotangent of what it was summed into; 0 where it was masked out."""
    plain = not isinstance(g, TracedArray)
    if plain and axis is None and not keepdims and where is True:
        if not shape:
            return g
        if not g.shape:
            spread_out = np.empty(shape, g.dtype)
            spread_out.fill(g)
            return spread_out
    g = expand(g, len(shape), axis, keepdims)
    full = g.shape[: g.ndim - len(shape)] + shape
    if not plain:
        g = np.broadcast_to(g, full)
        return g if where is True else np.where(where, g, 0.0)
    spread_out = np.empty(full, g.dtype) if where is True else np.zeros(full, g.dtype)
    np.copyto(spread_out, g, where=where)
    return spread_out


def _sum(g: Any, _out: Any, x_shape: Any, *more: Any, axis: Any, keepdims: Any = False, dtype: Any = None) -> Any:
    return spread(g, x_shape, axis, keepdims, *more[:1])


def _mean(g: Any, _out: Any, x_shape: Any, *where: Any, axis: Any, keepdims: Any = False, dtype: Any = None) -> Any:
    if not where:
        return spread(g / count(x_shape, True, axis, None, least=1), x_shape, axis, keepdims)
    n = count(x_shape, where[0], axis, g.dtype, least=1)
    return spread(expand(g, len(x_shape), axis, keepdims) / n, x_shape, axis, True, where[0])


# A sum's initial value counts in every result; what it is broadcast to is summed by the walk.
PRIMITIVES["sum"].vjp = (_sum, None, lambda g, _out, _x, *_more, **_params: g)
PRIMITIVES["mean"].vjp = (_mean, None)


# --- variance and standard deviation ------------------------------------------------------------------------------


def _var(g: Any, _out: Any, x: Any, *more: Any, axis: Any, ddof: Any = 0, keepdims: Any = False, dtype: Any = None) -> Any:
    d, divisor = deviations(x, *more, axis=axis, ddof=ddof, dtype=dtype)
    return expand(g, x.ndim, axis, keepdims) * (2.0 * d / divisor)


def _std(g: Any, out: Any, x: Any, *more: Any, **params: Any) -> Any:
    return _var(g * std_scale(out), None, x, *more, **params)


PRIMITIVES["var"].vjp = (_var, None, lambda g, _out, x, *more, **params: -_var(g, None, x, *more, **params))
PRIMITIVES["std"].vjp = (_std, None, lambda g, out, x, *more, **params: -_std(g, out, x, *more, **params))


# --- product, extrema, logaddexp ----------------------------------------------------------------------------------


def _others(x: Any, axis: Any) -> Any:
    """Return for each entry the product of the others, doubling how far each product reaches on either side."""
    y = on_last_axis(x, axis)
    n, d = y.shape[-1], 1
    ones = np.ones(y.shape, y.dtype)
    before = np.concatenate([ones[..., :1], y[..., :-1]], axis=-1)[..., :n]
    after = np.concatenate([y[..., 1:], ones[..., :1]], axis=-1)[..., :n]
    while d < n:
        before = np.concatenate([before[..., :d], before[..., d:] * before[..., :-d]], axis=-1)
        after = np.concatenate([after[..., :-d] * after[..., d:], after[..., -d:]], axis=-1)
        d *= 2
    return from_last_axis(before * after, axis, x.shape)


def _prod(g: Any, _out: Any, x: Any, *more: Any, axis: Any, keepdims: Any = False, dtype: Any = None) -> Any:
    where, initial = more[0] if more else True, more[1] if len(more) > 1 else None
    weight = _others(x if where is True else np.where(where, x, 1), axis)
    if initial is not None:
        weight = weight * initial
    g = expand(g, x.ndim, axis, keepdims) * conj(weight)
    return g if where is True else np.where(where, g, 0)


def _prod_initial(g: Any, _out: Any, x: Any, where: Any, _initial: Any, *, axis: Any, keepdims: Any = False, dtype: Any = None) -> Any:
    return g * conj(np.prod(x if where is True else np.where(where, x, 1), axis=axis, keepdims=keepdims))


PRIMITIVES["prod"].vjp = (_prod, None, _prod_initial)


def _selection(g: Any, out: Any, x: Any, *more: Any, axis: Any, keepdims: Any = False) -> Any:
    part = share(expand(out, x.ndim, axis, keepdims), x, *more, axis=axis)
    return expand(g, x.ndim, axis, keepdims) * part


def _selection_initial(g: Any, out: Any, x: Any, *more: Any, axis: Any, keepdims: Any = False) -> Any:
    part = share(expand(out, x.ndim, axis, keepdims), x, *more, axis=axis, of_initial=True)
    return expand(g, x.ndim, axis, keepdims) * part


for _name in ("max", "min", "fmax.reduce", "fmin.reduce"):
    PRIMITIVES[_name].vjp = (_selection, None, _selection_initial)


def _logaddexp(exp: Callable[..., Any]) -> tuple[Any, ...]:
    def weight(y: Any, out: Any, x: Any, where: Any, initial: Any, axis: Any) -> Any:
        none = np.isneginf(out)
        if not np.any(none):
            return exp(y - out)
        n = count(x.shape, where, axis, out.dtype, less=-len(initial), least=1)
        return np.where(none, 1.0 / n, exp(y - np.where(none, 0.0, out)))

    def rule(
        g: Any, out: Any, x: Any, where: Any = True, *initial: Any, axis: Any, keepdims: Any = False, position: int = 0
    ) -> Any:
        g, out = expand(g, x.ndim, axis, keepdims), expand(out, x.ndim, axis, keepdims)
        if position:
            return g * weight(initial[0], out, x, where, initial, axis)
        g = g * weight(x, out, x, where, initial, axis)
        return g if where is True else np.where(where, g, 0)

    return (
        lambda g, out, x, *more, **params: rule(g, out, x, *more, **params),
        None,
        lambda g, out, x, *more, **params: rule(g, out, x, *more, **params, position=2),
    )


PRIMITIVES["logaddexp.reduce"].vjp = _logaddexp(np.exp)
PRIMITIVES["logaddexp2.reduce"].vjp = _logaddexp(np.exp2)


def _chain(g: Any, _out: Any, x: Any, *initial: Any, ufunc: Any, axis: Any, keepdims: Any = False) -> Any:
    weight, _ = chain_weights(ufunc, x, initial[0] if initial else ufunc.identity, axis)
    return expand(g, x.ndim, axis, keepdims) * conj(weight)


def _chain_initial(g: Any, _out: Any, x: Any, initial: Any, *, ufunc: Any, axis: Any, keepdims: Any = False) -> Any:
    weight = chain_weights(ufunc, x, initial, axis)[1]
    return g * conj(expand(weight, x.ndim, axis, False) if keepdims else weight)


PRIMITIVES["reduce"].vjp = (_chain, _chain_initial)


# --- running forms ------------------------------------------------------------------------------------------------


def _along(axis: Any, shape: tuple[int, ...]) -> int:
    """Return the axis along which the cotangent of a running form runs, from the right."""
    return -1 if axis is None or not shape else axis if axis < 0 else axis - len(shape)


def _back(g: Any, axis: Any, shape: tuple[int, ...]) -> Any:
    return np.reshape(g, g.shape[:-1] + shape) if axis is None or not shape else g


def _cumsum(g: Any, _out: Any, x_shape: Any, *, axis: Any, dtype: Any = None) -> Any:
    along = _along(axis, x_shape)
    turn = (..., slice(None, None, -1)) + (slice(None),) * (-along - 1)
    return _back(np.cumsum(g[turn], axis=along)[turn], axis, x_shape)


def _accumulate(g: Any, out: Any, x: Any, *, ufunc: Any, axis: Any, dtype: Any = None) -> Any:
    along = _along(axis, x.shape)
    y = np.reshape(x, out.shape)
    y, out, g = (np.swapaxes(z, along, -1) for z in (y, out, g))
    a, b = steps(ufunc, out, y)
    a, b = conj(a), conj(b)
    n, d = y.shape[-1], 1
    while d < n:  # g[k] comes to hold what all results from k on pass to the k-th
        g = np.concatenate([g[..., :-d] + a * g[..., d:], g[..., -d:]], axis=-1)
        a = a[..., :-d] * a[..., d:]
        d *= 2
    g = np.concatenate([g[..., :1], g[..., 1:] * b], axis=-1)
    return _back(np.swapaxes(g, along, -1), axis, x.shape)


PRIMITIVES["cumsum"].vjp = (_cumsum,)
PRIMITIVES["cumprod"].vjp = (lambda g, out, x, **params: _accumulate(g, out, x, ufunc=np.multiply, **params),)
PRIMITIVES["accumulate"].vjp = (_accumulate,)
