"""check_gradients passes what is right, and shows where and by how much the rest is wrong."""

from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.testing import check_gradients

X = np.array([[0.3, -1.2], [2.5, 0.1]])


@pytest.mark.parametrize("order", [1, 2])
def test_right(order: int) -> None:
    check_gradients(lambda x, y: np.tanh(x) * y, X, 2.0, order=order)
    check_gradients(lambda x: [np.sum(x), (x * x, 3)], X, order=order)
    check_gradients(lambda z: z * np.conj(z), X + 1j * X[::-1], order=order)


def test_arguments_of_any_kind() -> None:
    check_gradients(np.square, 3.0)
    check_gradients(np.square, np.float32(3.0), tolerance=1e-4)
    check_gradients(np.square, [1.0, 2.0])
    check_gradients(np.square, dt.Variable([1.0, 2.0]))
    check_gradients(np.square, X[:, ::2])
    check_gradients(np.square, np.zeros((0, 3)), order=2)


def test_branches_loops_and_writes() -> None:
    def program(x: Any) -> Any:
        y = dt.zeros(4)
        for i in range(4):
            y[i] = x[i // 2, i % 2] * i if x[i // 2, i % 2] > 0 else 1.0
        x[0, 0] = 0.0
        return np.sum(y * y) + np.sum(x)

    x = X.copy()
    check_gradients(program, x, order=2)
    assert np.array_equal(x, X)


def wrong(x: Any) -> Any:
    """A function whose derivative is lost on the way: 2 x * x where x counts twice."""
    return np.asarray(x.primal if hasattr(x, "primal") else x) * x


def test_message_shows_where_and_by_how_much() -> None:
    with pytest.raises(AssertionError) as failure:
        check_gradients(wrong, X)
    message = str(failure.value)
    assert "the derivatives of wrong disagree" in message
    assert "first derivatives: 4 of 16 entries differ by more than 1e-06" in message
    assert "d output[1, 0] / d argument[1, 0]: forward 2.5" in message
    assert "numerical 5" in message
    assert "and 1 more" in message


def test_message_names_arguments_and_outputs() -> None:
    message = r"d output 1 / d argument 1: forward 2.*numerical 4 \(difference 4\.0e-01\)"
    with pytest.raises(AssertionError, match=message):
        check_gradients(lambda x, y: [x, wrong(y)], np.float64(1.0), np.float64(2.0))
    with pytest.raises(AssertionError, match=r"d re output\[0\] / d re argument\[0\]"):
        check_gradients(wrong, np.array([1.0 + 2.0j]))


def test_wrong_second_derivative() -> None:
    def third_power(x: Any) -> Any:
        # The derivative of the middle factor is added by hand, as a constant.
        return x * x * x if type(x) is np.ndarray else x * x * plain(x) + plain(x) ** 2 * (x - plain(x))

    def plain(x: Any) -> Any:
        while hasattr(x, "primal"):
            x = x.primal
        return x

    check_gradients(third_power, np.array([2.0]))
    message = r"second derivatives.*\n.*d² / d argument\[0\] d argument\[0\]: forward over"
    with pytest.raises(AssertionError, match=message):
        check_gradients(third_power, np.array([2.0]), order=2)


def test_kinks_differ() -> None:
    with pytest.raises(AssertionError, match="numerical"):
        check_gradients(lambda x: np.maximum(np.maximum(x, 2.0 * x), 3.0 * x), np.zeros(1))


def test_modes_are_chosen() -> None:
    with pytest.raises(AssertionError) as failure:
        check_gradients(wrong, X, modes=["forward"])
    assert "reverse" not in str(failure.value)


NOT_DIFFERENTIABLE: list[tuple[list[Any], str]] = [
    ([3], "write 3.0 for 3"),
    ([X, np.array([True])], "argument 1 is of bool"),
    ([], "nothing to differentiate"),
]


@pytest.mark.parametrize(("arguments", "message"), NOT_DIFFERENTIABLE)
def test_arguments_without_derivative(arguments: list[Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        check_gradients(lambda *_args: np.ones(2), *arguments)


def test_result_without_derivative() -> None:
    with pytest.raises(TypeError, match="nothing to differentiate"):
        check_gradients(lambda x: x > 0, X)


def test_order_is_checked() -> None:
    with pytest.raises(ValueError, match="order is 1 or 2"):
        check_gradients(np.sin, X, order=3)
