"""Nested tapes in any mix of modes: higher derivatives, and no perturbation taken for another's."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import TapeError, UnrecordedTargetError

Function = Callable[[Any], Any]


def close(actual: Any, expected: Any, tolerance: float = 1e-10) -> None:
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def hessian(function: Function, x: np.ndarray, inner: str, outer: str) -> np.ndarray:
    """The Hessian of a scalar function, row by row."""
    v = dt.Variable(x)
    with dt.GradientTape(outer, persistent=True) as out:
        with dt.GradientTape(inner) as tape:
            y = function(v)
        g = tape.gradient(y, v)
        entries = [g[i] for i in np.ndindex(*x.shape)]
    return np.array([out.gradient(entry, v) for entry in entries]).reshape(x.shape + x.shape)


def numerical_hessian(function: Function, x: np.ndarray) -> np.ndarray:
    """Central differences of central differences, in long double."""
    x = x.astype(np.longdouble)
    h = np.longdouble(1e-4)
    result = np.zeros(x.shape + x.shape)
    for i in np.ndindex(*x.shape):
        for j in np.ndindex(*x.shape):
            total = np.longdouble(0.0)
            for s in (1, -1):
                for t in (1, -1):
                    shifted = x.copy()
                    shifted[i] += s * h
                    shifted[j] += t * h
                    total += s * t * function(shifted)
            result[i + j] = total / (4 * h * h)
    return result


# --- programs, with writes and views among them -------------------------------------------------------------------


def zeros(x: Any) -> Any:
    """An array to fill that goes with the kind of `x`."""
    return np.zeros(x.shape, x.dtype) if type(x) is np.ndarray else dt.zeros(x.shape)


def smooth(x: Any) -> Any:
    return np.sum(np.sin(x) * np.exp(x) / (1.0 + x * x)) * x[0]


def powers(x: Any) -> Any:
    return np.sum(x**3 * 2.0) + np.sum(2.0**x) + np.sum(x**x)


def shared(x: Any) -> Any:
    y = x * x
    return np.sum(y * y * x) + np.sum(y) * np.sum(x)


def branches(x: Any) -> Any:
    y = x
    for entry in x:
        y = y * entry if entry > 0.6 else y + np.tanh(entry)
    return np.sum(y)


def filled(x: Any) -> Any:
    y = zeros(x)
    for i in range(3):
        y[i] = x[i] * x[(i + 1) % 3]
    return np.sum(y * y)


def overwritten(x: Any) -> Any:
    y = x * x
    z = np.sum(np.sin(y) * y)
    y[0] = x[1] * x[2]
    y[1:] *= x[0]
    return z + np.sum(y**3)


def through_views(x: Any) -> Any:
    y = x * 1.0
    tail = y[1:]
    last = tail[1:]
    last[0] = x[0] ** 2
    tail[...] = tail * x[:2]
    y[0] = tail[0] * last[0]
    return np.sum(y * y) + last[0] ** 3


def accumulated(x: Any) -> Any:
    y = zeros(x)
    for i in (0, 1, 1, 2, 0):
        y[i] += x[i] * x[2]
    np.add.at(y, [0, 0, 1], x * x)
    return np.sum(y**2)


def repeated(x: Any) -> Any:
    return np.sum(x[[0, 0, 1, 2, 0]] ** 2 * x[2]) + np.sum(x[[[0, 1], [1, 0]]] ** 3)


def reshaped(x: Any) -> Any:
    y = np.reshape(x * x, (3, 1)) * x
    y = y.reshape(9)
    y[::4] = x
    return np.sum(y * np.reshape(y.reshape(3, 3), (9,))[::-1])


PROGRAMS = [smooth, powers, shared, branches, filled, overwritten, through_views, accumulated, repeated, reshaped]


@pytest.mark.parametrize("program", PROGRAMS)
def test_second_derivatives(mode: str, outer_mode: str, program: Function) -> None:
    x = np.array([0.5, 0.8, 1.3])
    close(hessian(program, x, mode, outer_mode), numerical_hessian(program, x), 1e-6)


@pytest.mark.parametrize("program", PROGRAMS)
def test_nestings_agree_to_the_last_digits(modes: tuple[str, ...], program: Function) -> None:
    x = np.array([0.5, 0.8, 1.3])
    found = [hessian(program, x, inner, outer) for inner in modes for outer in modes]
    for other in found:
        close(other, found[0], 1e-12)
        close(other, other.T, 1e-12)


@pytest.mark.parametrize("program", PROGRAMS)
def test_gradients_under_an_outer_tape_are_the_gradients(mode: str, outer_mode: str, program: Function) -> None:
    v = dt.Variable([0.5, 0.8, 1.3])
    with dt.GradientTape(mode) as tape:
        y = program(v)
    alone = tape.gradient(y, v)
    with dt.GradientTape(outer_mode):
        with dt.GradientTape(mode) as tape:
            z = program(v)
        nested = tape.gradient(z, v)
    assert np.array_equal(y.primal, z.primal)
    close(nested.primal, alone, 1e-13)


@pytest.mark.parametrize("third", ["forward", "reverse"])
def test_third_derivatives(modes: tuple[str, ...], mode: str, outer_mode: str, third: str) -> None:
    if third not in modes:
        pytest.skip("reverse mode is not here")
    x = dt.Variable(0.7)
    with dt.GradientTape(third) as a:
        with dt.GradientTape(outer_mode) as b:
            with dt.GradientTape(mode) as c:
                y = np.sin(x) * x**2
            first = c.gradient(y, x)
        second = b.gradient(first, x)
    found = a.gradient(second, x)
    v = 0.7
    close(found, 6 * np.cos(v) - 6 * v * np.sin(v) - v**2 * np.cos(v))
    close(second.primal, 2 * np.sin(v) + 4 * v * np.cos(v) - v**2 * np.sin(v))


def test_fifth_derivative_in_alternating_modes(modes: tuple[str, ...]) -> None:
    """The derivatives of exp(2x) are powers of 2; those of x**5 end in 120."""

    def nth(function: Function, x: Any, n: int) -> Any:
        if n == 0:
            return function(x)
        with dt.GradientTape(modes[n % len(modes)]) as tape:
            tape.watch(x)
            y = nth(function, x, n - 1)
        return tape.gradient(y, x)

    x = dt.constant(0.3)
    close(nth(lambda x: np.exp(2.0 * x), x, 5), 32.0 * np.exp(0.6))
    close(nth(lambda x: x * x * x * x * x, x, 5), 120.0)


# --- perturbation confusion ---------------------------------------------------------------------------------------


def test_the_classical_confusion(mode: str, outer_mode: str) -> None:
    """d/dx (x * d/dy (x + y)) is 1; taking the inner perturbation for the outer one gives 2."""
    x, y = dt.Variable(1.0), dt.Variable(1.0)
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as inner:
            z = x + y
        w = x * inner.gradient(z, y)
    assert outer.gradient(w, x) == 1.0


def test_confusion_with_one_variable_in_both(mode: str, outer_mode: str) -> None:
    """d/dx (x * (d/dx x**2 at x)) = 4x, and the inner derivative of a product with the outer variable."""
    x = dt.Variable(3.0)
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as inner:
            y = x * x
        z = x * inner.gradient(y, x)
    assert outer.gradient(z, x) == 12.0


def test_confusion_by_a_function_that_carries_a_perturbation(mode: str, outer_mode: str) -> None:
    """Manzyuk et al., "Perturbation confusion in forward automatic differentiation of higher-order functions"."""

    def derivative(function: Function, value: float, mode: str) -> Any:
        x = dt.constant(value)
        with dt.GradientTape(mode) as tape:
            tape.watch(x)
            y = function(x)
        return tape.gradient(y, x)

    def inner(x: Any) -> Any:
        return derivative(lambda y: x * y * y, 2.0, mode)

    close(derivative(inner, 5.0, outer_mode), 4.0)
    close(derivative(lambda x: x * derivative(lambda y: x * y, 3.0, mode), 5.0, outer_mode), 10.0)


def test_interleaved_tapes(mode: str, outer_mode: str) -> None:
    """Tapes need not close in the order in which they opened."""
    x = dt.Variable(2.0)
    a, b = dt.GradientTape(mode), dt.GradientTape(outer_mode)
    a.__enter__()
    u = x * x
    b.__enter__()
    v = u * x
    a.__exit__(None, None, None)
    w = v * x
    b.__exit__(None, None, None)
    assert type(x * 1.0) is np.float64
    assert b.gradient(w, x) == 16.0, "u, made before b's block, is a constant to it"
    close(a.gradient(v, x), 12.0)
    close(float(w), 16.0)


def test_interleaved_the_other_way(mode: str, outer_mode: str) -> None:
    """The younger tape closes last: levels tell who owns an operation, not depth."""
    x = dt.Variable(2.0)
    a, b, c = dt.GradientTape(mode), dt.GradientTape(outer_mode), dt.GradientTape(mode)
    a.__enter__()
    b.__enter__()
    a.__exit__(None, None, None)
    c.__enter__()
    y = x * x * x
    b.__exit__(None, None, None)
    z = y * x
    c.__exit__(None, None, None)
    assert c.gradient(z, x) == 32.0
    g = b.gradient(y, x)
    assert g == 12.0
    with pytest.raises(UnrecordedTargetError):
        a.gradient(y, x)


def test_generators_suspended_inside_tapes(mode: str, outer_mode: str) -> None:
    """A generator's tape stays in the context while it is suspended; two of them close in the wrong order."""

    def differentiating(function: Function, mode: str) -> Any:
        x = dt.constant(2.0)
        with dt.GradientTape(mode) as tape:
            tape.watch(x)
            y = function(x)
            yield None
            y = y * x
        yield tape.gradient(y, x)

    first = differentiating(lambda x: x * x, mode)
    second = differentiating(np.sin, outer_mode)
    next(first)
    next(second)
    close(plain(next(first)), 12.0)
    close(plain(next(second)), np.cos(2.0) * 2.0 + np.sin(2.0))
    assert type(dt.Variable(1.0) * 1.0) is np.float64


