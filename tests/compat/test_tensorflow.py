"""The tutorial's cells, with nothing but the import line changed, and the names that they use."""

import itertools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import dualtape as dt
import dualtape.compat.tensorflow as tf

X = [[1.0, 2.0], [3.0, 4.0]]
Y = [[1.0], [2.0]]

SQUARE = """
import tensorflow as tf

x = tf.Variable(initial_value=3.0)
with tf.GradientTape() as tape:
    y = tf.square(x)
y_grad = tape.gradient(y, x)
print(y.numpy(), y_grad.numpy())
"""

SCALAR = """
import tensorflow as tf

x = 2.0
w = tf.Variable(initial_value=tf.random.uniform(shape=()), name="w")
b = tf.Variable(initial_value=tf.random.uniform(shape=()), name="b")
with tf.GradientTape() as tape:
    y = x * w + b
w_grad, b_grad = tape.gradient(y, [w, b])
print(w_grad.numpy(), b_grad.numpy())
"""

MATRIX = """
import tensorflow as tf

x = tf.constant([[1.0, 2.0], [3.0, 4.0]])
y = tf.constant([[1.0], [2.0]])
w = tf.Variable(initial_value=[[1.0], [2.0]], name="w")
b = tf.Variable(initial_value=1.0, name="b")
with tf.GradientTape() as tape:
    loss = tf.reduce_sum(tf.square(tf.matmul(x, w) + b - y))
gradients = tape.gradient(loss, [w, b])
print(loss.numpy())
for parameter, gradient in zip([w, b], gradients):
    print(parameter.name, parameter.numpy().tolist(), gradient.numpy().tolist())
"""

REGRESSION = """
import tensorflow as tf
from tqdm import tqdm

x = tf.random.uniform(shape=(2, 3))
y = 3 * x + 2
w = tf.Variable(initial_value=tf.random.uniform(shape=()), name="w")
b = tf.Variable(initial_value=tf.random.uniform(shape=()), name="b")
optimizer = tf.keras.optimizers.SGD(learning_rate=1e-3)
progress = tqdm(range(1000))
for epoch in progress:
    with tf.GradientTape() as tape:
        y_hat = w * x + b
        loss = tf.reduce_mean(tf.square(y_hat - y))
    gradients = tape.gradient(loss, [w, b])
    optimizer.apply_gradients(grads_and_vars=zip(gradients, [w, b]))
    progress.set_description(f"loss {loss.numpy():.4f}")
    losses.append(loss.numpy())
"""


@pytest.fixture(autouse=True)
def _default_mode(mode: str) -> Iterator[None]:
    """The cells name no mode: every test here runs in each as the default."""
    before = dt.set_default_mode(mode)
    yield
    dt.set_default_mode(before)


def run(cell: str, **names: Any) -> dict[str, Any]:
    tf.random.set_seed(1)
    namespace = dict(names)
    exec(cell.replace("import tensorflow as tf", "import dualtape.compat.tensorflow as tf"), namespace)
    return namespace


def test_cell_square(capsys: pytest.CaptureFixture[str]) -> None:
    run(SQUARE)
    assert capsys.readouterr().out == "9.0 6.0\n"


def test_cell_scalar(capsys: pytest.CaptureFixture[str]) -> None:
    names = run(SCALAR)
    assert capsys.readouterr().out == "2.0 1.0\n"
    assert 0.0 <= names["w"].numpy() < 1.0
    assert names["y"].numpy() == 2.0 * names["w"].numpy() + names["b"].numpy()


def test_cell_matrix(capsys: pytest.CaptureFixture[str]) -> None:
    run(MATRIX)
    assert capsys.readouterr().out == "125.0\nw [[1.0], [2.0]] [[70.0], [100.0]]\nb 1.0 30.0\n"


def test_cell_regression(capsys: pytest.CaptureFixture[str]) -> None:
    losses: list[float] = []
    run(REGRESSION, losses=losses)
    assert len(losses) == 1000
    assert losses[-1] < 0.05 * losses[0]
    assert all(after < before for before, after in itertools.pairwise(losses))
    bar = capsys.readouterr().err
    assert f"loss {losses[-1]:.4f}: 100%" in bar
    assert "1000/1000" in bar


