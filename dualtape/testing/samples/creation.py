"""Samples of the operations of ops/creation.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.ops.creation import full, zeros
from dualtape.testing.sample import Sample
from dualtape.testing.samples.shaping import M, V, Z, square

SAMPLES: list[Sample] = []
A, B = np.float64(1.25), np.float64(-0.5)
LINSPACE: list[dict[str, Any]] = [
    {"num": 5}, {"num": 5, "axis": -1}, {"num": 3, "endpoint": False}, {"num": 1}, {"num": 0},
    {"num": 4, "dtype": np.complex64},
]  # fmt: skip


def add(operation: str, function: Callable[..., Any], *args: Any, label: str = "", analytic: bool = False) -> None:
    SAMPLES.append(Sample(operation, lambda *xs: square(function(*xs)), args, label, analytic=analytic))


for _label, _args in {
    "0-d": (A, B), "1-d": (V, V[::-1] + 1), "broadcast": (M, V), "0-d and 2-d": (A, M),
    "complex": (Z[0], np.complex128(1j)),
    "float32": (V.astype("f"), np.float32(2.0)), "empty": (V[:0], A),
}.items():  # fmt: skip
    for _settings in LINSPACE:
        add(
            "linspace",
            lambda x, y, s=_settings: np.linspace(x, y, **s),
            *_args,
            label=f"{_label}, {_settings}",
        )
add("linspace", lambda x, y: np.linspace(x, y, 4, retstep=True), V, A, label="with the step")
add("linspace", lambda x, y: np.linspace(x, y, 4, axis=1), M, V, label="axis 1")
add("linspace", lambda x: np.linspace(x, 2, 4), A, label="to a number")


def filled(x: Any, y: Any) -> Any:
    out = zeros(3)
    out[1] = x
    out[:2] += y
    return out * out


add("stack", lambda x, y: np.array([x, -np.sin(y), 2.0]) * x, A, B, label="np.array of a list")
add("stack", lambda x, y: y + np.array([[x, y], [y, x * y]]), A, B, label="np.array, 2-d")
add("stack", lambda x: np.asarray(x) * x, M, label="np.asarray")
add("stack", lambda x, y: np.r_[x, y, 1.0, x] * y[0], V, V[:2], label="np.r_")
add("stack", lambda x, y: np.c_[x, y] * y[0], V, V, label="np.c_")
add("stack", lambda x, y: np.append([x], y) * x, A, V, label="np.append")
add("stack", lambda x, y: np.sum([x, y, 2.0]) * x, A, B, label="np.sum of a list")
add("stack", lambda x, y: np.prod([x, y]) * x, A, B, label="np.prod of a list")
add("stack", lambda x, y: np.dot([x, y], [y, 2.0]) * x, A, B, label="np.dot of lists")
add("stack", lambda x, y: np.linalg.norm([x, y]) * x, A, B, label="np.linalg.norm of a list")
add("stack", lambda x, y: np.exp(np.array([x, y])) * x, A, B, label="np.exp of an object array")
add("stack", lambda x: np.conjugate(np.array([x, x * 1j])) * x, np.complex128(1 + 2j), label="complex")
add("stack", lambda x: np.full(3, x) * x, A, label="np.full")
add("stack", lambda x: np.array([x[0], x[1] * x[0]], np.float32, like=x) * x, V[:2].astype("f"), label="float32, like=")
add("stack", lambda x: np.asarray([[x[0], 2.0]], like=x), V, label="np.asarray of a list, like=")
add("getitem", lambda x: np.array(x, like=x, ndmin=3), M, label="np.array, like=")
add("getitem", lambda x: np.full((2, 4), x, like=x), V, label="np.full, like=")
add("stack", lambda x: np.fromfunction(lambda i, j: i * x[0] + j, (2, 3), like=x), V, label="np.fromfunction, like=")
add("stack", lambda x: np.fromiter((x[0] * i for i in range(3)), float, like=x), V, label="np.fromiter, like=")
add("getitem", lambda x: np.full_like(x, x[0]), V, label="np.full_like")
add("getitem", lambda x: full((2, 4), x), V, label="dualtape.full")
add("getitem", lambda x: np.array(x.tolist(), like=x) * x, M, label="tolist")
SAMPLES.append(Sample("getitem", filled, (A, B), "dualtape.zeros"))


def emptied(x: Any) -> Any:
    """Fill an array without defined content."""
    filled = np.empty_like(x)
    filled[...] = x * x
    return filled


add("getitem", emptied, V, label="np.empty_like")
add("linspace", lambda x: np.linspace(x, 3, 4) * np.linspace(0.5, x, 4), np.float32(1.5), label="float32, numbers")
