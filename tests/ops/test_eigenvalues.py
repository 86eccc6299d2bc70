"""Eigenvalues: equal ones, defective matrices, phases, and what is read of a symmetric matrix."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import NotDifferentiableError
from dualtape.ops.eigenvalues import matched

Call = Callable[[Any], Any]

Z = np.array([[2.0, 0.3 + 0.4j, 0.1j], [0.3 - 0.4j, 3.0, 0.2], [-0.1j, 0.2, 5.0]])
DEFECTIVE = np.array([[1.0, 1.0], [0.0, 1.0]])


def gradient(mode: str, f: Call, x: Any) -> Any:
    w = dt.Variable(x)
    with dt.GradientTape(mode) as tape:
        loss = f(w)
    return tape.gradient(loss, w)


@pytest.mark.parametrize("call", [np.linalg.eigh, np.linalg.eig])
def test_vectors_of_equal_eigenvalues(call: Call, mode: str) -> None:
    with pytest.raises(NotDifferentiableError, match=r"eigenvalues that are equal have no derivative.*call numpy"):
        gradient(mode, lambda x: np.sum(call(x)[1] ** 2), np.eye(2))


@pytest.mark.parametrize("call", [np.linalg.eigvalsh, np.linalg.eigvals])
def test_equal_eigenvalues_share(call: Call, mode: str) -> None:
    x = np.diag([2.0, 1.0, 1.0])
    np.testing.assert_allclose(gradient(mode, lambda x: np.sum(call(x)), x), np.eye(3))
    expected = np.diag([0.0, 0.5, 0.5])
    found = gradient(mode, lambda x: call(x)[1], x)
    np.testing.assert_allclose(found, expected)


@pytest.mark.parametrize("outer", ["forward", "reverse"])
def test_second_derivative_at_equal_eigenvalues(outer: str, mode: str, modes: tuple[str, ...]) -> None:
    if outer not in modes:
        pytest.skip("the plugin is not there")

    def inner(x: Any) -> Any:
        y = x * 1.0
        with dt.GradientTape(mode) as tape:
            tape.watch(y)
            loss = squares(y)
        return np.sum(tape.gradient(loss, y))

    with pytest.raises(NotDifferentiableError, match=r"no second derivative|can be turned"):
        gradient(outer, inner, np.eye(2))


def squares(x: Any) -> Any:
    return np.sum((np.linalg.eigvalsh(x) - 1.0) ** 2)  # its gradient is zero at ones, not so its second derivative


def test_matrix_functions_at_equal_eigenvalues(mode: str) -> None:
    def logarithm(x: Any) -> Any:  # the cotangent of the vectors is zero, and yet there is a derivative
        w, v = np.linalg.eigh(x)
        return np.sum((v * np.log(w)) @ v.T)

    with pytest.raises(NotDifferentiableError, match="set the values apart"):
        gradient(mode, logarithm, np.eye(2))
    apart = np.diag([1e-7, -1e-7])
    np.testing.assert_allclose(gradient(mode, lambda x: logarithm(x + apart), np.eye(2)), np.ones((2, 2)), atol=1e-6)


@pytest.mark.parametrize("call", [lambda x: np.linalg.eig(x)[0], np.linalg.eigvals])
def test_defective_matrices(call: Call, mode: str) -> None:
    with pytest.raises(NotDifferentiableError, match="defective"):
        gradient(mode, lambda x: np.sum(call(x)), DEFECTIVE)


@pytest.mark.reverse
def test_a_loss_that_depends_on_phases_is_refused() -> None:
    with pytest.raises(NotDifferentiableError, match="phases of complex eigenvectors, which no matrix determines"):
        gradient("reverse", lambda z: np.sum(np.linalg.eigh(z)[1].real), Z)
    assert np.isfinite(gradient("reverse", lambda z: np.sum(np.abs(np.linalg.eigh(z)[1]) ** 4), Z)).all()


def cubes_of(call: Call) -> Call:
    return lambda x: np.sum(call(x) ** 3)


@pytest.mark.parametrize("uplo", ["L", "U", "l", "u"])
def test_gradient_is_hermitian_whatever_the_other_triangle_holds(uplo: Any, mode: str) -> None:
    other = (np.tril(Z) if uplo in "Ll" else np.triu(Z)) + 0.0
    for call in (lambda x: np.linalg.eigh(x, uplo)[0], lambda x: np.linalg.eigvalsh(x, uplo)):
        whole, half = (gradient(mode, cubes_of(call), x) for x in (Z, other))
        np.testing.assert_array_equal(whole, half)
        np.testing.assert_allclose(whole, np.conj(whole.T))
        np.testing.assert_allclose(whole, 3 * Z @ Z, atol=1e-12)


def test_results_that_are_written_to_do_not_change_the_gradient(mode: str) -> None:
    x = np.arange(144.0).reshape(12, 12) ** 2 % 17
    x = x + x.T
    w = dt.Variable(x)
    with dt.GradientTape(mode) as tape:
        values, vectors = np.linalg.eigh(w)
        product = (vectors * values) @ vectors.T
        vectors *= 2.0
        values[0] = 0.0
        loss = np.sum(product**2)
    np.testing.assert_allclose(tape.gradient(loss, w), 2 * x, atol=1e-9)


def test_vectors_are_found_in_the_order_of_the_values() -> None:
    a = np.diag([1.0, 2.0, 4.0]) + 0.1
    values, vectors = np.linalg.eig(a)
    np.testing.assert_array_equal(matched(a, values), vectors)
    np.testing.assert_array_equal(matched(a, values[[2, 0, 1]]), vectors[:, [2, 0, 1]])
    with pytest.raises(NotDifferentiableError, match="so close"):
        matched(a, values[[2, 2, 1]])
