"""Decompositions without iteration: Cholesky and QR."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.array import apply, plain
from dualtape.errors import NoRuleError, NotDifferentiableError
from dualtape.ops.linalg import adjoint, below, current, solved, symmetric
from dualtape.ops.protocol import function, strip
from dualtape.primitive import Primitive, structural

__all__ = ["check_completion", "check_rank", "completion", "half", "skew_from_lower"]

# [WL] S. Walter and L. Lehmann, Algorithmic differentiation of linear algebra functions with application in optimum
#     experimental design, arXiv:1001.1654 (2011).

# --- cholesky -----------------------------------------------------------------------------------------------------

# I. Murray, Differentiation of the Cholesky decomposition, arXiv:1602.07527 (2016), equation 8: dL = L phi(X) with
# X = L^-1 dA L^-H. The derivative is taken among symmetric matrices: NumPy reads one triangle.


def half(x: Any) -> Any:
    """Return lower triangles, with half of the diagonals."""
    return np.tril(x) - 0.5 * x * np.eye(x.shape[-1], dtype=x.real.dtype)


def _cholesky_jvp(t: Any, out: Any, _a: Any, *, upper: bool) -> Any:
    lower = adjoint(out) if upper else out
    x = solved(lower, adjoint(solved(lower, symmetric(t), lower.ndim)), lower.ndim)
    pushed = np.matmul(lower, half(x))
    return adjoint(pushed) if upper else pushed


cholesky_: Primitive = structural("cholesky", lambda a, *, upper: np.linalg.cholesky(a, upper=upper), (_cholesky_jvp,))


@function(np.linalg.cholesky)
def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """Decompose positive definite matrices."""
    return apply(cholesky_, (a,), {"upper": bool(upper)})


# --- qr -----------------------------------------------------------------------------------------------------------

# [WL] 3.5: with A = Q R and X = dA R^-1, the lower triangle of Q^H X is that of the skew matrix Q^H dQ. LAPACK makes
# the diagonal of R real, which fixes the phases. A wide matrix has its Q from its first columns.


def _independent(r: Any) -> bool:
    size = np.abs(np.diagonal(plain(r), axis1=-2, axis2=-1))
    return bool((size > 4 * size.shape[-1] * np.finfo(r.dtype).eps * size.max(-1, keepdims=True, initial=0)).all())


def check_rank(r: Any) -> None:
    """Refuse to differentiate where the columns that Q is made of are linearly dependent."""
    if not _independent(r):
        raise NotDifferentiableError(
            "numpy.linalg.qr has no derivative where the first columns of a matrix are linearly dependent"
        )


def skew_from_lower(x: Any) -> Any:
    """Return the skew matrices that have the strict lower triangles, and the imaginary diagonals, of `x`."""
    strict = np.tril(x, -1)
    skew = strict - adjoint(strict)
    return skew + 1j * np.imag(x) * np.eye(x.shape[-1]) if x.dtype.kind == "c" else skew


def _qr_turn(t: Any, q: Any, r: Any) -> tuple[Any, Any]:
    """Return X = dA R^-1 and Q^H dQ."""
    check_rank(r)
    k = q.shape[-1]
    square = r[..., :k]
    x = np.swapaxes(solved(np.swapaxes(square, -1, -2), np.swapaxes(t[..., :k], -1, -2), q.ndim), -1, -2)
    return x, skew_from_lower(np.matmul(adjoint(q), x))


def _qr_q_jvp(t: Any, _out: Any, _a: Any, q: Any, r: Any) -> Any:
    x, turn = _qr_turn(t, q, r)
    return x - np.matmul(q, np.matmul(adjoint(q), x) - turn)


def _qr_r_jvp(t: Any, _out: Any, _a: Any, q: Any, r: Any) -> Any:
    _, turn = _qr_turn(t, q, r)
    return np.triu(np.matmul(adjoint(q), t) - np.matmul(turn, r))


qr_q_: Primitive = structural("qr.q", lambda _a, q, _r: q, (_qr_q_jvp, None, None))
qr_r_: Primitive = structural("qr.r", lambda _a, _q, r: r, (_qr_r_jvp, None, None))


# The orthonormal columns C that complete a basis of a matrix's columns can be turned among themselves. As they are
# moved no further than needed: dC = -P^H dA^H C, with the pseudoinverse P of the matrix.


def check_completion(name: str, regular: bool) -> None:
    """Refuse to differentiate columns that complete those of a matrix whose rank can change."""
    if not regular:
        raise NotDifferentiableError(
            f"numpy.linalg.{name}: the vectors that complete a basis have no derivative where the columns (or rows) of "
            f"the matrix are linearly dependent: ask for the reduced decomposition"
        )


def _completion_jvp(t: Any, _out: Any, _a: Any, c: Any, p: Any, *, name: str, regular: bool) -> Any:
    if len(t):
        check_completion(name, regular)
    return -np.matmul(adjoint(p), np.matmul(adjoint(t), c))


completion_: Primitive = structural("completion", lambda _a, c, _p, **_params: c, (_completion_jvp, None, None))


def completion(a: Any, c: Any, p: Any, name: str, regular: bool) -> Any:
    """Return orthonormal columns `c` that complete those of `a`, as they depend on it.

    Args:
        a: the matrices.
        c: the columns.
        p: the pseudoinverses of the matrices, where these are regular.
        name: the function of NumPy that found them.
        regular: whether the columns of the matrices are linearly independent.
    """
    return apply(completion_, (a, c, p), {"name": name, "regular": regular})


@function(np.linalg.qr)
def qr(a: Any, mode: Any = "reduced") -> Any:
    """Decompose matrices into orthonormal columns and a triangle."""
    a = current(a)
    inner = below(a)
    if inner is None:
        return np.linalg.qr(a, mode)
    if mode not in {"reduced", "complete", "r"}:
        if mode == "raw":
            raise NoRuleError("numpy.linalg.qr: what mode='raw' returns has no derivative rule: use mode='reduced'")
        return np.linalg.qr(strip(a), mode)  # raises
    result = np.linalg.qr(inner[0], "complete" if mode == "complete" else "reduced")
    k = min(a.shape[-2:])
    q, r = result[0][..., :k], result[1][..., :k, :]
    triangle = apply(qr_r_, (a, q, r), {})
    if mode == "r":
        return triangle
    basis = apply(qr_q_, (a, q, r), {})
    if mode == "complete" and a.shape[-2] > k:
        regular = _independent(r)
        p = np.linalg.solve(r, adjoint(q)) if regular else adjoint(q)
        basis = np.concatenate([basis, completion(a, result[0][..., k:], p, "qr", regular)], axis=-1)
        triangle = np.concatenate([triangle, np.zeros_like(plain(result[1])[..., k:, :])], axis=-2)
    return type(result)(basis, triangle)
