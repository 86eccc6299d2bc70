"""Timing: the same work by several means, in turns, so that what slows the machine slows them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

SHORTEST = 0.002
"""Seconds that one timing lasts at least: short runs are repeated within it."""


class Times(NamedTuple):
    """What a run takes: the median of its timings, in seconds, and their quartiles' distance as a share of it."""

    median: float
    spread: float


class Effort(NamedTuple):
    """How long to measure: at most so many rounds, of a case for at most so many seconds, but three at least."""

    rounds: int
    seconds: float


def measure(runs: Mapping[str, Callable[[], Any]], effort: Effort) -> dict[str, Times]:
    """Time runs in turns."""
    repeats = {name: _repeats(run) for name, run in runs.items()}
    timings: dict[str, list[float]] = {name: [] for name in runs}
    order = list(runs)
    end = time.perf_counter() + effort.seconds
    for turn in range(effort.rounds):
        if turn >= 3 and time.perf_counter() > end:
            break
        for name in order:
            timings[name].append(_timing(runs[name], repeats[name]))
        order = [*order[1:], order[0]]  # so that none always follows the same one
    return {name: summary(found) for name, found in timings.items()}


def summary(timings: list[float]) -> Times:
    """Return the median and the spread of timings."""
    median = statistics.median(timings)
    if len(timings) < 2:
        return Times(median, 0.0)
    low, _, high = statistics.quantiles(timings, n=4, method="inclusive")
    return Times(median, (high - low) / median)


def _repeats(run: Callable[[], Any]) -> int:
    """Return how often to run in one timing; this is the warm-up too."""
    run()
    once = min(_timing(run, 1), _timing(run, 1))
    return max(1, round(SHORTEST / max(once, 1e-9)))


def _timing(run: Callable[[], Any], repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        run()
    return (time.perf_counter() - start) / repeats