def test_cell_regression_as_the_tutorial_has_it() -> None:
    """`square(y_hat, y)`: it warns, and runs with what it says, which is not what was meant."""
    losses: list[float] = []
    with pytest.warns(UserWarning, match=r"did you mean square\(y_hat - y\)\?"):
        names = run(REGRESSION.replace("y_hat - y", "y_hat, y"), losses=losses)
    np.testing.assert_allclose(losses[-1], np.mean(np.square(names["y_hat"].numpy())))


def test_modes_agree_on_the_regression(modes: tuple[str, ...]) -> None:
    found = []
    for mode in modes:
        dt.set_default_mode(mode)
        losses: list[float] = []
        names = run(REGRESSION, losses=losses)
        found.append([names["w"].numpy(), names["b"].numpy(), *losses])
    np.testing.assert_allclose(found, [found[0]] * len(found), rtol=1e-12)


# --- the name of an operation -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [None, "my_square"])
def test_a_name_is_taken_and_ignored(name: str | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert tf.square(3.0, name) == tf.square(3.0, name=name) == 9.0
        assert tf.reduce_sum([1.0, 2.0], name=name) == 3.0
        assert tf.matmul(X, X, name=name).shape == (2, 2)


def test_a_name_that_is_no_string_warns_at_the_caller_s_line() -> None:
    with pytest.warns(UserWarning, match=r"did you mean tanh\(y_hat - y\)\?") as caught:
        assert tf.tanh(0.0, np.ones(3)) == 0.0
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="did you mean multiply"):
        assert tf.multiply(2.0, 3.0, 4.0) == 6.0


def test_a_traced_name_warns_too() -> None:
    w = tf.Variable(2.0)
    with tf.GradientTape() as tape:
        y = w * 3.0
        with pytest.warns(UserWarning, match="square"):
            loss = tf.square(w, y)
    assert tape.gradient(loss, w) == 4.0


# --- every name against NumPy -------------------------------------------------------------------------------------

UNARY = {
    "abs": np.abs, "acos": np.arccos, "acosh": np.arccosh, "asin": np.arcsin, "asinh": np.arcsinh, "atan": np.arctan,
    "atanh": np.arctanh, "ceil": np.ceil, "cos": np.cos, "cosh": np.cosh, "exp": np.exp, "expm1": np.expm1,
    "floor": np.floor, "log": np.log, "log1p": np.log1p, "negative": np.negative, "reciprocal": np.reciprocal,
    "sign": np.sign, "sin": np.sin, "sinh": np.sinh, "sqrt": np.sqrt, "square": np.square, "tan": np.tan,
    "tanh": np.tanh,
}  # fmt: skip
BINARY = {
    "add": np.add, "atan2": np.arctan2, "divide": np.divide, "maximum": np.maximum, "minimum": np.minimum,
    "multiply": np.multiply, "pow": np.power, "subtract": np.subtract, "truediv": np.divide,
}  # fmt: skip
REDUCTIONS = {
    "reduce_max": np.max, "reduce_mean": np.mean, "reduce_min": np.min, "reduce_prod": np.prod, "reduce_std": np.std,
    "reduce_sum": np.sum, "reduce_variance": np.var,
}  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
def test_unary(name: str) -> None:
    point = np.array([0.3, 0.7]) + (1.0 if name == "acosh" else 0.0)
    function = getattr(tf, name)
    np.testing.assert_array_equal(function(point), UNARY[name](point))
    assert getattr(tf.math, name) is function
    assert function.__name__ == name
    check_gradient(function, UNARY[name], point)


@pytest.mark.parametrize("name", BINARY)
def test_binary(name: str) -> None:
    x, y = np.array([[0.3], [0.7]]), np.array([0.5, 1.5])
    function = getattr(tf, name)
    np.testing.assert_array_equal(function(x, y), BINARY[name](x, y))
    assert getattr(tf.math, name) is function
    check_gradient(lambda x: function(x, y), lambda x: BINARY[name](x, y), x)


@pytest.mark.parametrize("name", REDUCTIONS)
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 1), [0, 1]])
@pytest.mark.parametrize("keepdims", [False, True])
def test_reduction(name: str, axis: Any, keepdims: bool) -> None:
    x = np.array([[0.3, 0.7, -1.0], [2.0, 0.1, 0.4]])
    function = getattr(tf, name)
    numpy_axis = tuple(axis) if isinstance(axis, list) else axis
    expected = REDUCTIONS[name](x, axis=numpy_axis, keepdims=keepdims)
    np.testing.assert_array_equal(function(x, axis, keepdims), expected)
    assert getattr(tf.math, name) is function
    check_gradient(
        lambda x: function(x, axis=axis, keepdims=keepdims),
        lambda x: REDUCTIONS[name](x, axis=numpy_axis, keepdims=keepdims),
        x,
    )


