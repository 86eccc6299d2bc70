"""Optimizers against their formulas, and what they refuse."""

import gc
import math
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt

MAKERS: dict[str, Callable[[], Any]] = {
    "sgd": lambda: dt.optimizers.SGD(learning_rate=0.1),
    "momentum": lambda: dt.optimizers.SGD(learning_rate=0.1, momentum=0.9),
    "nesterov": lambda: dt.optimizers.SGD(learning_rate=0.1, momentum=0.9, nesterov=True),
    "adam": lambda: dt.optimizers.Adam(learning_rate=0.1),
}


@pytest.fixture(params=MAKERS)
def optimizer(request: pytest.FixtureRequest) -> Any:
    """Each kind of optimizer in turn, new."""
    return MAKERS[request.param]()


def test_sgd_is_a_step_down_the_gradient() -> None:
    w = dt.Variable([[1.0], [2.0]])
    dt.optimizers.SGD(learning_rate=1e-3).apply_gradients([(np.array([[70.0], [100.0]]), w)])
    np.testing.assert_array_equal(w.numpy(), [[1.0 - 0.07], [2.0 - 0.1]])


def test_momentum_has_the_steps_that_keras_documents() -> None:
    sgd = dt.optimizers.SGD(learning_rate=0.1, momentum=0.9)
    w = dt.Variable(1.0)
    values = [1.0]
    for _ in range(2):
        sgd.apply_gradients([(w.numpy(), w)])  # of w**2 / 2
        values.append(float(w))
    np.testing.assert_allclose(np.diff(values), [-0.1, -0.18])


def test_nesterov_looks_ahead() -> None:
    sgd = dt.optimizers.SGD(learning_rate=0.1, momentum=0.5, nesterov=True)
    w = dt.Variable(0.0)
    velocity, value = 0.0, 0.0
    for gradient in (1.0, -2.0, 3.0):
        sgd.apply_gradients([(gradient, w)])
        velocity = 0.5 * velocity - 0.1 * gradient
        value += 0.5 * velocity - 0.1 * gradient
        np.testing.assert_allclose(w.numpy(), value)


def test_adam_follows_the_paper() -> None:
    adam = dt.optimizers.Adam(learning_rate=0.1, beta_1=0.8, beta_2=0.95, epsilon=1e-3)
    w = dt.Variable([10.0, -3.0])
    value, m, v = w.numpy(), np.zeros(2), np.zeros(2)
    for t, gradient in enumerate(np.array([[10.0, 1e-3], [-5.0, 0.0], [2.0, 4.0]]), start=1):
        adam.apply_gradients([(gradient, w)])
        m = 0.8 * m + 0.2 * gradient
        v = 0.95 * v + 0.05 * gradient**2
        value = value - 0.1 * math.sqrt(1 - 0.95**t) / (1 - 0.8**t) * m / (np.sqrt(v) + 1e-3)
        np.testing.assert_allclose(w.numpy(), value, rtol=1e-13)


def test_adam_s_first_step_is_the_learning_rate() -> None:
    w = dt.Variable(10.0)
    dt.optimizers.Adam(learning_rate=0.1).apply_gradients([(1234.5, w)])
    np.testing.assert_allclose(w.numpy(), 9.9)


def test_optimizers_minimize_a_quadratic(optimizer: Any, mode: str) -> None:
    w = dt.Variable([3.0, -2.0])
    target = np.array([1.0, 1.0])
    for _ in range(300):
        with dt.GradientTape(mode=mode) as tape:
            loss = np.sum(np.square(w - target))
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])
    np.testing.assert_allclose(w.numpy(), target, atol=1e-2)
    assert optimizer.iterations == 300


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.complex64, np.complex128])
@pytest.mark.parametrize("shape", [(), (3,), (0,), (2, 1)])
def test_a_variable_keeps_its_dtype_and_shape(optimizer: Any, dtype: Any, shape: tuple[int, ...]) -> None:
    w = dt.Variable(np.ones(shape, dtype))
    for _ in range(3):
        optimizer.apply_gradients([(np.full(shape, 0.5, dtype), w)])
        states = [array for _, state in optimizer._states.values() for array in state if array.dtype.kind != "i"]
        assert all(array.dtype in (np.dtype(dtype), np.zeros(1, dtype).real.dtype) for array in states)
    assert (w.dtype, w.shape) == (np.dtype(dtype), shape)
    assert np.all(w.numpy().real < 1)


def test_float32_steps_are_float32_arithmetic() -> None:
    gradients = np.array([0.1, 0.2, 0.3], np.float32)
    w = dt.Variable(np.ones(3, np.float32))
    dt.optimizers.SGD(learning_rate=1e-3).apply_gradients([(gradients, w)])
    np.testing.assert_array_equal(w.numpy(), np.ones(3, np.float32) - np.float32(1e-3) * gradients)


