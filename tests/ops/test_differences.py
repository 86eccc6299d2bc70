"""Differences and their kin: errors, keywords, warnings and kinks, which the cross-check can't see."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import plain

NUMPY: Any = np  # where its stubs refuse what is called
X = np.cos(np.arange(12.0) ** 2).reshape(3, 4)

CALLS: list[Callable[[Any], Any]] = [
    lambda x: np.diff(x, -1),
    lambda x: np.diff(x[0, 0]),
    lambda x: np.diff(x, axis=2),
    lambda x: NUMPY.diff(x, 1.5),
    lambda x: np.diff(x, prepend=[1.0]),
    lambda x: np.diff(x, 7),
    lambda x: NUMPY.diff(x, np.int64(2), np.int64(0)),
    lambda x: np.ediff1d(x, 1j),
    lambda x: np.ediff1d(x, to_begin="a"),
    lambda x: np.gradient(x, 1.0, 2.0, 3.0),
    lambda x: np.gradient(x, [1.0, 2.0], axis=1),
    lambda x: np.gradient(x, X, axis=1),
    lambda x: NUMPY.gradient(x, edge_order=3),
    lambda x: np.gradient(x[:1]),
    lambda x: np.gradient(x, axis=4),
    lambda x: np.trapezoid(x, [1.0, 2.0]),
    lambda x: np.trapezoid(x, axis=3),
    lambda x: np.cross(x, x),
    lambda x: np.cross(x[:, :3], 1.0),
    lambda x: np.cross(x[:, :3], x[:2, 1:]),
    lambda x: np.cross(x, x, axis=5),
    lambda x: np.cross(x[:, :3], x[:, 1:], axisc=2),
    lambda x: np.linalg.cross(x, x),
    lambda x: np.convolve(x, x),
    lambda x: np.convolve(x[0], []),
    lambda x: np.convolve(x[0, :0], x[0]),
    lambda x: NUMPY.convolve(x[0], x[1], "other"),
    lambda x: np.correlate(x[0], x),
    lambda x: np.correlate(x[0], []),
    lambda x: np.correlate(x[0], x[1], mode="full"),
    lambda x: np.interp(x, [0.0, 1.0], [1.0, 2.0, 3.0]),
    lambda x: np.interp(x, [], []),
    lambda x: np.interp(x, X, X),
    lambda x: np.interp(x, [0.0, 1.0], [1.0, 2.0], period=0),
    lambda x: np.interp(x, [0.0, 1.0], [1.0, 2.0], 5.0, period=2),
    lambda x: np.unwrap(x, axis=2),
    lambda x: NUMPY.unwrap(4 * x, discont=np.float64(2.0), axis=np.int64(0)),
]


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_values_and_errors_are_numpys_own(number: int, agrees: Callable[..., None]) -> None:
    agrees(CALLS[number], X)


def test_no_difference_is_the_array_itself(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode):
        x = w * 1.0
        assert np.diff(x, 0) is x
    assert isinstance(NUMPY.diff(w, 0), np.ndarray)


def test_vectors_with_two_components_warn_or_fail_as_numpy_has_it(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    if np.lib.NumpyVersion(np.__version__) >= "2.5.0":
        with dt.GradientTape(mode), pytest.raises(ValueError, match="3-dimensional"):
            np.cross(w, [3.0, 4.0])
        return
    with pytest.warns(DeprecationWarning, match="2-dimensional"):
        expected = np.cross(w.numpy(), [3.0, 4.0])
    with dt.GradientTape(mode) as tape, pytest.warns(DeprecationWarning, match="2-dimensional"):
        y = np.cross(w, [3.0, 4.0])
    assert plain(y) == expected
    np.testing.assert_array_equal(tape.gradient(y, w), [4.0, -3.0])


def test_gradient_in_evenly_spaced_coordinates(mode: str) -> None:
    # NumPy takes a single spacing for them; the derivative knows that each of them could move.
    f = np.array([1.0, 4.0, 9.0])
    w = dt.Variable([1.0, 2.0, 3.0])
    with dt.GradientTape(mode) as tape:
        slope = np.gradient(f, w)[1]
    # Of (4 - 1) / a * b / (a + b) + (9 - 4) / b * a / (a + b) with a = w[1] - w[0] = 1, b = w[2] - w[1] = 1.
    of_a, of_b = -3.0 / 2 + (5.0 - 3.0) / 4, -5.0 / 2 - (5.0 - 3.0) / 4
    np.testing.assert_allclose(tape.gradient(slope, w), [-of_a, of_a - of_b, of_b])


def test_long_sequences_take_no_table(mode: str) -> None:
    x, kernel = np.linspace(0.0, 1.0, 100_000), np.array([1.0, 2.0, -1.0])
    k = dt.Variable(kernel)
    with dt.GradientTape(mode) as tape:
        loss = np.sum(np.convolve(x, k, "same"))
    np.testing.assert_allclose(tape.gradient(loss, k), [np.sum(x[1:]), np.sum(x), np.sum(x[:-1])])


def test_points_of_interpolation_in_reverse_order_of_use(mode: str) -> None:
    fp = dt.Variable([1.0, 5.0, 2.0])
    with dt.GradientTape(mode) as tape:
        y = np.sum(np.interp([1.5, 0.5, 1.5, -1.0], [0.0, 1.0, 2.0], fp, left=7.0))
    np.testing.assert_allclose(tape.gradient(y, fp), [0.5, 1.5, 1.0])


def test_values_outside_alone_are_an_error(mode: str) -> None:
    w = dt.Variable(2.0)
    with dt.GradientTape(mode), pytest.raises(TypeError, match="would lose the derivative"):
        NUMPY.interp([5.0], [0.0, 1.0], [1.0, 2.0], right=w)


def test_without_a_tape_the_result_is_plain() -> None:
    w = dt.Variable(X[0])
    for function in (np.diff, np.ediff1d, np.gradient, np.trapezoid, np.unwrap):
        assert not isinstance(function(w), dt.Variable)
        np.testing.assert_array_equal(plain(function(w)), function(X[0]))