def check_gradient(ours: Any, numpy: Any, point: Any) -> None:
    """The function and NumPy's own give the same gradient on a tape."""
    w = tf.Variable(point)
    found = []
    for function in (ours, numpy):
        with tf.GradientTape() as tape:
            target = function(w)
        found.append(tape.gradient(target, w))
    ours_gradient, numpy_gradient = found
    if numpy_gradient is None:  # ceil, floor
        assert ours_gradient is None
    else:
        np.testing.assert_array_equal(ours_gradient, numpy_gradient)


def test_sigmoid() -> None:
    x = tf.Variable([-800.0, -1.0, 0.0, 2.0, 800.0])
    with tf.GradientTape() as tape:
        y = tf.sigmoid(x)
    expected = 1.0 / (1.0 + np.exp(-np.array([-700.0, -1.0, 0.0, 2.0, 700.0])))
    np.testing.assert_allclose(y.numpy(), expected, atol=1e-15)
    np.testing.assert_allclose(tape.gradient(y, x), expected * (1.0 - expected), atol=1e-15)


def test_matmul_transposes() -> None:
    a, b = np.arange(6.0).reshape(2, 3), np.arange(6.0).reshape(2, 3) - 2.0
    np.testing.assert_array_equal(tf.matmul(a, b, transpose_a=True), a.T @ b)
    np.testing.assert_array_equal(tf.matmul(a, b, transpose_b=True), a @ b.T)
    check_gradient(lambda x: tf.matmul(x, b, transpose_a=True), lambda x: np.matmul(np.transpose(x), b), a)


@pytest.mark.parametrize(
    ("ours", "numpy"),
    [
        (tf.transpose, np.transpose),
        (lambda x: tf.transpose(x, perm=[1, 0]), np.transpose),
        (lambda x: tf.reshape(x, [3, -1]), lambda x: np.reshape(x, (3, -1))),
        (lambda x: tf.reshape(x, shape=(6,)), lambda x: np.reshape(x, (6,))),
        (lambda x: tf.expand_dims(x, 1), lambda x: np.expand_dims(x, 1)),
        (lambda x: tf.squeeze(tf.expand_dims(x, 1), [1]), np.positive),
        (lambda x: tf.stack([x, 2.0 * x], axis=1), lambda x: np.stack([x, 2.0 * x], axis=1)),
        (lambda x: tf.concat([x, x], axis=1), lambda x: np.concatenate([x, x], axis=1)),
        (lambda x: tf.where(x > 1.5, x, -x), lambda x: np.where(x > 1.5, x, -x)),
        (lambda x: tf.tensordot(x, x, [[1], [1]]), lambda x: np.tensordot(x, x, [[1], [1]])),
        (lambda x: tf.cast(x, tf.float32), lambda x: x.astype(np.float32)),
    ],
)
def test_shapes(ours: Any, numpy: Any) -> None:
    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(ours(x), numpy(x))
    assert ours(x).dtype == numpy(x).dtype
    check_gradient(ours, numpy, x)


def test_conjugate_transpose() -> None:
    np.testing.assert_array_equal(tf.transpose([[1.0 + 2.0j, 3.0]], conjugate=True), [[1.0 - 2.0j], [3.0]])


def test_lists_of_traced_values_are_stacked() -> None:
    v, w = tf.Variable(2.0), tf.Variable(3.0)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square([v * w, w]))
    assert [g.numpy() for g in tape.gradient(loss, [v, w])] == [18.0, 15.0]


def test_creation() -> None:
    np.testing.assert_array_equal(tf.zeros([2, 3]), np.zeros((2, 3)))
    np.testing.assert_array_equal(tf.ones((2,), tf.float32), np.ones(2, np.float32))
    assert tf.zeros_like(tf.Variable([1.0, 2.0])).shape == (2,)
    assert tf.ones_like([1.0, 2.0], dtype=tf.int32).dtype == np.int32
    assert tf.convert_to_tensor([1, 2]).dtype.kind == "i"
    assert tf.convert_to_tensor([1, 2], dtype=tf.float32).dtype == np.float32
    w = tf.Variable(1.0)
    assert tf.convert_to_tensor(w) is w


