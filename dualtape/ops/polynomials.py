"""Polynomials by their coefficients, the highest power first."""

from __future__ import annotations

import operator
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.polynomial import polyutils

from dualtape.array import NO_PARAMS, apply
from dualtape.ops.borrowed import as_container, borrow, borrowed
from dualtape.ops.protocol import function, strip
from dualtape.ops.shaping import arraylike
from dualtape.primitive import Primitive, structural

__all__ = ["root_slopes", "vander_slopes"]

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.

# --- NumPy's own code ---------------------------------------------------------------------------------------------


def _vector(p: Any) -> Any:
    """Return coefficients as `np.atleast_1d` does, which would expand those of a poly1d into an object array."""
    return np.atleast_1d(arraylike(p.coeffs if isinstance(p, np.poly1d) else p))


borrow(np.poly, np.polyval, np.polyder, np.polyint, np.polyadd, np.polysub, np.polyfit, atleast_1d=_vector)
borrow(np.polydiv, atleast_1d=lambda p: as_container(_vector(p) + 0.0))  # which it writes into


@function(np.polymul)
def polymul(a1: Any, a2: Any) -> Any:
    """Multiply two polynomials."""
    # NumPy's code convolves poly1d objects, which would expand them into object arrays.
    product = np.convolve(np.poly1d(_vector(a1)).coeffs, np.poly1d(_vector(a2)).coeffs)
    return np.poly1d(product) if isinstance(a1, np.poly1d) or isinstance(a2, np.poly1d) else product


# Of numpy.polynomial, NumPy asks the operands of these only, from 2.4 on. The others are made of operators, so that
# traced points pass as they are, and traced coefficients as object arrays.
_module: Any = np.polynomial.polynomial
_several = {name: borrowed(getattr(polyutils, name)) for name in ("_valnd", "_gridnd")}
for _name in ("polyval2d", "polygrid2d", "polyvalnd"):
    if hasattr(getattr(_module, _name, None), "__wrapped__"):
        borrow(getattr(_module, _name), pu=SimpleNamespace(**_several))


# --- roots --------------------------------------------------------------------------------------------------------


def root_slopes(r: Any, p: Any) -> Any:
    """Return the derivatives of the roots r of a polynomial in its coefficients p: shape (len(r), len(p)).

    p(r) = 0 stays so: dr p'(r) + dp(r) = 0. They are infinite at a multiple root, which moves with a root of a change.
    """
    powers = np.vander(r, len(p))
    slope = powers[:, 1:] @ (p[:-1] * np.arange(len(p) - 1, 0, -1).astype(np.finfo(p.dtype).dtype))
    return -powers / slope[:, None]


# Not borrowed: NumPy finds them as the eigenvalues of a matrix, whose derivative costs far more.
roots_: Primitive = structural("roots", np.roots, (lambda t, out, p: t @ root_slopes(out, p).T,))


@function(np.roots)
def roots(p: Any) -> Any:
    """Return the roots of a polynomial."""
    return apply(roots_, (np.atleast_1d(arraylike(p)),), NO_PARAMS)


# --- vander -------------------------------------------------------------------------------------------------------


def vander_slopes(x: Any, n: int, increasing: bool) -> Any:
    """Return the derivative of each power in a Vandermonde matrix of n columns."""
    if n == 0:
        return np.vander(x, 0)
    dtype = np.finfo(x.dtype).dtype
    slopes = np.vander(x, n - 1, increasing=True) * np.arange(1, n, dtype=dtype)
    slopes = np.concatenate([np.zeros((len(x), 1), dtype), slopes], axis=-1)
    return slopes if increasing else slopes[:, ::-1]


vander_: Primitive = structural(
    "vander",
    lambda x, *, n, increasing: np.vander(x, n, increasing),
    (lambda t, _out, x, *, n, increasing: t[..., None] * vander_slopes(x, n, increasing),),
)


@function(np.vander)
def vander(x: Any, N: Any = None, increasing: bool = False) -> Any:
    """Return the powers of the entries of a vector as columns."""
    x = arraylike(x)
    if x.ndim != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    n = len(x) if N is None else operator.index(strip(N))
    return apply(vander_, (x,), {"n": n, "increasing": bool(increasing)})
