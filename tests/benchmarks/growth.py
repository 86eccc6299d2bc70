"""How time grows, in a process without the peers: the collector would walk their objects too."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

import dualtape as dt

from .measuring import Effort, measure

CHAINS = (10, 1_000, 100_000, 1_000_000)
ENTRIES = (1_000, 10_000)
PARAMETERS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128)


def measure_all(quick: bool, rounds: int) -> dict[str, Any]:
    """Return seconds for each operation, for each entry, and for each number of parameters in both modes."""
    return {
        "chain": in_turns(chain, CHAINS[:3] if quick else CHAINS, rounds),
        "read": in_turns(read, ENTRIES, rounds),
        "fill": in_turns(fill, ENTRIES, rounds),
        "parameters": crossover(rounds),
    }


def in_turns(run: Callable[[int], Any], counts: Sequence[int], rounds: int) -> dict[int, float]:
    """Return, for each count, the median seconds for one of the things that a run does; short runs are repeated."""
    timings: dict[int, list[float]] = {n: [] for n in counts}
    for _ in range(max(3, min(rounds, 9, 5_000_000 // max(counts))) + 1):
        for n in counts:
            repeats = max(1, 20_000 // n)
            start = time.perf_counter()
            for _ in range(repeats):
                run(n)
            timings[n].append((time.perf_counter() - start) / repeats / n)
    return {n: statistics.median(found[1:]) for n, found in timings.items()}


def chain(n: int) -> Any:
    """Return the gradient of n operations on a scalar, one after another."""
    x = dt.Variable(0.3)
    with dt.GradientTape("reverse") as tape:
        y = x * 1.0
        for _ in range((n - 1) // 3):
            y = np.sin(y) * 1.01 + x
    return tape.gradient(y, x)


def read(n: int) -> Any:
    """Return the gradient of a sum of products that reads the entries of an array one by one."""
    x = dt.Variable(np.linspace(0.1, 0.9, n))
    with dt.GradientTape("reverse") as tape:
        total: Any = 0.0
        for i in range(n):
            total = total + x[i] * 1.5
    return tape.gradient(total, x)


def fill(n: int) -> Any:
    """Return the gradient through an array whose entries are written one by one."""
    x = dt.Variable(np.linspace(0.1, 0.9, 4))
    with dt.GradientTape("reverse") as tape:
        y = dt.zeros(n)
        for i in range(n):
            y[i] = x[i % 4] * 1.5
        total = np.sum(y * y)
    return tape.gradient(total, x)


def layers(x: Any) -> Any:
    """Return a number that some vector operations make of any number of parameters."""
    y = np.tanh(x) * 1.1
    for _ in range(5):
        y = np.sin(y) * 1.01 + x
    return np.sum(y * y)


def crossover(rounds: int) -> dict[str, dict[int, float]]:
    """Return the seconds of a gradient in each mode for each number of parameters."""
    found: dict[str, dict[int, float]] = {"forward": {}, "reverse": {}}
    for n in PARAMETERS:
        x = np.linspace(0.1, 0.9, n)
        runs: dict[str, Callable[[], Any]] = {}
        for mode in ("forward", "reverse"):
            runs[mode] = partial(dt.value_and_grad(layers, mode=mode), x)
        for mode, times in measure(runs, Effort(rounds, 0.5)).items():
            found[mode][n] = times.median
    return found