def test_a_float64_gradient_of_a_float32_variable_is_cast() -> None:
    w = dt.Variable(1.0, dtype=np.float32)
    dt.optimizers.SGD(learning_rate=0.5).apply_gradients([(np.array(1.0), w)])
    assert w.dtype == np.float32
    assert float(w) == 0.5


def test_complex_descent_follows_the_gradient_itself(optimizer: Any, mode: str) -> None:
    """The gradient is the direction of steepest ascent: a step against it, without a conjugate, goes down."""
    w = dt.Variable(3.0 - 4.0j)
    for _ in range(300):
        with dt.GradientTape(mode=mode) as tape:
            loss = np.square(np.abs(w - (1.0 + 1.0j)))
        optimizer.apply_gradients([(tape.gradient(loss, w), w)])
    np.testing.assert_allclose(w.numpy(), 1.0 + 1.0j, atol=1e-2)


def test_adam_s_second_moment_of_a_complex_gradient_is_of_its_modulus() -> None:
    w = dt.Variable(0.0j)
    dt.optimizers.Adam(learning_rate=1.0).apply_gradients([(3.0 + 4.0j, w)])
    np.testing.assert_allclose(w.numpy(), -(0.6 + 0.8j), rtol=1e-6)


def test_gradients_of_a_tape_in_any_iterable(mode: str) -> None:
    w, b = dt.Variable([[1.0], [2.0]], name="w"), dt.Variable(1.0, name="b")
    x, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0], [2.0]])
    with dt.GradientTape(mode=mode) as tape:
        loss = np.sum(np.square(x @ w + b - y))
    dw, db = tape.gradient(loss, [w, b])
    dt.optimizers.SGD(learning_rate=1e-3).apply_gradients(grads_and_vars=zip([dw, db], [w, b], strict=True))
    np.testing.assert_allclose(w.numpy(), [[0.93], [1.9]])
    np.testing.assert_allclose(b.numpy(), 0.97)


def test_nothing_to_apply_is_no_step(optimizer: Any) -> None:
    optimizer.apply_gradients([])
    assert optimizer.iterations == 0


def test_none_is_skipped_and_said_once(optimizer: Any) -> None:
    w, b = dt.Variable(1.0, name="w"), dt.Variable(2.0, name="b")
    with pytest.warns(UserWarning, match="no gradient for variable 'b'") as caught:
        optimizer.apply_gradients([(1.0, w), (None, b)])
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer.apply_gradients([(1.0, w), (None, b)])
    assert float(b) == 2.0
    assert float(w) < 1.0
    assert optimizer.iterations == 2


def test_each_variable_without_a_gradient_is_said(optimizer: Any) -> None:
    w, b, c = dt.Variable(1.0, name="w"), dt.Variable(2.0, name="b"), dt.Variable([1.0])
    with pytest.warns(UserWarning, match="variable 'b'"):
        optimizer.apply_gradients([(1.0, w), (None, b)])
    with pytest.warns(UserWarning, match=r"no gradient for a variable of shape \(1,\)"):
        optimizer.apply_gradients([(1.0, w), (None, b), (None, c)])


def test_no_gradient_at_all_is_an_error(optimizer: Any) -> None:
    w = dt.Variable(1.0, name="w")
    with pytest.raises(ValueError, match=r"no gradient for any variable.*'w'"):
        optimizer.apply_gradients([(None, w)])
    assert optimizer.iterations == 0


@pytest.mark.parametrize(
    ("pairs", "error", "match"),
    [
        (lambda w: [(w, 1.0)], TypeError, "the gradient stands first"),
        (lambda w: [(1.0, np.ones(2))], TypeError, "changes variables, not ndarray"),
        (lambda w: [(1.0, dt.constant(1.0))], TypeError, "changes variables, not Constant"),
        (lambda w: [dt.Variable(1.0)], TypeError, "pairs of a gradient and a variable, not Variable"),
        (lambda w: [1.0], TypeError, "pairs"),
        (lambda w: [(np.ones(3), w)], ValueError, r"variable 'w' has shape \(3,\), not \(2,\)"),
        (lambda w: [(1.0, w)], ValueError, r"shape \(\), not \(2,\)"),
        (lambda w: [(np.ones(2) * 1j, w)], TypeError, "dtype complex128, not float64"),
        (lambda w: [(["a", "b"], w)], TypeError, "dtype"),
    ],
)
def test_a_bad_pair_is_refused_and_nothing_changes(optimizer: Any, pairs: Any, error: Any, match: str) -> None:
    w = dt.Variable([1.0, 2.0], name="w")
    first = dt.Variable([1.0, 2.0])
    with pytest.raises(error, match=match):
        optimizer.apply_gradients([([1.0, 1.0], first), *pairs(w)])
    np.testing.assert_array_equal(w.numpy(), [1.0, 2.0])
    np.testing.assert_array_equal(first.numpy(), [1.0, 2.0])
    assert optimizer.iterations == 0


