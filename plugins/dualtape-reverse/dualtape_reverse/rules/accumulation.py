"""VJP rules of running forms, and of reductions by the chain rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.ops.accumulation import chain_weights, steps
from dualtape.ops.reduction import conj, expand
from dualtape.primitive import PRIMITIVES

__all__: list[str] = []


def _along(axis: Any, shape: tuple[int, ...]) -> int:
    """Return the axis along which the cotangent of a running form runs, from the right."""
    return -1 if axis is None or not shape else axis if axis < 0 else axis - len(shape)


def _shaped(g: Any, axis: Any, shape: tuple[int, ...]) -> Any:
    """Return the cotangent of an operand of `shape` from that of the operand as the running form saw it."""
    return np.reshape(g, g.shape[:-1] + shape) if axis is None or not shape else g


def _cumsum(g: Any, _out: Any, x_shape: Any, *, axis: Any, **_params: Any) -> Any:
    along = _along(axis, x_shape)
    turned = (..., slice(None, None, -1)) + (slice(None),) * (-along - 1)
    return _shaped(np.cumsum(g[turned], axis=along)[turned], axis, x_shape)


def _accumulate(g: Any, out: Any, x: Any, *, ufunc: Any, axis: Any, **_params: Any) -> Any:
    along = _along(axis, x.shape)
    y, out, g = (np.swapaxes(z, along, -1) for z in (np.reshape(x, out.shape), out, g))
    a, b = map(conj, steps(ufunc, out, y))
    n, d = y.shape[-1], 1
    while d < n:  # g[k] comes to hold what all results from the k-th on pass on to it; a[k] leads from k to k + d
        g = np.concatenate([g[..., :-d] + a * g[..., d:], g[..., -d:]], axis=-1)
        a = a[..., :-d] * a[..., d:]
        d *= 2
    g = np.concatenate([g[..., :1], g[..., 1:] * b], axis=-1)
    return _shaped(np.swapaxes(g, along, -1), axis, x.shape)


def _reduce(g: Any, _out: Any, x: Any, *initial: Any, ufunc: Any, axis: Any, keepdims: Any) -> Any:
    weight, _ = chain_weights(ufunc, x, *initial, axis=axis)
    return expand(g, x.shape, axis, keepdims) * conj(weight)


def _initial(g: Any, _out: Any, x: Any, initial: Any, *, ufunc: Any, axis: Any, keepdims: Any) -> Any:
    _, weight = chain_weights(ufunc, x, initial, axis=axis)
    return expand(g, x.shape, axis, keepdims) * conj(expand(weight, x.shape, axis, False))


PRIMITIVES["cumsum"].vjp = (_cumsum,)
PRIMITIVES["cumprod"].vjp = (lambda g, out, x, **params: _accumulate(g, out, x, ufunc=np.multiply, **params),)
PRIMITIVES["accumulate"].vjp = (_accumulate,)
PRIMITIVES["reduce"].vjp = (_reduce, _initial)
