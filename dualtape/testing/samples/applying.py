"""Samples of the operations of ops/applying.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.testing.sample import Sample
from dualtape.testing.samples.shaping import M, V, X, Z, square

SAMPLES: list[Sample] = []


def add(operation: str, function: Callable[..., Any], *args: Any, label: str = "", analytic: bool = True) -> None:
    SAMPLES.append(Sample(operation, lambda *xs: square(function(*xs)), args, label, analytic=analytic))


LINES: dict[str, Any] = {
    "to a number": lambda v: np.sum(v * v),
    "to a line": lambda v: v * v[0],
    "to a matrix": np.diag,
    "to pairs": lambda v: np.stack([v[0], v[1] * 2.0]),
}
total: Any = np.sum  # a function of one array: checkers choose none of its overloads
for _label, _f in LINES.items():
    for _axis in (0, 1, -1):
        add("apply_along_axis", lambda x, f=_f, a=_axis: np.apply_along_axis(f, a, x), M, label=f"{_label}, {_axis}")
    add("apply_along_axis", lambda x, f=_f: np.apply_along_axis(f, 1, x), Z[:, :, :3], label=f"complex, {_label}")
add("apply_along_axis", lambda x: np.apply_along_axis(total, 0, x), V, label="1-d")
add(
    "apply_along_axis",
    lambda x: np.apply_along_axis(lambda v, a, b: v * a + b, 0, x, 2.0, b=x[0, 0]),
    M,
    label="arguments",
)
add("apply_along_axis", lambda x: np.apply_along_axis(total, 0, x), M.astype("f"), label="float32")

for _axes in (0, [0], (0, -1), [2, 0]):
    add("apply_over_axes", lambda x, a=_axes: np.apply_over_axes(np.sum, x, a), X, label=f"{_axes}")
add("apply_over_axes", lambda x: np.apply_over_axes(np.cumsum, x, [0, 1]), M, label="of the same shape")
add("apply_over_axes", lambda x: np.apply_over_axes(np.sum, x, 1), Z, label="complex")

P = np.array([[-0.7, 0.4, 1.5], [2.2, -1.3, 0.6]])
for _label, _x in {"1-d": P[0], "2-d": P, "float32": P.astype("f"), "empty": V[:0]}.items():
    add(
        "piecewise",
        lambda x: np.piecewise(x, [x < 0, x > 1], [lambda v: v * v, 3.0, lambda v: np.exp(v) * v]),
        _x,
        label=_label,
        analytic=False,
    )
add("piecewise", lambda x: np.piecewise(x, x > 0, [np.sin, np.cos]), V, label="one condition", analytic=False)
add("piecewise", lambda x: np.piecewise(x, [x > 0], [x[1], 0.0]), V, label="a traced value", analytic=False)
add("piecewise", lambda x: np.piecewise(x, [x > 0], [np.sin]), np.array(0.5), label="0-d", analytic=False)
add(
    "piecewise",
    lambda x: np.piecewise(x, [x.real > 0], [lambda v, a, b: v * a + b], 2.0, b=1j),
    P * (1 + 1j),
    label="complex",
)
