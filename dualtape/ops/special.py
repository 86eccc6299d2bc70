"""Functions that act elementwise and are no ufuncs: sinc, i0, angle, nan_to_num, real_if_close."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, NO_PARAMS, Operand, TracedArray, apply, plain, resolve
from dualtape.ops.protocol import function, store, strip
from dualtape.primitive import Primitive, elementwise

__all__ = ["modified_bessel", "spherical_bessel"]


# --- sinc ---------------------------------------------------------------------------------------------------------


def _spherical(u: Any, n: int) -> Any:
    if isinstance(u, TracedArray):
        return spherical_bessel(u, n)
    near = np.less(np.abs(u), n + 2)
    # Away from 0 the recurrence j[m + 1] = (2m + 1) / u j[m] - j[m - 1]; near 0, where it loses digits, the power
    # series (F. Olver et al., NIST Handbook of Mathematical Functions, 10.51.1 and 10.53.1).
    far = np.where(near, n + 2.0, u)
    before, value = np.cos(far), np.sin(far) / far
    for m in range(n):
        before, value = value, ((2 * m + 1) * value - before) / (far * far)
    z = -0.5 * np.square(np.where(near, u, 0.0))
    total = term = np.full_like(z, 1.0 / math.prod(range(1, 2 * n + 2, 2)))
    k = 0
    while np.any(np.greater(np.abs(term), np.finfo(z.dtype).eps * np.abs(total))):
        k += 1
        term = term * z / (k * (2 * n + 2 * k + 1))
        total = total + term
    return np.where(near, total, value)


def spherical_bessel(u: Any, n: int) -> Any:
    """Return j[n](u) / u**n, whose derivative is -u j[n + 1](u) / u**(n + 1): accurate at u = 0 to any order."""
    return apply(spherical_, (u, n), NO_PARAMS)


spherical_: Primitive = elementwise(
    _spherical,
    lambda _out, u, n: -u * spherical_bessel(u, n + 1),
    lambda _out, _u, _n: 0.0,
    name="spherical_bessel",
)
sinc_: Primitive = elementwise(np.sinc, lambda _out, x: -(math.pi**2) * x * spherical_bessel(math.pi * x, 1))


@function(np.sinc)
def sinc(x: Any) -> Any:
    """Return sin(pi x) / (pi x)."""
    return apply(sinc_, (x,), NO_PARAMS)


# --- i0 -----------------------------------------------------------------------------------------------------------


def _modified(x: Any, n: int) -> Any:
    if isinstance(x, TracedArray):
        return modified_bessel(x, n)
    # The power series, all of whose terms are positive (NIST Handbook of Mathematical Functions, 10.25.2).
    with np.errstate(over="ignore"):
        z = np.square(0.5 * x)
        total = term = np.full_like(z, 0.5**n / math.factorial(n))
        k = 0
        while np.any(np.greater(term, np.finfo(z.dtype).eps * total)):
            k += 1
            term = term * (z / (k * (n + k)))
            total = total + term
    return total


def modified_bessel(x: Any, n: int) -> Any:
    """Return I[n](x) / x**n, whose derivative is x I[n + 1](x) / x**(n + 1)."""
    return apply(modified_, (x, n), NO_PARAMS)


modified_: Primitive = elementwise(
    _modified,
    lambda _out, x, n: x * modified_bessel(x, n + 1),
    lambda _out, _x, _n: 0.0,
    name="modified_bessel",
)
i0_: Primitive = elementwise(np.i0, lambda _out, x: x * modified_bessel(x, 1))


@function(np.i0)
def i0(x: Any) -> Any:
    """Return the modified Bessel function of order 0."""
    return apply(i0_, (x,), NO_PARAMS)


# --- angle --------------------------------------------------------------------------------------------------------

angle_: Primitive = elementwise(
    np.angle,
    lambda _out, z: -0.5j / z if z.dtype.kind == "c" else 0.0,
    conjugates=(lambda _out, z: 0.5j / np.conj(z),),
)


@function(np.angle)
def angle(z: Any, deg: bool = False) -> Any:
    """Return the angle in the complex plane."""
    radians = apply(angle_, (z,), NO_PARAMS)
    return radians * (180 / math.pi) if deg else radians


# --- replacing ----------------------------------------------------------------------------------------------------


def _replace(x: Any, nan: Any, posinf: Any, neginf: Any) -> Any:
    # NumPy does not ask the numbers that replace others.
    by = nan_to_num if any(isinstance(number, Operand) for number in (nan, posinf, neginf)) else np.nan_to_num
    return by(x, nan=nan, posinf=posinf, neginf=neginf)


def _where(test: Callable[..., Any], x: Any) -> Any:
    """Return 1 where a test holds; of complex numbers 1 and i where it holds of the real and of the imaginary part."""
    x = strip(x)
    if x.dtype.kind == "c":
        return np.asarray(test(x.real) + 1j * test(x.imag), x.dtype)
    return np.asarray(test(x), x.dtype)


def _kept(x: Any, sign: int) -> Any:
    # a re(z) + i b im(z) is (a + b) / 2 z + (a - b) / 2 conj(z).
    test = _where(np.isfinite, x)
    return 0.5 * (test.real + sign * test.imag) if test.dtype.kind == "c" else test


nan_to_num_: Primitive = elementwise(
    _replace,
    lambda _out, x, _nan, _posinf, _neginf: _kept(x, 1),
    lambda _out, x, _nan, _posinf, _neginf: _where(np.isnan, x),
    lambda _out, x, _nan, _posinf, _neginf: _where(np.isposinf, x),
    lambda _out, x, _nan, _posinf, _neginf: _where(np.isneginf, x),
    conjugates=(lambda _out, x, _nan, _posinf, _neginf: _kept(x, -1), None, None, None),
    name="nan_to_num",
)


@function(np.nan_to_num)
def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """Replace what is no finite number."""
    result = apply(nan_to_num_, (x, nan, posinf, neginf), NO_PARAMS)
    if copy or not isinstance(x, Operand) or not isinstance(plain(x), np.ndarray):
        return result
    if isinstance(x, TracedArray):
        return store(x, result)
    x[...] = result  # type: ignore[index]  # raises: a variable is read-only
    return x


@function(np.real_if_close)
def real_if_close(a: Any, tol: float = 100) -> Any:
    """Return the real part if all imaginary parts are close to 0, else the array itself."""
    if not isinstance(a, TracedArray):
        a = np.asanyarray(resolve(a, ACTIVE.get())) if not isinstance(a, Operand) else resolve(a, ACTIVE.get())
    is_close = a.dtype.kind == "c" and np.real_if_close(strip(a), tol).dtype.kind != "c"
    return np.real(a) if is_close else a
