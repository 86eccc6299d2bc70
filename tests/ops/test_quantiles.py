"""What the cross-check can't see of quantiles: errors, derivatives in q, weights, and where nothing is traced."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt

X = np.array([[1.0, 4.0, 2.0], [3.0, -1.0, 0.5]])
CALLS: list[Callable[[Any], Any]] = [
    np.median,
    lambda x: np.median(x, axis=(0, 0)),
    lambda x: np.median(x, axis=2),
    lambda x: np.median(x, -1, None, False, True),
    lambda x: np.nanmedian(x, axis=5),
    lambda x: np.quantile(x, 1.5),
    lambda x: np.quantile(x, [0.0, 1.0]),
    lambda x: np.quantile(x, 0.5, method="no such method"),
    lambda x: np.quantile(x, [[0.1, 0.2], [0.3, 0.4]], axis=0),
    lambda x: np.quantile(x, 0.5, weights=x * x),
    lambda x: np.quantile(x, 0.5, weights=[1.0, 2.0], axis=0, method="inverted_cdf"),
    lambda x: np.quantile(x, 0.5, weights=[1.0], axis=0, method="inverted_cdf"),
    lambda x: np.quantile(x + 1j, 0.5),
    np.quantile,
    lambda x: np.quantile(x, 0.5, no_such_keyword=1),
    lambda x: np.percentile(x, 101),
    lambda x: np.percentile(x, 30, 1, keepdims=True),
    lambda x: np.nanquantile(x, 0.25, (1, 0)),
    lambda x: np.nanpercentile(x, [25, 75], axis=-1),
    lambda x: np.percentile([5, 1, 9], x[0] * 10),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("x", [X, X.astype(np.float32), X[:0]], ids=["float64", "float32", "empty"])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_calls_agree_with_numpy(call: Any, x: Any, agrees: Callable[..., None]) -> None:
    agrees(call, x)


def test_derivative_in_q_is_the_slope_to_the_right(mode: str) -> None:
    q = dt.Variable([0.0, 0.25, 0.5, 0.6, 1.0])
    with dt.GradientTape(mode) as tape:
        y = np.quantile([0.0, 1.0, 3.0, 7.0, 8.0], q)
    np.testing.assert_allclose(tape.gradient(y, q), [4.0, 8.0, 16.0, 16.0, 0.0])


@pytest.mark.parametrize("method", ["lower", "inverted_cdf", "midpoint", "closest_observation"])
def test_a_method_that_jumps_has_derivative_zero_in_q(method: str, mode: str) -> None:
    x, q = dt.Variable([3.0, 1.0, 2.0, 8.0]), dt.Variable(0.3)
    with dt.GradientTape(mode) as tape:
        y = np.quantile(x, q, method=method)  # type: ignore[call-overload]  # the method is no literal
    gx, gq = tape.gradient(y, [x, q])
    assert gq == 0.0
    assert gx.sum() == pytest.approx(1.0)


def test_weights_choose_the_entry(mode: str) -> None:
    x, w = dt.Variable([3.0, 1.0, 2.0]), dt.Variable([1.0, 1.0, 5.0])
    with dt.GradientTape(mode) as tape:
        y = np.quantile(x, 0.5, weights=w, method="inverted_cdf")
    gx, gw = tape.gradient(y, [x, w])
    assert gx.tolist() == [0.0, 0.0, 1.0]
    assert gw.tolist() == [0.0, 0.0, 0.0]


def test_many_single_precision_entries(mode: str) -> None:
    # More than single precision can count without loss of the part between two entries.
    x = dt.Variable(np.arange(2**20, dtype=np.float32)[::-1])
    with (
        dt.GradientTape(mode) if mode == "reverse" else dt.GradientTape("forward", watch_accessed_variables=False) as t
    ):
        s = dt.Variable(np.float32(1.0))
        t.watch(s)
        y = np.quantile(x.numpy() * s, 0.3)
    assert t.gradient(y, s) == pytest.approx(0.3 * (2**20 - 1), rel=1e-6)