# --- variables, constants, tapes ----------------------------------------------------------------------------------


def test_variable_takes_tensorflow_s_arguments() -> None:
    w = tf.Variable([1.0, 2.0], False, name="w", dtype=tf.float32)
    assert (w.name, w.trainable, w.dtype) == ("w", False, np.dtype(np.float32))
    assert tf.Variable(1.0).name == "Variable"
    assert isinstance(w, dt.Variable)
    assert tf.Variable(lambda: 2.0).numpy() == 2.0
    with pytest.raises(TypeError, match=r"write 3\.0"):
        tf.Variable(3)


def test_floats_are_float64_unless_told_otherwise() -> None:
    assert tf.Variable(3.0).dtype == tf.constant(3.0).dtype == tf.random.uniform([2]).dtype == np.float64
    w = tf.Variable(3.0, dtype=tf.float32)
    with tf.GradientTape() as tape:
        y = tf.square(w) * 2.0
    assert tape.gradient(y, w).dtype == np.float32


def test_constant() -> None:
    x = tf.constant(3.0, name="x")
    with tf.GradientTape(persistent=True) as tape:
        y = x * x
    assert tape.gradient(y, x) is None
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert tape.gradient(y, x) == 6.0
    np.testing.assert_array_equal(tf.constant(2.0, shape=(2, 2)).numpy(), [[2.0, 2.0], [2.0, 2.0]])
    np.testing.assert_array_equal(tf.constant([1, 2, 3, 4], shape=[2, 2]), [[1, 2], [3, 4]])
    assert tf.constant([1, 2]).numpy().dtype.kind == "i"
    assert tf.constant([1, 2], dtype=tf.float32).dtype == np.float32
    assert tf.constant(tf.Variable(2.0)).numpy() == 2.0
    with tf.GradientTape() as tape:
        tape.watch(x)
        with pytest.raises(TypeError, match="traced"):
            tf.constant(x * x)


def test_what_is_unconnected_is_none() -> None:
    v, w = tf.Variable(1.0), tf.Variable(2.0)
    with tf.GradientTape(persistent=True) as tape:
        y = v * v
        _ = w * w
    gradients = tape.gradient(y, {"v": v, "w": w})
    assert gradients["v"].numpy() == 2.0
    assert gradients["w"] is None
    assert tape.gradient(y, w, unconnected_gradients=tf.UnconnectedGradients.ZERO) == 0.0
    assert tape.gradient(y, [w], unconnected_gradients=tf.UnconnectedGradients.NONE) == [None]
    assert tape.gradient(np.ones(3), [v, w]) == [None, None]


def test_output_gradients() -> None:
    w = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        y = w * w
    np.testing.assert_array_equal(tape.gradient(y, w, output_gradients=tf.constant([1.0, 10.0])), [2.0, 40.0])


def test_tape_takes_tensorflow_s_arguments(mode: str) -> None:
    w = tf.Variable(2.0)
    with tf.GradientTape(True, False) as tape:
        tape.watch(w)
        y = w * w
    assert tape.gradient(y, w) == tape.gradient(y, w) == 4.0
    with tf.GradientTape(mode=mode) as tape:
        y = w * w
    assert tape.gradient(y, w) == 4.0
    with pytest.raises(dt.errors.TapeError, match="persistent=True"):
        tape.gradient(y, w)


def test_jacobians(mode: str) -> None:
    x, other = tf.Variable([[1.0, 2.0], [3.0, 4.0]]), tf.Variable(1.0)
    with tf.GradientTape(persistent=True, mode=mode) as tape:
        y = tf.square(x)
    found = tape.jacobian(y, [x, other], parallel_iterations=4, experimental_use_pfor=False)
    assert found[0].numpy().shape == (2, 2, 2, 2)
    assert found[1] is None
    assert tape.jacobian(y, other, "zero").numpy().shape == (2, 2)
    batch = tape.batch_jacobian(y, x, parallel_iterations=4, experimental_use_pfor=False)
    np.testing.assert_array_equal(batch.numpy(), [np.diag([2.0, 4.0]), np.diag([6.0, 8.0])])


