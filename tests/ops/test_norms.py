"""Norms: where they are not smooth, and matrices of them."""

from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import NoRuleError


def gradient(mode: str, f: Any, x: Any) -> Any:
    w = dt.Variable(x)
    with dt.GradientTape(mode) as tape:
        loss = f(w)
    return tape.gradient(loss, w)


def test_norm_of_zero_rows_among_others(mode: str) -> None:
    x = np.array([[3.0, 4.0], [0.0, 0.0]])
    found = gradient(mode, lambda x: np.sum(np.linalg.norm(x, axis=1)), x)
    np.testing.assert_allclose(found, [[0.6, 0.8], [0.0, 0.0]])


@pytest.mark.parametrize("order", [1, 1.5, 2, 3, np.inf, -np.inf, 0, -1, 0.5])
def test_no_warnings_at_zeros(order: Any, mode: str) -> None:
    with np.errstate(all="raise", divide="ignore"):  # NumPy divides for the negative orders itself
        found = gradient(mode, lambda x: np.linalg.norm(x, order), np.array([0.0, 2.0]))
    assert np.isfinite(found).all()


@pytest.mark.parametrize("order", [2, "nuc", -2])
def test_equal_singular_values_share(order: Any, mode: str) -> None:
    expected = np.eye(2) * (1.0 if order == "nuc" else 0.5)
    np.testing.assert_allclose(gradient(mode, lambda x: np.linalg.norm(x, order), np.eye(2)), expected)


def test_constant_settings_may_be_traced_values_of_lists(mode: str) -> None:
    found = gradient(mode, lambda x: np.linalg.norm([x[0], 2.0 * x[1]]), np.array([3.0, 2.0]))
    np.testing.assert_allclose(found, [0.6, 1.6])


@pytest.mark.parametrize("norm", [np.linalg.norm, np.linalg.vector_norm])
def test_the_order_of_a_norm_is_plain(mode: str, norm: Any) -> None:
    """Orders such as 2 have ways of their own, which would lose the derivative in the order."""
    w, p = dt.Variable([3.0, 4.0]), dt.Variable(2.0)
    with dt.GradientTape(mode) as tape:
        with pytest.raises(NoRuleError, match=r"p\.primal"):
            norm(w, ord=p)
        value = norm(w, ord=(p * 1.0).primal)
    assert tape.gradient(value, w).tolist() == [0.6, 0.8]
    assert norm(w, ord=p) == 5.0
