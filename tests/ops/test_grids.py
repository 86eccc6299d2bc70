"""What the cross-check can't see of grids: errors, copies, settings."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt

V = np.array([0.5, 2.0, 1.25])
ARGUMENTS = {
    "1-d": V, "2-d": np.outer(V, V), "complex": V * (1 + 1j), "empty": V[:0], "0-d": np.float64(2.0),
    "float32": V.astype("f"),
}  # fmt: skip

CALLS: dict[str, Any] = {
    "meshgrid": np.meshgrid,
    "meshgrid of two": lambda x: np.meshgrid(x, [1, 2]),
    "meshgrid, sparse": lambda x: np.meshgrid(x, x, sparse=True, copy=False),
    "meshgrid, no copy": lambda x: np.meshgrid(x, x, x, copy=False, indexing="ij"),
    "meshgrid, wrong": lambda x: np.meshgrid(x, indexing="yx"),
    "ix_": lambda x: np.ix_(x, [1, 2], [True, False, True], []),
    "ix_ of truth": lambda x: np.ix_(x > 1.0),
    "geomspace": lambda x: np.geomspace(x, 3.0, 4),
    "geomspace, axis": lambda x: np.geomspace(3.0, x, 4, axis=-1),
    "geomspace, no axis": lambda x: np.geomspace(3.0, x, 4, axis=5),
    "geomspace, zero": lambda x: np.geomspace(0, x),
    "geomspace, negative number": lambda x: np.geomspace(x, 3.0, -1),
    "geomspace, dtype": lambda x: np.geomspace(x, 3.0, 3, dtype=complex),
    "geomspace, NumPy's number": lambda x: np.geomspace(x, 3.0, np.int64(3), endpoint=0),
    "logspace": lambda x: np.logspace(x, 3, 4),
    "logspace, base": lambda x: np.logspace(0, x, 4, base=2),
    "logspace, bases": lambda x: np.logspace(x, 3.0, 3, base=np.array([[2.0], [3.0]])),
    "logspace, bases, axis": lambda x: np.logspace(x, 3.0, 3, base=[2.0, 3.0, 4.0], axis=-1),
    "logspace, dtype": lambda x: np.logspace(x, 3.0, 3, dtype=complex),
    "logspace, integers": lambda x: np.logspace(x.real, 3.0, 3, dtype=int),
    "logspace, no axis": lambda x: np.logspace(3.0, x, 4, axis=5),
}


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("name", CALLS)
def test_numpys_values_and_errors(agrees: Callable[..., None], name: str, argument: str) -> None:
    agrees(CALLS[name], ARGUMENTS[argument])


def test_an_open_grid_indexes(mode: str) -> None:
    w = dt.Variable(np.outer(V, V))
    with dt.GradientTape(mode) as tape:
        y = np.sum(w[np.ix_([0, 2], w[0] > 0.5)])
    assert tape.gradient(y, w).tolist() == [[0, 1, 1], [0, 0, 0], [0, 1, 1]]
