"""Operators: what NumPy gives for the plain values, bit for bit, and the derivative with it."""

import itertools
import math
import operator
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import TracedArray, plain
from dualtape.views import container

BINARY = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod, operator.pow,
    operator.matmul, operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne,
    operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift, divmod,
]  # fmt: skip
UNARY = [
    operator.neg,
    operator.pos,
    abs,
    operator.invert,
    round,
    math.floor,
    math.ceil,
    math.trunc,
    int,
    bool,
    len,
    str,
]
IN_PLACE = [
    operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ifloordiv, operator.imod, operator.ipow,
    operator.imatmul,
]  # fmt: skip
BITS = [operator.iand, operator.ior, operator.ixor, operator.ilshift, operator.irshift]

TRACED: dict[str, Any] = {
    "scalar": 1.75,
    "1-d": np.array([0.5, -2.25, 3.0]),
    "2-d": np.array([[1.5, -0.25, 2.0], [0.75, 4.0, -3.5], [1.0, 2.0, 5.5]]),
    "float32": np.array([0.5, -2.25, 3.0], np.float32),
    "complex": np.array([0.5 + 1j, -2.25, 3.0 - 0.5j]),
    "one": np.array([2.5]),
    "empty": np.zeros((0, 3)),
}
OTHERS: dict[str, Any] = {
    "int": 2,
    "float": 2.5,
    "complex": 1 - 2j,
    "bool": True,
    "np.float64": np.float64(1.5),
    "np.float32": np.float32(1.5),
    "np.int64": np.int64(3),
    "np.uint8": np.uint8(3),
    "np.bool": np.True_,
    "np.complex64": np.complex64(1 + 1j),
    "list": [1.5, 2.0, 0.5],
    "tuple": (1, 2, 3),
    "array": np.array([1.5, -2.0, 0.5]),
    "float32 array": np.array([1.5, -2.0, 0.5], np.float32),
    "integers": np.array([3, 1, 2]),
    "matrix": np.array([[1.5, -2.0, 0.5], [1.0, 3.0, 0.25], [0.5, 0.5, 2.0]]),
    "0-d": np.array(2.5),
    "misfit": np.zeros(4),
    "text": "text",
    "None": None,
}


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Bases may be negative and divisors 0: values are compared, warnings are NumPy's."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def outcome(call: Callable[..., Any], *operands: Any) -> Any:
    """What a call gives, or that it raises a `TypeError` or `ValueError`."""
    try:
        return call(*operands)
    except (TypeError, ValueError):
        return Exception


def same(found: Any, expected: Any) -> bool:
    """Whether two results have one type, dtype and shape, and the same bits, or are errors."""
    if isinstance(expected, type):
        return isinstance(found, type)
    if isinstance(expected, tuple):
        return isinstance(found, tuple) and all(map(same, found, expected))
    found = plain(found)
    if type(expected) in {complex, bool}:  # where Python's complex takes NumPy's float64 for its own float
        expected = np.asarray(expected)[()]
        found = np.asarray(found)[()]
    if not isinstance(expected, (np.ndarray, np.generic)):
        return type(found) is type(expected) and found == expected
    return (
        type(found) is type(expected)
        and found.dtype == expected.dtype
        and found.shape == expected.shape
        and found.tobytes() == expected.tobytes()
    )


def traced(tape: dt.GradientTape, value: Any, kind: str) -> Any:
    """A traced array with a value: read from a variable, or an array of its own."""
    if kind == "variable":
        return dt.Variable(value)
    if kind == "read":
        return +dt.Variable(value)
    x = container(np.array(value))
    tape.watch(x)
    return x


def plainly(value: Any, kind: str) -> Any:
    """What NumPy's operations make of the same operand: a scalar for a 0-d variable."""
    return np.array(value) if kind == "array" else np.asarray(value)[()]


@pytest.mark.parametrize("kind", ["variable", "read", "array"])
@pytest.mark.parametrize("call", BINARY, ids=lambda call: call.__name__)
def test_binary_operators(call: Any, kind: str, mode: str) -> None:
    for (name, one), (label, other) in itertools.product(TRACED.items(), OTHERS.items()):
        value = plainly(one, kind)
        if call is operator.mul and not np.ndim(value) and isinstance(other, (list, tuple)):
            continue  # NumPy's scalars try to repeat the list
        if other is None and not np.size(value):
            continue  # an array of no objects
        with dt.GradientTape(mode) as tape:
            x = traced(tape, one, kind)
            found, reflected = outcome(call, x, other), outcome(call, other, x)
        assert same(found, outcome(call, value, other)), f"{name} {call.__name__} {label}: {found}"
        assert same(reflected, outcome(call, other, value)), f"{label} {call.__name__} {name}: {reflected}"


@pytest.mark.parametrize("call", BINARY, ids=lambda call: call.__name__)
def test_operators_between_traced_arrays(call: Any, mode: str, outer_mode: str) -> None:
    for first, a in TRACED.items():
        for second, b in TRACED.items():
            expected = outcome(call, np.asarray(a)[()], np.asarray(b)[()])
            u, v = dt.Variable(a), dt.Variable(b)
            with dt.GradientTape(outer_mode):
                x = +u
                with dt.GradientTape(mode):
                    pairs = [(u, v), (+u, +v), (u, +v), (+u, v), (x, +v), (+u, x * 0 + v if first == second else v)]
                    for p, q in pairs:
                        found = outcome(call, p, q)
                        assert same(found, expected), f"{first} {call.__name__} {second}: {found}"


