"""VJP rules of least squares; papers are cited in dualtape/ops/leastsquares.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.ops.leastsquares import check_cut, regular_part
from dualtape.ops.linalg import adjoint, column, symmetric
from dualtape.primitive import PRIMITIVES

__all__: list[str] = []


def _pinv(g: Any, out: Any, a: Any, *, hermitian: bool, settings: Any) -> Any:
    # [GP] 4.12, turned around
    a, p = regular_part(a, hermitian, settings), out
    ah, ph = adjoint(a), adjoint(p)
    left = g - np.matmul(ah, np.matmul(ph, g))
    right = g - np.matmul(np.matmul(g, ph), ah)
    pulled = np.matmul(np.matmul(ph, p), adjoint(left)) + np.matmul(adjoint(right), np.matmul(p, ph))
    pulled = pulled - np.matmul(np.matmul(ph, g), ph)
    return symmetric(pulled) if hermitian else pulled


def _lstsq_a(g: Any, _out: Any, a: Any, b: Any, x: Any, p: Any, *, cut: float) -> Any:
    check_cut(a, cut)
    ndim = b.ndim
    g, b, x, ph = column(g, ndim), column(b, ndim), column(x, ndim), adjoint(p)
    pulled = np.matmul(ph, g)
    inside = np.matmul(b - np.matmul(a, x), adjoint(np.matmul(p, pulled)))
    outside = np.matmul(np.matmul(ph, x), adjoint(g - np.matmul(adjoint(a), pulled)))
    return inside + outside - np.matmul(pulled, adjoint(x))


def _lstsq_b(g: Any, _out: Any, _a: Any, b_shape: Any, _x: Any, p: Any, **_params: Any) -> Any:
    rank = len(b_shape) if type(b_shape) is tuple else b_shape.ndim
    pulled = np.matmul(adjoint(p), column(g, rank))
    return pulled[..., 0] if rank == 1 else pulled


def _residuals_b(g: Any, _out: Any, a: Any, b: Any, x: Any, _residuals: Any) -> Any:
    pulled = 2.0 * g[..., None, :] * (column(b, b.ndim) - np.matmul(a, column(x, b.ndim)))
    return pulled[..., 0] if b.ndim == 1 else pulled


def _residuals_a(g: Any, _out: Any, a: Any, b: Any, x: Any, _residuals: Any) -> Any:
    y = column(x, b.ndim)
    weighted = 2.0 * g[..., None, :] * (column(b, b.ndim) - np.matmul(a, y))
    return -np.matmul(weighted, adjoint(y))


PRIMITIVES["pinv"].vjp = (_pinv,)
PRIMITIVES["lstsq"].vjp = (_lstsq_a, _lstsq_b, None, None)
PRIMITIVES["lstsq.residuals"].vjp = (_residuals_a, _residuals_b, None, None)
