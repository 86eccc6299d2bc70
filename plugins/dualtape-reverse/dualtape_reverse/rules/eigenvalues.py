"""VJP rules of eigenvalues and eigenvectors; papers are cited in dualtape/ops/eigenvalues.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.array import plain
from dualtape.ops.eigenvalues import average, check_vectors, gaps, inverse_of_basis, largest, matched, scaled_columns
from dualtape.ops.linalg import adjoint, conj, real, symmetric
from dualtape.primitive import PRIMITIVES
from dualtape_reverse.rules.decompositions import check_gauge

__all__: list[str] = []


# --- eigh, eigvalsh -----------------------------------------------------------------------------------------------

# [Giles] 3.1, in reverse: V (diag(gw) + F * V^H gV) V^H, and of that the Hermitian part.


def _eigh_values(g: Any, out: Any, _a: Any, _w: Any, v: Any) -> Any:
    return np.matmul(scaled_columns(v, average(g, out, v)), adjoint(v))


def _eigvalsh(g: Any, out: Any, a: Any, _w: Any, *, uplo: Any) -> Any:
    return _eigh_values(g, out, None, None, np.linalg.eigh(a, uplo)[1])


def _eigh_vectors(g: Any, _out: Any, _a: Any, w: Any, v: Any) -> Any:
    check_vectors(w, "eigh")
    inner = np.matmul(adjoint(v), g)
    if inner.dtype.kind == "c":
        phases = np.imag(np.diagonal(plain(inner), axis1=-2, axis2=-1))
        check_gauge(phases, g, "eigh", "the phases of complex eigenvectors")
    return symmetric(np.matmul(np.matmul(v, gaps(w) * inner), adjoint(v)))


PRIMITIVES["eigh.values"].vjp = (_eigh_values, None, None)
PRIMITIVES["eigh.vectors"].vjp = (_eigh_vectors, None, None)
PRIMITIVES["eigvalsh"].vjp = (_eigvalsh, None)


# --- eig, eigvals -------------------------------------------------------------------------------------------------

# [BHH] 4.60 and 4.77, in reverse: V^-H (diag(gw) + conj(F) * V^H gZ) V^H, where gZ is the cotangent of the vectors
# before they get the length 1 and a real entry.


def _eig_values(g: Any, out: Any, _a: Any, _w: Any, v: Any) -> Any:
    left = adjoint(inverse_of_basis(v))
    return np.matmul(scaled_columns(left, average(g, out, v)), adjoint(v))


def _eigvals(g: Any, out: Any, a: Any, w: Any) -> Any:
    return _eig_values(g, out, None, None, matched(a, w))


def _eig_vectors(g: Any, _out: Any, _a: Any, w: Any, v: Any) -> Any:
    check_vectors(w, "eig")
    along = np.sum(conj(g) * v, axis=-2)
    g = g - scaled_columns(v, real(along))
    if v.dtype.kind == "c":
        chosen = largest(v)
        entries = np.sum(chosen * v, axis=-2)
        g = g + scaled_columns(chosen, 1j * np.imag(along) / conj(entries))
    inner = conj(gaps(w)) * np.matmul(adjoint(v), g)
    return np.matmul(adjoint(inverse_of_basis(v)), np.matmul(inner, adjoint(v)))


PRIMITIVES["eig.values"].vjp = (_eig_values, None, None)
PRIMITIVES["eig.vectors"].vjp = (_eig_vectors, None, None)
PRIMITIVES["eigvals"].vjp = (_eigvals, None)
