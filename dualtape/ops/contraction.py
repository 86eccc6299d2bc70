"""Products that sum: matmul, dot, einsum and their kin."""

from __future__ import annotations

import operator
from functools import lru_cache
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, NO_PARAMS, TracedArray, apply, resolve
from dualtape.errors import NoRuleError
from dualtape.ops.protocol import function, is_traced, store, strip
from dualtape.primitive import Primitive, structural

__all__ = ["LETTERS", "parse", "sum_products"]

Axes = tuple[int, ...]


def lifted(t: Any, ndim: int) -> Any:
    """Return tangents with axes inserted behind the first one, up to `ndim` axes and the first."""
    extra = ndim + 1 - t.ndim
    return t.reshape(t.shape[0], *(1,) * extra, *t.shape[1:]) if extra > 0 else t


# --- matmul and its kin of ufuncs ---------------------------------------------------------------------------------


def _matmul_x(t: Any, out: Any, _x: Any, y: Any) -> Any:
    if y.ndim <= 2:
        return np.matmul(t, y)
    if t.ndim == 2:
        return np.matmul(lifted(t[:, None], y.ndim), y)[..., 0, :]
    return np.matmul(lifted(t, y.ndim), y)


def _matmul_y(t: Any, out: Any, x: Any, _y: Any) -> Any:
    if t.ndim > 2:
        return np.matmul(x, lifted(t, x.ndim))
    if x.ndim <= 2:
        return np.matmul(t, x.T)  # one product for all tangents
    return np.matmul(x, lifted(t[..., None], x.ndim))[..., 0]


matmul: Primitive = structural("matmul", np.matmul, (_matmul_x, _matmul_y))

vecdot: Primitive = structural(
    "vecdot",
    np.vecdot,
    (
        lambda t, out, _x, y: np.vecdot(lifted(t, out.ndim + 1), y),
        lambda t, out, x, _y: np.vecdot(x, lifted(t, out.ndim + 1)),
    ),
)
matvec: Primitive = structural(
    "matvec",
    np.matvec,
    (
        lambda t, out, _x, y: np.matvec(lifted(t, out.ndim + 1), y),
        lambda t, out, x, _y: np.matvec(x, lifted(t, out.ndim)),
    ),
)
vecmat: Primitive = structural(
    "vecmat",
    np.vecmat,
    (
        lambda t, out, _x, y: np.vecmat(lifted(t, out.ndim), y),
        lambda t, out, x, _y: np.vecmat(x, lifted(t, out.ndim + 1)),
    ),
)


@function(np.linalg.matmul)
def linalg_matmul(x1: Any, x2: Any, /) -> Any:
    """Multiply matrices."""
    return np.matmul(x1, x2)


