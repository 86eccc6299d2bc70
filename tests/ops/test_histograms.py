"""What the cross-check can't see of histograms: errors, and what is plain."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt

X = np.array([0.5, -1.0, 2.0, 2.0, 0.25])
CALLS: list[Callable[[Any], Any]] = [
    np.histogram,
    lambda x: np.histogram(x, 3, (0, 1), True),
    lambda x: np.histogram(x, "fd"),
    lambda x: np.histogram(x, "no such rule"),
    lambda x: np.histogram(x, [0, 3, 1]),
    lambda x: np.histogram(x, [0, 1, 3], weights=x),
    lambda x: np.histogram(x, 0),
    lambda x: np.histogram(x, 3, weights=x[:2]),
    lambda x: np.histogram(x, np.sort(x)),
    lambda x: np.histogram(x[:0], 3),
    lambda x: np.histogram([1, 2, 3, 4, 5], 3, weights=x),
    lambda x: np.histogram_bin_edges(x, 4),
    lambda x: np.histogram_bin_edges(x, [1, 2, 3]),
    lambda x: np.histogram2d(x, x[::-1], 2),
    lambda x: np.histogram2d(x, x[:2]),
    lambda x: np.histogram2d(x, x * x, [[0, 1, 2], 3], weights=x),
    lambda x: np.histogram2d(x, x * x, [0.0, 1.0, 2.0], density=True),
    lambda x: np.histogramdd(x, 3),
    lambda x: np.histogramdd(np.stack([x, x * x], 1), [2, 3], density=True),
    lambda x: np.histogramdd([x, x * x], [2, 3, 4]),
    lambda x: np.bincount([0, 1, 1, 3, 0], x),
    lambda x: np.bincount([0, 1, 1, 3, 0], x, 6),
    lambda x: np.bincount([0, -1, 1, 3, 0], x),
    lambda x: np.bincount([0, 1], x),
    lambda x: np.digitize(x, [0.0, 1.0]),
    lambda x: np.searchsorted(np.sort(x), x),
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_calls_agree_with_numpy(call: Any, dtype: Any, agrees: Callable[..., None]) -> None:
    agrees(call, X.astype(dtype))


def test_counts_are_plain_where_weights_are_not_traced(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode):
        counts, edges = np.histogram(w, [0, 1, 2])
        assert type(counts) is np.ndarray
        assert counts.dtype == np.intp
        assert type(edges) is np.ndarray
        assert type(np.histogramdd(w, [[0, 1, 2]])[0]) is np.ndarray


def test_nan_is_in_no_bin(mode: str) -> None:
    w = dt.Variable([1.0, 10.0, 100.0])
    with dt.GradientTape(mode) as tape:
        counts, _ = np.histogram([0.5, np.nan, 1.0], [0, 0.75, 1], weights=w)
        y = np.sum(counts * [2.0, 3.0])
    assert tape.gradient(y, w).tolist() == [2.0, 0.0, 3.0]
