"""What the cross-check can't see of functions that apply the user's: errors, dtypes, what they are given."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt

X = np.linspace(-1.0, 2.0, 24).reshape(2, 3, 4)
M = X[1].copy()
ARGUMENTS = {
    "3-d": X,
    "2-d": M,
    "1-d": M[0],
    "complex": M * (1 + 1j),
    "empty": np.zeros((0, 3)),
    "float32": M.astype("f"),
}

CALLS: dict[str, Any] = {
    "along": lambda x: np.apply_along_axis(np.sum, 0, x),
    "along the last": lambda x: np.apply_along_axis(lambda v: v[::-1], -1, x),
    "along no axis": lambda x: np.apply_along_axis(np.sum, 5, x),
    "along, more axes": lambda x: np.apply_along_axis(lambda v: np.stack([v, v]), 0, x),
    "along, plain": lambda x: np.apply_along_axis(np.argmax, 0, x),
    "along, a number": lambda x: np.apply_along_axis(lambda v: 1, 0, x),
    "along, a list": lambda x: np.apply_along_axis(lambda v: [1.0, 2.0], 0, x),
    "over": lambda x: np.apply_over_axes(np.sum, x, 0),
    "over several": lambda x: np.apply_over_axes(np.sum, x, [0, -1]),
    "over, wrong": lambda x: np.apply_over_axes(lambda a, axis: a[..., None, None], x, 0),
    "piecewise": lambda x: np.piecewise(x, [x.real < 0, x.real > 1], [-1, lambda v: v * 2, 0.5]),
    "piecewise, one": lambda x: np.piecewise(x, x.real < 0, [np.sin]),
    "piecewise, too many": lambda x: np.piecewise(x, [x.real < 0], [1, 2, 3]),
    "piecewise, settings": lambda x: np.piecewise(x, [x.real < 0], [lambda v, n, *, m: v * n + m], 3, m=2),
}


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("name", CALLS)
def test_numpys_values_and_errors(agrees: Callable[..., None], name: str, argument: str) -> None:
    agrees(CALLS[name], ARGUMENTS[argument])


def test_a_function_may_use_traced_values_of_its_own(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        y = np.apply_along_axis(lambda line: line * w[0], 0, w * 1.0)
        z = np.apply_along_axis(lambda line: np.sum(line) * w[1], 0, np.ones((3, 2)))
        loss = np.sum(y) + np.sum(z)
    assert tape.gradient(loss, w).tolist() == [4.0, 7.0]


def test_piecewise_with_traced_conditions_and_values(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode) as tape:
        y = np.piecewise(np.array([0.5, 1.5, 2.5]), [w[:1] > np.ones(3), w[:1] <= np.ones(3)], [0.0, 2.0])
        z = np.piecewise(w, [w > 1.5], [w[0] * 3.0, np.square])
    assert y.tolist() == [2.0, 2.0, 2.0]
    assert tape.gradient(z, w).tolist() == [5.0, 0.0]
