"""What the cross-check can't see of sets: kinds of results, errors, views."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import plain

X = np.array([2.0, 0.0, 1.0, 2.0, -0.0, 0.0])
CALLS: list[Callable[[Any], Any]] = [
    np.unique,
    lambda x: np.unique(x, True, return_counts=True),
    lambda x: np.unique(x.reshape(3, 2), axis=0, return_inverse=True),
    lambda x: np.unique(x.reshape(3, 2), axis=1),
    lambda x: np.unique(x, axis=2),
    lambda x: np.unique(x, equal_nan=False),
    np.unique_all,
    np.unique_counts,
    np.unique_inverse,
    np.unique_values,
    lambda x: np.union1d(x, [3.0, 1.0]),
    lambda x: np.union1d([3.0, 1.0], x),
    lambda x: np.intersect1d(x, [3.0, 1.0], return_indices=True),
    lambda x: np.intersect1d([3.0, 1.0, 2.0], x),
    lambda x: np.setdiff1d(x, [2.0]),
    lambda x: np.setdiff1d([5.0, 2.0], x),
    lambda x: np.setxor1d(x, [3.0, 1.0]),
    lambda x: np.isin(x, [2.0]),
    np.sort_complex,
    lambda x: np.sort_complex(x.reshape(2, 3)),
    lambda x: np.trim_zeros(x[1:]),
    lambda x: np.trim_zeros(x, "b"),
    lambda x: np.trim_zeros(x, "no"),
    lambda x: np.trim_zeros(x[::-1], "F"),
    lambda x: np.trim_zeros(x.reshape(2, 3).T),
    lambda x: np.trim_zeros(x.reshape(3, 2), axis=1),
    lambda x: np.trim_zeros(x * 0),
    np.count_nonzero,
    np.flatnonzero,
]


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, complex])
def test_calls_agree_with_numpy(call: Any, dtype: Any, agrees: Callable[..., None]) -> None:
    agrees(call, X.astype(dtype))


def test_trimmed_array_is_a_view(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode) as tape:
        x = w * 1.0
        y = np.trim_zeros(x[1:])
        y[0] = 5.0 * x[0]
        loss = np.sum(x * x)
    assert plain(x).tolist() == [2.0, 0.0, 10.0, 2.0, 0.0, 0.0]
    assert tape.gradient(loss, w).tolist() == [104.0, 0.0, 0.0, 4.0, 0.0, 0.0]


def test_unique_without_order(mode: str) -> None:
    if np.lib.NumpyVersion(np.__version__) < "2.3.0":
        pytest.skip("NumPy has sorted= from 2.3 on")
    w = dt.Variable([3.0, 1.0, 2.0, 1.0])
    with dt.GradientTape(mode) as tape:
        y = np.unique(w * w, sorted=False)
        loss = np.sum(y * y)
    np.testing.assert_allclose(tape.gradient(loss, w), [108.0, 4.0, 32.0, 0.0])


def test_members_of_a_set_are_plain(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode):
        assert type(np.isin(w, [2.0])) is np.ndarray
        if hasattr(np, "in1d"):
            with pytest.warns(DeprecationWarning, match="in1d"):
                assert type(np.in1d(w, [2.0])) is np.ndarray  # noqa: NPY201  # code that still calls it