def plain(x: Any) -> Any:
    """The value of what another open tape may have recorded."""
    return x.primal if isinstance(x, dt.array.TracedArray) else x


def test_generators_that_read_the_same_variable(mode: str, outer_mode: str) -> None:
    """Both tapes record what either generator does while both are open; the older one can't answer meanwhile."""
    x = dt.Variable(2.0)

    def differentiating(mode: str, n: int) -> Any:
        with dt.GradientTape(mode) as tape:
            y = x * x
            yield None
            y = y * x
        yield tape.gradient(y, x)
        yield tape

    first, second = differentiating(mode, 1), differentiating(outer_mode, 2)
    next(first)
    next(second)
    with pytest.raises(TapeError, match="younger"):
        next(first)
    close(plain(next(second)), 12.0)
    assert type(x * 1.0) is np.float64


def test_levels_are_never_reused(mode: str) -> None:
    levels = []
    for _ in range(3):
        with dt.GradientTape(mode) as tape:
            y = dt.Variable(1.0) * 1.0
            levels.append(y.recording.level)
            tape.reset()
            y = dt.Variable(1.0) * 1.0
            levels.append(y.recording.level)
    assert levels == sorted(set(levels))


def test_equal_depth_is_not_equal_level(mode: str, outer_mode: str) -> None:
    """Values of two tapes of the same depth meet: each is a constant to the other's tape."""
    x = dt.Variable(3.0)
    a = dt.GradientTape(mode)
    a.__enter__()
    u = x * x
    a.__exit__(None, None, None)
    with dt.GradientTape(outer_mode) as b:
        v = x * u
    assert b.gradient(v, x) == 9.0
    assert a.gradient(u, x) == 6.0


