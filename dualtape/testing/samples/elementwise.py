"""Samples of the operations of ops/elementwise.py."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dualtape.testing.sample import Sample

Array = np.ndarray[Any, Any]
Span = tuple[float, float]

GOLDEN = 0.6180339887498949  # its multiples, modulo 1, fill an interval evenly and never repeat


def spread(span: Span, shape: tuple[int, ...], dtype: Any = float, start: float = 0.35) -> Array:
    """Return different values from an interval; complex ones also have imaginary parts, of its width around 0."""
    low, high = span
    steps = np.arange(int(np.prod(shape))) + start
    values: Any = low + (high - low) * (steps * GOLDEN % 1.0)
    if np.dtype(dtype).kind == "c":
        values = values + 1j * (high - low) * (steps * GOLDEN**2 % 1.0 - 0.5)
    return np.asarray(values.reshape(shape), dtype)


def arrays(span: Span) -> Iterator[tuple[str, Array]]:
    """Return arrays of many kinds with values from an interval."""
    yield "0-d", spread(span, ())
    yield "1-d", spread(span, (3,))
    yield "2-d", spread(span, (2, 3))
    yield "empty", spread(span, (0, 2))
    yield "not contiguous", spread(span, (4, 3))[::2, ::-1].T
    yield "float32", spread(span, (3,), np.float32)
    read_only = spread(span, (2,))
    read_only.flags.writeable = False
    yield "read-only", read_only


def pairs(first: Span, second: Span) -> Iterator[tuple[str, Array, Array]]:
    """Return pairs of arrays of many kinds, with values from two intervals."""
    yield "0-d", spread(first, ()), spread(second, ())
    yield "1-d", spread(first, (3,)), spread(second, (3,), start=1.9)
    yield "2-d", spread(first, (2, 3)), spread(second, (2, 3), start=1.9)
    yield "broadcast", spread(first, (2, 1)), spread(second, (3,))
    yield "0-d with 2-d", spread(first, ()), spread(second, (2, 2))
    yield "2-d with 0-d", spread(first, (2, 2)), spread(second, ())
    yield "length 1 with length 0", spread(first, (1,)), spread(second, (0,))
    yield "not contiguous", spread(first, (3, 4))[:, ::2], spread(second, (2, 3)).T
    yield "float32", spread(first, (3,), np.float32), spread(second, (3,), np.float32, start=1.9)
    yield "float32 with float64", spread(first, (2,), np.float32), spread(second, (2,), start=1.9)
    read_only = spread(first, (2,))
    read_only.flags.writeable = False
    yield "read-only", read_only, spread(second, (2,), start=1.9)


# An interval within each function's domain, away from kinks; whether it takes complex numbers, and is analytic there.
UNARY: dict[np.ufunc, tuple[Span, str]] = {
    np.negative: ((-2, 2), "analytic"),
    np.positive: ((-2, 2), "analytic"),
    np.reciprocal: ((0.4, 2), "analytic"),
    np.square: ((-2, 2), "analytic"),
    np.sqrt: ((0.4, 3), "analytic"),
    np.cbrt: ((-3, -0.4), "real"),
    np.exp: ((-2, 2), "analytic"),
    np.exp2: ((-2, 2), "analytic"),
    np.expm1: ((-2, 2), "analytic"),
    np.log: ((0.4, 3), "analytic"),
    np.log2: ((0.4, 3), "analytic"),
    np.log10: ((0.4, 3), "analytic"),
    np.log1p: ((-0.6, 3), "analytic"),
    np.sin: ((-3, 3), "analytic"),
    np.cos: ((-3, 3), "analytic"),
    np.tan: ((-1.2, 1.2), "analytic"),
    np.arcsin: ((-0.8, 0.8), "analytic"),
    np.arccos: ((-0.8, 0.8), "analytic"),
    np.arctan: ((-0.8, 0.8), "analytic"),
    np.sinh: ((-2, 2), "analytic"),
    np.cosh: ((-2, 2), "analytic"),
    np.tanh: ((-2, 2), "analytic"),
    np.arcsinh: ((-0.8, 0.8), "analytic"),
    np.arccosh: ((1.3, 3), "analytic"),
    np.arctanh: ((-0.8, 0.8), "analytic"),
    np.deg2rad: ((-200, 200), "real"),
    np.radians: ((-200, 200), "real"),
    np.rad2deg: ((-3, 3), "real"),
    np.degrees: ((-3, 3), "real"),
    np.absolute: ((-2, -0.4), "complex"),
    np.fabs: ((0.4, 2), "real"),
    np.sign: ((0.4, 2), "complex"),
    np.conjugate: ((-2, 2), "complex"),
}

# The same for two operands.
BINARY: dict[np.ufunc, tuple[Span, Span, str]] = {
    np.add: ((-2, 2), (-2, 2), "analytic"),
    np.subtract: ((-2, 2), (-2, 2), "analytic"),
    np.multiply: ((-2, 2), (-2, 2), "analytic"),
    np.divide: ((-2, 2), (0.4, 2), "analytic"),
    np.power: ((0.4, 2), (-2, 3), "analytic"),
    np.float_power: ((0.4, 2), (-2, 3), "analytic"),
    np.remainder: ((3.2, 3.8), (-1.05, -1.2), "real"),
    np.fmod: ((-3.8, -3.2), (1.05, 1.2), "real"),
    np.logaddexp: ((-2, 2), (-2, 2), "real"),
    np.logaddexp2: ((-2, 2), (-2, 2), "real"),
    np.arctan2: ((-2, -0.4), (-2, 2), "real"),
    np.hypot: ((-2, -0.4), (0.4, 2), "real"),
    np.copysign: ((0.4, 2), (-2, -0.4), "real"),
    np.nextafter: ((0.4, 2), (3, 4), "real"),
    np.heaviside: ((0.4, 2), (-2, 2), "real"),
    np.maximum: ((-2, 0), (0.4, 2), "complex"),
    np.minimum: ((-2, 0), (0.4, 2), "complex"),
    np.fmax: ((-2, 0), (0.4, 2), "complex"),
    np.fmin: ((-2, 0), (0.4, 2), "complex"),
}

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "mul": operator.mul,
    "divide": operator.truediv,
    "pow": operator.pow,
    "remainder": operator.mod,
}


def _unary() -> Iterator[Sample]:
    for ufunc, (span, kind) in UNARY.items():
        name = ufunc.__name__
        for label, x in arrays(span):
            yield Sample(name, ufunc, (x,), label, analytic=kind == "analytic")
        if kind != "real":
            yield Sample(name, ufunc, (spread(span, (2, 2), complex),), "complex")
            yield Sample(name, ufunc, (spread(span, (2,), np.complex64),), "complex64", second=False)
    span, _ = UNARY[np.absolute]
    for label, x in (*arrays(span), ("complex", spread(span, (2, 2), complex))):
        yield Sample("abs", abs, (x,), f"operator, {label}")


def _binary() -> Iterator[Sample]:
    for ufunc, (first, second, kind) in BINARY.items():
        name = ufunc.__name__
        for label, x, y in pairs(first, second):
            yield Sample(name, ufunc, (x, y), label, analytic=kind == "analytic")
        x, y = spread(first, (2, 2)), spread(second, (2,), start=1.9)
        yield from _constants(name, ufunc, x, y)
        if kind != "real":
            z, w = spread(first, (2, 1), complex), spread(second, (2,), complex, start=1.9)
            yield Sample(name, ufunc, (z, w), "complex")
            yield Sample(name, ufunc, (x, w), "real with complex")
            yield Sample(name, ufunc, (z, y), "complex with real")
            yield Sample(name, ufunc, (z.astype(np.complex64), 1.5), "complex64 with a scalar", second=False)
    for name, call in OPERATORS.items():
        first, second, kind = BINARY[{"pow": np.power, "mul": np.multiply}.get(name) or getattr(np, name)]
        for label, x, y in pairs(first, second):
            yield Sample(name, call, (x, y), f"operator, {label}", analytic=kind == "analytic")
        if kind != "real":
            z, w = spread(first, (2, 1), complex), spread(second, (2,), complex, start=1.9)
            yield Sample(name, call, (z, w), "operator, complex")
            yield Sample(name, lambda w, f=call: f(0.3 - 0.7j, w), (w,), "operator, Python's complex")
        yield from _constants(name, call, spread(first, (2, 2)), spread(second, (2,), start=1.9))


def _constants(name: str, call: Callable[..., Any], x: Array, y: Array) -> Iterator[Sample]:
    """Calls with one operand that is not differentiated."""
    number, other = float(x.flat[0]), float(y.flat[0])
    single = x.astype(np.float32)
    yield Sample(name, lambda y: call(number, y), (y,), "Python's float first")
    yield Sample(name, lambda x: call(x, other), (x,), "Python's float second")
    yield Sample(name, lambda x: call(x, other), (single,), "float32 with Python's float")
    yield Sample(name, lambda y: call(number, y), (y.astype(np.float32),), "Python's float with float32")
    yield Sample(name, lambda x: call(x, np.float64(other)), (single,), "float32 with NumPy's scalar")
    yield Sample(name, lambda y: call(x, y), (y,), "constant array first")
    yield Sample(name, lambda x: call(x, y), (x,), "constant array second")
    yield Sample(name, lambda x: call(x, y.tolist()), (x,), "list second")
    yield Sample(name, lambda x: call(x * x, x), (abs(y),), "one argument twice")


def _powers() -> Iterator[Sample]:
    x = np.array([[-1.5, 0.7], [0.0, 2.0]])
    away = np.where(x == 0.0, 0.5, x)
    for name, power in (("power", np.power), ("float_power", np.float_power), ("pow", operator.pow)):
        for exponent in (0, 1, 2, 3, 0.0, 1.0, 2.0, 3.0, np.float64(2.0), np.int64(3)):
            yield Sample(name, lambda x, e=exponent, p=power: p(x, e), (x,), f"exponent {exponent!r}")
        for exponent in (-1, -2, -1.0, -3.0):
            yield Sample(name, lambda x, e=exponent, p=power: p(x, e), (away,), f"exponent {exponent!r}")
        for exponents in (np.array([0, 2]), np.array([3, 1], np.uint8), np.array([[2.0], [0.0]])):
            yield Sample(name, lambda x, e=exponents, p=power: p(x, e), (x,), f"exponents {exponents.tolist()}")
        for base in (2, 2.0, 10, np.array([2, 3])):
            y = np.array([0.0, -1.5])
            yield Sample(name, lambda y, b=base, p=power: p(b, y), (y,), f"base {base!r}", second=True)
        yield Sample(name, lambda y, p=power: p(2.0, y), (np.array([0.5, 1.5], np.float32),), "base 2.0, float32")
        yield Sample(name, lambda z, p=power: p(z, 2.5), (x + 0.5j,), "complex base")
        yield Sample(name, lambda z, p=power: p(-2.0, z), (x + 0.5j,), "complex exponent")
        yield Sample(name, lambda x, p=power: p(x, 1.5 + 1j), (abs(away),), "constant complex exponent")
        zero, one = np.zeros(2), np.ones(2)
        # x**0 is constant; so is 0**y for y > 0.
        yield Sample(name, lambda x, p=power: p(x, 0), (zero,), "0**0", kink=True, expected=(zero,))
        yield Sample(name, lambda x, p=power: p(x, np.zeros(2)), (zero,), "0**0, array", kink=True, expected=(zero,))
        yield Sample(name, power, (zero, np.array([1.0, 2.0])), "0**y", kink=True, expected=([1.0, 0.0], zero))
        yield Sample(name, power, (zero, zero), "0**0, both", kink=True, expected=(zero, zero))
        yield Sample(name, lambda y, p=power: p(0.0, y), (one,), "0.0**y", kink=True, expected=(zero,))
        yield Sample(name, lambda x, p=power: p(x, np.array(3.0)), (np.array(-2.0),), "negative base")
        yield Sample(
            name, lambda y, p=power: p(-2.0, y), (np.array(3.0),), "negative constant base", kink=True,
            expected=(np.nan,), second=False,
        )  # fmt: skip


def _kinks() -> Iterator[Sample]:
    zero, inf = np.zeros(2), np.full(2, np.inf)
    half, one = np.full(2, 0.5), np.ones(2)

    def kink(name: str, call: Any, args: tuple[Any, ...], label: str, *expected: Any, second: bool = True) -> Sample:
        return Sample(name, call, args, label, kink=True, expected=expected, second=second)

    yield kink("absolute", np.absolute, (zero,), "at 0", zero)
    yield kink("absolute", np.absolute, (zero * 1j,), "at 0, complex", zero)
    yield kink("abs", abs, (zero,), "operator, at 0", zero)
    yield kink("fabs", np.fabs, (zero,), "at 0", zero)
    yield kink("sign", np.sign, (zero,), "at 0", zero)
    yield kink("sign", np.sign, (zero * 1j,), "at 0, complex", zero)
    yield kink("sqrt", np.sqrt, (zero[0],), "at 0", inf[0], second=False)
    yield kink("cbrt", np.cbrt, (zero[0],), "at 0", inf[0], second=False)
    yield kink("hypot", np.hypot, (zero, zero), "at 0", zero, zero)
    yield kink("hypot", np.hypot, (zero, one), "first 0", zero, one)
    yield kink("copysign", np.copysign, (zero, one), "at 0", zero, zero)
    yield kink("heaviside", np.heaviside, (zero, half), "at 0", zero, one)
    selections: list[np.ufunc] = [np.maximum, np.minimum, np.fmax, np.fmin]
    for ufunc in selections:
        name: str = ufunc.__name__
        yield kink(name, ufunc, (one, one), "tie", half, half)
        yield kink(name, ufunc, (zero, one[:1]), "no tie", *((zero, [2.0]) if "max" in name else (one, [0.0])))
        yield kink(name, ufunc, (one + 1j, one + 1j), "tie, complex", half, half)
        yield kink(name, lambda x, u=ufunc: u(x, 0.0), (zero.astype(np.float32),), "tie with a constant", half)
    for ufunc in (np.fmax, np.fmin):
        yield kink(ufunc.__name__, ufunc, (np.array([np.nan, 1.0]), one * 2), "no number", *(
            ([0.0, 0.0], [1.0, 1.0]) if ufunc is np.fmax else ([0.0, 1.0], [1.0, 0.0])
        ))  # fmt: skip
    for name, call in (("logaddexp", np.logaddexp), ("logaddexp2", np.logaddexp2)):
        yield kink(name, call, (-inf, -inf), "both -inf", half, half)
        yield kink(name, call, (inf, inf), "both inf", half, half)
        yield kink(name, call, (np.array([np.inf, -np.inf]), one), "one infinite", [1.0, 0.0], [0.0, 1.0])
    yield kink("arctan2", np.arctan2, (np.array([3e-200, 3e200]), np.array([4e-200, 4e200])), "out of range of squares",
               [1.6e199, 1.6e-201], [-1.2e199, -1.2e-201], second=False)  # fmt: skip
    yield kink("fmod", np.fmod, (np.array([1.0]), np.array([0.1])), "rounded quotient", [1.0], [-9.0])


def _others() -> Iterator[Sample]:
    exponents = np.array([[2], [-1]])
    for label, x in arrays((0.5, 2)):
        yield Sample("ldexp", lambda x: np.ldexp(x, 3), (x,), label)
        yield Sample("modf", np.modf, (np.asarray(x / 4 + 2.2, x.dtype),), label)
        yield Sample("frexp", np.frexp, (np.asarray(x / 4 + 4.2, x.dtype),), label)
        yield Sample("remainder", lambda x: np.divmod(x, 0.3), (np.asarray(x / 20 + 1.0, x.dtype),), f"divmod, {label}")
    yield Sample("ldexp", lambda x: np.ldexp(x, exponents), (spread((0.5, 2), (3,), np.float32),), "broadcast")
    yield Sample("frexp", np.frexp, (np.array([-5.0, 1e-310, 1e300]),), "extremes", second=False, kink=True)
    yield Sample("remainder", lambda x: divmod(x, 0.3), (np.array([1.0, -1.0]),), "divmod()")
    yield Sample("remainder", lambda y: divmod(1.0, y), (np.array([0.3, -0.3]),), "divmod() of a constant")
    for name in ("sin", "conjugate", "conj"):
        yield Sample(
            name.replace("conj", "conjugate").replace("jugateugate", "jugate"),
            lambda x, n=name: getattr(x, n)() if hasattr(x, n) else np.sin(x), (spread((-2, 2), (3,)),), "method",
        )  # fmt: skip


SAMPLES: list[Sample] = [*_unary(), *_binary(), *_powers(), *_kinks(), *_others()]
