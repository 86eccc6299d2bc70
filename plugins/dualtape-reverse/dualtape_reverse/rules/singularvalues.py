"""VJP rules of singular values and vectors; papers are cited in dualtape/ops/singularvalues.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.array import plain
from dualtape.ops.eigenvalues import check_vectors, not_zero, scaled_columns
from dualtape.ops.linalg import adjoint
from dualtape.ops.singularvalues import reciprocal_squares, values_only
from dualtape.primitive import PRIMITIVES
from dualtape_reverse.rules.decompositions import check_gauge

__all__: list[str] = []


def _values(g: Any, out: Any, _a: Any, u: Any, _s: Any, vh: Any) -> Any:
    return np.matmul(scaled_columns(u, values_only(g, out, u)), vh)


def _svdvals(g: Any, out: Any, a: Any, _s: Any) -> Any:
    u, _, vh = np.linalg.svd(a, full_matrices=False)
    return _values(g, out, None, u, None, vh)


def _vectors(g: Any, _out: Any, _a: Any, u: Any, s: Any, vh: Any) -> Any:
    # [WZ] 15 to 18
    check_vectors(s, "svd", zeros=True)
    m, v, uh = u.shape[-2], adjoint(vh), adjoint(u)
    gu, gv = g[..., :m, :], g[..., m:, :]
    divisor = np.where(not_zero(s), s, 1)
    nu, nv = np.matmul(uh, gu), np.matmul(vh, gv)
    f = reciprocal_squares(s)
    inner = scaled_columns(f * (nu - adjoint(nu)), s) + s[..., :, None] * (f * (nv - adjoint(nv)))
    if inner.dtype.kind == "c":
        phases = np.imag(np.diagonal(plain(nu + nv), axis1=-2, axis2=-1))
        check_gauge(phases, g, "svd", "the common phases of complex singular vectors")
        inner = inner + 0.5j * np.imag(nu - nv) * np.eye(s.shape[-1], dtype=s.dtype) / divisor[..., None, :]
    outside_u = scaled_columns(gu - np.matmul(u, nu), 1 / divisor)
    outside_v = scaled_columns(gv - np.matmul(v, nv), 1 / divisor)
    return np.matmul(np.matmul(u, inner) + outside_u, vh) + np.matmul(u, adjoint(outside_v))


PRIMITIVES["svd.values"].vjp = (_values, None, None, None)
PRIMITIVES["svd.vectors"].vjp = (_vectors, None, None, None)
PRIMITIVES["svdvals"].vjp = (_svdvals, None)
