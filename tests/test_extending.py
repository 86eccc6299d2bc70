"""Operations of the user's own: how they are called, named and replaced; what is missing is said."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import NoRuleError, RuleError
from dualtape.extending import Operation, primitive
from dualtape.primitive import PRIMITIVES, UFUNCS
from dualtape.testing import check_gradients

X = np.array([[0.3, -0.7, 1.1], [2.0, 0.1, -0.4]])


@pytest.fixture(autouse=True)
def registries() -> Iterator[None]:
    """Forget what a test registers."""
    before = set(PRIMITIVES), set(UFUNCS)
    yield
    for table, kept in zip((PRIMITIVES, UFUNCS), before, strict=True):
        for name in set(table) - kept:
            del table[name]  # type: ignore[attr-defined]  # the tables have keys of different types


def cube(x: Any) -> Any:
    """Return the third power."""
    return x * x * x


def scaled_sum(x: Any, y: Any, *, axis: int = -1, factor: float = 2.0) -> Any:
    return factor * np.sum(x * y, axis=axis)


def make_scaled_sum(**settings: Any) -> Operation[Any, Any]:
    def jvp(t: Any, other: Any, axis: int, factor: float) -> Any:
        return factor * np.sum(t * other, axis=axis)

    def vjp(g: Any, other: Any, axis: int, factor: float) -> Any:
        return factor * np.expand_dims(g, axis) * np.conj(other)

    return primitive(
        scaled_sum,
        (
            lambda t, _out, _x, y, *, axis, factor: jvp(t, y, axis, factor),
            lambda t, _out, x, _y, *, axis, factor: jvp(t, x, axis, factor),
        ),
        (
            lambda g, _out, _x, y, *, axis, factor: vjp(g, y, axis, factor),
            lambda g, _out, x, _y, *, axis, factor: vjp(g, x, axis, factor),
        ),
        **settings,
    )


def test_elementwise(modes: tuple[str, ...]) -> None:
    operation = dt.elementwise(cube, lambda _out, x: 3.0 * x * x)
    assert operation.__name__ == "cube"
    assert operation.__doc__ == "Return the third power."
    assert repr(operation) == f"<operation {__name__}.cube>"
    assert operation(2.0) == 8.0
    assert operation(X).tobytes() == cube(X).tobytes()
    assert type(operation(dt.Variable(X))) is np.ndarray
    check_gradients(operation, X, order=2, modes=modes)
    check_gradients(operation, X + 1j, order=2, modes=modes)


def test_structural(modes: tuple[str, ...]) -> None:
    operation = make_scaled_sum()
    assert np.array_equal(operation(X, X), scaled_sum(X, X))
    check_gradients(operation, X, X[::-1].copy(), order=2, modes=modes)
    check_gradients(lambda x: operation(np.sin(x), x, axis=-2, factor=0.5), X, order=2, modes=modes)
    check_gradients(lambda x: operation(x, X), X + 1j, order=2, modes=modes)


def test_defining_again_replaces(mode: str) -> None:
    """As a notebook's cell does that runs twice."""
    dt.elementwise(cube, lambda _out, x: 0.0 * x)
    again = dt.elementwise(cube, lambda _out, x: 3.0 * x * x)
    x = dt.Variable(2.0)
    with dt.GradientTape(mode) as tape:
        y = again(x)
    assert tape.gradient(y, x) == 12.0
    assert PRIMITIVES[f"{__name__}.cube"] is again.primitive


def test_dualtapes_own_operations_are_not_replaced() -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="registered already"):
            dt.elementwise(cube, lambda _out, x: 3.0 * x * x, name="multiply")
        with pytest.raises(ValueError, match="of its own"):
            dt.elementwise(np.sin, lambda _out, x: np.cos(x))
    assert PRIMITIVES["multiply"].call is np.multiply


@pytest.mark.reverse
def test_without_a_vjp_rule_reverse_mode_says_so() -> None:
    operation = primitive(cube, (lambda t, _out, x: 3.0 * x * x * t,), name="one way")
    x = dt.Variable(2.0)
    with dt.GradientTape("forward") as tape:
        y = operation(x)
    assert tape.gradient(y, x) == 12.0

    def reverse() -> Any:
        with dt.GradientTape("reverse") as tape:
            y = operation(x)
        return tape.gradient(y, x)

    with pytest.raises(NoRuleError, match="one way has no VJP rule"):
        reverse()


def test_wrong_definitions() -> None:
    with pytest.raises(TypeError, match="None is the partial 1"):
        dt.elementwise(cube)
    with pytest.raises(TypeError, match=r"axis: operands .* f\(x, \*, axis=\.\.\.\)"):
        primitive(lambda x, axis=0: np.sum(x, axis=axis), None)


