"""Eigenvalues and eigenvectors, and what to do where some of them are equal."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.array import TracedArray, apply, plain
from dualtape.errors import NotDifferentiableError
from dualtape.ops.linalg import adjoint, below, conj, current, real, symmetric
from dualtape.ops.protocol import function
from dualtape.primitive import Primitive, structural

__all__ = [
    "average", "check_first", "check_vectors", "gaps", "inverse_of_basis", "largest", "matched", "not_zero",
    "scaled_columns",
]  # fmt: skip

# NumPy computes all outputs at once; each has a primitive of its own, which is given the others as operands: their part
# in the derivative is in the rule of `a`. Rules refer to:
# [Giles] M. Giles, An extended collection of matrix derivative results for forward and reverse mode algorithmic
#     differentiation, Oxford report NA-08/01 (2008).
# [BHH] C. Boeddeker, P. Hanebrink, L. Drude, J. Heymann, R. Haeb-Umbach, On the computation of complex-valued gradients
#     with application to statistically optimum beamforming, arXiv:1701.00392 (2017).


def scaled_columns(x: Any, factors: Any) -> Any:
    """Multiply each column of matrices by its factor."""
    return x * factors[..., None, :]


# --- degenerate values --------------------------------------------------------------------------------------------


def _close(w: Any) -> Any:
    """Tell which pairs of eigenvalues or singular values are equal, as far as rounding lets one say."""
    w = plain(w)
    size = np.abs(w).max(-1, initial=0)[..., None, None]
    return np.abs(w[..., :, None] - w[..., None, :]) <= w.shape[-1] * np.finfo(w.dtype).eps * size


def not_zero(s: Any) -> Any:
    """Tell which singular values are not zero, as far as rounding lets one say."""
    s = plain(s)
    return s > 4 * max(s.shape[-1], 1) * np.finfo(s.dtype).eps * s.max(-1, keepdims=True, initial=0)


def average(x: Any, w: Any, v: Any) -> Any:
    """Give equal values equal parts: of equal ones only the sum has a derivative.

    Args:
        x: the derivatives of the values, or their cotangents.
        w: the values.
        v: their vectors.
    """
    close = _close(w)
    count = close.sum(-1)
    if (count <= 1).all():
        return x
    check_first(v)
    return np.matvec((close / count[..., None]).astype(x.real.dtype), x)


def check_first(v: Any) -> None:
    """Refuse to differentiate once more what was made with the vectors of equal (or zero) values."""
    if isinstance(v, TracedArray):
        raise NotDifferentiableError(
            "eigenvalues or singular values that are equal, and singular values of zero, have no second derivative"
        )


def check_vectors(w: Any, name: str, zeros: bool = False) -> None:
    """Refuse to differentiate vectors where some belong to equal values, or to singular values that are zero.

    Whether a loss uses these vectors can't be told from its cotangent: that is zero at a matrix function such as
    `(v * np.log(w)) @ v.T` where log(w) is zero, and yet the turning of the vectors matters.

    Args:
        w: the values.
        name: the function of NumPy.
        zeros: whether values of zero are refused too.
    """
    if (_close(w).sum(-1) > 1).any() or (zeros and not not_zero(w).all()):
        what = "singular values that are equal or zero" if zeros else "eigenvalues that are equal"
        values = {"eigh": "eigvalsh", "eig": "eigvals", "svd": "svdvals"}[name]
        raise NotDifferentiableError(
            f"numpy.linalg.{name}: the vectors of {what} have no derivative, since they can be turned at will: where "
            f"only the values are used call numpy.linalg.{values}, else set the values apart by a small change of the "
            f"matrix"
        )


def gaps(w: Any) -> Any:
    """Return 1 / (w_j - w_i), and 0 where these are equal."""
    close = _close(w)
    difference = w[..., None, :] - w[..., :, None]
    return np.where(close, 0, 1 / np.where(close, 1, difference))


# --- eigh, eigvalsh -----------------------------------------------------------------------------------------------

# [Giles] 3.1: dw = diag(V^H dA V), dV = V (F * V^H dA V) with F_ij = 1 / (w_j - w_i): the phases of the eigenvectors
# stay as parallel as they can. Complex phases are LAPACK's to choose, so that the reverse rule refuses a loss that
# depends on them.


def _eigh_values_jvp(t: Any, out: Any, _a: Any, _w: Any, v: Any) -> Any:
    return average(real(np.sum(conj(v) * np.matmul(symmetric(t), v), axis=-2)), out, v)


def _eigvalsh_jvp(t: Any, out: Any, a: Any, _w: Any, *, uplo: Any) -> Any:
    return _eigh_values_jvp(t, out, None, None, np.linalg.eigh(a, uplo)[1])


def _eigh_vectors_jvp(t: Any, _out: Any, _a: Any, w: Any, v: Any) -> Any:
    if len(t):
        check_vectors(w, "eigh")
    return np.matmul(v, gaps(w) * np.matmul(adjoint(v), np.matmul(symmetric(t), v)))


eigh_values_: Primitive = structural("eigh.values", lambda _a, w, _v: w, (_eigh_values_jvp, None, None))
eigh_vectors_: Primitive = structural("eigh.vectors", lambda _a, _w, v: v, (_eigh_vectors_jvp, None, None))
eigvalsh_: Primitive = structural("eigvalsh", lambda _a, w, *, uplo: w, (_eigvalsh_jvp, None))


@function(np.linalg.eigh)
def eigh(a: Any, UPLO: Any = "L") -> Any:
    """Return the eigenvalues and eigenvectors of symmetric (Hermitian) matrices."""
    a = current(a)
    inner = below(a)
    result = np.linalg.eigh(a if inner is None else inner[0], UPLO)
    if inner is None:
        return result
    return type(result)(*(apply(primitive, (a, *result), {}) for primitive in (eigh_values_, eigh_vectors_)))


@function(np.linalg.eigvalsh)
def eigvalsh(a: Any, UPLO: Any = "L") -> Any:
    """Return the eigenvalues of symmetric (Hermitian) matrices."""
    a = current(a)
    inner = below(a)
    w = np.linalg.eigvalsh(a if inner is None else inner[0], UPLO)
    return w if inner is None else apply(eigvalsh_, (a, w), {"uplo": UPLO.upper()})


# --- eig, eigvals -------------------------------------------------------------------------------------------------

# [BHH] 4.60 and 4.77, [Giles] 3.1: with X = V^-1 dA V, dw = diag(X) and dV = V (F * X) + V diag(c). LAPACK's geev gives
# each vector the length 1 and makes its largest entry real: that says what c is, and so this is NumPy's own function.


def largest(v: Any) -> Any:
    """Return the matrices that have 1 where a column of `v` has the entry that LAPACK made real, and 0 elsewhere."""
    v = plain(v)
    size = np.abs(v) * (1 + 1e-6 * (v.imag == 0))
    return (np.arange(v.shape[-1])[:, None] == size.argmax(-2)[..., None, :]).astype(v.real.dtype)


def inverse_of_basis(v: Any) -> Any:
    """Invert matrices of eigenvectors."""
    inverse: Any = None
    try:
        inverse = np.linalg.inv(v)
        size = np.abs(plain(inverse)).max(initial=0)
    except np.linalg.LinAlgError:
        size = np.inf
    if size * max(v.shape[-1], 1) * np.finfo(v.dtype).eps > 0.01:
        raise NotDifferentiableError(
            "numpy.linalg.eig has no derivative at a matrix without a basis of eigenvectors (a defective matrix)"
        )
    return inverse


def _eig_values_jvp(t: Any, out: Any, _a: Any, _w: Any, v: Any) -> Any:
    x = np.sum(np.swapaxes(inverse_of_basis(v), -1, -2) * np.matmul(t, v), axis=-2)
    return average(x, out, v)


def _eigvals_jvp(t: Any, out: Any, a: Any, w: Any) -> Any:
    return _eig_values_jvp(t, out, None, None, matched(a, w))


def _eig_vectors_jvp(t: Any, _out: Any, _a: Any, w: Any, v: Any) -> Any:
    if len(t):
        check_vectors(w, "eig")
    x = np.matmul(inverse_of_basis(v), np.matmul(t, v))
    turned = np.matmul(v, gaps(w) * x)
    shift = real(np.sum(conj(v) * turned, axis=-2))
    if v.dtype.kind == "c":
        chosen = largest(v)
        shift = shift + 1j * np.imag(np.sum(chosen * turned, axis=-2) / np.sum(chosen * v, axis=-2))
    return turned - scaled_columns(v, shift)


def matched(a: Any, w: Any) -> Any:
    """Return eigenvectors in the order of eigenvalues that were computed without them."""
    values, v = np.linalg.eig(a)
    if not w.size:
        return v
    distance = np.abs(plain(w)[..., :, None] - plain(values)[..., None, :])
    order = distance.argmin(-1)
    there = np.arange(w.shape[-1])
    if (order == there).all():
        return v
    own = np.abs(plain(w) - plain(values))
    rounding = 4 * w.shape[-1] * np.finfo(w.dtype).eps * np.abs(plain(w)).max(-1, keepdims=True, initial=0)
    if (own <= 2 * distance.min(-1) + rounding).all():
        return v
    if (np.sort(order, axis=-1) != there).any():
        raise NotDifferentiableError("numpy.linalg.eigvals has no derivative where eigenvalues are so close: use eig")
    return np.take_along_axis(v, np.broadcast_to(order[..., None, :], v.shape), -1)


eig_values_: Primitive = structural("eig.values", lambda _a, w, _v: w, (_eig_values_jvp, None, None))
eig_vectors_: Primitive = structural("eig.vectors", lambda _a, _w, v: v, (_eig_vectors_jvp, None, None))
eigvals_: Primitive = structural("eigvals", lambda _a, w: w, (_eigvals_jvp, None))


@function(np.linalg.eig)
def eig(a: Any) -> Any:
    """Return the eigenvalues and eigenvectors of matrices."""
    a = current(a)
    inner = below(a)
    result = np.linalg.eig(*(inner or [a]))
    if inner is None:
        return result
    return type(result)(*(apply(primitive, (a, *result), {}) for primitive in (eig_values_, eig_vectors_)))


@function(np.linalg.eigvals)
def eigvals(a: Any) -> Any:
    """Return the eigenvalues of matrices."""
    a = current(a)
    inner = below(a)
    w = np.linalg.eigvals(*(inner or [a]))
    return w if inner is None else apply(eigvals_, (a, w), {})
