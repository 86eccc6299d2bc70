"""Singular values: equal ones and zeros, phases, and the vectors that complete a basis."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import NotDifferentiableError

Call = Callable[[Any], Any]

Z = np.array([[2.0 + 1.0j, 0.3, 0.1j], [0.3 - 0.4j, 3.0, 0.2]])


def gradient(mode: str, f: Call, x: Any) -> Any:
    w = dt.Variable(x)
    with dt.GradientTape(mode) as tape:
        loss = f(w)
    return tape.gradient(loss, w)


@pytest.mark.parametrize("x", [np.eye(2), np.diag([1.0, 0.0]), np.zeros((2, 2))])
def test_vectors_of_equal_or_zero_values(x: Any, mode: str) -> None:
    for sums in (lambda x: np.sum(np.linalg.svd(x)[0]), lambda x: np.sum(np.linalg.svd(x)[2])):
        with pytest.raises(NotDifferentiableError, match=r"equal or zero have no derivative.*svdvals"):
            gradient(mode, sums, x)


def test_products_of_factors_at_zero_values(mode: str) -> None:
    def product(x: Any) -> Any:  # the cotangents of some vectors are zero, and yet these matter
        u, s, vh = np.linalg.svd(x, full_matrices=False)
        return ((u * s) @ vh)[2, 1]

    with pytest.raises(NotDifferentiableError, match="set the values apart"):
        gradient(mode, product, np.array([[1.0, 0.0], [0.0, 0.0], [0.0, 0.0]]))


@pytest.mark.parametrize("outer", ["forward", "reverse"])
def test_second_derivative_at_a_zero_value(outer: str, mode: str, modes: tuple[str, ...]) -> None:
    if outer not in modes:
        pytest.skip("the plugin is not there")

    def inner(x: Any) -> Any:
        y = x * 1.0
        with dt.GradientTape(mode) as tape:
            tape.watch(y)
            loss = np.sum(np.linalg.svdvals(y) ** 2)
        return np.sum(tape.gradient(loss, y))

    with pytest.raises(NotDifferentiableError, match=r"no second derivative|can be turned"):
        gradient(outer, inner, np.diag([1.0, 0.0]))


@pytest.mark.reverse
def test_a_loss_that_depends_on_phases_is_refused() -> None:
    for sums in (lambda z: np.sum(np.linalg.svd(z)[0].real), lambda z: np.sum(np.linalg.svd(z.T)[2].real)):
        with pytest.raises(NotDifferentiableError, match="common phases of complex singular vectors"):
            gradient("reverse", sums, Z)

    def both(z: Any) -> Any:  # neither of the two alone would do
        u, _, vh = np.linalg.svd(z, full_matrices=False)
        return np.sum((u @ vh).real)

    assert np.isfinite(gradient("reverse", both, Z)).all()


@pytest.mark.reverse
def test_a_loss_that_depends_on_the_completion_is_refused() -> None:
    def left(z: Any) -> Any:
        return np.sum(np.linalg.svd(z)[0][:, 2:].real)

    def right(z: Any) -> Any:
        return np.sum(np.linalg.svd(z)[2][2:].real)

    for call, x in ((left, Z.T), (right, Z)):
        with pytest.raises(NotDifferentiableError, match="svd: the loss depends on how the vectors that complete"):
            gradient("reverse", call, x)


def test_completion_of_dependent_columns(mode: str) -> None:
    x = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    with pytest.raises(NotDifferentiableError, match=r"equal or zero|linearly dependent"):
        gradient(mode, lambda x: np.sum(np.linalg.svd(x)[0][:, 2:] ** 2), x)


@pytest.mark.reverse
def test_unused_vectors_do_not_matter_in_reverse_mode() -> None:
    x = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])
    found = gradient("reverse", lambda x: np.sum(np.linalg.svd(x)[1]), x)
    np.testing.assert_allclose(found, x / np.linalg.norm(x))


def test_factors_give_the_matrix_back(mode: str) -> None:
    for x in (Z, Z.T, Z.real):

        def loss(x: Any) -> Any:
            u, s, vh = np.linalg.svd(x, full_matrices=False)
            return np.sum(np.abs((u * s) @ vh) ** 2)

        np.testing.assert_allclose(gradient(mode, loss, x), 2 * x, atol=1e-12)
