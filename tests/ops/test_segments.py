"""What the cross-check can't see of `reduceat`: errors, `out=`, dtypes, and what is not traced."""

from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import NoRuleError, TracedConversionError

X = np.array([[1.0, 4.0, 2.0], [3.0, -1.0, 0.5]])


@pytest.mark.parametrize("ufunc", [np.add, np.multiply, np.maximum, np.hypot])
@pytest.mark.parametrize(
    "call",
    [
        lambda f, x: f.reduceat(x, [0, 5]),
        lambda f, x: f.reduceat(x, [0], 2),
        lambda f, x: f.reduceat(x, np.array([0.0, 1.0])),
        lambda f, x: f.reduceat(x[0, 0], [0]),
        lambda f, x: f.reduceat(x, [-1]),
    ],
)
def test_errors_are_numpys(ufunc: Any, call: Any, mode: str) -> None:
    with pytest.raises(Exception) as expected:
        call(ufunc, X)
    with dt.GradientTape(mode), pytest.raises(type(expected.value)):
        call(ufunc, dt.Variable(X) * 1.0)


@pytest.mark.parametrize("ufunc", [np.add, np.multiply])
def test_out_and_dtype(ufunc: Any, mode: str) -> None:
    w = dt.Variable(X.astype(np.float32))
    with dt.GradientTape(mode) as tape:
        out = dt.zeros((2, 2))
        assert ufunc.reduceat(w, [0, 2], axis=1, out=out) is out
        with pytest.raises(TracedConversionError, match="out="):
            ufunc.reduceat(w, [0, 2], axis=1, out=np.zeros((2, 2)))
    np.testing.assert_allclose(out.primal, ufunc.reduceat(X, [0, 2], axis=1))
    assert tape.gradient(out, w).dtype == np.float32


def test_whole_numbers_are_refused(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode):
        assert np.add.reduceat(w, [0], dtype=np.float32).dtype == np.float32
        assert np.maximum.reduceat(w, [0], dtype=np.float32).dtype == np.float32
        with pytest.raises(NoRuleError, match="floating dtype"):
            np.maximum.reduceat(w, [0], dtype=int)


def test_indices_are_copied(mode: str) -> None:
    w, starts = dt.Variable(X), np.array([0, 1])
    with dt.GradientTape(mode) as tape:
        y = np.add.reduceat(w * w, starts, axis=1)
        starts[1] = 2
    expected = 2 * X
    np.testing.assert_allclose(tape.gradient(y, w), expected)
    np.testing.assert_array_equal(y.primal, np.add.reduceat(X * X, [0, 1], axis=1))
