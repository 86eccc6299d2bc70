"""What the cross-check can't see of the functions that leave nan out: errors, and values that are nan."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt

X = np.array([[1.0, np.nan, 2.0], [3.0, -1.0, 0.5], [np.nan, np.nan, np.nan]])
CALLS: list[Callable[[Any], Any]] = [
    np.nansum,
    lambda x: np.nansum(x, 1, np.float32),
    lambda x: np.nansum(x, axis=3),
    lambda x: np.nansum(x, initial=2.0, where=x > 0),
    lambda x: np.nanprod(x, 0, keepdims=True),
    lambda x: np.nanprod(x, dtype=np.float64, initial=3),
    np.nancumsum,
    lambda x: np.nancumprod(x, 1),
    lambda x: np.nanmean(x, axis=(0, 1)),
    lambda x: np.nanmean(x, axis=0, where=[True, False, True]),
    lambda x: np.nanmean(x, dtype=int),
    lambda x: np.nanmax(x, -1, None, True),
    lambda x: np.nanmin(x, axis=0, initial=0.0, where=[True, False, True]),
    lambda x: np.nanmin(x[:0]),
    lambda x: np.nanvar(x, 1, ddof=1),
    lambda x: np.nanvar(x, 0, np.float64, None, 1, True),
    lambda x: np.nanvar(x, 1, ddof=1, correction=1),
    lambda x: np.nanstd(x, 1, mean=np.nanmean(x, 1, keepdims=True)),
    lambda x: np.nanstd(x, ddof=20),
    lambda x: np.nanargmax(x[:2], axis=1),
    np.nanargmin,
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, complex])
@pytest.mark.filterwarnings("ignore::RuntimeWarning", "ignore::numpy.exceptions.ComplexWarning")
def test_calls_agree_with_numpy(call: Any, dtype: Any, agrees: Callable[..., None]) -> None:
    agrees(call, X.astype(dtype))


def test_entries_that_are_nan_get_no_gradient(mode: str) -> None:
    w = dt.Variable(X[:2])
    with dt.GradientTape(mode) as tape:
        y = np.nanstd(w * w, axis=0) + np.nanmean(w, axis=0) + np.nanmax(np.exp(w), axis=0)
    g = tape.gradient(y, w)
    assert np.isfinite(g[~np.isnan(X[:2])]).all()
    with dt.GradientTape(mode) as tape:
        y = np.nanvar(w) + np.nanprod(w) + np.nansum(w)
    assert tape.gradient(y, w)[0, 1] == 0.0


def test_where_there_are_no_numbers_the_derivative_is_zero(mode: str) -> None:
    w = dt.Variable(X[1:])
    for function in (np.nanmax, np.nanmin, np.nanvar):
        with dt.GradientTape(mode) as tape, pytest.warns(RuntimeWarning):
            y = function(w, axis=1)
        assert np.isnan(y[1])
        assert tape.gradient(y, w)[1].tolist() == [0.0, 0.0, 0.0]
