"""`GradientTape.jacobian` and `batch_jacobian`: shapes as TensorFlow's, values in both modes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import TapeError, UnconnectedError, UnrecordedTargetError

RNG = np.random.default_rng(12)
X, W = RNG.normal(size=(5, 3)), RNG.normal(size=(3, 4))


def close(actual: Any, expected: Any, tolerance: float = 1e-12) -> None:
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def layer(mode: str) -> tuple[dt.GradientTape, Any, Any, Any]:
    x, w = dt.Variable(X), dt.Variable(W)
    with dt.GradientTape(mode, persistent=True) as tape:
        y = np.tanh(x @ w)
    return tape, y, x, w


# --- jacobian -----------------------------------------------------------------------------------------------------


def test_shape_is_that_of_target_and_source(mode: str) -> None:
    tape, y, x, w = layer(mode)
    slope = 1 - np.tanh(X @ W) ** 2
    in_x, in_w = tape.jacobian(y, (x, w))
    close(in_x, np.einsum("ia,ba,ij->iajb", slope, W, np.eye(5)))
    close(in_w, np.einsum("ia,ib,ac->iabc", slope, X, np.eye(4)))
    assert type(in_x) is np.ndarray


def test_the_diagonal_is_the_elementwise_derivative(mode: str) -> None:
    """TensorFlow's guide: the Jacobian of an elementwise function holds its derivative on the diagonal."""
    x = dt.constant(np.linspace(-1.0, 1.0, 201))
    with dt.GradientTape(mode, persistent=True) as tape:
        tape.watch(x)
        y = 1 / (1 + np.exp(-x))
    close(tape.jacobian(y, x), np.diag(tape.gradient(y, x)))


def test_scalar_source_and_scalar_target(mode: str) -> None:
    """TensorFlow's guide: of a scalar source the Jacobian has the target's shape, of a scalar target the source's."""
    delta = dt.Variable(0.5)
    with dt.GradientTape(mode) as tape:
        y = np.exp(delta * np.arange(4.0))
    close(tape.jacobian(y, delta), np.arange(4.0) * np.exp(0.5 * np.arange(4.0)))
    w = dt.Variable(W)
    with dt.GradientTape(mode) as tape:
        loss = np.sum(w**2)
    found = tape.jacobian(loss, w)
    close(found, 2 * W)
    with dt.GradientTape(mode) as tape:
        square = delta * delta
    found = tape.jacobian(square, delta)
    assert type(found) is np.ndarray
    assert found.shape == ()


def test_structure_of_the_sources(mode: str) -> None:
    tape, y, x, w = layer(mode)
    found = tape.jacobian(y, {"x": x, "rest": [w]})
    assert found["rest"][0].shape == (5, 4, 3, 4)
    assert found["x"].shape == (5, 4, 5, 3)
    assert [g.shape for g in tape.jacobian(y, [x])] == [(5, 4, 5, 3)]


def test_many_rows_are_pulled_in_chunks(mode: str) -> None:
    x = dt.Variable(np.linspace(0.1, 2.0, 150))
    with dt.GradientTape(mode) as tape:
        y = np.cumsum(x * x)
    close(tape.jacobian(y, x), np.tril(np.ones((150, 150))) * 2 * x.numpy())


def test_chunks_that_do_not_meet_the_source(mode: str) -> None:
    """A chunk of rows without a path to the source is zero, not missing."""
    w = dt.Variable([2.0, 3.0])
    with dt.GradientTape(mode) as tape:
        y = dt.zeros(200)
        y[199] = w[0] * w[1]
    found = tape.jacobian(y, w)
    assert found.shape == (200, 2)
    assert not found[:199].any()
    close(found[199], [3.0, 2.0])


def test_list_of_entries_is_one_target(mode: str) -> None:
    x = dt.Variable([0.3, 0.7])
    with dt.GradientTape(mode) as tape:
        y = np.array([[x[0] * x[1], 1.0], [np.sin(x[1]), x[0]]])
    expected = [[[0.7, 0.3], [0, 0]], [[0, np.cos(0.7)], [1, 0]]]
    close(tape.jacobian(y, x), expected)
    with dt.GradientTape(mode) as tape:
        z = np.array([1.0, 2.0, x[0] * x[0]])
    close(tape.jacobian(z, x), [[0, 0], [0, 0], [0.6, 0]])


def test_float32_stays(mode: str) -> None:
    x = dt.Variable(X.astype(np.float32))
    with dt.GradientTape(mode) as tape:
        y = np.exp(x)
    assert tape.jacobian(y, x).dtype == np.float32


@pytest.mark.parametrize("shape", [(0,), (0, 2)])
def test_empty(mode: str, shape: tuple[int, ...]) -> None:
    x = dt.Variable(np.ones(shape))
    with dt.GradientTape(mode, persistent=True) as tape:
        y = np.sin(x)
        total = np.sum(x)
    assert tape.jacobian(y, x).shape == shape + shape
    assert tape.jacobian(total, x).shape == shape