# --- gradients as values of the outer tape ------------------------------------------------------------------------


def test_a_gradient_inside_the_outer_block_is_recorded_there(mode: str, outer_mode: str) -> None:
    x = dt.Variable([1.0, 2.0])
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as inner:
            y = np.sum(x * x * x)
        g = inner.gradient(y, x)
        penalty = np.sum(g * g)
    assert g.primal.tolist() == [3.0, 12.0]
    close(outer.gradient(penalty, x), [2 * 3 * 6.0, 2 * 12 * 12.0])


def test_a_gradient_after_the_outer_block_is_plain(mode: str, outer_mode: str) -> None:
    x = dt.Variable([1.0, 2.0])
    with dt.GradientTape(outer_mode) as outer, dt.GradientTape(mode) as inner:
        y = np.sum(x * x * x)
    g = inner.gradient(y, x)
    assert np.asarray(g).tolist() == [3.0, 12.0]
    assert float(np.sum(g)) == 15.0
    close(outer.gradient(y, x), [3.0, 12.0])


@pytest.mark.parametrize("shape", [(), (1,), (3,), (2, 2)])
def test_a_nested_gradient_is_a_handle_of_the_outer_tape(mode: str, outer_mode: str, shape: tuple[int, ...]) -> None:
    """A scalar's too: it is neither an object array nor plain."""
    x = dt.Variable(np.full(shape, 2.0))
    with dt.GradientTape(outer_mode):
        with dt.GradientTape(mode) as inner:
            y = x * x * x
        g = inner.gradient(y, x)
        assert isinstance(g, dt.array.TracedArray)
        assert g.shape == shape
        assert g.dtype == np.float64
        zero = inner_zero(mode, x)
        assert type(zero) is np.ndarray


