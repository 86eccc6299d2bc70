"""Cholesky and QR: triangles that are read, modes that are refused, dependent columns."""

from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import NoRuleError, NotDifferentiableError

A = np.array([[3.0, 0.2], [0.1, 0.5], [0.3, -0.4]])
DEPENDENT = np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]])


def gradient(mode: str, f: Any, x: Any) -> Any:
    w = dt.Variable(x)
    with dt.GradientTape(mode) as tape:
        loss = f(w)
    return tape.gradient(loss, w)


@pytest.mark.parametrize("upper", [False, True])
def test_cholesky_gradient_is_symmetric_whatever_the_other_triangle_holds(mode: str, *, upper: bool) -> None:
    whole = np.array([[2.0, 0.7], [0.7, 3.0]])
    other = np.triu(whole) if upper else np.tril(whole)
    gradients = []
    for x in (dt.Variable(whole), dt.Variable(other)):
        with dt.GradientTape(mode) as tape:
            value = np.sum(np.linalg.cholesky(x, upper=upper) ** 3)
        gradients.append(tape.gradient(value, x))
    np.testing.assert_array_equal(gradients[0], gradients[1])
    np.testing.assert_allclose(gradients[0], gradients[0].T)


def test_raw_qr_is_refused(mode: str) -> None:
    x = dt.Variable(A)
    with dt.GradientTape(mode), pytest.raises(NoRuleError, match=r"raw.*reduced"):
        np.linalg.qr(x, "raw")
    for found, expected in zip(np.linalg.qr(x, "raw"), np.linalg.qr(A, "raw"), strict=True):
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("call", ["reduced", "r"])
def test_qr_of_dependent_columns(mode: str, call: Any) -> None:

    def first(x: Any) -> Any:
        found = np.linalg.qr(x, call)
        return np.sum(found if call == "r" else found[0])

    for f in (first, lambda x: np.sum(np.linalg.qr(x, "complete")[0][:, 2:])):
        with pytest.raises(NotDifferentiableError, match="linearly dependent"):
            gradient(mode, f, DEPENDENT)


@pytest.mark.reverse
def test_a_loss_that_depends_on_the_completion_is_refused() -> None:
    x = dt.Variable(np.array([[1.0], [2.0], [3.0]]))
    with dt.GradientTape("reverse") as tape:
        q = np.linalg.qr(x, "complete")[0]
        loss = np.sum(q[:, 1] ** 3)
    with pytest.raises(NotDifferentiableError, match=r"numpy.linalg.qr: the loss depends on how"):
        tape.gradient(loss, x)


def test_factors_give_the_matrix_back(mode: str) -> None:
    x = dt.Variable(A)
    with dt.GradientTape(mode) as tape:
        q, r = np.linalg.qr(x)
        loss = np.sum((q @ r) ** 2)
    np.testing.assert_allclose(tape.gradient(loss, x), 2 * A)
