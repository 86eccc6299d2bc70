"""What the cross-check can't see of numpy.emath: NumPy's values and dtypes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

V = np.array([0.5, -2.0, 1.25])
ARGUMENTS = {
    "becomes complex": V, "stays real": np.abs(V[:1]), "complex": V * (1 + 1j), "empty": V[:0], "0-d": np.array(-2.0),
    "number": np.float64(-2.0), "float32": V.astype("f"), "float16": V.astype("e"),
}  # fmt: skip

CALLS: dict[str, Any] = {
    **{name: getattr(np.emath, name) for name in ("sqrt", "log", "log2", "log10", "arccos", "arcsin", "arctanh")},
    "logn": lambda x: np.emath.logn(2, x),
    "logn, base": lambda x: np.emath.logn(x, 3.0),
    "power": lambda x: np.emath.power(x, 0.5),
    "power, integers": lambda x: np.emath.power(x, [-1]),
    "power of an integer": lambda x: np.emath.power(2, x),
}


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("name", CALLS)
def test_numpys_values(agrees: Callable[..., None], name: str, argument: str) -> None:
    agrees(CALLS[name], ARGUMENTS[argument])
