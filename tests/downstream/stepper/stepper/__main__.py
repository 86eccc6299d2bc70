"""Differentiate with the backend that dualtape finds by its entry point."""

from typing import assert_type

import numpy as np
from numpy.typing import NDArray

import dualtape as dt
from dualtape.testing.backends import check_backend
from stepper import MODE


def product(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """A function of two."""
    result: float = np.sum(np.multiply(np.sin(x), y))
    return result


def main() -> None:
    """Run the tape, a transform, a second derivative, and the checks that dualtape has for backends."""
    (info,) = [info for info in dt.modes() if info.mode == MODE]
    assert info.error is None
    assert info.distribution == "stepper"

    w = dt.Variable([[1.0], [2.0]], name="w")
    x, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0], [2.0]])
    with dt.GradientTape(info.mode) as tape:
        loss = np.sum(np.square(x @ w - y))
    gradient = tape.gradient(loss, w)
    assert_type(gradient, NDArray[np.float64])
    np.testing.assert_allclose(gradient, 2.0 * x.T @ (x @ w.numpy() - y), rtol=1e-8)

    slopes = dt.grad(product, argnums=(0, 1), mode=MODE)(np.array([0.5, 1.0]), np.array([2.0, 3.0]))
    assert_type(slopes, tuple[NDArray[np.float64], NDArray[np.float64]])
    np.testing.assert_allclose(slopes[1], np.sin([0.5, 1.0]), rtol=1e-8)

    check_backend(MODE, without={"complex_numbers"})
    print(f"d/dw is {gradient.ravel().round(3)}")


if __name__ == "__main__":
    main()
