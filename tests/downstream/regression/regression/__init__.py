"""Linear regression with dualtape, in whatever mode is asked for."""

from typing import Literal, assert_type

import numpy as np
from numpy.typing import NDArray

import dualtape as dt

Floats = NDArray[np.float64]
Mode = Literal["forward", "reverse"]


class Line:
    """The line `y = x w + b`."""

    def __init__(self) -> None:
        self.w = dt.Variable([[1.0], [2.0]], name="w")
        self.b = dt.Variable(1.0, name="b")

    def gradient(self, x: Floats, y: Floats, mode: Mode) -> tuple[Floats, Floats]:
        """The derivatives of the loss by w and b."""
        with dt.GradientTape(mode=mode) as tape:
            loss = np.sum(np.square(x @ self.w + self.b - y))
        gradients = tape.gradient(loss, (self.w, self.b))
        assert_type(gradients, tuple[Floats, Floats])
        return gradients


def fit(line: Line, x: Floats, y: Floats, mode: Mode, *, epochs: int, learning_rate: float) -> list[float]:
    """Train, and return the loss of each epoch."""
    optimizer = dt.optimizers.SGD(learning_rate=learning_rate)
    parameters = [line.w, line.b]
    losses: list[float] = []
    for _ in range(epochs):
        with dt.GradientTape(mode=mode) as tape:
            loss = np.mean(np.square(x @ line.w + line.b - y))
        gradients = tape.gradient(loss, parameters)
        assert_type(gradients, list[Floats])
        optimizer.apply_gradients(zip(gradients, parameters, strict=True))
        losses.append(float(loss))
    return losses


def fit_by_hand(line: Line, x: Floats, y: Floats, mode: Mode, *, epochs: int, learning_rate: float) -> float:
    """Train without an optimizer, with a penalty on large slopes, and return the last loss."""
    loss = np.float64(np.inf)
    for _ in range(epochs):
        with dt.GradientTape(mode) as tape:
            residuals = x @ line.w + line.b - y
            penalty = sum((row**2).sum() for row in line.w[:, 0]) + abs(line.w.T @ line.w)[0, 0]
            loss = np.mean(residuals**2) + 1e-9 * penalty
        gradients = tape.gradient(loss, {"w": line.w, "b": line.b}, unconnected_gradients="none")
        assert_type(gradients, dict[str, Floats | None])
        for name, parameter in (("w", line.w), ("b", line.b)):
            gradient = gradients[name]
            assert gradient is not None
            assert gradient.shape == parameter.shape
            assert gradient.dtype == parameter.dtype
            parameter -= learning_rate * gradient
            assert_type(parameter, dt.Variable[np.float64])
    return float(loss)