def test_unconnected(mode: str) -> None:
    x, other = dt.Variable([1.0, 2.0]), dt.Variable(np.ones((2, 2), np.float32))
    with dt.GradientTape(mode, persistent=True) as tape:
        y = x * x
        z = other * 1.0
    found = tape.jacobian(y, other)
    assert found.shape == (2, 2, 2)
    assert found.dtype == np.float32
    assert tape.jacobian(y, [x, other], unconnected_gradients="none")[1] is None
    with pytest.raises(UnconnectedError, match="depend"):
        tape.jacobian(y, other, unconnected_gradients="error")
    with pytest.raises(ValueError, match="'zero', 'none' or 'error'"):
        tape.jacobian(y, other, unconnected_gradients="nil")  # type: ignore[call-overload]  # what is tested
    assert z is not None


def test_a_tape_answers_once(mode: str) -> None:
    x = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        y = x * x
    tape.jacobian(y, x)
    with pytest.raises(TapeError, match="persistent=True"):
        tape.jacobian(y, x)
    with pytest.raises(TapeError, match="persistent=True"):
        tape.gradient(y, x)


def test_inside_the_block(mode: str) -> None:
    x = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode, persistent=True) as tape:
        y = x * x
        close(tape.jacobian(y, x), np.diag([2.0, 4.0]))
        z = y * x
    close(tape.jacobian(z, x), np.diag([3.0, 12.0]))


def test_targets_that_are_refused(mode: str) -> None:
    x = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode, persistent=True) as tape:
        y = x * x
    with pytest.raises(TypeError, match=r"one target.*np\.stack"):
        tape.jacobian([y, y], x)
    with pytest.raises(UnrecordedTargetError):
        tape.jacobian(np.ones(2), x)
    with pytest.raises(TypeError, match="a source is"):
        tape.jacobian(y, "x")  # type: ignore[call-overload]  # what is tested


def test_hessian_by_nesting(mode: str, outer_mode: str) -> None:
    """TensorFlow's guide: the Jacobian of a gradient is the Hessian."""
    x = dt.Variable(X)
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as inner:
            loss = np.sum(x**3) * x[0, 0]
        g = inner.gradient(loss, x)
    found = outer.jacobian(g, x)
    expected = np.zeros((15, 15))
    np.fill_diagonal(expected, 6 * X.ravel() * X[0, 0])
    expected[0] += 3 * X.ravel() ** 2
    expected[:, 0] += 3 * X.ravel() ** 2
    close(found.reshape(15, 15), expected)


def test_gradient_of_a_jacobian(mode: str, outer_mode: str) -> None:
    x = dt.Variable([0.3, 0.5, 0.9])
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as inner:
            y = np.sin(x) * x[::-1]
        size = np.sum(inner.jacobian(y, x) ** 2)
    v = x.numpy()
    # The Jacobian holds cos(x) x[::-1] on the diagonal and sin(x) on the other one; they share the middle.
    a, b = np.cos(v) * v[::-1], np.sin(v)
    expected = 2 * b * np.cos(v) - 2 * a * np.sin(v) * v[::-1] + 2 * (a * np.cos(v))[::-1]
    m = v[1]
    both = 2 * (np.cos(m) * m + np.sin(m)) * (2 * np.cos(m) - m * np.sin(m))
    expected[1] = both
    close(outer.gradient(size, x), expected)


def test_writes_and_views(mode: str) -> None:
    w = dt.Variable([2.0, 3.0, 5.0])
    with dt.GradientTape(mode) as tape:
        x = w.copy()
        x[1:] *= x[:-1]
        x[0] = 1.0
        y = x.reshape(1, 3)
    close(tape.jacobian(y, w), [[[0, 0, 0], [3, 2, 0], [0, 5, 3]]])


# --- complex numbers ----------------------------------------------------------------------------------------------

HOLOMORPHIC: list[tuple[Callable[[Any], Any], Callable[[Any], Any]]] = [
    (np.exp, np.exp),
    (lambda z: z**3 + 2j * z, lambda z: 3 * z**2 + 2j),
    (lambda z: np.sin(z) / z, lambda z: np.cos(z) / z - np.sin(z) / z**2),
]


@pytest.mark.parametrize(("f", "derivative"), HOLOMORPHIC)
def test_holomorphic(mode: str, f: Callable[[Any], Any], derivative: Callable[[Any], Any]) -> None:
    z = dt.Variable(np.array([1 + 2j, 0.3 - 1j]))
    with dt.GradientTape(mode) as tape:
        y = f(z)
    close(tape.jacobian(y, z, holomorphic=True), np.diag(derivative(z.numpy())))


def test_complex_sources_want_holomorphic(mode: str) -> None:
    z = dt.Variable(np.array([1 + 2j, 0.3 - 1j]))
    with dt.GradientTape(mode, persistent=True) as tape:
        y, conjugate, size = np.exp(z), np.conj(z), np.abs(z)
    with pytest.raises(TypeError, match="holomorphic=True"):
        tape.jacobian(y, z)
    for target in conjugate, size:
        with pytest.raises(ValueError, match="Cauchy-Riemann"):
            tape.jacobian(target, z, holomorphic=True)


