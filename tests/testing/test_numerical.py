"""Numerical derivatives of functions whose derivatives are known."""

import numpy as np
import pytest

from dualtape.testing.numerical import complex_step_jacobian, derivative_along, numerical_jacobian

X = np.array([0.3, -1.2, 2.5])


def test_central_differences() -> None:
    assert np.allclose(numerical_jacobian(np.sin, [X]), np.diag(np.cos(X)), rtol=1e-10, atol=1e-12)


def test_complex_step_is_exact() -> None:
    found = complex_step_jacobian(lambda x, y: np.exp(x) * y, [X, np.float64(2.0)])
    assert np.allclose(found, np.c_[np.diag(2.0 * np.exp(X)), np.exp(X)], rtol=1e-15, atol=0)


def test_complex_step_where_asked_and_possible() -> None:
    def only_complex(x: np.ndarray) -> np.ndarray:
        assert np.iscomplexobj(x) or calls == []
        calls.append(x)
        return x * x

    calls: list[np.ndarray] = []
    numerical_jacobian(only_complex, [X], analytic=True)
    # Of a complex argument the real directions are not enough.
    z = np.array([1.0 + 2.0j])
    assert np.allclose(numerical_jacobian(np.square, [z], analytic=True), [[2.0, -4.0], [4.0, 2.0]])


def test_complex_arguments_give_real_blocks() -> None:
    z = np.array([1.0 + 2.0j])
    assert np.allclose(numerical_jacobian(np.conj, [z]), [[1.0, 0.0], [0.0, -1.0]])
    assert np.allclose(numerical_jacobian(np.abs, [z]), [[1.0 / 5**0.5, 2.0 / 5**0.5]])


@pytest.mark.parametrize("distance", [1e-1, 1e-2, 1e-3])
def test_steps_stay_on_one_side_of_a_kink(distance: float) -> None:
    x = np.array([distance, -distance])
    assert np.allclose(numerical_jacobian(np.abs, [x]), np.diag([1.0, -1.0]), atol=1e-9)


@pytest.mark.parametrize("distance", [1e-1, 1e-2, 1e-3])
def test_steps_stay_inside_the_domain(distance: float) -> None:
    assert np.allclose(numerical_jacobian(np.log, [np.float64(distance)]), 1.0 / distance, rtol=1e-6)


def test_single_precision_arguments_are_moved_in_double() -> None:
    assert np.allclose(numerical_jacobian(np.sin, [X.astype(np.float32)]), np.diag(np.cos(X)), atol=1e-6)


def test_single_precision_results() -> None:
    found = numerical_jacobian(lambda x: np.sin(x).astype(np.float32), [X])
    assert np.allclose(found, np.diag(np.cos(X)), atol=1e-5)


def test_several_outputs_along_a_direction() -> None:
    found = derivative_along(lambda x: [np.sum(x * x), [x[:2]]], [X], np.array([1.0, 0.0, 2.0]))
    assert np.allclose(found, [2 * X[0] + 4 * X[2], 1.0, 0.0])


@pytest.mark.parametrize("analytic", [False, True])
def test_empty(analytic: bool) -> None:
    assert numerical_jacobian(np.sum, [np.zeros(0)], analytic=analytic).shape == (1, 0)
    assert numerical_jacobian(lambda x: x[:0], [X], analytic=analytic).shape == (0, 3)
