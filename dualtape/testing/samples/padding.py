"""Samples of the operations of ops/padding.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.testing.sample import Sample
from dualtape.testing.samples.shaping import READ_ONLY, M, V, X, Z, square

SAMPLES: list[Sample] = []


def add(label: str, array: Any, width: Any, mode: Any = "constant", **kwargs: Any) -> None:
    how: Any = mode  # to a checker, still what the next line asks about
    analytic = mode not in ("maximum", "minimum", "median") and not callable(mode)
    SAMPLES.append(
        Sample("pad", lambda x: square(np.pad(x, width, how, **kwargs)), (array,), f"{label}, {mode}", analytic)
    )


def edges(line: Any, widths: Any, _axis: int, settings: Any) -> None:
    """Fill a margin by products of the entries beside it."""
    left, right = widths
    if left:
        line[:left] = line[left] * line[left] * settings.get("by", 1.0)
    if right:
        line[-right:] = line[-right - 1] * 3.0


for _mode in (
    "constant", "edge", "linear_ramp", "maximum", "minimum", "mean", "median", "reflect", "symmetric", "wrap", edges,
):  # fmt: skip
    add("1-d", V, 2, _mode)
    add("2-d", M, ((1, 2), (0, 3)), _mode)
    add("float32, not contiguous", M.astype("f").T, (1, 0), _mode)
    if _mode not in ("maximum", "minimum", "median", edges):
        add("complex", Z[0], (2, 1), _mode)
for _mode in ("maximum", "minimum", "mean", "median"):
    add("stat_length", M, ((2, 1), (1, 2)), _mode, stat_length=2)
    add("stat_length for each side", M, 2, _mode, stat_length=((1, 2), (3, 2)))
    add("stat_length None", V, 1, _mode, stat_length=None)
for _mode in ("reflect", "symmetric"):
    add("odd", M, ((1, 2), (3, 1)), _mode, reflect_type="odd")
    add("odd, wider than the array", V, (9, 13), _mode, reflect_type="odd")
    add("even, wider than the array", V, (9, 13), _mode, reflect_type="even")
    add("length 1, odd", M[:1], (2, 1), _mode, reflect_type="odd")
    add("odd, complex", Z[0], (2, 3), _mode, reflect_type="odd")
    add("odd, float32", M.astype("f"), (2, 3), _mode, reflect_type="odd")
add("wider than the array", V, (9, 13), "wrap")
add("3-d", X, ((1, 0), (0, 0), (2, 1)), "wrap")
add("0-d", np.float64(2.0), 3)
add("no width", M, 0)
add("no width", M, 0, "reflect")
add("empty", M[:0], 2)
add("empty along the other axis", M[:0], ((0, 0), (1, 2)), "edge")
add("read-only", READ_ONLY, 1, "edge")
add("values", M, (2, 1), constant_values=((1.5, -2.0), (3.0, 0.5)))
add("values", M, (2, 1), "linear_ramp", end_values=((1.5, -2.0), (3.0, 0.5)))
add("one value", V, (2, 1), "linear_ramp", end_values=-1.0)
add("a setting", V, (2, 1), edges, by=0.5)
SAMPLES += [
    Sample("pad", lambda x, v: square(np.pad(x, 2, constant_values=v)), (M, np.float64(2.5)), "traced value", True),
    Sample("pad", lambda x, v: square(np.pad(x, (1, 2), constant_values=v)), (V, V[:2]), "traced values", True),
    Sample(
        "pad",
        lambda x, v: square(np.pad(x, 2, "linear_ramp", end_values=[(v[0], 1.0), (v[1], v[2])])),
        (M, V),
        "traced end values",
        True,
    ),
]
