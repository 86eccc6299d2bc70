"""Singular values and vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.array import apply, plain
from dualtape.ops.decompositions import completion
from dualtape.ops.eigenvalues import average, check_first, check_vectors, gaps, not_zero, scaled_columns
from dualtape.ops.linalg import adjoint, below, conj, current, real
from dualtape.ops.protocol import function
from dualtape.primitive import Primitive, structural

__all__ = ["reciprocal_squares", "values_only"]

# Rules refer to: [WZ] Z.-Q. Wan and S.-X. Zhang, Automatic differentiation for complex valued SVD, arXiv:1909.02659
# (2019); for real matrices they are those of M. Giles, Oxford report NA-08/01 (2008), 3.2, with the vectors too.

# The two matrices of vectors are one output, [U; V], so that the reverse rule sees their cotangents together: turning
# the phases of both does not change the decomposition, and only both cotangents tell whether a loss depends on that.
# In forward mode the phases are shared out evenly, and stay as parallel as they can.


def reciprocal_squares(s: Any) -> Any:
    """Return 1 / (s_j^2 - s_i^2), and 0 where these are equal."""
    total = s[..., None, :] + s[..., :, None]
    return gaps(s) / np.where(plain(total) == 0, 1, total)


def values_only(x: Any, s: Any, u: Any) -> Any:
    """Return the derivatives of singular values: 0 where they are zero, a kink, equal parts where they are equal."""
    kept = not_zero(s)
    if not kept.all():
        check_first(u)
        x = np.where(kept, x, 0)
    return average(x, s, u)


def _values_jvp(t: Any, out: Any, _a: Any, u: Any, _s: Any, vh: Any) -> Any:
    return values_only(real(np.sum(conj(u) * np.matmul(t, adjoint(vh)), axis=-2)), out, u)


def _svdvals_jvp(t: Any, out: Any, a: Any, _s: Any) -> Any:
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return _values_jvp(t, out, None, u, None, vh)


def _vectors_jvp(t: Any, _out: Any, _a: Any, u: Any, s: Any, vh: Any) -> Any:
    # [WZ] 10 to 14
    if len(t):
        check_vectors(s, "svd", zeros=True)
    v, th = adjoint(vh), adjoint(t)
    f, divisor = reciprocal_squares(s), np.where(not_zero(s), s, 1)
    x = np.matmul(adjoint(u), np.matmul(t, v))
    xh = adjoint(x)
    turn_u = f * (scaled_columns(x, s) + s[..., :, None] * xh)
    turn_v = f * (s[..., :, None] * x + scaled_columns(xh, s))
    if x.dtype.kind == "c":
        phase = 0.5j * np.imag(x) * np.eye(s.shape[-1], dtype=s.dtype) / divisor[..., None, :]
        turn_u, turn_v = turn_u + phase, turn_v - phase
    outside_u = scaled_columns(np.matmul(t, v) - np.matmul(u, x), 1 / divisor)
    outside_v = scaled_columns(np.matmul(th, u) - np.matmul(v, xh), 1 / divisor)
    return np.concatenate([np.matmul(u, turn_u) + outside_u, np.matmul(v, turn_v) + outside_v], axis=-2)


def _vectors(_a: Any, u: Any, _s: Any, vh: Any) -> Any:
    return np.concatenate([u, adjoint(vh)], axis=-2)


svd_values_: Primitive = structural("svd.values", lambda _a, _u, s, _vh: s, (_values_jvp, None, None, None))
svd_vectors_: Primitive = structural("svd.vectors", _vectors, (_vectors_jvp, None, None, None))
svdvals_: Primitive = structural("svdvals", lambda _a, s: s, (_svdvals_jvp, None))


@function(np.linalg.svd)
def svd(a: Any, full_matrices: Any = True, compute_uv: Any = True, hermitian: Any = False) -> Any:
    """Return the singular values of matrices, and their vectors."""
    a = current(a)
    inner = below(a)
    result = np.linalg.svd(a if inner is None else inner[0], full_matrices, compute_uv, hermitian)
    if inner is None:
        return result
    if hermitian:
        return _hermitian(a, type(result) if compute_uv else None)
    if not compute_uv:
        return apply(svdvals_, (a, result), {})
    m, n = a.shape[-2:]
    k = min(m, n)
    u, s, vh = result[0][..., :k], result[1], result[2][..., :k, :]
    vectors = apply(svd_vectors_, (a, u, s, vh), {})
    left, right = vectors[..., :m, :], adjoint(vectors[..., m:, :])
    if full_matrices and m != n:
        regular = bool(not_zero(s).all())
        scaled = scaled_columns(u, 1 / np.where(not_zero(s), s, 1))
        if m > n:
            rest = completion(a, result[0][..., k:], adjoint(np.matmul(scaled, vh)), "svd", regular)
            left = np.concatenate([left, rest], axis=-1)
        else:
            rest = completion(adjoint(a), adjoint(result[2][..., k:, :]), np.matmul(scaled, vh), "svd", regular)
            right = np.concatenate([right, adjoint(rest)], axis=-2)
    return type(result)(left, apply(svd_values_, (a, u, s, vh), {}), right)


@function(np.linalg.svdvals)
def svdvals(x: Any, /) -> Any:
    """Return the singular values of matrices."""
    return svd(x, compute_uv=False)


def _hermitian(a: Any, result_type: Any) -> Any:
    """Do what NumPy does for matrices of which it is told that they are Hermitian, by way of their eigenvalues."""
    if result_type is None:
        return np.sort(np.abs(np.linalg.eigvalsh(a)))[..., ::-1]
    w, v = np.linalg.eigh(a)
    s = np.abs(w)
    order = np.argsort(plain(s))[..., ::-1]
    sign = np.take_along_axis(np.copysign(1.0, plain(w)), order, axis=-1)
    u = np.take_along_axis(v, order[..., None, :], axis=-1)
    return result_type(u, np.take_along_axis(s, order, axis=-1), adjoint(u * sign[..., None, :]))
