"""Comparison: differences between derivatives that should agree, and where they are too large."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from dualtape.testing.coordinates import Rows

__all__ = ["Comparison", "Label", "labels"]

Label = Callable[[tuple[int, ...]], str]
SHOWN = 3


class Comparison:
    """The largest difference in each comparison made so far, and what to say of those that are too large.

    Differences are relative to 1 + the magnitude of the entry.

    Attributes:
        differences: the largest difference by the name of the comparison.
        failures: a message for each comparison that failed.
    """

    def __init__(self) -> None:
        """Start without comparisons."""
        self.differences: dict[str, float] = {}
        self.failures: list[str] = []

    def require(self, truth: bool, message: str) -> None:
        """Note a failure unless something is true."""
        if not truth:
            self.failures.append(message)

    def compare(
        self, name: str, values: Mapping[str, Rows], tolerance: float, label: Label = str, column: str | None = None
    ) -> None:
        """Compare the values, which go by their names in the message, with the last one.

        Args:
            name: what is compared, for the message.
            values: arrays of one shape.
            tolerance: the largest difference that passes.
            label: says in words where an index points.
            column: under which name the difference is counted; the message's where it is not given.
        """
        *others, last = values.values()
        difference = np.zeros(last.shape)
        for other in others:
            if other.shape != last.shape:
                shapes = ", ".join(f"{key} {value.shape}" for key, value in values.items())
                self.failures.append(f"{name}: shapes differ: {shapes}")
                return
            difference = np.maximum(difference, relative_difference(other, last))
        largest = float(difference.max(initial=0.0))
        column = column or name
        self.differences[column] = float(np.maximum(self.differences.get(column, 0.0), largest))
        wrong = np.argwhere(~(difference <= tolerance))
        if len(wrong):
            self.failures.append(_explain(name, values, difference, wrong, tolerance, label))


def relative_difference(a: Rows, b: Rows) -> Rows:
    """Return |a - b| / (1 + |b|), 0 where both are the same infinity or both are not a number."""
    with np.errstate(all="ignore"):
        difference = abs(a - b) / (1.0 + abs(b))
    same: Any = (a == b) | (np.isnan(a) & np.isnan(b))
    return np.where(same, 0.0, difference)


def labels(name: str, arrays: Sequence[Any]) -> list[str]:
    """Name each real coordinate of arrays: `name`, numbered where there are several, with an entry's index."""
    found: list[str] = []
    for number, x in enumerate(arrays):
        whole = name if len(arrays) == 1 else f"{name} {number}"
        entries = [whole + (f"[{', '.join(map(str, index))}]" if index else "") for index in np.ndindex(*x.shape)]
        complex_ = x.dtype.kind == "c"
        found += [f"{part} {entry}" for part in ("re", "im") for entry in entries] if complex_ else entries
    return found


def _explain(
    name: str, values: Mapping[str, Rows], difference: Rows, wrong: Any, tolerance: float, label: Label
) -> str:
    entries, differ = "entry" if difference.size == 1 else "entries", "differs" if len(wrong) == 1 else "differ"
    count = f"{len(wrong)} of {difference.size} {entries} {differ}"
    lines = [f"{name}: {count} by more than {tolerance:.0e}"]
    order = np.argsort([-np.nan_to_num(difference[tuple(index)], nan=np.inf) for index in wrong], kind="stable")
    for index in (tuple(map(int, wrong[i])) for i in order[:SHOWN]):
        shown = ", ".join(f"{key} {value[index]:.10g}" for key, value in values.items())
        lines.append(f"  {label(index)}: {shown} (difference {difference[index]:.1e})")
    if len(wrong) > SHOWN:
        lines.append(f"  and {len(wrong) - SHOWN} more")
    return "\n".join(lines)