def inner_zero(mode: str, x: Any) -> Any:
    with dt.GradientTape(mode) as tape:
        y = dt.Variable(1.0) * 2.0
    return tape.gradient(y, x)


def test_zero_second_derivatives(mode: str, outer_mode: str) -> None:
    """What the inner gradient does not depend on is unconnected to the outer tape, or has a derivative of zero."""
    x = dt.Variable([1.0, 2.0])
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as inner:
            y = np.sum(x * 3.0)
        g = inner.gradient(y, x) + 0.0 * x
    assert outer.gradient(g, x).tolist() == [0.0, 0.0]


def test_one_tape_gives_no_second_derivative(mode: str) -> None:
    """A tape never records its own backward pass; the error says what to do."""
    x = dt.Variable(3.0)
    with dt.GradientTape(mode, persistent=True) as tape:
        y = x * x * x
        g = tape.gradient(y, x)
        assert type(g) is np.ndarray
        with pytest.raises(UnrecordedTargetError, match="nest"):
            tape.gradient(g, x)
        z = g * x
    assert tape.gradient(z, x) == 27.0


def test_a_hessian_vector_product(mode: str, outer_mode: str) -> None:
    x = dt.Variable([0.5, 0.8, 1.3])
    v = np.array([1.0, -2.0, 0.5])
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as inner:
            y = smooth(x)
        g = inner.gradient(y, x)
    close(outer.gradient(g, x, output_gradients=v), numerical_hessian(smooth, x.numpy()) @ v, 1e-6)


def test_output_gradients_may_be_traced(mode: str, outer_mode: str) -> None:
    """The weights of the inner gradient carry a derivative of the outer tape's."""
    x, v = dt.Variable([1.0, 2.0]), dt.Variable([3.0, 5.0])
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as inner:
            y = x * x
        g = inner.gradient(y, x, output_gradients=v * 1.0)
        z = np.sum(g * g)
    dx, dv = outer.gradient(z, [x, v])
    close(dx, 8 * np.array([1.0, 2.0]) * np.array([9.0, 25.0]))
    close(dv, 8 * np.array([1.0, 4.0]) * np.array([3.0, 5.0]))


def test_a_variable_as_output_gradients(mode: str, outer_mode: str) -> None:
    x, v = dt.Variable([1.0, 2.0]), dt.Variable([3.0, 5.0])
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as inner:
            y = x * x
        g = inner.gradient(y, x, output_gradients=v)
    dx, dv = outer.gradient(g, [x, v])
    close(dx, [6.0, 10.0])
    close(dv, [2.0, 4.0])


def test_gradients_of_several_levels_from_one_program(mode: str, outer_mode: str) -> None:
    """Both tapes are open at once, and each answers for the same target."""
    x = dt.Variable([1.0, 2.0])
    with dt.GradientTape(outer_mode) as outer, dt.GradientTape(mode) as inner:
        y = np.sum(x * x)
    close(outer.gradient(y, x), [2.0, 4.0])
    close(inner.gradient(y, x), [2.0, 4.0])


