"""Elementwise operations: one line each, the partial derivatives. Both modes read this table."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, NO_PARAMS, Operand, apply, resolve
from dualtape.ops.protocol import function, strip
from dualtape.primitive import OTHER, PRIMITIVES, UFUNCS, Primitive, elementwise

__all__ = ["minus"]

# Operands are arrays, scalars of NumPy's and of Python's, or handles: `Any` in this file says that.
# Partials take (out, *operands) and return what a tangent is multiplied by; None is the partial 1.
# A leading underscore says that an argument is not read, and so need not be kept.
# Constants are Python's floats, which leave float32 alone.

LN2 = math.log(2.0)
LN10 = math.log(10.0)
DEGREE = math.pi / 180.0
LARGE = 8192  # entries from which the pages of a fresh array cost more than a second pass over an old one


def _is_complex(x: Any) -> bool:
    return x.dtype.kind == "c" if hasattr(x, "dtype") else type(x) is complex


def _as_numpy(x: Any) -> Any:
    return x if hasattr(x, "dtype") else np.complex128(x)  # Python's complex takes NumPy's float64 for its own


def _mul(x: Any, y: Any) -> Any:
    return _as_numpy(x * y)  # of complex scalars np.multiply has other last bits


def _divide_x(_out: Any, _x: Any, y: Any) -> Any:
    try:
        return 1.0 / y
    except ZeroDivisionError:  # of Python's numbers; NumPy's would not leave float32 alone
        return np.divide(1.0, y).item()


def _divide_y(out: Any, _x: Any, y: Any) -> Any:
    if type(out) is np.ndarray and out.size >= LARGE:
        slope = out / y
        return np.negative(slope, out=slope)
    return -out / y


def minus(*_operands: Any) -> float:
    """Return the partial -1, which reverse mode does not multiply by."""
    return -1.0


# --- arithmetic ---------------------------------------------------------------------------------------------------

elementwise(np.add, None, None)
elementwise(np.subtract, None, minus)
elementwise(np.multiply, lambda _out, _x, y: y, lambda _out, x, _y: x)
elementwise(_mul, lambda _out, _x, y: y, lambda _out, x, _y: x, name="mul")
elementwise(np.divide, _divide_x, _divide_y)
elementwise(np.negative, minus)
elementwise(np.positive, None)
elementwise(np.reciprocal, lambda out, _x: -out * out)
elementwise(np.square, lambda _out, x: x + x)  # 2 x, without a product with a Python number
elementwise(np.sqrt, lambda out, _x: 0.5 / out)
elementwise(np.cbrt, lambda out, _x: 1.0 / (3.0 * out * out))


def _power_x(_out: Any, x: Any, y: Any) -> Any:
    kind = type(y)
    if kind is int or kind is float or kind is np.float64:
        if y == 2:
            return x + x
        return y * x ** (y - 1) if y else 0.0
    zero = np.equal(y, 0)
    if zero.any():
        # x**0 is constant, and 0 times x**-1 would be nan at x = 0; elsewhere the derivative in y is still to be had.
        large = np.greater(np.abs(strip(x)), np.finfo(x.dtype).tiny)
        x = np.where(np.logical_and(zero, np.logical_not(large)), 1, x)
    return y * np.power(x, y - 1)


def _power_y(out: Any, x: Any, _y: Any) -> Any:
    if type(x) in {int, float, complex}:
        x = out.dtype.type(x)
    base = np.where(np.equal(x, 0), 1, x)  # 0**y is 0 for every y > 0, so its derivative there is 0, not 0 * log(0)
    return out * np.log(base + 0j if _is_complex(out) and not _is_complex(base) else base)


def _pow(x: Any, y: Any) -> Any:
    return _as_numpy(x**y)


elementwise(np.power, _power_x, _power_y)
elementwise(_pow, _power_x, _power_y, name="pow")
elementwise(np.float_power, _power_x, _power_y)
elementwise(np.remainder, None, lambda _out, x, y: -np.floor_divide(x, y))
# The quotient is a whole number, and x / y may be rounded up to the next one.
elementwise(np.fmod, None, lambda out, x, y: -np.rint((strip(x) - strip(out)) / strip(y)))

# --- exponentials and logarithms ----------------------------------------------------------------------------------

elementwise(np.exp, lambda out, _x: out)
elementwise(np.exp2, lambda out, _x: out * LN2)
elementwise(np.expm1, lambda out, _x: out + 1.0)
elementwise(np.log, lambda _out, x: 1.0 / x)
elementwise(np.log2, lambda _out, x: 1.0 / (x * LN2))
elementwise(np.log10, lambda _out, x: 1.0 / (x * LN10))
elementwise(np.log1p, lambda _out, x: 1.0 / (1.0 + x))


def _weight(exponential: np.ufunc, out: Any, x: Any, y: Any) -> Any:
    """Return exp(x - out), the share of x in exp(out) = exp(x) + exp(y); where out is infinite, that of a maximum."""
    finite = np.isfinite(out)
    if np.all(finite):
        return exponential(x - out)
    inside = exponential(np.where(finite, x, 0.0) - np.where(finite, out, 0.0))
    return np.where(finite, inside, _larger(x, y, x.dtype))


elementwise(np.logaddexp, lambda out, x, y: _weight(np.exp, out, x, y), lambda out, x, y: _weight(np.exp, out, y, x))
elementwise(np.logaddexp2, lambda out, x, y: _weight(np.exp2, out, x, y), lambda out, x, y: _weight(np.exp2, out, y, x))

# --- trigonometry -------------------------------------------------------------------------------------------------

elementwise(np.sin, lambda _out, x: np.cos(x))
elementwise(np.cos, lambda _out, x: -np.sin(x))
elementwise(np.tan, lambda out, _x: 1.0 + out * out)


def _cosine_of_arcsine(x: Any) -> Any:
    if x.dtype.kind == "c":
        # The sign of a zero imaginary part tells the side of the branch cut, and `1.0 - x` would lose it.
        return np.sqrt(-((x - 1.0) * (x + 1.0)))
    return np.sqrt((1.0 - x) * (1.0 + x))


elementwise(np.arcsin, lambda _out, x: 1.0 / _cosine_of_arcsine(x))
elementwise(np.arccos, lambda _out, x: -1.0 / _cosine_of_arcsine(x))
elementwise(np.arctan, lambda _out, x: 1.0 / (1.0 + x * x))


def _slope(x: Any, y: Any) -> Any:
    """Return y / (x**2 + y**2), also where the squares would over- or underflow."""
    radius = np.hypot(x, y)
    return y / radius / radius


elementwise(np.arctan2, lambda _out, x, y: _slope(x, y), lambda _out, x, y: -_slope(y, x))
elementwise(np.sinh, lambda _out, x: np.cosh(x))
elementwise(np.cosh, lambda _out, x: np.sinh(x))


def _complement(square: Any) -> Any:
    """Return 1 - square, a fresh product, in its own memory where that is large."""
    if type(square) is np.ndarray and square.size >= LARGE:
        return np.subtract(1.0, square, out=square)
    return 1.0 - square


elementwise(np.tanh, lambda out, _x: _complement(out * out))
elementwise(np.arcsinh, lambda _out, x: 1.0 / np.sqrt(x * x + 1.0))
elementwise(np.arccosh, lambda _out, x: 1.0 / (np.sqrt(x - 1.0) * np.sqrt(x + 1.0)))
elementwise(np.arctanh, lambda _out, x: 1.0 / ((1.0 - x) * (1.0 + x)))
elementwise(np.deg2rad, lambda _out, _x: DEGREE)
elementwise(np.radians, lambda _out, _x: DEGREE)
elementwise(np.rad2deg, lambda _out, _x: 1.0 / DEGREE)
elementwise(np.degrees, lambda _out, _x: 1.0 / DEGREE)

# --- magnitude and sign -------------------------------------------------------------------------------------------


def _inverse_magnitude(z: Any) -> Any:
    return 1.0 / np.where(np.equal(z, 0), np.inf, np.abs(z))


for _magnitude in (np.absolute, abs):  # of a complex scalar they differ in their last bits
    elementwise(
        _magnitude,
        lambda _out, x: 0.5 * np.conj(np.sign(x)) if _is_complex(x) else np.sign(x),
        conjugates=(lambda _out, x: 0.5 * np.sign(x),),
    )
elementwise(
    np.sign,
    lambda _out, x: 0.5 * _inverse_magnitude(x) if _is_complex(x) else 0.0,
    conjugates=(lambda out, x: -0.5 * out * out * _inverse_magnitude(x),),
)
elementwise(np.fabs, lambda _out, x: np.sign(x))
elementwise(np.conjugate, lambda _out, x: 0.0 if _is_complex(x) else 1.0, conjugates=(lambda _out, _x: 1.0,))


def _cosine(out: Any, x: Any) -> Any:
    """Return x / out, 0 where both are."""
    return x / np.where(np.equal(out, 0), 1.0, out)


elementwise(np.hypot, lambda out, x, _y: _cosine(out, x), lambda out, _x, y: _cosine(out, y))
elementwise(np.copysign, lambda out, x, _y: np.sign(x) * np.sign(out), lambda _out, _x, _y: 0.0)
elementwise(np.ldexp, lambda out, _x, y: np.ldexp(out.dtype.type(1.0), y), lambda _out, _x, _y: 0.0)
elementwise(np.nextafter, None, lambda _out, _x, _y: 0.0)
elementwise(np.heaviside, lambda _out, _x, _y: 0.0, lambda out, x, _y: np.equal(x, 0).astype(out.dtype))

# --- selection ----------------------------------------------------------------------------------------------------


def _share(first: Any, second: Any, dtype: Any) -> Any:
    """Return 1 where only the first holds, 0 where only the second does, a half where both or neither do."""
    tie = np.equal(first, second)
    return np.where(tie, dtype.type(0.5), first) if tie.any() else first


def _larger(x: Any, y: Any, dtype: Any) -> Any:
    return _share(np.greater(x, y), np.less(x, y), dtype)


elementwise(np.maximum, lambda _out, x, y: _larger(x, y, x.dtype), lambda _out, x, y: _larger(y, x, y.dtype))
elementwise(np.minimum, lambda _out, x, y: _larger(y, x, x.dtype), lambda _out, x, y: _larger(x, y, y.dtype))

# --- ufuncs with two results --------------------------------------------------------------------------------------

modf_fraction: Primitive = elementwise(lambda x: np.modf(x)[0], None, name="modf")
frexp_mantissa: Primitive = elementwise(
    lambda x: np.frexp(x)[0], lambda out, x: np.ldexp(out.dtype.type(1.0), -np.frexp(strip(x))[1]), name="frexp"
)


@function(np.modf)
def modf(x: Any) -> tuple[Any, Any]:
    """Split numbers into their fractional parts and their whole ones, which are plain."""
    return apply(modf_fraction, (x,), NO_PARAMS), np.modf(_values(x))[1]


@function(np.frexp)
def frexp(x: Any) -> tuple[Any, Any]:
    """Split numbers into mantissas and exponents, which are plain."""
    return apply(frexp_mantissa, (x,), NO_PARAMS), np.frexp(_values(x))[1]


@function(np.divmod, method="__divmod__")
def divmod(x: Any, y: Any) -> tuple[Any, Any]:
    """Return quotients rounded down, which are plain, and remainders."""
    return np.floor_divide(_values(x), _values(y)), np.remainder(x, y)


def _values(x: Any) -> Any:
    return strip(resolve(x, ACTIVE.get()))


# --- methods and operators ----------------------------------------------------------------------------------------


def _method(ufunc: np.ufunc) -> Callable[..., Any]:
    def call(*operands: Any) -> Any:
        return ufunc(*operands)

    return call


# NumPy's loops over object arrays, which is what a list of handles becomes, call methods named after the ufunc.
for _ufunc in (*UFUNCS, np.logical_xor):
    if _ufunc.nin == 1 or _ufunc.__name__ in {"arctan2", "hypot", "fmod", "logical_xor"}:
        setattr(Operand, _ufunc.__name__, _method(_ufunc))
Operand.conj = _method(np.conjugate)  # type: ignore[attr-defined]  # a method of ndarray
Operand.__rdivmod__ = lambda self, other: divmod(other, self)  # type: ignore[attr-defined]  # an operator of ndarray

_operators: dict[str, Callable[..., Any]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "mul": operator.mul,
    "divide": operator.truediv,
    "remainder": operator.mod, "pow": operator.pow, "negative": operator.neg, "absolute": abs,
}  # fmt: skip
for _name, _operator in _operators.items():
    PRIMITIVES[_name].op = _operator
PRIMITIVES["add"].rates = (None, None)
PRIMITIVES["subtract"].rates = (None, minus)
PRIMITIVES["mul"].rates = PRIMITIVES["multiply"].rates = (OTHER, OTHER)
