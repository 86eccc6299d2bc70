"""What the cross-check can't see of editing: errors, keys of all kinds, casts."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt

X = np.linspace(-1.0, 2.0, 24).reshape(2, 3, 4)
M = X[1].copy()
ARGUMENTS = {
    "3-d": X, "2-d": M, "1-d": M[0], "complex": M * (1 + 1j), "empty": np.zeros((0, 3)), "0-d": np.array(2.0),
    "float32": M.astype("f"),
}  # fmt: skip

CALLS: dict[str, Any] = {
    "delete": lambda x: np.delete(x, 0),
    "delete, axis": lambda x: np.delete(x, 1, -1),
    "delete, no axis": lambda x: np.delete(x, 1, 4),
    "delete, out of bounds": lambda x: np.delete(x, 99, 0),
    "delete, list out of bounds": lambda x: np.delete(x, [0, 99]),
    "delete, mask": lambda x: np.delete(x, x.ravel() > 0),
    "delete, wrong mask": lambda x: np.delete(x, [True, False], 0),
    "delete, float": lambda x: np.delete(x, 1.5),
    "delete, array of one": lambda x: np.delete(x, np.array([1]), 0),
    "delete, 0-d array": lambda x: np.delete(x, np.array(1), 0),
    "delete, slice": lambda x: np.delete(x, np.s_[1::2], 0),
    "delete, NumPy's integer": lambda x: np.delete(x, np.int8(0), 0),
    "insert": lambda x: np.insert(x, 1, 5.0),
    "insert at the end": lambda x: np.insert(x, -1, 5, axis=0),
    "insert, out of bounds": lambda x: np.insert(x, 99, 5),
    "insert, several": lambda x: np.insert(x, [0, 1], [5, 6]),
    "insert, wrong number": lambda x: np.insert(x, [0, 1], [5, 6, 7]),
    "insert, slice": lambda x: np.insert(x, slice(0, 2), 7, axis=0),
    "insert, mask": lambda x: np.insert(x, [True, False, True], 7, axis=0),
    "insert, axis": lambda x: np.insert(x, 1, 5, axis=3),
    "insert, its own": lambda x: np.insert(x, 0, x[..., :1], axis=-1),
    "insert, complex": lambda x: np.insert(x.real, 0, 5.5),
    "insert, a row": lambda x: np.insert(x, 1, np.arange(x.shape[-1]), axis=0),
    "insert, too large": lambda x: np.insert(x, 1, np.zeros((2, 2, 2, 2)), axis=0),
    "insert, NumPy's integer": lambda x: np.insert(x, np.int64(1), 2.5, axis=-1),
    "insert, 0-d array": lambda x: np.insert(x, np.array(1), x[..., 0], axis=-1),
    "insert, an integer and a list": lambda x: np.insert(x, 0, [1, 2, 3]),
    "insert, truth": lambda x: np.insert(x, True, 5),
    "resize": lambda x: np.resize(x, (2, 5)),
    "resize to 0-d": lambda x: np.resize(x, ()),
    "resize, negative": lambda x: np.resize(x, (2, -1)),
    "resize, an integer": lambda x: np.resize(x, np.int64(7)),
    "tril": np.tril,
    "tril, k": lambda x: np.tril(x, 1),
    "triu": np.triu,
    "triu, k": lambda x: np.triu(x, k=-1),
}


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("name", CALLS)
def test_numpys_values_and_errors(agrees: Callable[..., None], name: str, argument: str) -> None:
    agrees(CALLS[name], ARGUMENTS[argument])


def test_results_are_copies(mode: str) -> None:
    w = dt.Variable(M)
    with dt.GradientTape(mode) as tape:
        x = w * 1.0
        for result in (np.delete(x, [], 0), np.delete(x, 2, 0), np.delete(x, 0, 0), np.resize(x, (3, 4)), np.tril(x)):
            result[...] = 0.0
        y = np.sum(x)
    assert tape.gradient(y, w).tolist() == np.ones((3, 4)).tolist()


def test_values_put_into_a_plain_array(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        y = np.sum(np.insert(np.arange(3.0), [1, 2], w * w))
    assert tape.gradient(y, w).tolist() == [2.0, 4.0]
