"""The walk: what it may write into."""

from __future__ import annotations

import numpy as np
import pytest

import dualtape as dt
from dualtape_reverse import walk


def test_a_large_temporary_is_written_into() -> None:
    p, g = np.full(walk.LARGE, 2.0), np.full(walk.LARGE, 3.0)
    product = walk._times(g, p)
    assert product is p
    assert product[0] == 6.0


def test_a_partial_that_something_holds_is_left_alone() -> None:
    p, g = np.full(walk.LARGE, 2.0), np.full(walk.LARGE, 3.0)
    held = [p]
    assert walk._times(g, p) is not p
    assert held[0][0] == 2.0


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_arrays_have_the_same_gradient_twice(dtype: type[np.floating]) -> None:
    """What records keep (operands, outputs, constants) is never written, or the second walk would differ."""
    start = np.linspace(0.5, 1.0, 2 * walk.LARGE, dtype=dtype)
    factor = np.linspace(1.0, 2.0, 2 * walk.LARGE, dtype=dtype)
    before = factor.copy()
    x = dt.Variable(start)
    with dt.GradientTape("reverse", persistent=True) as tape:
        y = np.tanh(x) * factor * np.exp(x) / x + x * x + np.maximum(x, factor)
    first, second = tape.gradient(y, x), tape.gradient(y, x)
    t, e = np.tanh(start), np.exp(start)
    expected = factor * ((1 - t * t) * e / start + t * e / start - t * e / start**2) + 2 * start
    expected += np.where(start == factor, 0.5, start > factor)
    assert np.array_equal(first, second)
    assert first.dtype == dtype
    np.testing.assert_allclose(first, expected, rtol=1e-4 if dtype is np.float32 else 1e-12)
    assert np.array_equal(factor, before)