def test_the_outer_gradient_while_the_inner_tape_is_open_is_refused_or_right(mode: str, outer_mode: str) -> None:
    x = dt.Variable(3.0)
    with dt.GradientTape(outer_mode) as outer, dt.GradientTape(mode) as inner:
        y = x * x
        with pytest.raises(TapeError, match="younger"):
            outer.gradient(y, x)
    assert inner.gradient(y, x) == 6.0


def test_inner_tape_of_other_variables(mode: str, outer_mode: str) -> None:
    """A step of gradient descent, differentiated in its learning rate."""
    rate = dt.Variable(0.1)
    with dt.GradientTape(outer_mode) as outer:
        w: Any = np.array([1.0, 2.0])
        for _ in range(3):
            x = dt.constant(np.zeros(2))
            with dt.GradientTape(mode) as inner:
                inner.watch(x)
                loss = np.sum((w + x) ** 2)
            w = w - rate * inner.gradient(loss, x)
        final = np.sum(w * w)
    close(float(final), 5.0 * 0.8**6)
    close(outer.gradient(final, rate), 5.0 * 6 * 0.8**5 * -2.0)


def test_watching_an_outer_handle_in_the_inner_tape(mode: str, outer_mode: str) -> None:
    """The handle itself becomes the inner tape's; the outer value is its primal."""
    x = dt.Variable([1.0, 2.0])
    with dt.GradientTape(outer_mode) as outer:
        y = x * x
        with dt.GradientTape(mode) as inner:
            inner.watch(y)
            z = np.sum(y * y * y)
        g = inner.gradient(z, y)
        total = np.sum(g)
    close(plain(g), [3.0, 48.0])
    close(outer.gradient(total, x), [2.0 * 6 * 1.0, 4.0 * 6 * 4.0])


def test_watching_an_outer_handle_leaves_earlier_uses_alone(mode: str, outer_mode: str) -> None:
    x = dt.Variable([1.0, 2.0])
    with dt.GradientTape(outer_mode) as outer:
        y = x * x
        before = y * 3.0
        with dt.GradientTape(mode) as inner:
            inner.watch(y)
            z = np.sum(y * before)
        g = inner.gradient(z, y)
        after = np.sum(y * g)
    close(plain(g), [3.0, 12.0])
    close(outer.gradient(after, x), [12.0, 96.0])


def test_watching_a_view_of_an_outer_handle(mode: str, outer_mode: str) -> None:
    x = dt.Variable([1.0, 2.0, 3.0])
    with dt.GradientTape(outer_mode) as outer:
        y = x * x
        tail = y[1:]
        with dt.GradientTape(mode) as inner:
            inner.watch(tail)
            z = np.sum(tail * tail * tail)
        g = inner.gradient(z, tail)
        total = np.sum(g)
    close(plain(g), [3.0 * 16.0, 3.0 * 81.0])
    close(outer.gradient(total, x), [0.0, 6 * 4.0 * 4.0, 6 * 9.0 * 6.0])


@pytest.mark.parametrize("n", range(6))
def test_equal_numbers_of_two_tapes_are_two_versions(mode: str, outer_mode: str, n: int) -> None:
    """An array goes onto the inner tape: its views must see that, though its nodes on both may be the same number."""
    w = dt.Variable([1.0, 2.0, 3.0])
    others = [dt.constant(float(i)) for i in range(n)]
    with dt.GradientTape(outer_mode):
        y = w * w
        tail = y[1:]
        assert tail.shape == (2,)
        with dt.GradientTape(mode) as inner:
            inner.watch(others)
            inner.watch(y)
            z = np.sum(tail * tail)
        g = inner.gradient(z, y)
    close(plain(g), [0.0, 8.0, 18.0])


