"""What the cross-check can't see of polynomials of two variables: errors, and operands of other kinds."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.polynomial import polynomial

V = np.array([0.5, -1.5, 2.0])
C = np.arange(6.0).reshape(2, 3)

CALLS: dict[str, Any] = {
    "points": lambda x: polynomial.polyval2d(x, V, C),
    "lists": lambda x: polynomial.polyval2d(x, [1.0, 2.0, 3.0], C.tolist()),
    "points of unequal shape": lambda x: polynomial.polyval2d(x, V[:2], C),
    "coefficients": lambda x: polynomial.polyval2d(0.5, 1, x * C),
    "integers": lambda x: polynomial.polyval2d(x, x, C.astype(int)),
    "a grid": lambda x: polynomial.polygrid2d(x, [1.0, 2.0], C),
    "a grid of coefficients": lambda x: polynomial.polygrid2d(0.5, V, x * C),
}


@pytest.mark.parametrize("x", [V, V.astype("f"), V * 1j], ids=["float64", "float32", "complex"])
@pytest.mark.parametrize("name", CALLS)
def test_numpys_values_and_errors(agrees: Callable[..., None], name: str, x: Any) -> None:
    if not hasattr(polynomial.polyval2d, "__wrapped__"):
        pytest.skip("this NumPy asks nobody")
    agrees(CALLS[name], x)
