"""What is measured: each case in dualtape, by hand, in NumPy without a gradient, and in the peers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import dualtape as dt

Run = Callable[[], Any]
"""Computes a value and gradients: (value, [gradient, ...])."""


@dataclass(frozen=True)
class Case:
    """One row of the table.

    Attributes:
        name: what it is called there.
        dualtape: the runs of dualtape, by mode.
        value: NumPy's value alone.
        by_hand: the hand-written gradient, the floor of the row.
        function: of (namespace, *parameters), for the peers that trace functions.
        parameters: plain arrays.
        inner: how often one timing repeats the run.
    """

    name: str
    dualtape: dict[str, Run]
    value: Run
    by_hand: Run | None
    function: Callable[..., Any]
    parameters: tuple[Any, ...]
    inner: int


def case(
    name: str,
    function: Callable[..., Any],
    parameters: tuple[Any, ...],
    modes: tuple[str, ...],
    by_hand: Run | None,
    inner: int,
) -> Case:
    """Make a case: the parameters are variables to dualtape, arrays to the others."""
    variables = [dt.Variable(p) for p in parameters]

    def in_mode(mode: Any) -> Run:
        def run() -> Any:
            with dt.GradientTape(mode) as tape:
                value = function(np, *variables)
            return value, tape.gradient(value, variables)

        return run

    runs = {mode: in_mode(mode) for mode in modes}
    return Case(name, runs, lambda: function(np, *parameters), by_hand, function, parameters, inner)


def cases() -> list[Case]:
    """Return all cases, on fixed random data."""
    return [regression(), chain(), mlp(), scalar_chain(), ode()]


def regression() -> Case:
    """The tutorial's loss: sum(square(X @ w + b - Y)), 2 x 2."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 2)), rng.normal(size=(2, 1))
    w, b = rng.normal(size=(2, 1)), np.float64(0.5)

    def by_hand() -> Any:
        residual = x @ w + b - y
        slope = 2.0 * residual
        return np.sum(np.square(residual)), [x.T @ slope, np.sum(slope)]

    return case(
        "regression 2x2",
        lambda xp, w, b: xp.sum(xp.square(x @ w + b - y)),
        (w, b),
        ("reverse", "forward"),
        by_hand,
        100,
    )


def chain() -> Case:
    """Fifty steps of y = sin(y) * 1.01 + x on 100 elements."""
    start = np.random.default_rng(1).normal(size=100)

    def function(xp: Any, x: Any) -> Any:
        y = x
        for _ in range(50):
            y = xp.sin(y) * 1.01 + x
        return xp.sum(y)

    def by_hand() -> Any:
        values = [start]
        for _ in range(50):
            values.append(np.sin(values[-1]) * 1.01 + start)
        slope = np.ones(100)
        total = np.zeros(100)
        for y in reversed(values[:-1]):
            total += slope
            slope = slope * 1.01 * np.cos(y)
        return np.sum(values[-1]), [total + slope]

    return case("chain of 50, 100 elements", function, (start,), ("reverse",), by_hand, 10)


def mlp() -> Case:
    """A layer of tanh and a linear one, 64 x 256 -> 128 -> 10."""
    rng = np.random.default_rng(2)
    x = rng.normal(size=(64, 256))
    w, v = rng.normal(size=(256, 128)) * 0.05, rng.normal(size=(128, 10)) * 0.05

    def by_hand() -> Any:
        hidden = np.tanh(x @ w)
        out = hidden @ v
        slope = 2.0 * out
        inner = slope @ v.T
        inner *= 1.0 - hidden * hidden
        return np.sum(np.square(out)), [x.T @ inner, hidden.T @ slope]

    return case(
        "MLP 64x256 -> 128 -> 10",
        lambda xp, w, v: xp.sum(xp.square(xp.tanh(x @ w) @ v)),
        (w, v),
        ("reverse",),
        by_hand,
        20,
    )


def scalar_chain() -> Case:
    """The chain on one scalar: what an operation costs."""
    start = np.float64(0.3)

    def function(xp: Any, x: Any) -> Any:
        y = x
        for _ in range(50):
            y = xp.sin(y) * 1.01 + x
        return y

    def by_hand() -> Any:
        y, slope = start, np.float64(1.0)
        for _ in range(50):
            y, slope = np.sin(y) * 1.01 + start, np.cos(y) * 1.01 * slope + 1.0
        return y, [slope]

    return case("chain of 50, one scalar", function, (start,), ("reverse",), by_hand, 10)


def ode() -> Case:
    """Euler's method on a predator and its prey: three parameters, 12,000 scalar operations, forward."""
    parameters = (np.float64(1.1), np.float64(0.4), np.float64(0.3))

    def function(_xp: Any, a: Any, b: Any, c: Any) -> Any:
        x, y = 1.0, 0.5
        for _ in range(1000):
            xy = x * y
            x, y = x + 0.001 * (a * x - b * xy), y + 0.001 * (c * xy - y)
            x = x + 0.0 * y
        return x + y

    return case("ODE, 12,000 operations", function, parameters, ("forward",), None, 1)