@pytest.mark.parametrize("n", range(6))
def test_equal_numbers_of_a_tape_that_is_gone(mode: str, outer_mode: str, n: int) -> None:
    """An array comes back from the inner tape to the outer: its views see that too."""
    w = dt.Variable([1.0, 2.0, 3.0])
    others = [dt.constant(float(i)) for i in range(n)]
    with dt.GradientTape(outer_mode) as outer:
        y = w * w
        with dt.GradientTape(mode) as inner:
            inner.watch(others)
            inner.watch(y)
            tail = y[1:]
            z = np.sum(tail * y[0])
        inner.gradient(z, y)
        u = np.sum(tail * tail)
        y[1] = w[0] * 5.0
        v = np.sum(tail * tail)
    close(outer.gradient([u, v], w), [50.0, 32.0, 2 * 108.0])


def test_writing_through_a_watched_view_of_an_outer_handle(mode: str, outer_mode: str) -> None:
    """The array goes with its view onto the inner tape."""
    w = dt.Variable([1.0, 2.0, 3.0])
    with dt.GradientTape(outer_mode) as outer:
        y = w * w
        tail = y[1:]
        with dt.GradientTape(mode) as inner:
            inner.watch(tail)
            tail[0] = 7.0
            z = np.sum(tail * tail) + np.sum(y)
        assert str(tail) == "[7. 9.]"
        assert str(y) == "[1. 7. 9.]"
        g = inner.gradient(z, tail)
        total = np.sum(y) + np.sum(g)
    close(plain(g), [0.0, 19.0])
    close(outer.gradient(total, w), [2.0, 0.0, 6.0 + 2 * 6.0])


def test_the_outer_tape_watches_a_value_of_the_inner(mode: str, outer_mode: str) -> None:
    """Its source is the value's primal: the inner tape goes on recording the value."""
    w, u = dt.Variable([1.0, 2.0]), dt.Variable([3.0, 5.0])
    with dt.GradientTape(outer_mode, persistent=True) as outer:
        with dt.GradientTape(mode) as inner:
            y = w * w * u
            outer.watch(y)
            z = np.sum(y * u)
        g = inner.gradient(z, u)
        total = np.sum(g)
    # z = w² u² for the inner tape; for the outer tape g is 2 w² u, of which y = w² u is one term, u's factor
    close(plain(g), 2 * np.array([3.0, 4.0 * 5.0]))
    assert outer.gradient(z, y).tolist() == [3.0, 5.0]
    close(outer.gradient(z, w), 2 * np.array([9.0, 2.0 * 25.0]))
    close(outer.gradient(total, w), 4 * np.array([3.0, 2.0 * 5.0]))


def test_the_outer_tape_watches_a_value_of_an_inner_one_that_is_closed(mode: str, outer_mode: str) -> None:
    for ask in (False, True):
        w = dt.Variable([1.0, 2.0])
        with dt.GradientTape(outer_mode) as outer:
            with dt.GradientTape(mode) as inner:
                y = w * w
            if ask:
                inner.gradient(y, w)
            outer.watch(y)
            z = np.sum(y * y)
        dy, dw = outer.gradient(z, [y, w])
        close(dy, [2.0, 8.0])
        close(dw, [4.0, 32.0])
        if not ask:
            close(inner.gradient(y, w), [2.0, 4.0])


def test_the_outer_tape_watches_an_inner_value_of_plain_primal(mode: str, outer_mode: str) -> None:
    c = dt.constant([1.0, 2.0])
    with dt.GradientTape(outer_mode) as outer, dt.GradientTape(mode) as inner:
        inner.watch(c)
        y = c * c
        outer.watch(y)
        z = np.sum(y * y)
    assert outer.gradient(z, y).tolist() == [2.0, 8.0]
    close(inner.gradient(z, c), [4.0, 32.0])


# --- writes across levels -----------------------------------------------------------------------------------------


def test_a_record_never_holds_a_live_handle(mode: str, outer_mode: str) -> None:
    """An outer value is written after its use in the inner tape: the record must hold the value as it was."""
    x = dt.Variable([1.0, 2.0])
    with dt.GradientTape(outer_mode) as outer:
        c = x * 10.0
        with dt.GradientTape(mode) as inner:
            z = np.sum(np.sin(x) * c)
            c[0] = 0.0
        g = inner.gradient(z, x)
    value = x.numpy()
    close(plain(g), np.cos(value) * value * 10.0)
    close(outer.gradient(g, x), 10.0 * np.cos(value) - 10.0 * value * np.sin(value))


