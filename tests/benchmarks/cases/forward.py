"""Forward: few inputs, or one direction."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.case import Case

NO_FORWARD = {"mygrad": "no forward mode"}


def cases(tiny: bool) -> list[Case]:
    """Return the cases in forward mode."""
    if tiny:
        return [ode(5), jvp(4), jacobian(3, 5)]
    return [ode(1000), jvp(1_000_000), jacobian(30, 1000)]


def ode(steps: int) -> Case:
    """Euler's method on a predator and its prey: three parameters, 12 scalar operations a step."""
    parameters = (np.float64(1.1), np.float64(0.4), np.float64(0.3))

    def function(xp: Any, a: Any, b: Any, c: Any) -> Any:
        def step(x: Any, y: Any) -> tuple[Any, Any]:
            xy = x * y
            return x + 0.001 * (a * x - b * xy) + 0.0 * y, y + 0.001 * (c * xy - y)

        x, y = xp.loop(steps, step, (1.0, 0.5))
        return x + y

    name = f"ODE, {12 * steps:,} operations"
    return Case(name, "forward", function, parameters, mode="forward", without=NO_FORWARD)


def jvp(n: int) -> Case:
    """The derivative of tanh(x) * exp(-x*x) + x / (1 + x*x) along one direction."""
    rng = np.random.default_rng(10)
    x, t = rng.normal(size=n), rng.normal(size=n)

    def function(xp: Any, x: Any) -> Any:
        return xp.tanh(x) * xp.exp(-x * x) + x / (1.0 + x * x)

    name = f"JVP of {n:.0e} elements".replace("e+0", "e")
    return Case(name, "forward", function, (x,), kind="jvp", mode="forward", tangents=(t,), without=NO_FORWARD)


def jacobian(inputs: int, outputs: int) -> Case:
    """The whole Jacobian of a small layer, of more outputs than inputs."""
    rng = np.random.default_rng(11)
    x, w, b = rng.normal(size=inputs), rng.normal(size=(outputs, inputs)) * 0.2, rng.normal(size=outputs)

    def function(xp: Any, x: Any, w: Any, b: Any) -> Any:
        return xp.sin(xp.tanh(w @ x + b) * b)

    name = f"Jacobian, {inputs} -> {outputs}"
    return Case(name, "forward", function, (x,), (w, b), kind="jacobian", mode="forward", without=NO_FORWARD)
