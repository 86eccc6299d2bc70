"""The cases, a file for each class of size, and one for forward mode."""

from __future__ import annotations

from benchmarks.case import Case

from . import forward, large, middle, small

__all__ = ["cases"]


def cases(tiny: bool = False) -> list[Case]:
    """Return all cases, on fixed random data; `tiny` ones are there to be checked, not timed."""
    return [case for group in (small, middle, large, forward) for case in group.cases(tiny)]
