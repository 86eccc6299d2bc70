"""checkpoint: the same derivatives for less memory, and an error where they would not be the same."""

import gc
import inspect
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import RuleError, TracedConversionError

Function = Callable[..., Any]
X = np.array([0.3, -1.2, 0.8])
W = np.array([[0.5, 0.1, -0.2], [0.3, -0.4, 0.9], [1.1, 0.2, -0.6]])


def close(actual: Any, expected: Any, tolerance: float = 1e-12) -> None:
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def layer(x: Any, w: Any) -> Any:
    return np.tanh(np.sin(x @ w) * x)


class Counted:
    """A function that counts its calls."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.calls = 0

    def __call__(self, *args: Any) -> Any:
        self.calls += 1
        return self.function(*args)


def gradients(f: Function, mode: str, *args: Any) -> Any:
    variables = [dt.Variable(x) for x in args]
    with dt.GradientTape(mode) as tape:
        y = f(*variables)
    return tape.gradient(y, variables)


def test_value_and_gradient_are_the_functions(mode: str) -> None:
    block = dt.checkpoint(layer)
    assert block(X, W).tobytes() == layer(X, W).tobytes()
    for found, expected in zip(gradients(block, mode, X, W), gradients(layer, mode, X, W), strict=True):
        close(found, expected)


def test_second_derivatives_in_every_nesting(mode: str, outer_mode: str) -> None:
    def second(f: Function) -> list[Any]:
        x, w = dt.Variable(X), dt.Variable(W)
        with dt.GradientTape(outer_mode, persistent=True) as outer:
            with dt.GradientTape(mode) as tape:
                loss = np.sum(f(f(x, w), w) ** 3 * x)
            gx, gw = tape.gradient(loss, (x, w))
            total = np.sum(gx * X) + np.sum(gw * W)
        return [*outer.gradient(total, (x, w)), *outer.gradient(loss, (x, w))]

    for found, expected in zip(second(dt.checkpoint(layer)), second(layer), strict=True):
        close(found, expected)


def test_third_derivatives(mode: str, outer_mode: str) -> None:
    f = dt.checkpoint(np.sin)

    def derivative(order: int, x: Any) -> Any:
        if order == 0:
            return f(x)
        with dt.GradientTape(mode if order % 2 else outer_mode) as tape:
            tape.watch(x)
            y = derivative(order - 1, x)
        return tape.gradient(y, x)

    close(derivative(3, dt.constant(0.7)), -np.cos(0.7))


def test_jacobians(mode: str) -> None:
    block = dt.checkpoint(layer)
    close(dt.jacobian(block, 1, mode=mode)(X, W), dt.jacobian(layer, 1, mode=mode)(X, W))
    close(dt.hessian(lambda x: np.sum(block(x, W)))(X), dt.hessian(lambda x: np.sum(layer(x, W)))(X))


@pytest.mark.reverse
def test_it_is_computed_again_once_for_all_arguments() -> None:
    function = Counted(layer)
    x, w = dt.Variable(X), dt.Variable(W)
    with dt.GradientTape("reverse", persistent=True) as tape:
        y = dt.checkpoint(function)(x, w)
    assert function.calls == 1
    first = tape.gradient(y, (x, w))
    assert function.calls == 2
    close(tape.gradient(y, (x, w))[1], first[1])
    assert function.calls == 3


@pytest.mark.reverse
def test_the_same_weights_may_change_between_gradients() -> None:
    x, w = dt.Variable(X), dt.Variable(W)
    with dt.GradientTape("reverse", persistent=True) as tape:
        y = dt.checkpoint(layer)(x, w)
        z = layer(x, w)
    weights = np.array([1.0, 0.0, 0.0])
    for _ in range(2):
        close(tape.gradient(y, w, output_gradients=weights), tape.gradient(z, w, output_gradients=weights))
        weights[:] = [0.0, 2.0, 1.0]


@pytest.mark.reverse
def test_they_may_change_where_an_outer_tape_alone_records_an_argument() -> None:
    x, w = dt.constant(X), dt.constant(W)
    with dt.GradientTape("reverse") as outer:
        outer.watch(x)
        with dt.GradientTape("reverse", persistent=True) as tape:
            tape.watch(w)
            y = dt.checkpoint(layer)(x, w)
            z = layer(x, w)
        weights = np.array([1.0, 0.0, 0.0])
        for _ in range(2):
            found, expected = (tape.gradient(target, w, output_gradients=weights) for target in (y, z))
            close(dt.stop_gradient(found), dt.stop_gradient(expected))
            weights[:] = [0.0, 2.0, 1.0]
        total, plainly = np.sum(found), np.sum(expected)
        difference = total - plainly
    close(outer.gradient(difference, x), np.zeros(3))


def test_in_forward_mode_it_is_the_function() -> None:
    function = Counted(layer)
    found = gradients(dt.checkpoint(function), "forward", X, W)
    assert function.calls == 1
    close(found[1], gradients(layer, "forward", X, W)[1])


def used_memory(block: Function, steps: int) -> int:
    """The bytes that a tape holds at the end of a long program."""
    v = dt.Variable(np.linspace(0.0, 1.0, 20_000))
    gc.collect()
    tracemalloc.start()
    with dt.GradientTape("reverse") as tape:
        y: Any = v
        for _ in range(steps):
            y = block(y)
        total = np.sum(y)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    tape.gradient(total, v)
    return held


@pytest.mark.reverse
def test_a_tape_keeps_the_arguments_only() -> None:
    def block(x: Any) -> Any:
        for _ in range(10):
            x = np.sin(x) * 1.01
        return x

    array = 20_000 * 8
    plain, checkpointed = used_memory(block, 10), used_memory(dt.checkpoint(block), 10)
    assert plain >= 100 * array
    assert checkpointed <= 13 * array  # an argument for each block, the last value, and a little


@pytest.mark.reverse
def test_a_weight_that_blocks_share_is_held_once() -> None:
    w = dt.Variable(np.eye(200) * 0.9)
    step = dt.checkpoint(lambda x, w: np.tanh(x @ w))
    gc.collect()
    tracemalloc.start()
    with dt.GradientTape("reverse") as tape:
        x: Any = np.ones(200)
        for _ in range(20):
            x = step(x, w)
        total = np.sum(x)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 3 * 200 * 200 * 8
    assert np.isfinite(tape.gradient(total, w)).all()


def test_nothing_is_left_to_the_collector(mode: str, outer_mode: str) -> None:
    block, v = dt.checkpoint(layer), dt.Variable(X)

    def program() -> None:
        with dt.GradientTape(outer_mode) as outer:
            with dt.GradientTape(mode) as tape:
                y = np.sum(block(v, W) ** 2)
            g = np.sum(tape.gradient(y, v))
        outer.gradient(g, v)

    program()
    gc.collect()
    gc.disable()
    try:
        program()
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_containers_keywords_and_settings(mode: str) -> None:
    @dt.checkpoint
    def block(parts: Any, *, power: int, name: str = "b") -> Any:
        x, w = parts["x"], parts["w"]
        return {"y": (x @ w) ** power, "n": power, "name": name, "rows": [np.sum(x), x > 0.0]}

    x, w = dt.Variable(X), dt.Variable(W)
    with dt.GradientTape(mode) as tape:
        found = block({"x": x, "w": w}, power=3)
        loss = np.sum(found["y"]) * found["rows"][0]
    assert (found["n"], found["name"]) == (3, "b")
    np.testing.assert_array_equal(found["rows"][1], X > 0.0)
    expected = gradients(lambda x, w: np.sum((x @ w) ** 3) * np.sum(x), mode, X, W)
    for one, other in zip(tape.gradient(loss, (x, w)), expected, strict=True):
        close(one, other)


def test_a_value_without_a_derivative(mode: str) -> None:
    v = dt.Variable(X)
    with dt.GradientTape(mode):
        found = dt.checkpoint(lambda x: x > 0.0)(v)
    np.testing.assert_array_equal(found, X > 0.0)


def test_writing_into_an_argument_stays_inside(mode: str) -> None:
    @dt.checkpoint
    def block(x: Any, y: Any) -> Any:
        x *= 2.0
        y[0] = 7.0
        x[1] = x[0] * y[0]
        return x

    v, kept = dt.Variable(X), W[0].copy()
    with dt.GradientTape(mode) as tape:
        x = v * 1.0
        total = np.sum(block(x, W[0])) + np.sum(x)
    close(tape.gradient(total, v), [17.0, 1.0, 3.0])
    np.testing.assert_array_equal(W[0], kept)
    plain = X.copy()
    block(plain, W[0])
    np.testing.assert_array_equal(plain, X)


def test_writing_into_the_value(mode: str) -> None:
    kept: list[Any] = []

    @dt.checkpoint
    def block(x: Any) -> Any:
        kept.append(np.sin(x))
        return kept[-1]

    v = dt.Variable(X)
    with dt.GradientTape(mode) as tape:
        y = block(v)
        y[0] = 5.0
        total = np.sum(y * y)
    close(tape.gradient(total, v), [0.0, *np.sin(2 * X[1:])])


def test_a_value_that_the_function_keeps_may_change(mode: str, outer_mode: str) -> None:
    kept: list[Any] = []

    @dt.checkpoint
    def block(x: Any) -> Any:
        y = np.exp(x)
        kept.append(y)
        return y

    v = dt.Variable(X)
    with dt.GradientTape(outer_mode) as outer, dt.GradientTape(mode) as tape:
        y = block(v)
        kept[0][:] = 0.0
        total = np.sum(y * y)
    close(tape.gradient(total, v), 2.0 * np.exp(2.0 * X))
    close(outer.gradient(total, v), 2.0 * np.exp(2.0 * X))


@pytest.mark.reverse
def test_an_array_beside_is_guarded() -> None:
    large = np.ones(100_000)
    small = np.ones(3)
    block = dt.checkpoint(lambda x, a, b: np.sum(x * a[:3] * b))
    v = dt.Variable(X)
    with dt.GradientTape("reverse") as tape:
        y = block(v, large, small)
        with pytest.raises(ValueError, match="read-only"):
            large[0] = 2.0
        small[0] = 2.0
    close(tape.gradient(y, v), [1.0, 1.0, 1.0])
    large[0] = 2.0


@pytest.mark.reverse
def test_a_closure_is_refused() -> None:
    w, v = dt.Variable(W), dt.Variable(X)
    block = dt.checkpoint(lambda x: x @ w)
    with dt.GradientTape("reverse"), pytest.raises(TracedConversionError, match=r"<lambda>.*make it an argument"):
        block(v)
    with dt.GradientTape("reverse") as outer:
        z = w * 2.0
        closed = dt.checkpoint(lambda x: x @ z)
        with dt.GradientTape("reverse"), pytest.raises(TracedConversionError, match="make it an argument"):
            closed(v)
    assert outer is not None
    with dt.GradientTape("forward"), dt.GradientTape("reverse"), pytest.raises(TracedConversionError):
        block(v)


@pytest.mark.reverse
def test_another_value_at_the_second_time_is_told() -> None:
    random = np.random.default_rng(1)
    dropped = dt.checkpoint(lambda x: x * (random.random(x.shape) > 0.5))
    v = dt.Variable(np.ones(50))
    with dt.GradientTape("reverse") as tape:
        y = np.sum(dropped(v))
    with pytest.raises(RuleError, match="random numbers"):
        tape.gradient(y, v)


def test_a_traced_argument_of_an_outer_tape_only(mode: str, outer_mode: str) -> None:
    x, w = dt.constant(X), dt.constant(W)
    with dt.GradientTape(outer_mode, persistent=True) as outer:
        outer.watch([x, w])
        with dt.GradientTape(mode) as tape:
            tape.watch(w)
            loss = np.sum(dt.checkpoint(layer)(x, w) ** 2)
        g = tape.gradient(loss, w)
        total = np.sum(g * W)
    found = outer.gradient(total, (x, w))

    def directional(x: Any, w: Any) -> Any:
        return dt.jvp(lambda w: np.sum(layer(x, w) ** 2), (w,), (W,))[1]

    expected = dt.grad(directional, (0, 1), mode="forward")(X, W)
    close(found[0], expected[0])
    close(found[1], expected[1])


def test_it_has_the_functions_signature_and_is_a_method(mode: str) -> None:
    class Model:
        factor = 3.0

        @dt.checkpoint
        def predict(self, x: Any, bias: float = 1.0) -> Any:
            """Predict."""
            return np.square(x) * self.factor + bias

    assert str(inspect.signature(Model.predict)) == "(self, x: Any, bias: float = 1.0) -> Any"
    assert Model.predict.__doc__ == "Predict."
    close(gradients(Model().predict, mode, X), [6.0 * X])


def test_the_functions_own_errors_come_through(mode: str) -> None:
    @dt.checkpoint
    def fails(x: Any) -> Any:
        raise ZeroDivisionError("own")

    with pytest.raises(ZeroDivisionError, match="own"):
        gradients(fails, mode, X)


def test_single_precision_and_complex_numbers(mode: str) -> None:
    block = dt.checkpoint(layer)
    found = gradients(block, mode, X.astype("f4"), W.astype("f4"))
    assert [g.dtype for g in found] == [np.float32, np.float32]
    real = lambda x, w: np.abs(layer(x, w)) ** 2  # noqa: E731
    expected = gradients(real, mode, X, W * (1 + 0.5j))
    for one, other in zip(gradients(dt.checkpoint(real), mode, X, W * (1 + 0.5j)), expected, strict=True):
        close(one, other)
