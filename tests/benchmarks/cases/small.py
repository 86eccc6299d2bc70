"""Small: what an operation costs, beside which its arithmetic is nothing."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.case import Case, Result


def cases(tiny: bool) -> list[Case]:
    """Return the small cases; none is large enough to have a tiny version."""
    return [regression(), oscillations(), rosenbrock()]


def regression() -> Case:
    """The tutorial's loss: sum(square(X @ w + b - Y)), 2 x 2."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 2)), rng.normal(size=(2, 1))
    w, b = rng.normal(size=(2, 1)), np.float64(0.5)

    def function(xp: Any, w: Any, b: Any, x: Any, y: Any) -> Any:
        return xp.sum(xp.square(x @ w + b - y))

    def by_hand(w: Any, b: Any, x: Any, y: Any) -> Result:
        residual = x @ w + b - y
        slope = 2.0 * residual
        return np.sum(np.square(residual)), [x.T @ slope, np.sum(slope)]

    return Case("regression 2x2", "small", function, (w, b), (x, y), by_hand=by_hand)


def oscillations() -> Case:
    """Three damped oscillations at one moment: 12 parameters, each a scalar."""
    rng = np.random.default_rng(1)
    parameters = tuple(np.float64(p) for p in rng.uniform(0.2, 1.5, size=12))

    def function(xp: Any, *p: Any) -> Any:
        total = 0.0
        for i in range(0, 12, 4):
            height, damping, frequency, phase = p[i : i + 4]
            total = total + height * xp.exp(damping * -0.7) * xp.sin(frequency * 0.7 + phase)
        return total

    return Case("12 scalar parameters", "small", function, parameters)


def rosenbrock() -> Case:
    """Rosenbrock's valley in 10 variables."""
    x = np.random.default_rng(2).normal(size=10)

    def function(xp: Any, x: Any) -> Any:
        head, tail = x[:-1], x[1:]
        return xp.sum(100.0 * (tail - head**2) ** 2 + (1.0 - head) ** 2)

    return Case("Rosenbrock, 10 variables", "small", function, (x,))
