"""VJP rules of linear systems; papers are cited in dualtape/ops/linalg.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.ops.linalg import adjoint, cofactors, conj, inverse_of, solved
from dualtape.primitive import PRIMITIVES
from dualtape_reverse.walk import INVERSES

__all__: list[str] = []

# [Giles] 2.2.3 and 2.3.1.


def _solution(g: Any, out: Any, a: Any, _right: Any, _x: Any, *, vector: bool) -> Any:
    right = g[..., None] if vector else g
    known = INVERSES.get(id(a))
    # A product with an inverse is as accurate as a solution, and costs no factorization: A. Druinsky, S. Toledo: How
    # accurate is inv(A)*b? (2012).
    if known is not None and known[0] is a and type(g) is np.ndarray and g.dtype == known[1].dtype:
        found = np.matmul(known[1], right)
    else:
        found = solved(adjoint(a), right, max(out.ndim, a.ndim))
    return found[..., 0] if vector else found


def _right_a(g: Any, _out: Any, _a: Any, b_shape: Any, x: Any) -> Any:
    rank = len(b_shape) if type(b_shape) is tuple else b_shape.ndim
    if rank == 1:
        return g[..., :, None] * -conj(x)[..., None, :]
    return -np.matmul(g, adjoint(x))


def _solve_b(g: Any, out: Any, a: Any, b_shape: Any) -> Any:
    rank = len(b_shape) if type(b_shape) is tuple else b_shape.ndim
    return _solution(g, out, a, None, None, vector=rank == 1)


def _solve_a(g: Any, out: Any, a: Any, b_shape: Any) -> Any:
    return _right_a(_solve_b(g, out, a, b_shape), None, None, b_shape, out)


def _inv(g: Any, out: Any, _a: Any) -> Any:
    inverse = adjoint(out)
    return -np.matmul(np.matmul(inverse, g), inverse)


PRIMITIVES["solve"].vjp = (_solve_a, _solve_b)
PRIMITIVES["right side"].vjp = (_right_a, lambda g, _out, _a, _b, _x: g, None)
PRIMITIVES["solution"].vjp = (None, _solution, None)
PRIMITIVES["inv"].vjp = (_inv,)


# --- determinants -------------------------------------------------------------------------------------------------


def _det(g: Any, out: Any, a: Any) -> Any:
    return g[..., None, None] * conj(cofactors(a, out))


def _logdet(g: Any, _out: Any, a: Any, _value: Any) -> Any:
    # Inverted after it is transposed, so that the gradient is laid out as the matrix is.
    inverse = inverse_of(adjoint(a))
    if type(a) is np.ndarray:
        INVERSES[id(a)] = a, inverse  # a system of the same matrix may be on the way
    return g[..., None, None] * inverse


def _sign(g: Any, out: Any, a: Any, _value: Any) -> Any:
    if a.dtype.kind != "c":
        return np.zeros(g.shape + a.shape[-2:], a.dtype)
    # The tangent is i sign Im(tau), tau being the trace of A^-1 dA.
    weight = np.imag(conj(out) * g)
    return 1j * weight[..., None, None] * adjoint(inverse_of(a))


PRIMITIVES["det"].vjp = (_det,)
PRIMITIVES["logabsdet"].vjp = (_logdet, None)
PRIMITIVES["sign of det"].vjp = (_sign, None)