@pytest.mark.parametrize("call", UNARY, ids=lambda call: call.__name__)
def test_unary_operators(call: Any, mode: str) -> None:
    for name, value in TRACED.items():
        for kind in ("variable", "read", "array"):
            with dt.GradientTape(mode) as tape:
                found = outcome(call, traced(tape, value, kind))
            if call is str and kind == "variable":
                continue  # a variable shows its name
            assert same(found, outcome(call, plainly(value, kind))), f"{call.__name__} {name} {kind}: {found}"


def test_round_with_digits(mode: str) -> None:
    w = dt.Variable(1.2345)
    with dt.GradientTape(mode):
        assert same(round(+w, 2), round(np.float64(1.2345), 2))
        with pytest.raises(TypeError, match="__round__"):
            round(dt.Variable([1.0]) * 1.0, 2)


@pytest.mark.parametrize("call", IN_PLACE, ids=lambda call: call.__name__)
def test_in_place_operators(call: Any, mode: str) -> None:
    for (name, one), (label, other) in itertools.product(TRACED.items(), OTHERS.items()):
        value = np.array(one)
        view = value[...]
        expected = outcome(call, value, other)
        with dt.GradientTape(mode) as tape:
            x = traced(tape, one, "array")
            seen = x[...]
            found = outcome(call, x, other)
            assert same(found, expected), f"{name} {call.__name__} {label}: {found}"
            assert same(x, value), f"{name} {call.__name__} {label}: left as {x}"
            assert isinstance(expected, type) or found is x
            assert same(seen, view), "a view shows what was written"


@pytest.mark.parametrize("call", IN_PLACE, ids=lambda call: call.__name__)
def test_in_place_operators_rebind_scalars(call: Any, mode: str) -> None:
    for label, other in OTHERS.items():
        if call is operator.imul and isinstance(other, (list, tuple)):
            continue  # NumPy's scalars try to repeat the list
        with dt.GradientTape(mode) as tape:
            x = traced(tape, 1.75, "read")
            before = x
            found = outcome(call, x, other)
        assert same(found, outcome(call, np.float64(1.75), other)), f"{call.__name__} {label}: {found}"
        assert float(before) == 1.75


@pytest.mark.parametrize("call", [*IN_PLACE[:3], operator.ifloordiv, *BITS], ids=lambda call: call.__name__)
def test_in_place_operators_of_integers(call: Any) -> None:
    value = np.array([5, 6, 7])
    x = dt.full(3, value)
    view = x[1:]
    assert x.dtype == value.dtype
    call(x, 2)
    call(value, 2)
    assert same(x, value)
    assert same(view, value[1:])


def test_in_place_into_plain_arrays(mode: str) -> None:
    w, a, b = dt.Variable([1.0, 2.0]), np.ones(2), [1.0]
    with dt.GradientTape(mode) as tape:
        with pytest.raises(TypeError, match=r"dualtape\.zeros"):
            a += w
        b += w  # rebinds the name, as NumPy's arrays do it
        number = 3.0
        number *= w  # type: ignore[assignment]  # rebinds the name
        loss = np.sum(number) + b[0] * b[1]
    np.testing.assert_array_equal(tape.gradient(loss, w), [6.0, 5.0])


def test_divmod_has_the_derivative_of_the_remainder(mode: str) -> None:
    w = dt.Variable([7.5, -7.5])
    with dt.GradientTape(mode, persistent=True) as tape:
        quotient, remainder = divmod(w, 2.0)
        other_quotient, other = divmod(20.0, +w)
    assert type(quotient) is np.ndarray
    assert type(other_quotient) is np.ndarray
    np.testing.assert_array_equal(tape.gradient(remainder, w), [1.0, 1.0])
    np.testing.assert_array_equal(tape.gradient(other, w), [-2.0, 3.0])


def test_comparisons_are_plain(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode):
        x = w * 2.0
        for result in (x < 3, x == w, x != [2.0, 5.0], w > 1.5, x // 2, 5 // x):
            assert type(result) is np.ndarray
        assert not isinstance(x.shape, TracedArray)
        assert type((x == None).tolist()) is list  # noqa: E711  # elementwise, as NumPy's


def test_operators_defer_to_classes_that_opt_out_of_ufuncs(mode: str) -> None:
    class Other:
        __array_ufunc__ = None

        def __radd__(self, x: Any) -> str:
            return "added"

        def __rmatmul__(self, x: Any) -> str:
            return "multiplied"

        def __rlt__(self, x: Any) -> str:
            return "compared"

    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode):
        for x in (w, +w):
            assert x + Other() == "added"  # type: ignore[operator]  # whose class mypy doesn't know
            assert x @ Other() == "multiplied"  # type: ignore[operator]  # the same
            with pytest.raises(TypeError):
                x - Other()  # type: ignore[operator]  # the same
