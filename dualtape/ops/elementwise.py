"""Elementwise operations: one line each, the partial derivatives. Both modes read this table."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from dualtape.primitive import PRIMITIVES, elementwise

__all__: list[str] = []

# Partials take (out, *operands) and return what a tangent is multiplied by; None is the partial 1.
# A leading underscore says that an argument is not read, and so need not be kept.

LN2 = float(np.log(2.0))
LN10 = float(np.log(10.0))


def _is_complex(x: Any) -> bool:
    return bool(getattr(x, "dtype", np.dtype(type(x))).kind == "c")


# --- arithmetic ---------------------------------------------------------------------------------------------------

elementwise(np.add, None, None)
elementwise(np.subtract, None, lambda _out, _x, _y: -1.0)
elementwise(np.multiply, lambda _out, _x, y: y, lambda _out, x, _y: x)
elementwise(np.divide, lambda _out, _x, y: 1.0 / y, lambda out, _x, y: -out / y)
elementwise(np.negative, lambda _out, _x: -1.0)
elementwise(np.positive, None)
elementwise(np.reciprocal, lambda out, _x: -out * out)
elementwise(np.square, lambda _out, x: 2.0 * x)
elementwise(np.sqrt, lambda out, _x: 0.5 / out)
elementwise(np.cbrt, lambda out, _x: 1.0 / (3.0 * out * out))


def _power_x(_out: Any, x: Any, y: Any) -> Any:
    if type(y) is int or type(y) is float:
        if y == 2:
            return 2.0 * x
        return x * 0.0 if y == 0 else y * x ** (y - 1)
    # x**0 is constant: 0 times x**-1 would be nan at x = 0.
    return y * np.power(x, np.where(y == 0, 1, y - 1))


def _power_y(out: Any, x: Any, _y: Any) -> Any:
    # 0**y is 0 for every y > 0, so its derivative there is 0, not 0 * log(0).
    return out * np.log(np.where(x == 0, 1, x))


elementwise(np.power, _power_x, _power_y)
elementwise(operator.pow, _power_x, _power_y, name="pow")
elementwise(np.float_power, _power_x, _power_y)
elementwise(np.remainder, None, lambda _out, x, y: -np.floor_divide(x, y))
elementwise(np.fmod, None, lambda _out, x, y: -np.trunc(x / y))

# --- exponentials and logarithms ----------------------------------------------------------------------------------

elementwise(np.exp, lambda out, _x: out)
elementwise(np.exp2, lambda out, _x: out * LN2)
elementwise(np.expm1, lambda out, _x: out + 1.0)
elementwise(np.log, lambda _out, x: 1.0 / x)
elementwise(np.log2, lambda _out, x: 1.0 / (x * LN2))
elementwise(np.log10, lambda _out, x: 1.0 / (x * LN10))
elementwise(np.log1p, lambda _out, x: 1.0 / (1.0 + x))
elementwise(np.logaddexp, lambda out, x, _y: np.exp(_below(x, out)), lambda out, _x, y: np.exp(_below(y, out)))
elementwise(np.logaddexp2, lambda out, x, _y: np.exp2(_below(x, out)), lambda out, _x, y: np.exp2(_below(y, out)))


def _below(x: Any, out: Any) -> Any:
    # Where both operands are -inf the difference is nan; each then has an equal share.
    return np.where(np.isneginf(out), -LN2, x - np.where(np.isneginf(out), 0.0, out))


# --- trigonometry -------------------------------------------------------------------------------------------------

elementwise(np.sin, lambda _out, x: np.cos(x))
elementwise(np.cos, lambda _out, x: -np.sin(x))
elementwise(np.tan, lambda out, _x: 1.0 + out * out)
elementwise(np.arcsin, lambda _out, x: 1.0 / np.sqrt(1.0 - x * x))
elementwise(np.arccos, lambda _out, x: -1.0 / np.sqrt(1.0 - x * x))
elementwise(np.arctan, lambda _out, x: 1.0 / (1.0 + x * x))
elementwise(np.arctan2, lambda _out, x, y: y / (x * x + y * y), lambda _out, x, y: -x / (x * x + y * y))
elementwise(np.sinh, lambda _out, x: np.cosh(x))
elementwise(np.cosh, lambda _out, x: np.sinh(x))
elementwise(np.tanh, lambda out, _x: 1.0 - out * out)
elementwise(np.arcsinh, lambda _out, x: 1.0 / np.sqrt(x * x + 1.0))
elementwise(np.arccosh, lambda _out, x: 1.0 / (np.sqrt(x - 1.0) * np.sqrt(x + 1.0)))
elementwise(np.arctanh, lambda _out, x: 1.0 / (1.0 - x * x))
elementwise(np.deg2rad, lambda _out, _x: np.pi / 180.0)
elementwise(np.radians, lambda _out, _x: np.pi / 180.0)
elementwise(np.rad2deg, lambda _out, _x: 180.0 / np.pi)
elementwise(np.degrees, lambda _out, _x: 180.0 / np.pi)

# --- magnitude, sign and selection --------------------------------------------------------------------------------




elementwise(
    np.absolute,
    lambda _out, x: 0.5 * np.conj(np.sign(x)) if _is_complex(x) else np.sign(x),
    conjugates=(lambda _out, x: 0.5 * np.sign(x),),
)
elementwise(
    np.sign,
    lambda _out, x: 0.5 / np.where(x == 0, np.inf, np.abs(x)) if _is_complex(x) else 0.0,
    conjugates=(lambda out, x: -0.5 * out * out / np.where(x == 0, np.inf, np.abs(x)),),
)
elementwise(np.fabs, lambda _out, x: np.sign(x))
elementwise(np.conjugate, lambda _out, x: 0.0 if _is_complex(x) else 1.0, conjugates=(lambda _out, _x: 1.0,))
elementwise(
    np.hypot,
    lambda out, x, _y: np.where(out == 0, 0.0, x / np.where(out == 0, 1.0, out)),
    lambda out, _x, y: np.where(out == 0, 0.0, y / np.where(out == 0, 1.0, out)),
)
elementwise(np.copysign, lambda out, x, _y: np.sign(x) * np.sign(out), lambda _out, _x, _y: 0.0)
elementwise(np.ldexp, lambda _out, _x, y: np.exp2(y), lambda _out, _x, _y: 0.0)


def _share_x(out: Any, x: Any, y: Any) -> Any:
    """The part of the derivative that goes to x where one of x and y is selected: half of it where they tie."""
    dtype = out.dtype
    return np.equal(x, out).astype(dtype) - 0.5 * np.logical_and(np.equal(x, out), np.equal(y, out)).astype(dtype)


elementwise(np.maximum, _share_x, lambda out, x, y: _share_x(out, y, x))
elementwise(np.minimum, _share_x, lambda out, x, y: _share_x(out, y, x))
elementwise(np.fmax, _share_x, lambda out, x, y: _share_x(out, y, x))
elementwise(np.fmin, _share_x, lambda out, x, y: _share_x(out, y, x))

for _name, _operator in {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "remainder": operator.mod, "negative": operator.neg, "absolute": abs,
}.items():  # fmt: skip
    PRIMITIVES[_name].op = _operator
