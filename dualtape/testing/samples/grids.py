"""Samples of the operations of ops/grids.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.testing.sample import Sample
from dualtape.testing.samples.shaping import M, V, X, Z, square

SAMPLES: list[Sample] = []
A = np.array([0.5, 2.0, 1.25])
B = np.array([3.0, 0.75, 8.0])
C = A * (1 + 0.5j)


def add(operation: str, function: Callable[..., Any], *args: Any, label: str = "", analytic: bool = True) -> None:
    SAMPLES.append(Sample(operation, lambda *xs: square(function(*xs)), args, label, analytic=analytic))


for _indexing in ("xy", "ij"):
    for _sparse in (False, True):
        _label = f"{_indexing}, sparse {_sparse}"
        add("meshgrid", lambda *xs, i=_indexing, s=_sparse: np.meshgrid(*xs, indexing=i, sparse=s), V, A, label=_label)
        add(
            "meshgrid",
            lambda *xs, i=_indexing, s=_sparse: np.meshgrid(*xs, [1.0, 2.0], indexing=i, sparse=s, copy=False),
            Z[0, 0],
            A,
            label=f"three, complex, no copy, {_label}",
        )
add("meshgrid", np.meshgrid, V, label="one")
add("meshgrid", lambda x: np.meshgrid(x, 2.0), M.T, label="2-d and a number")
add("meshgrid", np.meshgrid, V[:0], A.astype("f"), label="empty, float32")
add("ix_", np.ix_, V, A, B[:0], label="three")

for _name, _operation in (("geomspace", "geomspace"), ("logspace", "logspace")):
    _f: Any = getattr(np, _name)
    _x, _y = np.float64(0.5), np.float64(3.0)
    add(_operation, lambda x, y, f=_f: f(x, y, 5), _x, _y, label="numbers", analytic=False)
    add(_operation, lambda x, y, f=_f: f(x, y, 4, False), A, B, label="arrays, no end point", analytic=False)
    add(_operation, lambda x, y, f=_f: f(x, y, 3, axis=-1), A, B, label="last axis", analytic=False)
    add(_operation, lambda x, y, f=_f: f(x, y, 3, axis=1), A[:2, None], B, label="broadcast", analytic=False)
    add(_operation, lambda y, f=_f: f(2, y, 3), A, label="an integer and an array", analytic=False)
    add(_operation, lambda x, f=_f: f(x, 2.5, 1), A, label="one number", analytic=False)
    add(_operation, lambda x, f=_f: f(x, 2.5, 0), A, label="none", analytic=False)
    add(_operation, lambda x, y, f=_f: f(x, y, 4), A[:0], B[:0], label="empty", analytic=False)
    add(_operation, lambda x, y, f=_f: f(x, y, 4), A.astype("f"), B.astype("f"), label="float32", analytic=False)
    add(_operation, lambda x, y, f=_f: f(x, y, 4), C, C[::-1], label="complex", analytic=False)
    add(_operation, lambda x, y, f=_f: f(x, y, 4, dtype="D"), A, B, label="dtype", analytic=False)
add("geomspace", lambda x, y: np.geomspace(x, y, 4), -A, -B, label="negative", analytic=False)
add("logspace", lambda x, b: np.logspace(x, 2.0, 4, base=b), A, np.float64(2.0), label="base", analytic=False)
add("logspace", lambda x, b: np.logspace(0.5, x, 4, base=b), np.float64(1.5), B, label="bases", analytic=False)
add(
    "logspace",
    lambda x, b: np.logspace(x, 1.0, 3, base=b, axis=-1),
    X[0, :2, :3],
    B,
    label="bases, last axis",
    analytic=False,
)