def test_second_derivatives() -> None:
    x = tf.Variable(2.0)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = x * x * x
        first = inner.gradient(y, x)
    assert first.numpy() == 12.0
    assert outer.gradient(first, x).numpy() == 12.0


def test_numpy_is_there_wherever_tensorflow_has_it() -> None:
    w = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        y = w * 2.0
        np.testing.assert_array_equal(y.numpy(), [2.0, 4.0])
        assert tf.reduce_sum(y).numpy() == 6.0
    y.numpy()[0] = 100.0
    np.testing.assert_array_equal(y.numpy(), [2.0, 4.0])
    gradient = tape.gradient(y, w)
    assert type(gradient.numpy()) is np.ndarray
    assert type(tf.square(3.0).numpy()) is np.float64
    assert type((tf.random.uniform(shape=(2, 3)) * 3 + 2).numpy()) is np.ndarray
    assert f"{tf.square(3.0):.2f}" == "9.00"


# --- random, keras ------------------------------------------------------------------------------------------------


def test_random_uniform() -> None:
    x = tf.random.uniform(shape=(100, 10))
    assert (x.shape, x.dtype) == ((100, 10), np.float64)
    assert np.all((x >= 0.0) & (x < 1.0))
    x = tf.random.uniform([50], minval=-3.0, maxval=-1.0, dtype=tf.float32, name="x")
    assert x.dtype == np.float32
    assert np.all((x >= -3.0) & (x <= -1.0))
    assert tf.random.uniform(shape=()).shape == ()
    n = tf.random.uniform([100], 2, 5, dtype=tf.int32)
    assert set(n.tolist()) == {2, 3, 4}
    with pytest.raises(ValueError, match="maxval"):
        tf.random.uniform([2], dtype=tf.int64)


def test_random_seeds() -> None:
    np.testing.assert_array_equal(tf.random.uniform([5], seed=3), tf.random.uniform([5], seed=3))
    tf.random.set_seed(4)
    first = tf.random.normal([5], mean=2.0)
    assert not np.array_equal(first, tf.random.normal([5], mean=2.0))
    tf.random.set_seed(4)
    np.testing.assert_array_equal(first, tf.random.normal([5], mean=2.0))


def test_random_normal() -> None:
    x = tf.random.normal(shape=(10000,), mean=5.0, stddev=2.0, seed=1)
    assert abs(x.mean() - 5.0) < 0.1
    assert abs(x.std() - 2.0) < 0.1


def test_keras_optimizers() -> None:
    assert tf.keras.optimizers.SGD is dt.optimizers.SGD
    assert tf.keras.optimizers.Adam is dt.optimizers.Adam
    from dualtape.compat.tensorflow import keras

    assert keras.optimizers.SGD(learning_rate=0.5).learning_rate == 0.5


def test_an_unconnected_gradient_goes_to_the_optimizer_as_none() -> None:
    v, w = tf.Variable(1.0, name="v"), tf.Variable(2.0, name="w")
    with tf.GradientTape() as tape:
        y = v * v
    with pytest.warns(UserWarning, match="'w'"):
        tf.keras.optimizers.SGD(0.25).apply_gradients(zip(tape.gradient(y, [v, w]), [v, w], strict=True))
    assert (v.numpy(), w.numpy()) == (0.5, 2.0)


@pytest.mark.reverse
def test_custom_gradient() -> None:
    @tf.custom_gradient
    def log1pexp(x: Any) -> Any:
        e = tf.exp(x)

        def grad(upstream: Any) -> Any:
            return upstream * (1 - 1 / (1 + e))

        return tf.math.log(1 + e), grad

    x = tf.Variable([0.0, 100.0])
    with tf.GradientTape(mode="reverse") as tape:
        y = log1pexp(x)
    g = tape.gradient(y, x)
    assert type(g) is tf.Tensor
    np.testing.assert_allclose(g.numpy(), [0.5, 1.0])


def test_stop_gradient_and_recompute_grad(mode: str) -> None:
    x = tf.Variable(3.0)
    block = tf.recompute_grad(lambda x: tf.square(x) * x)
    with tf.GradientTape(mode=mode) as tape:
        y = block(x) * tf.stop_gradient(x, name="stopped")
    assert tape.gradient(y, x).numpy() == 81.0
    assert type(tf.stop_gradient(x)) is tf.Tensor
