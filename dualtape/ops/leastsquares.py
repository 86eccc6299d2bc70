"""Least squares: lstsq and pinv, rank and condition number."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.array import apply, plain
from dualtape.errors import NotDifferentiableError
from dualtape.ops.linalg import adjoint, below, column, conj, current, mirrored, real, symmetric
from dualtape.ops.protocol import function, strip
from dualtape.ops.singularvalues import svdvals_
from dualtape.primitive import Primitive, structural

__all__ = ["check_cut", "regular_part"]

# Rules refer to: [GP] G. Golub and V. Pereyra, The differentiation of pseudo-inverses and nonlinear least squares
# problems whose variables separate, SIAM J. Numer. Anal. 10 (1973). Their formula holds where the rank does not change:
# along other directions a pseudoinverse is not even continuous.

NOT_GIVEN: Any = np._NoValue


def check_cut(a: Any, cut: Any) -> None:
    """Refuse to differentiate where singular values were dropped that are not zero.

    Args:
        a: the matrices.
        cut: the largest singular value that was dropped, as a part of the largest one.
    """
    tolerance = float(np.sqrt(np.finfo(a.dtype).eps))
    if np.max(cut, initial=0.0) <= tolerance or not a.size:
        return
    s = np.linalg.svd(plain(a), compute_uv=False)
    s = s / np.maximum(s[..., :1], np.finfo(s.dtype).tiny)
    if ((s <= np.asarray(cut)[..., None]) & (s > tolerance)).any():
        raise NotDifferentiableError(
            "rcond drops singular values that are not zero, and the rule of a pseudoinverse holds without them only: "
            "build the truncated inverse from u, s, vh = numpy.linalg.svd(a, full_matrices=False)"
        )


# --- pinv ---------------------------------------------------------------------------------------------------------


def regular_part(a: Any, hermitian: bool, settings: Any) -> Any:
    """Return the matrices that a pseudoinverse is one of: of Hermitian ones NumPy reads the lower triangles."""
    check_cut(a, next((np.asarray(x) for x in dict(settings).values() if x is not None), 0.0))
    return mirrored(a) if hermitian else a


def _pinv(a: Any, *, hermitian: bool, settings: Any) -> Any:
    return np.linalg.pinv(a, hermitian=hermitian, **dict(settings))


def _pinv_jvp(t: Any, out: Any, a: Any, *, hermitian: bool, settings: Any) -> Any:
    # [GP] 4.12
    a = regular_part(a, hermitian, settings)
    if hermitian:
        t = symmetric(t)
    p, th, ph = out, adjoint(t), adjoint(out)
    y = np.matmul(th, np.matmul(ph, p))
    z = np.matmul(np.matmul(p, ph), th)
    pushed = y - np.matmul(p, np.matmul(a, y)) + z - np.matmul(np.matmul(z, a), p)
    return pushed - np.matmul(np.matmul(p, t), p)


pinv_: Primitive = structural("pinv", _pinv, (_pinv_jvp,))


@function(np.linalg.pinv)
def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = NOT_GIVEN) -> Any:
    """Return the pseudoinverses of matrices, whose derivative is that at constant rank."""
    given = {"rcond": rcond} if rtol is NOT_GIVEN else {"rtol": rtol}
    if rcond is not None and rtol is not NOT_GIVEN:
        raise ValueError("`rtol` and `rcond` can't be both set.")
    settings = tuple((k, x if x is None else np.asarray(strip(x)).tolist()) for k, x in given.items())
    return apply(pinv_, (a,), {"hermitian": bool(hermitian), "settings": settings})


# --- lstsq --------------------------------------------------------------------------------------------------------

# The solution is x = P b, P being the pseudoinverse, which the rules are given: so is x itself, which LAPACK computed.


def _lstsq_a(t: Any, _out: Any, a: Any, b: Any, x: Any, p: Any, *, cut: float) -> Any:
    check_cut(a, cut)
    b, y = column(b, b.ndim), column(x, b.ndim)
    rest, ph, th = b - np.matmul(a, y), adjoint(p), adjoint(t)
    turned = np.matmul(th, np.matmul(ph, y))
    pushed = np.matmul(p, np.matmul(ph, np.matmul(th, rest)) - np.matmul(t, y) - np.matmul(a, turned)) + turned
    return pushed[..., 0] if x.ndim == 1 else pushed


def _lstsq_b(t: Any, _out: Any, _a: Any, b: Any, _x: Any, p: Any, **_params: Any) -> Any:
    return np.matmul(t, p.T) if b.ndim == 1 else np.matmul(p, t)


def _residuals_a(t: Any, _out: Any, a: Any, b: Any, x: Any, _residuals: Any) -> Any:
    b, y = column(b, b.ndim), column(x, b.ndim)
    # What is left of b is perpendicular to the columns of a: that x moves does not change its length.
    return -2.0 * real(np.sum(conj(b - np.matmul(a, y)) * np.matmul(t, y), axis=-2))


def _residuals_b(t: Any, _out: Any, a: Any, b: Any, x: Any, _residuals: Any) -> Any:
    t, y = column(t, b.ndim), column(x, b.ndim)
    return 2.0 * real(np.sum(conj(column(b, b.ndim) - np.matmul(a, y)) * t, axis=-2))


lstsq_: Primitive = structural("lstsq", lambda _a, _b, x, _p, *, cut: x, (_lstsq_a, _lstsq_b, None, None))
residuals_: Primitive = structural(
    "lstsq.residuals", lambda _a, _b, _x, found: found, (_residuals_a, _residuals_b, None, None)
)


@function(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """Return the least-squares solution of a linear system, the residuals, the rank and the singular values."""
    a, b = current(a), current(b)
    inner = below(a, b)
    if inner is None:
        return np.linalg.lstsq(a, b, rcond)
    x, residuals, rank, s = np.linalg.lstsq(inner[0], inner[1], rcond)
    epsilon = float(np.finfo(np.float64).eps)  # LAPACK's double precision, whatever the arrays'
    cut = epsilon * max(a.shape) if rcond is None else epsilon if rcond < 0 else float(rcond)
    p = np.linalg.pinv(inner[0], cut)
    if residuals.size:
        residuals = apply(residuals_, (a, b, x, residuals), {})
    if inner[0] is not a:  # where b is on a younger tape than a, the singular values are that older tape's already
        s = _singular_values(a, s)
    return apply(lstsq_, (a, b, x, p), {"cut": cut}), residuals, rank, s


def _singular_values(a: Any, s: Any) -> Any:
    try:
        return apply(svdvals_, (a, s), {})
    except NotDifferentiableError as error:  # on two tapes, in forward mode, which does not know what will be used
        raise NotDifferentiableError(
            "numpy.linalg.lstsq: where singular values are equal or zero, they have no second derivative. Where only "
            "the solution is used, write it as numpy.linalg.pinv(a) @ b"
        ) from error


# --- rank, condition number ---------------------------------------------------------------------------------------


@function(np.linalg.matrix_rank)
def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, rtol: Any = None) -> Any:
    """Return the ranks of matrices, which are whole numbers."""
    return np.linalg.matrix_rank(strip(A), strip(tol), hermitian, rtol=strip(rtol))


@function(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Any:
    """Return the condition numbers of matrices."""
    x = current(x)
    value = np.linalg.cond(strip(x), p)
    if below(x) is None:
        return value
    if not np.isfinite(value).all():
        raise NotDifferentiableError(
            "numpy.linalg.cond has no derivative at a singular matrix, where it is infinite: use x.primal for the value"
        )
    if p is None or p in {2, -2}:
        s = np.linalg.svd(x, compute_uv=False)
        return s[..., -1] / s[..., 0] if p == -2 else s[..., 0] / s[..., -1]
    axes = (-2, -1)
    inverse = np.linalg.inv(x.astype(np.result_type(x.dtype, np.float64)))  # NumPy keeps it in double precision
    return (np.linalg.norm(x, p, axis=axes) * np.linalg.norm(inverse, p, axis=axes)).astype(value.dtype)