@function(np.linalg.vecdot)
def linalg_vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Return inner products along an axis."""
    x1, x2 = _resolved(x1), _resolved(x2)
    return np.vecdot(np.moveaxis(x1, axis, -1), np.moveaxis(x2, axis, -1))


def _resolved(x: Any) -> Any:
    x = resolve(x, ACTIVE.get())
    return x if hasattr(x, "ndim") else np.asarray(x)


# --- sums over pairs of axes --------------------------------------------------------------------------------------

# `left` and `right` are the axes of x and y that are summed over, in pairs, counted from the right. The result has the
# other axes of x, then those of y.


def _contraction_x(t: Any, _out: Any, _x: Any, y: Any, *, left: Axes, right: Axes) -> Any:
    return np.tensordot(t, y, (left, right))


def _contraction_y(t: Any, _out: Any, x: Any, _y: Any, *, left: Axes, right: Axes) -> Any:
    return np.moveaxis(np.tensordot(x, t, (left, right)), x.ndim - len(left), 0)


CONTRACTION = (_contraction_x, _contraction_y)


def _dot(x: Any, y: Any, *, left: Axes, right: Axes) -> Any:
    return np.dot(x, y)


def _inner(x: Any, y: Any, *, left: Axes, right: Axes) -> Any:
    return np.inner(x, y)


dot_: Primitive = structural("dot", _dot, CONTRACTION)
inner_: Primitive = structural("inner", _inner, CONTRACTION)
tensordot_: Primitive = structural(
    "tensordot", lambda x, y, *, left, right: np.tensordot(x, y, (left, right)), CONTRACTION
)


@function(np.dot, method="dot")
def dot(a: Any, b: Any, out: Any = None) -> Any:
    """Return the dot product, as NumPy has it for each pair of ranks."""
    a, b = _resolved(a), _resolved(b)
    axes = ((-1,), (-min(b.ndim, 2),)) if a.ndim and b.ndim else ((), ())
    result = apply(dot_, (a, b), {"left": axes[0], "right": axes[1]})
    return result if out is None else store(out, result)


@function(np.inner)
def inner(a: Any, b: Any, /) -> Any:
    """Sum products over the last axes."""
    a, b = _resolved(a), _resolved(b)
    axes = (-1,) if a.ndim and b.ndim else ()
    return apply(inner_, (a, b), {"left": axes, "right": axes})


@function(np.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """Sum products over pairs of axes."""
    a, b = _resolved(a), _resolved(b)
    if hasattr(axes, "__iter__"):
        left, right = (_axes(part) for part in axes)
    else:
        left, right = tuple(range(-axes, 0)), tuple(range(axes))
    params = {"left": _from_the_right(left, a.ndim), "right": _from_the_right(right, b.ndim)}
    return apply(tensordot_, (a, b), params)


@function(np.linalg.tensordot)
def linalg_tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    """Sum products over pairs of axes."""
    return tensordot(x1, x2, axes)


def _axes(axes: Any) -> Axes:
    return tuple(map(operator.index, axes)) if hasattr(axes, "__len__") else (operator.index(axes),)


def _from_the_right(axes: Axes, ndim: int) -> Axes:
    # What is out of range stays so, for NumPy's own error.
    return tuple(a - ndim if 0 <= a < ndim else a for a in axes)


def _vdot_x(t: Any, _out: Any, _x: Any, y: Any) -> Any:
    return np.vecdot(t.reshape(t.shape[0], y.size), y.reshape(-1))


def _vdot_y(t: Any, _out: Any, x: Any, _y: Any) -> Any:
    return np.vecdot(x.reshape(-1), t.reshape(t.shape[0], x.size))


vdot_: Primitive = structural("vdot", np.vdot, (_vdot_x, _vdot_y))


@function(np.vdot)
def vdot(a: Any, b: Any, /) -> Any:
    """Return the inner product of two arrays as vectors, the first one conjugated."""
    return apply(vdot_, (_resolved(a), _resolved(b)), NO_PARAMS)


# --- outer products -----------------------------------------------------------------------------------------------


@function(np.outer)
def outer(a: Any, b: Any, out: Any = None) -> Any:
    """Return the products of each entry of one array with each of another."""
    a, b = np.ravel(_resolved(a)), np.ravel(_resolved(b))
    result = np.multiply(a[:, None], b[None, :])
    return result if out is None else store(out, result)


@function(np.linalg.outer)
def linalg_outer(x1: Any, x2: Any, /) -> Any:
    """Return the products of each entry of one vector with each of another."""
    x1, x2 = _resolved(x1), _resolved(x2)
    if x1.ndim != 1 or x2.ndim != 1:
        raise ValueError(f"Input arrays must be one-dimensional, but they are {x1.ndim=} and {x2.ndim=}.")
    return outer(x1, x2)


@function(np.kron)
def kron(a: Any, b: Any) -> Any:
    """Return the Kronecker product."""
    a, b = _resolved(a), _resolved(b)
    if not a.ndim or not b.ndim:
        return np.multiply(a, b)
    ndim = max(a.ndim, b.ndim)
    first, second = ((1,) * (ndim - x.ndim) + x.shape for x in (a, b))
    a = np.reshape(a, [n for length in first for n in (length, 1)])
    b = np.reshape(b, [n for length in second for n in (1, length)])
    return np.reshape(np.multiply(a, b), [m * n for m, n in zip(first, second, strict=True)])


# --- trace --------------------------------------------------------------------------------------------------------

trace_: Primitive = structural(
    "trace",
    lambda x, *, offset, axis1, axis2: np.trace(x, offset, axis1, axis2),
    (lambda t, _out, _x, *, offset, axis1, axis2: np.trace(t, offset, axis1, axis2),),
)


@function(np.trace, method="trace")
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> Any:
    """Sum along diagonals."""
    a = _resolved(a)
    if dtype is not None:
        a = a.astype(dtype)
    axis1, axis2 = _from_the_right((operator.index(axis1), operator.index(axis2)), a.ndim)
    result = apply(trace_, (a,), {"offset": operator.index(offset), "axis1": axis1, "axis2": axis2})
    return result if out is None else store(out, result)


@function(np.linalg.trace)
def linalg_trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """Sum along the diagonals of matrices."""
    return trace(x, offset, -2, -1, dtype)


# --- einsum -------------------------------------------------------------------------------------------------------


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # in the order in which an implicit result has them


@lru_cache(maxsize=256)
def parse(subscripts: str, ranks: tuple[int, ...]) -> tuple[tuple[str, ...], str]:
    """Return the letters of each operand's axes and of the result's, with letters for the axes of an ellipsis too."""
    inputs, arrow, result = subscripts.partition("->")
    terms = inputs.split(",")
    widths = [n - len(term) + 3 if "..." in term else 0 for term, n in zip(terms, ranks, strict=True)]
    width = max(widths)
    dots = "".join(letter for letter in LETTERS if letter not in subscripts)[:width]
    if not arrow:
        single = [letter for letter in LETTERS if inputs.count(letter) == 1]
        result = "".join(["..." if "." in inputs else "", *single])
    expanded = (term.replace("...", dots[width - n :]) for term, n in zip(terms, widths, strict=True))
    return tuple(expanded), result.replace("...", dots)


def sum_products(terms: list[str], result: str, operands: list[Any]) -> Any:
    """Call einsum, by way of faster products where the operands are large enough to repay the search for them."""
    large = sum(x.size for x in operands) > LARGE
    return np.einsum(f"{','.join(terms)}->{result}", *operands, optimize=large)


LARGE = 2048  # entries


def _einsum(*operands: Any, subscripts: str, optimize: Any) -> Any:
    return np.einsum(subscripts, *operands, optimize=optimize)


def _einsum_jvp(tangents: list[Any], _out: Any, *operands: Any, subscripts: str, optimize: Any) -> Any:
    terms, result = parse(subscripts, tuple(x.ndim for x in operands))
    batch = next(letter for letter in LETTERS if letter not in "".join(terms))
    total: Any = None
    for i, t in enumerate(tangents):
        if t is not None:
            moved = [*terms[:i], batch + terms[i], *terms[i + 1 :]]
            part = sum_products(moved, batch + result, [*operands[:i], t, *operands[i + 1 :]])
            total = part if total is None else total + part
    return total


# One operand may be answered with a view, and its VJP rule reads nothing but its shape.
einsum_one: Primitive = structural("einsum.one", _einsum, _einsum_jvp, view=True)
einsum_: Primitive = structural("einsum", _einsum, _einsum_jvp)


@function(np.einsum)
def einsum(
    *operands: Any, out: Any = None, optimize: Any = False, dtype: Any = None, order: Any = "K", casting: Any = "safe"
) -> Any:
    """Sum products of arrays as a string of subscripts, or lists of numbers, say."""
    if dtype is not None or order not in {"K", None}:
        if is_traced((operands, out)):
            raise NoRuleError("numpy.einsum with dtype= or order= is not supported on traced arrays: use x.astype")
        settings: dict[str, Any] = {
            "out": out,
            "optimize": optimize,
            "dtype": dtype,
            "order": order,
            "casting": casting,
        }
        return np.einsum(*strip(operands), **settings)
    if operands and isinstance(operands[0], (str, bytes)):
        subscripts, arrays = operands[0], operands[1:]
        subscripts = (subscripts if isinstance(subscripts, str) else subscripts.decode()).replace(" ", "")
    else:
        arrays = operands[: len(operands) // 2 * 2 : 2]
        subscripts = _spelled(operands)
    # A view is one of the handle, also where no tape records it now: handles stay.
    arrays = tuple(x if isinstance(x, TracedArray) else _resolved(x) for x in arrays)
    params = {"subscripts": subscripts, "optimize": tuple(optimize) if isinstance(optimize, list) else optimize}
    result = apply(einsum_one if len(arrays) == 1 else einsum_, arrays, params)
    if out is None:
        return result
    if not np.can_cast(result.dtype, out.dtype, casting):
        raise TypeError(f"Cannot cast the result from {result.dtype!r} to {out.dtype!r} with casting rule {casting!r}")
    return store(out, result)


def _spelled(operands: tuple[Any, ...]) -> str:
    """Return the subscripts of the form `einsum(x, [0, 1], y, [1, 2], [0, 2])` as a string."""
    lists = list(operands[1::2])
    result = [operands[-1]] if len(operands) % 2 else []
    try:
        words = ["".join("..." if n is Ellipsis else LETTERS[_number(n)] for n in part) for part in lists + result]
    except (TypeError, ValueError, IndexError):
        np.einsum(*strip(operands))  # raises
        raise
    return ",".join(words[: len(lists)]) + ("->" + words[-1] if result else "")


def _number(n: Any) -> int:
    number = operator.index(n)
    if number < 0:
        raise IndexError(number)
    return number
