"""VJP rules of decompositions; papers are cited in dualtape/ops/decompositions.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.array import plain
from dualtape.errors import NotDifferentiableError
from dualtape.ops.decompositions import check_completion, check_rank
from dualtape.ops.linalg import adjoint, real, solved, symmetric
from dualtape.primitive import PRIMITIVES

__all__ = ["check_gauge"]


def check_gauge(excess: Any, g: Any, name: str, what: str) -> None:
    """Refuse a loss that depends on what a decomposition leaves open.

    Args:
        excess: the derivative of the loss along the changes that are open, 0 but for rounding.
        g: the cotangent, for its size.
        name: the function of NumPy.
        what: what is open, for the message.
    """
    excess, g = plain(excess), plain(g)
    limit = np.finfo(g.dtype).eps ** 0.4 * np.abs(g).max(initial=0)
    if (np.abs(excess) > limit).any():
        raise NotDifferentiableError(
            f"numpy.linalg.{name}: the loss depends on {what}, which no matrix determines: write it so that it does "
            f"not, for instance with the absolute values of the vectors or with products of them and their conjugates"
        )


# --- cholesky -----------------------------------------------------------------------------------------------------

# I. Murray, Differentiation of the Cholesky decomposition, arXiv:1602.07527 (2016), equation 10.


def _cholesky(g: Any, out: Any, _a: Any, *, upper: bool) -> Any:
    lower, g = (adjoint(out), adjoint(g)) if upper else (out, g)
    lh = adjoint(lower)
    inner = np.tril(np.matmul(lh, g))
    inner = inner - 0.5 * inner * np.eye(inner.shape[-1], dtype=inner.real.dtype)
    left = solved(lh, inner, lower.ndim)
    return symmetric(adjoint(solved(lh, adjoint(left), lower.ndim)))


PRIMITIVES["cholesky"].vjp = (_cholesky,)


# --- qr -----------------------------------------------------------------------------------------------------------

# [WL] 3.5, equation 3.11; a wide matrix [A1 A2] is Q [R1 R2] with A2 = Q R2.


def _hermitian_from_lower(x: Any) -> Any:
    strict = np.tril(x, -1)
    return strict + adjoint(strict) + real(x) * np.eye(x.shape[-1], dtype=x.real.dtype)


def _qr_square(gq: Any, m: Any, q: Any, r: Any) -> Any:
    """Return (gQ + Q copyltu(M)) R^-H."""
    inner = gq + np.matmul(q, _hermitian_from_lower(m))
    return adjoint(solved(r, adjoint(inner), q.ndim))


def _qr_q(g: Any, _out: Any, _a: Any, q: Any, r: Any) -> Any:
    check_rank(r)
    k = q.shape[-1]
    pulled = _qr_square(g, -np.matmul(adjoint(g), q), q, r[..., :k])
    return _widened(pulled, r.shape[-1] - k)


def _widened(x: Any, n: int) -> Any:
    return np.concatenate([x, np.zeros((*x.shape[:-1], n), x.dtype)], axis=-1) if n else x


def _qr_r(g: Any, _out: Any, _a: Any, q: Any, r: Any) -> Any:
    check_rank(r)
    k = q.shape[-1]
    g = np.triu(g)
    first, rest = g[..., :k], g[..., k:]
    m = np.matmul(r[..., :k], adjoint(first))
    if not rest.shape[-1]:
        return _qr_square(np.zeros_like(plain(q)), m, q, r)
    gq = np.matmul(np.matmul(q, r[..., k:]), adjoint(rest))
    square = _qr_square(gq, m - np.matmul(adjoint(gq), q), q, r[..., :k])
    return np.concatenate([square, np.matmul(q, rest)], axis=-1)


PRIMITIVES["qr.q"].vjp = (_qr_q, None, None)
PRIMITIVES["qr.r"].vjp = (_qr_r, None, None)


def _completion(g: Any, _out: Any, _a: Any, c: Any, p: Any, *, name: str, regular: bool) -> Any:
    check_completion(name, regular)
    turned = np.matmul(adjoint(c), g)
    check_gauge(turned - adjoint(turned), g, name, "how the vectors that complete a basis are turned")
    return -np.matmul(c, np.matmul(adjoint(g), adjoint(p)))


PRIMITIVES["completion"].vjp = (_completion, None, None)
