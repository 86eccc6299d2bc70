"""Fit a line in both modes and compare."""

from typing import assert_type

import numpy as np

import dualtape as dt
from regression import Floats, Line, Mode, fit, fit_by_hand


def main() -> None:
    """Check the known gradient, train, and check that both modes say the same."""
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    y = np.array([[1.0], [2.0]])
    fitted: list[Floats] = []
    modes: tuple[Mode, ...] = ("forward", "reverse")
    for mode in modes:
        line = Line()
        dw, db = line.gradient(x, y, mode)
        np.testing.assert_allclose(dw, [[70.0], [100.0]])
        np.testing.assert_allclose(db, 30.0)
        losses = fit(line, x, y, mode, epochs=500, learning_rate=0.02)
        assert losses[-1] < 1e-2 * losses[0], losses
        fitted.append(line.w.numpy())
        line = Line()
        assert fit_by_hand(line, x, y, mode, epochs=500, learning_rate=0.02) < 1e-2 * losses[0]
        np.testing.assert_allclose(line.w.numpy(), fitted[-1], rtol=1e-6)
        print(f"{mode:8}loss {losses[0]:.3f} -> {losses[-1]:.6f}")
    np.testing.assert_allclose(fitted[0], fitted[1], rtol=1e-12)

    w = dt.Variable(3.0)
    with dt.GradientTape() as tape:
        cube = w**3
    assert_type(tape.gradient(cube, w), Floats)

    dual = dt.DualArray(3.0, 1.0)
    assert_type(dual, dt.DualArray[np.float64])
    assert_type(2.0 * dual - dual[()], dt.DualArray[np.float64])
    print(f"d(x²)/dx at 3 is {np.square(dual).tangent}, and {(dual**2).tangent}")


if __name__ == "__main__":
    main()