def test_the_example_of_a_live_handle(mode: str, outer_mode: str) -> None:
    """`c = x * 10; with inner: z = sum(sin(x) * c); c[0] = 0` gave 0 for 5.403."""
    x = dt.Variable([1.0])
    with dt.GradientTape(outer_mode):
        c = x * 10.0
        with dt.GradientTape(mode) as inner:
            z = np.sum(np.sin(x) * c)
        c[0] = 0.0
        g = inner.gradient(z, x)
    close(plain(g), [10.0 * np.cos(1.0)])


def test_the_same_through_every_kind_of_record(mode: str, outer_mode: str) -> None:
    """A unary, a binary, a structural and an indexing record of an outer handle that is written afterwards."""
    uses: list[Callable[[Any, Any], Any]] = [
        operator.mul,
        lambda x, c: c * x,
        lambda x, c: np.sin(c) * x,
        lambda x, c: x / c,
        np.hypot,
        lambda x, c: x[0] * c[0] * x,
        lambda x, c: np.matmul(x.reshape(1, 2), c.reshape(2, 1)),
        lambda x, c: x * c[::-1],
        lambda x, c: x * c.reshape(2, 1),
        lambda x, c: np.maximum(x, c) * c,
    ]
    for use in uses:
        answers = []
        for write in (False, True):
            x, u = dt.Variable([1.0, 2.0]), dt.Variable([0.3, 5.0])
            with dt.GradientTape(outer_mode) as outer:
                c = u * 1.5
                with dt.GradientTape(mode) as inner:
                    z = np.sum(use(x, c))
                if write:
                    c[0] = 100.0
                    c[1:] += 7.0
                g = inner.gradient(z, x)
                total = np.sum(g * g)
            answers.append([plain(g), *outer.gradient(total, [x, u])])
        for without, with_write in zip(*answers, strict=True):
            close(with_write, without)


def test_an_inner_value_is_stored_in_an_outer_array(mode: str, outer_mode: str) -> None:
    """The outer array becomes the inner tape's; its old content is its primal."""
    x, u = dt.Variable(3.0), dt.Variable(5.0)
    with dt.GradientTape(outer_mode) as outer:
        c = np.reshape(u * u, (1,)) * np.ones(3)
        with dt.GradientTape(mode) as inner:
            c[1] = x * x * u
            z = np.sum(c * c)
        g = inner.gradient(z, x)
        after = c[0] * g
    close(plain(g), 2 * 45.0 * 30.0)
    close(float(after), 25.0 * 2700.0)
    dx, du = outer.gradient(after, [x, u])
    # g = 2 (x² u)(2 x u) = 4 x³ u², after = 4 x³ u⁴
    close(dx, 12 * 9.0 * 625.0)
    close(du, 16 * 27.0 * 125.0)


def test_an_outer_value_is_stored_in_an_inner_array(mode: str, outer_mode: str) -> None:
    x, u = dt.Variable([1.0, 2.0]), dt.Variable(5.0)
    with dt.GradientTape(outer_mode) as outer:
        v = u * u
        with dt.GradientTape(mode) as inner:
            y = x * x
            y[0] = v
            z = np.sum(y * y)
        g = inner.gradient(z, x)
        total = np.sum(g) + z
    close(plain(g), [0.0, 32.0])
    close(outer.gradient(total, u), 4 * 125.0)


def test_a_container_holds_values_of_both_levels(mode: str, outer_mode: str) -> None:
    x, u = dt.Variable(3.0), dt.Variable(5.0)
    with dt.GradientTape(outer_mode) as outer:
        c = dt.zeros(3)
        c[0] = u * u
        view = c[:2]
        with dt.GradientTape(mode) as inner:
            c[1] = x * c[0]
            z = np.sum(view * view)
        g = inner.gradient(z, x)
    close(plain(g), 2 * 3.0 * 625.0)
    dx, du = outer.gradient(g, [x, u])
    close(dx, 2 * 625.0)
    close(du, 8 * 3.0 * 125.0)


