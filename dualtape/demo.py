"""The main job, shown: the cells of a gradient tape tutorial, in several modes side by side."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import default_rng
from numpy.typing import NDArray

from dualtape.mode import ModeName
from dualtape.optimizers import SGD
from dualtape.tape import GradientTape
from dualtape.variable import Variable

__all__ = ["CELLS", "Outcome", "Regression", "difference", "draw", "regression", "table"]

Floats = NDArray[np.float64]
Progress = Callable[[Iterable[int]], Any]

SEED = 3
LEARNING_RATE = 1e-3


@dataclass
class Outcome:
    """What one cell found in one mode.

    Attributes:
        values: the numbers by what they are, in the order in which they are shown.
        seconds: how long the cell took.
    """

    values: dict[str, Floats] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass
class Regression(Outcome):
    """What the regression found, with what a plot of it needs."""

    x: Floats = field(default_factory=lambda: np.zeros(0))
    y: Floats = field(default_factory=lambda: np.zeros(0))
    losses: list[float] = field(default_factory=list)


def square(mode: ModeName) -> Outcome:
    """The square of a number, and its derivative."""
    x = Variable(3.0, name="x")
    with GradientTape(mode) as tape:
        y = np.square(x)
    return Outcome({"y": np.asarray(y), "dy/dx": tape.gradient(y, x)})


def line(mode: ModeName) -> Outcome:
    """A line through a random start, and its derivatives by slope and intercept."""
    rng = default_rng(SEED)
    x = 2.0
    w, b = Variable(rng.normal(), name="w"), Variable(rng.normal(), name="b")
    with GradientTape(mode) as tape:
        y = x * w + b
    dw, db = tape.gradient(y, [w, b])
    return Outcome({"w": w.numpy(), "b": b.numpy(), "y": np.asarray(y), "dy/dw": dw, "dy/db": db})


def matrix(mode: ModeName) -> Outcome:
    """A loss of matrices: name, value and gradient of each parameter."""
    w, b = Variable([[1.0], [2.0]], name="w"), Variable(1.0, name="b")
    x, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0], [2.0]])
    with GradientTape(mode) as tape:
        loss = np.sum(np.square(x @ w + b - y))
    parameters = [w, b]
    found = {"loss": np.asarray(loss)}
    for parameter, gradient in zip(parameters, tape.gradient(loss, parameters), strict=True):
        found[f"{parameter.name}"] = parameter.numpy()
        found[f"dloss/d{parameter.name}"] = gradient
    return Outcome(found)


def regression(mode: ModeName, epochs: int, progress: Progress) -> Regression:
    """Fit w and b of `w * x + b` to `3 * x + 2` by gradient descent.

    Args:
        mode: the tape's mode.
        epochs: how many steps are taken.
        progress: what shows them: it gets the epochs, and returns an iterable of them with `set_description`.

    Returns:
        The fit.
    """
    rng = default_rng(SEED)
    x = rng.uniform(-2.0, 2.0, size=(2, 3))
    y = 3.0 * x + 2.0
    w, b = Variable(rng.normal(), name="w"), Variable(rng.normal(), name="b")
    optimizer = SGD(learning_rate=LEARNING_RATE)
    losses: list[float] = []
    gradients: Any = ()
    bar = progress(range(epochs))
    for _ in bar:
        with GradientTape(mode) as tape:
            loss = np.sum(np.square(w * x + b - y))
        gradients = tape.gradient(loss, [w, b])
        optimizer.apply_gradients(zip(gradients, [w, b], strict=True))
        losses.append(float(loss))
        bar.set_description(f"{mode:8} loss {loss:.6f}", refresh=False)
    found = {"w": w.numpy(), "b": b.numpy(), "loss": np.asarray(losses[-1])}
    found |= {"dloss/dw": gradients[0], "dloss/db": gradients[1]}
    return Regression(found, x=x, y=y, losses=losses)


CELLS: dict[str, Callable[[ModeName], Outcome]] = {
    "y = square(x) at x = 3": square,
    "y = x w + b at x = 2, with w and b at random": line,
    "loss = sum(square(x @ w + b - y)), with a column w": matrix,
}
"""The cells that take no training, by what they compute."""


def timed(cell: Callable[[], Outcome]) -> Outcome:
    """Run a cell and note how long it took."""
    start = time.perf_counter()
    outcome = cell()
    outcome.seconds = time.perf_counter() - start
    return outcome


def difference(outcomes: Sequence[Outcome]) -> float:
    """Return the largest difference of any number between any two modes; NaN where one is."""
    largest = 0.0
    for name in outcomes[0].values:
        numbers = np.array([outcome.values[name] for outcome in outcomes])
        largest = float(np.maximum(largest, np.max(np.ptp(numbers, axis=0))))
    return largest


def table(outcomes: dict[str, Outcome]) -> list[str]:
    """Return the lines of a table: a row a number, a column a mode."""
    columns = list(outcomes.values())
    rows = [
        ["", *outcomes],
        *([name, *(_number(outcome.values[name]) for outcome in columns)] for name in columns[0].values),
        ["time", *(f"{1e3 * outcome.seconds:.3g} ms" for outcome in columns)],
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _number(value: Floats) -> str:
    text = np.array2string(value, separator=", ", formatter={"float_kind": lambda x: f"{x:.8g}"})
    return " ".join(text.split())


def draw(fits: dict[str, Regression], path: Path) -> None:
    """Draw the fit and the loss curve of each mode into a file.

    Args:
        fits: the fit of each mode.
        path: the file; its ending says the format.

    Raises:
        ImportError: if matplotlib is missing.
        ValueError: if matplotlib knows no format of that ending.
        OSError: if the file can't be written.
    """
    figure = import_module("matplotlib.figure").Figure(figsize=(10.0, 4.0), layout="constrained")
    left, right = figure.subplots(1, 2)
    for number, (mode, fit) in enumerate(fits.items()):
        # Equal fits lie on each other: dashes let the earlier ones show.
        style: Any = "-" if number == 0 else (number, (4, 4))
        ends = np.array([fit.x.min(), fit.x.max()])
        left.plot(ends, fit.values["w"] * ends + fit.values["b"], linestyle=style, label=f"{mode}: w x + b")
        right.plot(np.arange(1, len(fit.losses) + 1), fit.losses, linestyle=style, label=mode)
    data = next(iter(fits.values()))
    left.plot(data.x.ravel(), data.y.ravel(), "o", color="black", label="y = 3 x + 2")
    left.set(title="the fit", xlabel="x", ylabel="y")
    right.set(title="the loss", xlabel="epoch", ylabel="sum of squares", yscale="log")
    left.legend()
    right.legend()
    figure.savefig(path)