RULE = r"a (partial|JVP rule|VJP rule) of odd names what it is given by position, "


@pytest.mark.parametrize(
    ("define", "message"),
    [
        (lambda: dt.elementwise(cube, lambda out: out, name="odd"), RULE + r"\(out, x\), and no more"),
        (lambda: dt.elementwise(cube, lambda out, x, y: x, name="odd"), RULE),
        (lambda: dt.elementwise(cube, lambda out, x, k=1.0: x, name="odd"), RULE),
        (lambda: dt.elementwise(cube, np.cos, name="odd"), RULE + r".*<ufunc 'cos'>"),
        (lambda: dt.elementwise(cube, None, None, name="odd"), r"odd has operands x, and 2 partials"),
        (lambda: primitive(cube, (lambda t, out: t,), name="odd"), RULE + r"\(t, out, x\)"),
        (lambda: primitive(cube, None, (lambda g, out: g,), name="odd"), RULE + r"\(g, out, x\)"),
        (lambda: primitive(cube, None, (lambda *given: given[0],), name="odd"), RULE),
        (lambda: primitive(scaled_sum, (None,), name="odd"), r"odd has operands x, y, and 1 JVP rules"),
    ],
)
def test_rules_that_do_not_take_what_they_are_given(define: Callable[[], Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        define()
    assert "odd" not in PRIMITIVES


@pytest.mark.parametrize(
    "rule",
    [
        lambda t, _out, _x: t[:, :1],  # would be broadcast
        lambda t, _out, _x: np.sum(t, axis=0),  # without the batch axis
        lambda t, _out, _x: 1.0,
    ],
)
def test_tangents_of_a_wrong_shape_are_an_error(rule: Any) -> None:
    """Also where one rule serves all operands."""
    for jvp in ((rule,), lambda tangents, out, x: rule(tangents[0], out, x)):
        operation = dt.primitive(lambda x: 2.0 * np.cumsum(x), jvp, name="a wrong shape")
        assert operation([1.0, 2.0]).tolist() == [2.0, 6.0]
        with pytest.raises(RuleError, match=r"a wrong shape.*tangents of shape \(.*\(2, 2\) is that of the output"):
            dt.grad(lambda x, f=operation: np.sum(f(x)), mode="forward")(np.ones(2))


def test_rules_in_a_list_and_of_any_number_of_operands(modes: tuple[str, ...]) -> None:
    listed = primitive(cube, [lambda t, _out, x: 3.0 * x * x * t], [lambda g, _out, x: 3.0 * x * x * g], name="listed")  # type: ignore[arg-type]  # a tuple to a checker
    check_gradients(listed, X, modes=modes)
    rest = dt.elementwise(cube, lambda *given: 3.0 * given[1] * given[1], name="rest")
    check_gradients(rest, X, modes=modes)


def test_views(mode: str) -> None:
    halves = primitive(
        lambda x: x[::2], (lambda t, _out, _x: t[:, ::2],), (lambda g, _out, x_shape: spread(g, x_shape),), view=True
    )
    w = dt.Variable([1.0, 2.0, 3.0])
    with dt.GradientTape(mode) as tape:
        x = w * 1.0
        halves(x)[1] = w[1] * 5.0
        y = np.sum(x)
    assert tape.gradient(y, w).tolist() == [1.0, 6.0, 0.0]


def spread(g: Any, shape: tuple[int, ...]) -> Any:
    full = np.zeros(g.shape[:-1] + shape)
    full[..., ::2] = g
    return full


def test_a_gradient_inside_the_block_does_not_record_what_its_rules_read(mode: str) -> None:
    """A tape never records its own backward pass: the variable that the rule reads is plain there."""
    factor, w = dt.Variable(3.0), dt.Variable(2.0)
    scaled = dt.elementwise(lambda x: 3.0 * x, lambda _out, _x: factor * 1.0, name="scaled by a variable")
    with dt.GradientTape(mode, persistent=True) as tape:
        found = tape.gradient(scaled(w), w)
        assert type(found) is np.ndarray
        y = w * found
    assert found == 3.0
    assert tape.gradient(y, [w, factor]) == [3.0, 0.0]


def test_an_operation_returns_an_array(mode: str) -> None:
    total = dt.primitive(lambda x: float(np.sum(x)), (lambda t, _out, _x: np.sum(t, axis=-1),), name="as a float")
    double = dt.elementwise(lambda x: 2.0 * float(x), lambda _out, _x: 2.0, name="twice, as a float")
    for operation, x in ((total, X), (double, 3.0)):
        with dt.GradientTape(mode), pytest.raises(TypeError, match=r"returned a float.*np\.float64"):
            operation(dt.Variable(x))
