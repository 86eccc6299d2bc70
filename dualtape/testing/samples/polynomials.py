"""Samples of the operations of ops/polynomials.py."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from dualtape.testing.sample import Sample
from dualtape.testing.samples.shaping import square

SAMPLES: list[Sample] = []

P: Any = np.array([1.5, -2.0, 0.5, 3.0])
Q: Any = np.array([2.0, -1.0, 4.0])
X: Any = np.array([[0.5, -1.25], [1.5, 0.25], [-0.75, 2.0]])
Z: Any = P + 1j * np.array([0.5, 2.0, -1.0, 0.25])
FIXED: Any = P.copy()
FIXED.flags.writeable = False


def add(operation: str, function: Callable[..., Any], *args: Any, label: str, **settings: Any) -> None:
    SAMPLES.append(Sample(operation, lambda *xs: square(function(*xs)), args, label, **settings))


# --- values -------------------------------------------------------------------------------------------------------

add("polyval", np.polyval, P, X, label="2-d", analytic=True)
add("polyval", np.polyval, Z, X, label="complex and real")
add("polyval", lambda x: np.polyval([1, 2, 3], x), X.T.astype("f"), label="integer coefficients, float32")
add("polyval", lambda p: np.polyval(p, [1, 2, 3]), FIXED, label="at integers")
add("polyval", np.polyval, P, np.float64(0.5), label="0-d")
add("polyval", np.poly1d([1.0, 2.0, 3.0]), X, label="poly1d")
add("polyval", lambda p, x: np.poly1d(p)(x), P, X, label="traced poly1d")
add("polyval", np.polyval, P, X[:0], label="empty")

# --- coefficients -------------------------------------------------------------------------------------------------

for _p in (P, Z, P.astype("f"), FIXED[::-1]):
    _label = f"{_p.dtype}{'' if _p.flags.c_contiguous else ', not contiguous'}"
    for _m in (0, 1, 2, 4):
        add("polyder", partial(np.polyder, m=_m), _p, label=f"{_label}, m = {_m}")
        add("polyint", partial(np.polyint, m=_m), _p, label=f"{_label}, m = {_m}")
    for _function in (np.polyadd, np.polysub, np.polymul, np.polydiv):
        _name = _function.__name__
        add(_name, _function, _p, Q, label=_label)
        add(_name, _function, Q, _p, label=f"{_label}, second")
        if _p.dtype != np.float32:  # in which polydiv leaves other zeros away
            _first = _p[:2] if _p.dtype.kind == "f" else np.array([2j, 1 - 1j])
            add(_name, lambda p, f=_function: f([1, 2, 3, 4, 5], p), _first, label=f"{_label}, a list first")
add("polyint", lambda p, k: np.polyint(p, 2, [k, 3.0 * k]), P, np.float64(2.0), label="traced constants")
add("polyint", lambda p: np.polyint(p, 3, 2.0), P, label="one constant for all")
add("polymul", np.polymul, np.append(0.0, P), Q, label="a leading zero", kink=True)
add("polymul", lambda p, q: (np.poly1d(p) * np.poly1d(q)).coeffs, P, Q, label="poly1d")
add("polyadd", lambda p, q: (np.poly1d(p) - q).integ(1, 2.0).deriv().coeffs, P, Q, label="poly1d, and back")

# --- poly, roots --------------------------------------------------------------------------------------------------

add("poly", np.poly, P, label="of roots", analytic=True)
add("poly", np.poly, Z, label="of complex roots")
add("poly", lambda z: np.poly(np.concatenate([z, np.conj(z)])), Z[:2], label="of conjugate roots")
add("poly", np.poly, np.array([1.0, -2.0], np.float32), label="of float32 roots")
add("poly", np.poly, X[:2], label="of a matrix")
add("poly", np.poly, np.array([[0.5, 2.0], [-1.0, 0.25]]), label="of a matrix with complex eigenvalues")
add("roots", np.roots, np.array([1.0, -2.0, -1.0, 1.0]), label="real")
add("roots", np.roots, P, label="some of them complex")
add("roots", np.roots, Z, label="complex")
add("roots", np.roots, Q.astype("f")[::-1], label="float32, not contiguous")
add("roots", np.roots, Q[:2], label="one")
add("roots", np.roots, Q[:1], label="none")
add("roots", np.roots, np.array([0.0, 1.0, -3.0, 2.0]), label="a leading zero", kink=True)
add("roots", np.roots, np.array([1.0, -3.0, 0.0]), label="a root at 0", kink=True)

# --- vander, polyfit ----------------------------------------------------------------------------------------------

for _increasing in (False, True):
    for _n in (None, 0, 1, 2, 5):
        _vander: Any = partial(np.vander, N=_n, increasing=_increasing)
        add("vander", _vander, P, label=f"N = {_n}, increasing = {_increasing}", analytic=True)
        add("vander", _vander, Z[::2], label=f"complex, N = {_n}, increasing = {_increasing}")
add("vander", np.vander, FIXED.astype("f"), label="float32")
add("vander", partial(np.vander, N=3), P[:0], label="empty")
add("vander", np.vander, np.array([0.0, 1.0]), label="at 0")

AT: Any = np.array([-1.0, -0.25, 0.5, 1.5, 2.0, 3.5])
Y: Any = np.array([[1.0, 2.5], [0.5, -1.0], [0.25, 0.75], [2.0, 1.0], [3.5, -0.5], [-1.0, 1.5]])
WEIGHTS: Any = np.array([1.0, 2.0, 0.5, 1.5, 1.0, 0.75])
for _degree in (0, 1, 2):
    _fit: Any = partial(np.polyfit, deg=_degree)
    add("polyfit", _fit, AT, Y[:, 0], label=f"degree {_degree}")
    add("polyfit", _fit, AT, Y, label=f"degree {_degree}, several")
    add("polyfit", lambda x, y, w, f=_fit: f(x, y, w=w), AT, Y, WEIGHTS, label=f"degree {_degree}, weights")
add("polyfit", lambda x, y: np.polyfit(x, y, 2, cov=True), AT, Y[:, 0], label="covariance")
add("polyfit", lambda x, y: np.polyfit(x, y, 1, cov="unscaled"), AT, Y, label="unscaled covariance, several")
add("polyfit", lambda y: np.polyfit(range(6), y, 2), Y[:, 1].astype("f"), label="float32 at integers")
add("polyfit", lambda y: np.polyfit(AT, y, 2), Y[:, 0] + 1j * Y[:, 1], label="complex")

# --- numpy.polynomial ---------------------------------------------------------------------------------------------

TABLE: Any = np.outer(P[:3], Q)
if hasattr(np.polynomial.polynomial.polyval2d, "__wrapped__"):
    _several: Any
    for _several in (np.polynomial.polynomial.polyval2d, np.polynomial.polynomial.polygrid2d):
        add(_several.__name__, _several, X[:, 0], X[:, 1], TABLE, label="points and coefficients")
        add(_several.__name__, lambda c, f=_several: f([1, 2], [3, 4], c), TABLE * 1j, label="complex coefficients")
        add(_several.__name__, lambda x, f=_several: f(x, x, TABLE), X.astype("f"), label="float32, 2-d")
_valnd: Any = getattr(np.polynomial.polynomial, "polyvalnd", None)
if _valnd is not None:  # from NumPy 2.5 on
    _cube: Any = np.stack([TABLE, -TABLE], axis=-1)
    add("polyvalnd", lambda x, c: _valnd((x, 2.0 * x, x), c), X[:, 0], _cube, label="points and coefficients")
_value: Any
for _value in (
    np.polynomial.polynomial.polyval, np.polynomial.chebyshev.chebval, np.polynomial.legendre.legval,
    np.polynomial.hermite.hermval, np.polynomial.hermite_e.hermeval, np.polynomial.laguerre.lagval,
):  # fmt: skip
    add(_value.__name__, lambda x, f=_value: f(x, P), X, label="numpy.polynomial, points")
