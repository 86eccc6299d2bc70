"""Operands of other classes beside traced values: what is a number is one, what has its own arithmetic is refused."""

import operator
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import dualtape as dt
from dualtape.errors import NoRuleError

MASKED = np.ma.array([1.0, 2.0, 3.0], mask=[False, True, False])
MATRIX = np.ones((3, 3)).view(np.matrix)


class Sparse:
    """An array of SciPy's, as far as it is looked at."""

    def toarray(self) -> NDArray[np.float64]:
        return np.eye(3)


FOREIGN: dict[str, Callable[[Any], Any]] = {
    "traced times masked": lambda x: x * MASKED,
    "multiply": lambda x: np.multiply(MASKED, x),
    "dot": lambda x: np.dot(x, MASKED),
    "concatenate": lambda x: np.concatenate([x, MASKED]),
    "the masked constant": lambda x: x + np.ma.masked,
    "traced times matrix": lambda x: np.outer(x, x) * MATRIX,
    "traced at matrix": lambda x: x @ MATRIX,
    "matrix at traced": lambda x: np.matmul(MATRIX, x),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_classes_whose_arithmetic_is_their_own_are_refused(mode: str, name: str) -> None:
    w = dt.Variable([1.0, 2.0, 3.0])
    with dt.GradientTape(mode):
        x = w * 1.0
        with pytest.raises(NoRuleError, match=r"x\.filled|np\.asarray"):
            FOREIGN[name](x)
    FOREIGN[name](w)  # nothing is recorded here


def test_sparse_arrays_are_refused(mode: str) -> None:
    w = dt.Variable([1.0, 2.0, 3.0])
    with dt.GradientTape(mode), pytest.raises(NoRuleError, match="toarray"):
        _ = w @ Sparse()


def test_subclasses_that_compute_as_arrays_do(mode: str, tmp_path: Path) -> None:
    w = dt.Variable([1.0, 2.0, 3.0])
    numbers = np.memmap(tmp_path / "numbers", float, "w+", shape=3)
    numbers[:] = [5.0, 6.0, 7.0]
    with dt.GradientTape(mode) as tape:
        y = w * numbers
    assert tape.gradient(y, w).tolist() == [5.0, 6.0, 7.0]


@pytest.mark.parametrize("combine", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow])
def test_fractions_are_numbers(mode: str, combine: Callable[[Any, Any], Any]) -> None:
    def results(half: Fraction | float) -> list[NDArray[np.float64]]:
        w = dt.Variable([0.7, 1.9])
        with dt.GradientTape(mode, persistent=True) as tape:
            values = [combine(w, half), combine(w[0], half), combine(half, w[0] * 1.0)]
        return [x for y in values for x in (np.asarray(y), tape.gradient(y, w))]

    for found, expected in zip(results(Fraction(1, 2)), results(0.5), strict=True):
        assert found.dtype == expected.dtype
        assert found.tobytes() == expected.tobytes()
