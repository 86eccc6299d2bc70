"""Least squares: singular values that are dropped, and ranks."""

from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import NotDifferentiableError

A = np.array([[3.0, 0.2], [0.1, 0.5], [0.3, -0.4]])
B = np.array([1.0, -2.0, 0.5])
GRAD: Any = dt.grad
HESSIAN: Any = dt.hessian


@pytest.mark.parametrize("given", [{"rcond": 0.5}, {"rtol": 0.5}, {"rcond": np.array(0.5)}])
def test_pinv_that_drops_a_singular_value(given: Any, mode: str) -> None:
    x = dt.Variable(A)
    with pytest.raises(NotDifferentiableError, match="rcond drops"), dt.GradientTape(mode) as tape:
        tape.gradient(np.sum(np.linalg.pinv(x, **given)), x)
    np.testing.assert_array_equal(np.linalg.pinv(x, **given), np.linalg.pinv(A, **given))


def test_lstsq_that_drops_a_singular_value(mode: str) -> None:
    x, b = dt.Variable(A), dt.Variable(B)
    with pytest.raises(NotDifferentiableError, match="rcond drops"), dt.GradientTape(mode) as tape:
        tape.gradient(np.sum(np.linalg.lstsq(x, B, 0.5)[0]), x)
    with dt.GradientTape(mode) as tape:  # the right side is mapped by the truncated inverse, which is a constant
        value = np.sum(np.linalg.lstsq(A, b, 0.5)[0])
    np.testing.assert_allclose(tape.gradient(value, b), np.linalg.pinv(A, 0.5).sum(0))


def test_rank_is_a_number(mode: str) -> None:
    with dt.GradientTape(mode):
        _, _, rank, _ = np.linalg.lstsq(dt.Variable(A), B)
        assert type(rank) is type(np.linalg.lstsq(A, B)[2])
        assert type(np.linalg.matrix_rank(dt.Variable(A))) is type(np.linalg.matrix_rank(A))


def test_second_derivatives_of_lstsq_with_equal_singular_values() -> None:
    def solution(a: Any) -> Any:
        return np.sum(np.linalg.lstsq(a, B)[0])

    def by_pinv(a: Any) -> Any:
        return np.sum(np.linalg.pinv(a) @ B)

    point = np.eye(3)[:, :2]
    with pytest.raises(NotDifferentiableError, match=r"pinv\(a\) @ b"):
        HESSIAN(solution, mode="forward")(point)
    assert np.isfinite(HESSIAN(by_pinv, mode="forward")(point)).all()


@pytest.mark.reverse
def test_second_derivatives_of_lstsq_in_reverse_mode_with_equal_singular_values() -> None:
    def gradient(a: Any) -> Any:
        return np.sum(GRAD(lambda a: np.sum(np.linalg.lstsq(a, B)[0]), mode="reverse")(a))

    def by_pinv(a: Any) -> Any:
        return np.sum(GRAD(lambda a: np.sum(np.linalg.pinv(a) @ B), mode="reverse")(a))

    point = np.eye(3)[:, :2]
    found, expected = (GRAD(f, mode="reverse")(point) for f in (gradient, by_pinv))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_hermitian_pinv_reads_the_lower_triangle(mode: str) -> None:
    lower = np.array([[2.0, 100.0], [1.0, 3.0]])
    whole = np.array([[2.0, 1.0], [1.0, 3.0]])
    gradients = []
    for x in (dt.Variable(lower), dt.Variable(whole)):
        with dt.GradientTape(mode) as tape:
            value = np.sum(np.linalg.pinv(x, hermitian=True) ** 2)
        gradients.append(tape.gradient(value, x))
    np.testing.assert_allclose(gradients[0], gradients[1])
    np.testing.assert_allclose(gradients[0], gradients[0].T)
