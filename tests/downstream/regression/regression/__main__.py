"""Fit a line in both modes and compare."""

from typing import assert_type, cast

import numpy as np

import dualtape as dt
from regression import Floats, Line, fit


def main() -> None:
    """Check the known gradient, train, and check that both modes say the same."""
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    y = np.array([[1.0], [2.0]])
    fitted: list[Floats] = []
    for mode in ("forward", "reverse"):
        line = Line()
        dw, db = line.gradient(x, y, mode)
        np.testing.assert_allclose(dw, [[70.0], [100.0]])
        np.testing.assert_allclose(db, 30.0)
        losses = fit(line, x, y, mode, epochs=500, learning_rate=0.02)
        assert losses[-1] < 1e-2 * losses[0], losses
        fitted.append(line.w.numpy())
        print(f"{mode:8}loss {losses[0]:.3f} -> {losses[-1]:.6f}")
    np.testing.assert_allclose(fitted[0], fitted[1], rtol=1e-12)

    w = dt.Variable(3.0)
    with dt.GradientTape() as tape:
        cube = w**3
    assert_type(tape.gradient(cube, w), Floats)

    dual = dt.DualArray(3.0, 1.0)
    # NumPy's stubs say that a ufunc returns an array: who wants its tangent tells the checker what it is.
    square = cast(dt.DualArray[np.float64], np.square(dual))
    print(f"d(x²)/dx at 3 is {square.tangent}")


if __name__ == "__main__":
    main()
