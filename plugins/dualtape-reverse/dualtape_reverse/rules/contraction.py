"""VJP rules of products that sum."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dualtape.ops.contraction import LETTERS, parse, sum_products
from dualtape.primitive import PRIMITIVES

__all__: list[str] = []

Axes = tuple[int, ...]
Shape = tuple[int, ...]


# A record holds a whole operand where one of its rules reads it: `y_shape` is then y itself, to the other rules too.


def shape_of(x: Any) -> Shape:
    """Return the shape of what a record holds of an operand."""
    return x if type(x) is tuple else x.shape


def conj(x: Any) -> Any:
    """Return the conjugate; of real values themselves, which NumPy would copy."""
    return np.conj(x) if x.dtype.kind == "c" else x


def adjoint(x: Any) -> Any:
    """Return the conjugate transposes of matrices on the last two axes."""
    return conj(x.T if x.ndim == 2 else np.swapaxes(x, -1, -2))


# --- matmul and its kin of ufuncs ---------------------------------------------------------------------------------


def matmul_x(g: Any, _out: Any, x_shape: Any, y: Any) -> Any:
    if y.ndim == 2:
        return np.matmul(g, adjoint(y) if y.dtype.kind == "c" else y.T)
    if y.ndim == 1:
        return g[..., None] * conj(y)
    return np.matmul(g, adjoint(y)) if len(shape_of(x_shape)) > 1 else np.matvec(conj(y), g)


def matmul_y(g: Any, _out: Any, x: Any, y_shape: Any) -> Any:
    rank = len(y_shape) if type(y_shape) is tuple else y_shape.ndim
    if x.ndim == 2:
        if rank == 1:
            return np.matmul(g, conj(x))
        return np.matmul(adjoint(x) if x.dtype.kind == "c" else x.T, g)
    if x.ndim == 1:
        return g[..., None] * conj(x) if rank == 1 else conj(x)[:, None] * g[..., None, :]
    if rank == 1:
        return np.matvec(adjoint(x), g)
    if rank == 2:
        # One large product instead of a sum over many small ones.
        n, k, m = math.prod(x.shape[:-1]), x.shape[-1], g.shape[-1]
        return np.matmul(adjoint(x.reshape(n, k)), g.reshape(*g.shape[: g.ndim - x.ndim], n, m))
    return np.matmul(adjoint(x), g)


PRIMITIVES["matmul"].vjp = (matmul_x, matmul_y)

# The first operand of vecdot, and the vector of vecmat, come in conjugated.
PRIMITIVES["vecdot"].vjp = (
    lambda g, _out, _x, y: conj(g)[..., None] * y,
    lambda g, _out, x, _y: g[..., None] * x,
)
PRIMITIVES["matvec"].vjp = (
    lambda g, _out, _x, y: g[..., :, None] * conj(y)[..., None, :],
    lambda g, _out, x, _y: np.matvec(adjoint(x), g),
)
PRIMITIVES["vecmat"].vjp = (
    lambda g, _out, _x, y: np.matvec(y, conj(g)),
    lambda g, _out, x, _y: x[..., :, None] * g[..., None, :],
)


# --- sums over pairs of axes --------------------------------------------------------------------------------------


def _others(axes: Axes, ndim: int) -> Axes:
    return tuple(a for a in range(-ndim, 0) if a not in axes)


def _into_place(g: Any, own: Axes, other: Axes) -> Any:
    """Move the last axes, which are the other operand's summed ones, to where their partners stand."""
    if not own:
        return g
    partners = [a for _, a in sorted(zip(other, own, strict=True))]
    return np.moveaxis(g, tuple(range(-len(own), 0)), partners)


def contraction_x(g: Any, _out: Any, _x: Any, y: Any, *, left: Axes, right: Axes) -> Any:
    if y.ndim == 1 and left == right == (-1,):
        return g[..., None] * conj(y)
    free = _others(right, y.ndim)
    return _into_place(np.tensordot(g, conj(y), (tuple(range(-len(free), 0)), free)), left, right)


