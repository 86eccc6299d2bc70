"""The table that the cross-check ends with: operation, samples, largest differences; and the worst cases.

A test calls the fixture `record_difference(operation, label, **differences)` once for each sample that it tried. The
rows travel with the test reports, so that they arrive from parallel workers too.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest

PROPERTY = "crosscheck"


@pytest.fixture
def record_difference(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Put a sample into the table, with the largest difference in each comparison."""

    def record(operation: str, label: str = "", **differences: float) -> None:
        record_property(PROPERTY, [operation, label, {name: float(value) for name, value in differences.items()}])

    return record


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    rows = [value for report in reports for name, value in report.user_properties if name == PROPERTY]
    if rows:
        terminalreporter.section("cross-check: largest differences")
        for line in (*table(rows), *worst_cases(rows)):
            terminalreporter.line(line)


def table(rows: Iterable[Any]) -> list[str]:
    """One line for each operation, under a head."""
    samples: dict[str, int] = defaultdict(int)
    largest: dict[str, dict[str, float]] = defaultdict(dict)
    columns: dict[str, None] = {}
    for operation, _, differences in rows:
        samples[operation] += 1
        for column, difference in differences.items():
            columns[column] = None
            # Unlike `max`, it lets no NaN vanish.
            largest[operation][column] = float(np.maximum(largest[operation].get(column, 0.0), difference))
    width = max(len("operation"), *map(len, samples))
    lines = [f"{'operation':{width}}  samples" + "".join(f"  {name.replace('_', ' '):>20}" for name in columns)]
    for operation in sorted(samples):
        cells = (f"{largest[operation][name]:.1e}" if name in largest[operation] else "-" for name in columns)
        lines.append(f"{operation:{width}}  {samples[operation]:7}" + "".join(f"  {cell:>20}" for cell in cells))
    lines.append(f"{len(samples)} operations, {sum(samples.values())} samples")
    return lines


def worst_cases(rows: Iterable[Any]) -> list[str]:
    """For each column, the sample with the largest difference."""
    worst: dict[str, tuple[float, str]] = {}
    for operation, label, differences in rows:
        for column, difference in differences.items():
            # Written so that a NaN is the worst of all.
            if column not in worst or not difference <= worst[column][0]:
                worst[column] = (difference, f"{operation} ({label})")
    width = max(map(len, worst), default=0)
    return ["worst cases:"] + [
        f"{column.replace('_', ' '):{width}}  {difference:.1e}  {sample}"
        for column, (difference, sample) in worst.items()
    ]
