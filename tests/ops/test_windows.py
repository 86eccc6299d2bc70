"""What the cross-check can't see of sliding windows: errors, and what they show after a write."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided, sliding_window_view

import dualtape as dt
from dualtape.errors import NoRuleError, ReadOnlyError, TracedConversionError

M = np.linspace(-1.0, 2.0, 12).reshape(3, 4)
ARGUMENTS = {"1-d": M[0], "2-d": M, "complex": M * (1 + 1j), "empty": np.zeros((0, 3)), "float32": M.astype("f")}

CALLS: dict[str, Any] = {
    "one axis": lambda x: sliding_window_view(x, 2, -1),
    "all axes": lambda x: sliding_window_view(x, (2,) * x.ndim),
    "too long": lambda x: sliding_window_view(x, 9, 0),
    "negative": lambda x: sliding_window_view(x, -1, 0),
    "no axis": lambda x: sliding_window_view(x, 1, 4),
    "too few": lambda x: sliding_window_view(x, (1, 2, 3)),
    "an axis twice": lambda x: sliding_window_view(x, (2, 2), axis=(-1, -1)),
    "a list": lambda x: sliding_window_view(x, [2], axis=[-1]),
}


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("name", CALLS)
def test_numpys_values_and_errors(agrees: Callable[..., None], name: str, argument: str) -> None:
    agrees(CALLS[name], ARGUMENTS[argument])


def test_windows_show_what_is_written(mode: str) -> None:
    w = dt.Variable([1.0, 2.0, 3.0])
    with dt.GradientTape(mode) as tape:
        x = w * 1.0
        windows = sliding_window_view(x, 2)
        x[1] = w[0] * w[2]
        assert windows.primal.tolist() == [[1.0, 3.0], [3.0, 3.0]]
        with pytest.raises(ReadOnlyError):
            windows[0, 0] = 1.0
        y = np.sum(windows)
    assert tape.gradient(y, w).tolist() == [1.0 + 2.0 * 3.0, 0.0, 1.0 + 2.0]


def test_what_would_write_through_overlapping_memory_is_refused(mode: str) -> None:
    w = dt.Variable(M)
    with dt.GradientTape(mode), pytest.raises(NoRuleError, match="reading only"):
        sliding_window_view(w * 1.0, 2, 0, writeable=True)


@pytest.mark.parametrize("dtype", ["f", "d", "D"])
def test_as_strided_is_refused(mode: str, dtype: str) -> None:
    """Strides count bytes: an object array of handles would be read where nothing is."""
    w = dt.Variable(M.astype(dtype))
    with dt.GradientTape(mode):
        y = w * 1.0
        with pytest.raises(TracedConversionError, match="sliding_window_view"):
            as_strided(y, (2, 2), (8, 8))
        assert as_strided(y.primal, (2,), y.strides[1:]).shape == (2,)
    assert as_strided(y, (2,), y.strides[1:]).tolist() == plain_start(dtype)


def plain_start(dtype: str) -> Any:
    return M.astype(dtype)[0, :2].tolist()
