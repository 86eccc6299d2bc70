"""Jacobians and second derivatives of functions whose derivatives are known."""

from typing import Any

import numpy as np
import pytest

from dualtape.testing.jacobians import (
    forward_jacobian,
    gradient,
    jacobian,
    pull,
    push,
    reverse_jacobian,
    second_derivative,
)

X = np.array([0.3, -1.2, 2.5])
Y = np.array(2.0)


def f(x: Any, y: Any) -> Any:
    return [np.sin(x) * y, np.sum(x * x)]


def outputs_of(function: Any, *args: Any) -> list[Any]:
    result = function(*args)
    return [np.asarray(out) for out in (result if isinstance(result, list) else [result])]


EXPECTED = np.block([[np.diag(np.cos(X) * 2.0), np.sin(X)[:, None]], [2.0 * X, 0.0]])


def test_jacobian(mode: str) -> None:
    assert np.allclose(jacobian(mode, f, [X, Y], outputs_of(f, X, Y)), EXPECTED)


def test_any_mode_pulls_row_by_row(mode: str) -> None:
    assert np.allclose(reverse_jacobian(f, [X, Y], outputs_of(f, X, Y), mode=mode), EXPECTED)


def test_push_takes_any_number_of_directions() -> None:
    for rows in (0, 1, 5):
        directions = np.arange(3.0 * rows).reshape(rows, 3)
        first, second = push(f, [X, Y], [directions, np.ones(rows)])
        assert np.allclose(first, directions * np.cos(X) * 2.0 + np.sin(X))
        assert np.allclose(second, directions @ (2.0 * X))


def test_pull_takes_any_number_of_cotangents(mode: str) -> None:
    for rows in (1, 5):
        g, h = pull(mode, f, [X, Y], [np.ones((rows, 3)), np.zeros(rows)])
        assert np.allclose(g, np.tile(np.cos(X) * 2.0, (rows, 1)))
        assert np.allclose(h, np.full(rows, np.sin(X).sum()))


def test_complex_jacobian_is_real_blocks(mode: str) -> None:
    z = np.array([1.0 + 2.0j])
    assert np.allclose(jacobian(mode, lambda z: z * z, [z], [z]), [[2.0, -4.0], [4.0, 2.0]])
    assert np.allclose(jacobian(mode, np.conj, [z], [z]), [[1.0, 0.0], [0.0, -1.0]])


def test_outputs_that_depend_on_nothing(mode: str) -> None:
    assert np.array_equal(jacobian(mode, lambda x: [np.ones(2), x], [X], [np.ones(2), X]), np.eye(5, 3, k=-2))
    assert np.array_equal(jacobian(mode, lambda _x: np.ones(2), [X], [np.ones(2)]), np.zeros((2, 3)))


def test_the_function_may_write_into_its_argument(mode: str) -> None:
    def double_first(x: Any) -> Any:
        x[0] = x[0] * 2.0
        return x

    x = X.copy()
    assert np.array_equal(jacobian(mode, double_first, [x], [x]), np.diag([2.0, 1.0, 1.0]))
    assert np.array_equal(x, X)


def test_gradient_of_weighted_outputs(mode: str) -> None:
    g, h = gradient(mode, f, [np.array([1.0, 0.0, 2.0]), np.float64(3.0)])(X, Y)
    assert np.allclose(g, np.array([1.0, 0.0, 2.0]) * np.cos(X) * 2.0 + 6.0 * X)
    assert np.allclose(h, np.array([1.0, 0.0, 2.0]) @ np.sin(X))


def test_second_derivative(mode: str, outer_mode: str) -> None:
    found = second_derivative(outer_mode, mode, f, [X, Y], [np.ones(3), np.float64(1.0)])
    assert np.allclose(found, np.block([[np.diag(2.0 - 2.0 * np.sin(X)), np.cos(X)[:, None]], [np.cos(X), 0.0]]))


def test_second_derivative_of_a_linear_function(mode: str, outer_mode: str) -> None:
    assert np.array_equal(second_derivative(outer_mode, mode, lambda x: x * 2.0, [X], [X]), np.zeros((3, 3)))


@pytest.mark.parametrize("shape", [(0,), (2, 0)])
def test_empty(mode: str, shape: tuple[int, ...]) -> None:
    empty = np.zeros(shape)
    assert jacobian(mode, lambda x: x * x, [empty], [empty]).shape == (0, 0)
    assert jacobian(mode, np.sum, [empty], [np.float64(0.0)]).shape == (1, 0)


def test_forward_jacobian_needs_no_outputs() -> None:
    assert np.array_equal(forward_jacobian(lambda x: x[:2], [X]), np.eye(2, 3))