def contraction_y(g: Any, _out: Any, x: Any, y_shape: Any, *, left: Axes, right: Axes) -> Any:
    if x.ndim == 1 and left == right == (-1,) and len(shape_of(y_shape)) == 1:
        return g[..., None] * conj(x)
    free = _others(left, x.ndim)
    rest = len(shape_of(y_shape)) - len(right)
    return _into_place(np.tensordot(g, conj(x), (tuple(range(-len(free) - rest, -rest)), free)), right, left)


def dot_x(g: Any, _out: Any, x_shape: Any, y: Any, *, left: Axes, right: Axes) -> Any:
    if left and y.ndim <= 2:
        return matmul_x(g, None, x_shape, y)
    return contraction_x(g, None, None, y, left=left, right=right)


def dot_y(g: Any, _out: Any, x: Any, y_shape: Any, *, left: Axes, right: Axes) -> Any:
    if left and len(shape_of(y_shape)) <= 2:
        return matmul_y(g, None, x, y_shape)
    return contraction_y(g, None, x, y_shape, left=left, right=right)


PRIMITIVES["dot"].vjp = (dot_x, dot_y)
PRIMITIVES["inner"].vjp = (contraction_x, contraction_y)
PRIMITIVES["tensordot"].vjp = (contraction_x, contraction_y)

PRIMITIVES["vdot"].vjp = (
    lambda g, _out, x_shape, y: (conj(g)[..., None] * y.reshape(-1)).reshape(g.shape + shape_of(x_shape)),
    lambda g, _out, x, y_shape: (g[..., None] * x.reshape(-1)).reshape(g.shape + shape_of(y_shape)),
)


def _trace(g: Any, _out: Any, x_shape: Shape, *, offset: int, axis1: int, axis2: int) -> Any:
    ones = np.eye(x_shape[axis1], x_shape[axis2], offset, g.dtype)
    return np.moveaxis(g[..., None, None] * ones, (-2, -1), (axis1, axis2))


PRIMITIVES["trace"].vjp = (_trace,)


# --- einsum -------------------------------------------------------------------------------------------------------


def _pull(g: Any, result: str, lead: bool, term: str, shape: Shape, terms: list[str], others: list[Any]) -> Any:
    """Return the cotangent of an einsum's operand: the einsum of the result's cotangent and of the other operands.

    Args:
        g: the result's cotangent.
        result: the letters of its axes.
        lead: whether it has a batch axis in front.
        term: the letters of the operand.
        shape: its shape.
        terms: the letters of the other operands.
        others: the other operands, conjugated.
    """
    used = {*result, *term, *"".join(terms)}
    spare = iter([letter for letter in LETTERS if letter not in used])
    batch = next(spare) if lead else ""
    terms, others = [batch + result, *terms], [g, *others]
    target = ""
    for letter, n in zip(term, shape, strict=True):
        if letter in target:  # a diagonal: zero beside it
            again = next(spare)
            terms.append(letter + again)
            others.append(np.eye(n, dtype=g.dtype))
            target += again
            continue
        target += letter
        if not any(letter in t and x.shape[t.index(letter) - len(t)] == n for t, x in zip(terms, others, strict=True)):
            terms.append(letter)  # summed over in this operand alone, or broadcast in all others
            others.append(np.ones(n, g.dtype))
    return sum_products(terms, batch + target, others)


def _einsum_one(g: Any, _out: Any, x_shape: Shape, *, subscripts: str, optimize: Any) -> Any:
    (term,), result = parse(subscripts, (len(x_shape),))
    return _pull(g, result, g.ndim > len(result), term, x_shape, [], [])


def _einsum(position: int, g: Any, _out: Any, *operands: Any, subscripts: str, optimize: Any) -> Any:
    terms, result = parse(subscripts, tuple(x.ndim for x in operands))
    rest = [i for i in range(len(operands)) if i != position]
    x = operands[position]
    others = [conj(operands[i]) for i in rest]
    return _pull(g, result, g.ndim > len(result), terms[position], x.shape, [terms[i] for i in rest], others)


PRIMITIVES["einsum.one"].vjp = (_einsum_one,)
PRIMITIVES["einsum"].vjp = _einsum