def test_complex_target_of_a_real_source(mode: str) -> None:
    x = dt.Variable(np.array([0.1, 0.2], np.float32))
    with dt.GradientTape(mode) as tape:
        y = np.exp(1j * x)
    found = tape.jacobian(y, x)
    close(found, np.diag(1j * np.exp(1j * x.numpy())), 1e-6)
    assert found.dtype == np.complex64
    other = dt.Variable(np.ones((2, 3), np.float32))
    with dt.GradientTape(mode, persistent=True) as tape:
        y = np.exp(1j * x)
    assert tape.jacobian(y, other).dtype == np.complex64
    assert tape.batch_jacobian(y, other).dtype == np.complex64


# --- batch_jacobian -----------------------------------------------------------------------------------------------


def test_batch_jacobian_is_the_block_diagonal(mode: str) -> None:
    """TensorFlow's guide: what batch_jacobian gives is the diagonal of the full Jacobian's blocks."""
    tape, y, x, _ = layer(mode)
    found = tape.batch_jacobian(y, x)
    assert found.shape == (5, 4, 3)
    close(found, np.einsum("iaib->iab", tape.jacobian(y, x)))


@pytest.mark.parametrize(
    ("rows", "inputs", "outputs"), [(4, (), ()), (3, (2,), ()), (3, (), (2,)), (2, (2, 3), (3, 2))]
)
def test_batch_jacobian_shapes(mode: str, rows: int, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> None:
    x = dt.Variable(RNG.normal(size=(rows, *inputs)))
    weights = RNG.normal(size=(int(np.prod(inputs)), int(np.prod(outputs))))
    with dt.GradientTape(mode) as tape:
        y = np.tanh(x.reshape(rows, -1) @ weights).reshape(rows, *outputs)
    slope = 1 - np.tanh(x.numpy().reshape(rows, -1) @ weights) ** 2
    close(tape.batch_jacobian(y, x), np.einsum("ia,ba->iab", slope, weights).reshape(rows, *outputs, *inputs))


def test_batch_jacobian_of_rows_that_meet_sums_the_target(mode: str) -> None:
    """TensorFlow's guide warns of it: where the rows are not independent the result is that of the target's sum."""
    x = dt.Variable(X)
    with dt.GradientTape(mode, persistent=True) as tape:
        y = x - np.mean(x, axis=0)
        total = np.sum(y, axis=0)
    summed = np.moveaxis(tape.jacobian(total, x), 1, 0)
    close(tape.batch_jacobian(y, x), summed)


def test_batch_jacobian_of_complex_rows(mode: str) -> None:
    z = dt.Variable(np.array([[1 + 2j, 0.3 - 1j], [0.5j, 2.0]]))
    x = dt.Variable(np.array([[0.1, 0.2]]))
    with dt.GradientTape(mode, persistent=True) as tape:
        y = np.exp(z) * z[:, :1]
        u = np.exp(1j * x)
    close(tape.batch_jacobian(y, z, holomorphic=True), np.einsum("iaib->iab", tape.jacobian(y, z, holomorphic=True)))
    close(tape.batch_jacobian(u, x)[0], np.diag(1j * np.exp(1j * x.numpy()[0])))


def test_batch_jacobian_refuses(mode: str) -> None:
    tape, y, x, w = layer(mode)
    with pytest.raises(ValueError, match=r"\(5, 4\).*\(3, 4\)"):
        tape.batch_jacobian(y, w)
    with pytest.raises(TypeError, match="one source"):
        tape.batch_jacobian(y, [x])  # type: ignore[call-overload]  # what is tested


def test_batch_jacobian_unconnected(mode: str) -> None:
    tape, y, _, _ = layer(mode)
    other = dt.Variable(np.ones((5, 2)))
    close(tape.batch_jacobian(y, other), np.zeros((5, 4, 2)))
    assert tape.batch_jacobian(y, other, unconnected_gradients="none") is None


# --- vectorized ---------------------------------------------------------------------------------------------------


@pytest.mark.reverse
def test_rows_are_pulled_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules run once for a chunk of rows, not once for each row."""
    from dualtape_reverse.walk import Walk

    runs: list[int] = []
    run = Walk.run

    def counted(self: Any, *args: Any) -> None:
        runs.append(1)
        run(self, *args)

    monkeypatch.setattr(Walk, "run", counted)
    tape, y, x, _ = layer("reverse")
    tape.jacobian(y, x)
    assert len(runs) == 1
    tape.batch_jacobian(y, x)
    assert len(runs) == 2


def test_a_recording_without_pull_goes_row_by_row(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backend of a third party needs `gradient` alone."""
    from dualtape import jacobians as module

    monkeypatch.setattr(module, "ForwardRecording", type("None", (), {}))
    monkeypatch.setattr(module, "puller", lambda recording: lambda *pair: module.pull_rows(recording, *pair))
    tape, y, x, w = layer(mode)
    slope = 1 - np.tanh(X @ W) ** 2
    close(tape.jacobian(y, (x, w))[0], np.einsum("ia,ba,ij->iajb", slope, W, np.eye(5)))
    close(tape.batch_jacobian(y, x), np.einsum("ia,ba->iab", slope, W))