def test_a_traced_gradient_is_refused(optimizer: Any, mode: str, outer_mode: str) -> None:
    w = dt.Variable(2.0, name="w")
    with dt.GradientTape(mode=outer_mode):
        with dt.GradientTape(mode=mode) as tape:
            loss = w * w * w
        gradient = tape.gradient(loss, w)
        with pytest.raises(dt.errors.TracedConversionError, match="'w' is recorded by an open tape"):
            optimizer.apply_gradients([(gradient, w)])
    optimizer.apply_gradients([(gradient, w)])
    assert float(w) < 2.0


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: dt.optimizers.SGD(learning_rate=-1e-3), ValueError),
        (lambda: dt.optimizers.SGD(learning_rate=math.nan), ValueError),
        (lambda: dt.optimizers.SGD(learning_rate=math.inf), ValueError),
        (lambda: dt.optimizers.SGD(learning_rate="fast"), TypeError),
        (lambda: dt.optimizers.SGD(learning_rate=None), TypeError),
        (lambda: dt.optimizers.SGD(0.1, momentum=1.5), ValueError),
        (lambda: dt.optimizers.SGD(0.1, momentum=-0.5), ValueError),
        (lambda: dt.optimizers.Adam(beta_1=1.0), ValueError),
        (lambda: dt.optimizers.Adam(beta_2=-0.1), ValueError),
        (lambda: dt.optimizers.Adam(epsilon=-1.0), ValueError),
    ],
)
def test_bad_settings_are_refused(call: Callable[[], object], error: type[Exception]) -> None:
    with pytest.raises(error):
        call()


def test_the_learning_rate_may_be_a_numpy_number_and_does_not_widen() -> None:
    w = dt.Variable(np.ones(2, np.float32))
    dt.optimizers.SGD(learning_rate=np.float64(0.5)).apply_gradients([(np.ones(2, np.float32), w)])
    assert w.dtype == np.float32


def test_the_learning_rate_may_change_between_steps() -> None:
    sgd = dt.optimizers.SGD(learning_rate=1.0)
    w = dt.Variable(1.0)
    sgd.learning_rate = 0.25
    sgd.apply_gradients([(1.0, w)])
    assert float(w) == 0.75


def test_each_variable_has_its_own_state() -> None:
    adam, alone = dt.optimizers.Adam(learning_rate=0.1), dt.optimizers.Adam(learning_rate=0.1)
    v, w, same = dt.Variable(1.0), dt.Variable(1.0), dt.Variable(1.0)
    adam.apply_gradients([(1.0, v)])
    adam.apply_gradients([(1.0, v)])
    adam.apply_gradients([(-3.0, v), (2.0, w)])
    alone.apply_gradients([(2.0, same)])
    assert float(w) == float(same)


def test_a_gradient_that_changes_afterwards_leaves_the_state_alone() -> None:
    gradient = np.ones(2)
    sgd = dt.optimizers.SGD(learning_rate=0.5, momentum=0.5)
    w = dt.Variable([0.0, 0.0])
    sgd.apply_gradients([(gradient, w)])
    np.testing.assert_array_equal(gradient, [1.0, 1.0])
    gradient[:] = 100.0
    sgd.apply_gradients([(np.zeros(2), w)])
    np.testing.assert_array_equal(w.numpy(), [-0.75, -0.75])


def test_a_variable_and_its_state_die_together(optimizer: Any) -> None:
    w, b = dt.Variable(np.ones(5)), dt.Variable(np.ones(3))
    gc.disable()
    try:
        with pytest.warns(UserWarning, match="no gradient"):
            optimizer.apply_gradients([(np.ones(5), w), (None, b)])
        died = weakref.ref(w)
        del w, b
        assert died() is None
        assert not optimizer._states
        assert not optimizer._warned
    finally:
        gc.enable()


def test_an_optimizer_makes_no_cycle() -> None:
    gc.collect()
    gc.disable()
    try:
        adam, w = dt.optimizers.Adam(), dt.Variable(1.0)
        adam.apply_gradients([(1.0, w)])
        del adam, w
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_repr_shows_the_settings() -> None:
    assert repr(dt.optimizers.SGD(0.1)) == "SGD(learning_rate=0.1, momentum=0.0, nesterov=False)"
    assert repr(dt.optimizers.Adam(0.1)) == "Adam(learning_rate=0.1, beta_1=0.9, beta_2=0.999, epsilon=1e-07)"
