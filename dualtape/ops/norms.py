"""Norms of vectors and matrices."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from dualtape.array import apply, plain
from dualtape.errors import NoRuleError
from dualtape.ops.linalg import below, conj, current, real
from dualtape.ops.protocol import function, is_traced, strip
from dualtape.primitive import Primitive, structural

__all__ = ["slopes"]

Axes = tuple[int, ...]
FROBENIUS = (None, "fro", "f")
SPECTRAL = (2, -2, "nuc")
MATRIX_ORDERS: dict[float, str] = {1: "1", -1: "-1", np.inf: "inf", -np.inf: "-inf"}

# A norm is 0 at 0, where it has a kink, and so is its derivative; where entries, sums or singular values tie for the
# largest, they share equally.


def _guarded(x: Any) -> Any:
    return np.where(plain(x) == 0, 1, x) if (plain(x) == 0).any() else x


def slopes(x: Any, norm: Any, order: Any, axes: Axes) -> Any:
    """Return the gradient of a norm in the entries: dnorm = sum(Re(conj(slope) dx)).

    Args:
        x: the operand.
        norm: its norms, with the axes kept.
        order: of a norm of vectors a number, of one of matrices "1", "-1", "inf" or "-inf".
        axes: the axes, counted from the right.
    """
    if order == 2:
        zero = plain(norm) == 0
        return np.where(zero, 0, x / np.where(zero, 1, norm)) if zero.any() else x / norm
    size = np.abs(plain(x))
    if isinstance(order, str):
        sums = size.sum(axis=axes[0] if order.endswith("1") else axes[1], keepdims=True)
        across = axes[1] if order.endswith("1") else axes[0]
        best = (sums.min if order.startswith("-") else sums.max)(axis=across, keepdims=True)
        return np.sign(x) * _share(sums == best, (across,), size.dtype)
    if order in (np.inf, -np.inf):
        return np.sign(x) * _share(size == plain(norm), axes, size.dtype)
    if order == 1:
        return np.sign(x)
    if order == 0:
        return np.zeros_like(plain(x))
    usable = (size != 0) & (plain(norm) != 0)
    ratio = np.abs(np.where(usable, x, 1)) / _guarded(norm)
    return np.where(usable, np.sign(x) * ratio ** (order - 1), 0)


def _share(best: Any, axes: Axes, dtype: Any) -> Any:
    return best.astype(dtype) / np.maximum(best.sum(axis=axes, keepdims=True, dtype=dtype), 1)


def _norm(x: Any, *, function: str, arguments: Any, **_params: Any) -> Any:
    return getattr(np.linalg, function)(x, **dict(arguments))


def _norm_jvp(t: Any, out: Any, x: Any, *, order: Any, axes: Axes, keepdims: bool, **_params: Any) -> Any:
    norm = out if keepdims else np.expand_dims(out, axes)
    return np.sum(real(conj(slopes(x, norm, order, axes)) * t), axis=axes, keepdims=keepdims)


norm_: Primitive = structural("norm", _norm, (_norm_jvp,))


# What NumPy refuses raises its error as it evaluates the primitive.
def _apply(x: Any, function: str, order: Any, axes: Axes, arguments: dict[str, Any]) -> Any:
    keepdims = bool(arguments["keepdims"])
    params = {"function": function, "arguments": tuple(arguments.items()), "order": order, "axes": axes}
    return apply(norm_, (x,), {**params, "keepdims": keepdims})


@function(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """Return norms of vectors or matrices."""
    x = current(x)
    ndim = x.ndim
    ord = _plain_order(ord)
    if below(x) is None:
        return np.linalg.norm(x, ord, strip(axis), keepdims)
    arguments = {"ord": ord, "axis": axis, "keepdims": keepdims}
    axes = _from_the_right(axis, ndim)
    if axis is None and (ord is None or (ord in FROBENIUS and ndim == 2)):
        return _apply(x, "norm", 2, axes, arguments)
    if len(axes) == 2 and len(set(axes)) == 2:
        if ord in SPECTRAL:
            found = _spectral(np.linalg.svd(np.moveaxis(x, axes, (-2, -1)), compute_uv=False), ord)
            return np.expand_dims(found, axes) if keepdims else found
        order: Any = 2 if ord in FROBENIUS else MATRIX_ORDERS.get(ord)
    else:
        order = 2 if ord is None else ord
    return _apply(x, "norm", order, axes, arguments)


def _plain_order(order: Any) -> Any:
    if is_traced(order):
        raise NoRuleError(
            "a norm has no derivative in its order here: write np.sum(np.abs(x) ** p) ** (1 / p), or pass p.primal"
        )
    return strip(order)


def _spectral(values: Any, order: Any) -> Any:
    if order == "nuc":
        return np.sum(values, axis=-1)
    return np.max(values, axis=-1, initial=0) if order == 2 else np.min(values, axis=-1)


def _from_the_right(axis: Any, ndim: int) -> Axes:
    """Return axes counted from the right; none where NumPy will refuse them."""
    if axis is None:
        return tuple(range(-ndim, 0))
    try:
        return tuple(a - ndim for a in normalize_axis_tuple(axis, ndim, allow_duplicate=True))
    except (TypeError, ValueError):  # np.exceptions.AxisError is one
        return ()


@function(np.linalg.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Return norms of matrices."""
    return norm(x, ord, (-2, -1), keepdims)


@function(np.linalg.vector_norm)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """Return norms of vectors, over any axes."""
    x = current(x)
    ord = _plain_order(ord)
    if below(x) is None:
        return np.linalg.vector_norm(x, axis=strip(axis), keepdims=keepdims, ord=ord)
    arguments = {"axis": axis, "keepdims": keepdims, "ord": ord}
    return _apply(x, "vector_norm", 2 if ord is None else ord, _from_the_right(axis, x.ndim), arguments)
