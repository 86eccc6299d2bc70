"""What the cross-check can't see of averages and covariances: errors, and where nothing is traced."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt

X = np.array([[1.0, 4.0, 2.0], [3.0, -1.0, 0.5]])
CALLS: list[Callable[[Any], Any]] = [
    lambda x: np.average(x, 0),
    lambda x: np.average(x, (1, 0), returned=True),
    lambda x: np.average(x, weights=x - x),
    lambda x: np.average(x, weights=[1.0, 2.0]),
    lambda x: np.average(x, 1, weights=[1.0, 2.0]),
    lambda x: np.average(x, 1, weights=[1, 2, 3], returned=True, keepdims=True),
    lambda x: np.average([[1, 2, 3], [4, 5, 6]], weights=x + 2),
    lambda x: np.average(x, axis=3),
    np.cov,
    lambda x: np.cov(x, ddof=1.5),
    lambda x: np.cov(x[None]),
    lambda x: np.cov(x, x[:, :2]),
    lambda x: np.cov(x, aweights=[1.0, -1.0, 2.0]),
    lambda x: np.cov(x, fweights=[1.5, 1.0, 2.0]),
    lambda x: np.cov(x, aweights=x[0] + 2),
    lambda x: np.cov(x[0, 0]),
    lambda x: np.cov(x[:, :1]),
    lambda x: np.cov(x[:0]),
    lambda x: np.cov(x, dtype=np.float32),
    np.corrcoef,
    lambda x: np.corrcoef(x, x[::-1], False),
    lambda x: np.corrcoef(x[0, :2]),
    lambda x: np.corrcoef(x[:, :1]),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, complex])
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::numpy.exceptions.ComplexWarning")
def test_calls_agree_with_numpy(call: Any, dtype: Any, agrees: Callable[..., None]) -> None:
    agrees(call, X.astype(dtype))


def test_sum_of_weights_is_differentiable(mode: str) -> None:
    w = dt.Variable([1.0, 2.0, 3.0])
    with dt.GradientTape(mode) as tape:
        _, total = np.average(X, 1, w, returned=True)
    np.testing.assert_allclose(tape.gradient(total, w), [2.0, 2.0, 2.0])


def test_correlation_with_itself_is_constant(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode) as tape:
        y = np.diagonal(np.corrcoef(w))
    np.testing.assert_allclose(tape.gradient(y, w), np.zeros((2, 3)), atol=1e-15)