def test_writes_of_the_inner_block_are_seen_outside(mode: str, outer_mode: str) -> None:
    u, x = dt.Variable([1.0, 2.0]), dt.Variable(3.0)
    with dt.GradientTape(outer_mode) as outer:
        c = u * u
        view = c[1:]
        with dt.GradientTape(mode) as inner:
            y = x * c[0]
            c[1] = c[0] * 7.0
            assert inner is not None
        z = np.sum(c) + view[0]
    assert float(z) == 1.0 + 7.0 + 7.0
    assert outer.gradient(z, u).tolist() == [2.0 * 15.0, 0.0]
    assert float(y) == 3.0


def test_writes_after_the_inner_block(mode: str, outer_mode: str) -> None:
    """An array of the inner tape's, written after its block: recorded outside, a constant inside."""
    x = dt.Variable([1.0, 2.0])
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as inner:
            y = x * x
            z = np.sum(y * y)
        y[0] = x[1] * 10.0
        total = np.sum(y)
        g = inner.gradient(z, x)
    close(plain(g), [4.0, 32.0])
    assert float(total) == 24.0
    close(outer.gradient(total, x), [0.0, 14.0])


def test_repeated_indices_under_an_outer_tape(mode: str, outer_mode: str) -> None:
    """A naive `buffer[key] = buffer[key] + g` in the backward pass loses repeated indices."""
    x = np.array([0.5, 0.8, 1.3])
    key = np.array([0, 0, 2, 0, 2])
    weights = np.arange(1.0, 6.0)

    def f(v: Any) -> Any:
        return np.sum(v[key] ** 3 * weights)

    counts = np.array([1.0 + 2.0 + 4.0, 0.0, 3.0 + 5.0])
    close(hessian(f, x, mode, outer_mode), np.diag(6 * x * counts))


def test_second_derivatives_of_a_write_in_each_kind(mode: str, outer_mode: str) -> None:
    """Set, add and region, in the value and in what is overwritten."""
    x = np.array([0.5, 0.8, 1.3, 0.4])

    def f(v: Any) -> Any:
        y = np.reshape(v, (2, 2)) ** 2
        flat = np.reshape(y, (4,))
        flat[1] = v[0] * v[3]
        y[1] += v[:2] ** 2
        np.add.at(y, ([0, 0], [1, 1]), v[2:] ** 3)
        y[:, 0] *= v[1]
        return np.sum(y**2)

    close(hessian(f, x, mode, outer_mode), numerical_hessian(f, x), 1e-6)


def test_exceptions_in_nested_blocks(mode: str, outer_mode: str) -> None:
    x = dt.Variable(3.0)
    with dt.GradientTape(outer_mode) as outer:
        try:
            with dt.GradientTape(mode):
                _ = x * x
                raise ZeroDivisionError
        except ZeroDivisionError:
            pass
        y = x * x * x
    assert type(x * x) is np.float64
    assert outer.gradient(y, x) == 27.0


def test_dtypes_of_nested_gradients(mode: str, outer_mode: str) -> None:
    x = dt.Variable([1.0, 2.0], dtype=np.float32)
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as inner:
            y = np.sum(np.sin(x) * 2.0 * x)
        g = inner.gradient(y, x)
        assert g.dtype == np.float32
        z = np.sum(g * g)
    assert outer.gradient(z, x).dtype == np.float32


def test_a_tape_opened_again_inside_a_younger_one(mode: str, outer_mode: str) -> None:
    """Levels tell who is outer, not the order in which blocks opened."""
    x = dt.Variable(3.0)
    old = dt.GradientTape(outer_mode, persistent=True)
    with old:
        pass
    with dt.GradientTape(mode, persistent=True) as young:
        z = x * 1.0
        with old:
            y = x * x
            w = y * z
    assert young.gradient(w, x) == 27.0
    assert old.gradient(w, x) == 18.0


def test_a_gradient_of_a_number_is_an_array_under_an_outer_tape_too(mode: str, outer_mode: str) -> None:
    x = dt.Variable(2.0)
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as inner:
            y = x**3
        g = inner.gradient(y, x)
        assert isinstance(g, np.ndarray)
        assert g.shape == ()
    np.testing.assert_allclose(outer.gradient(g, x), 12.0)
