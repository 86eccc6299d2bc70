"""Samples of the operations of ops/sets.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.testing.samples.reduction import Samples, data

__all__ = ["SAMPLES"]

SAMPLES = Samples()
_function: Any

X, Y = data(5), data(2, 3, shift=1.0)
TIES = np.array([2.0, 1.0, 2.0, 0.0, 1.0])
WEIGHTS = np.array([1.0, 10.0, 100.0])
FIRST = np.array([100.0, 10.0, 0.0, 1.0, 0.0])

for _label, _x in {
    "1-d": X, "2-d": Y, "transposed": Y.T, "float32": X.astype("f"), "complex": data(4, dtype=complex),
    "0-d": np.float64(1.5), "strided": data(9)[::-2],
}.items():  # fmt: skip
    SAMPLES.add("unique", np.unique, _x, label=_label)
    SAMPLES.add("unique", lambda x: np.unique(x, True, True, True), _x, label=f"{_label}, all results")
    SAMPLES.add(
        "unique_values", lambda x: np.sort(np.unique_values(x)), _x, label=_label
    )  # NumPy gives them in any order
    for _function in (np.unique_all, np.unique_counts, np.unique_inverse):
        SAMPLES.add(_function.__name__, _function, _x, label=_label)
SAMPLES.add("unique", np.unique, X[:0], label="empty", kink=True)
SAMPLES.add("unique", lambda x: np.unique(x) * WEIGHTS, TIES, label="ties", kink=True, expected=(FIRST,))
SAMPLES.add(
    "unique_inverse", lambda x: np.unique_inverse(x).values * WEIGHTS, TIES, label="ties", kink=True, expected=(FIRST,)
)
SAMPLES.add("unique", lambda x: np.unique(x, axis=0), data(3, 2), label="axis 0")
SAMPLES.add("unique", lambda x: np.unique(x, axis=1, return_inverse=True), data(3, 4), label="axis 1")
SAMPLES.add("unique", lambda x: np.unique(x, axis=0), data(3), label="axis 0, 1-d")
SAMPLES.add("unique", lambda x: np.unique(x[[1, 0, 1]], axis=0) * [[1.0], [2.0]], data(2, 2), label="rows", kink=True)
HOLES = np.array([np.nan, 1.0, np.nan])
SAMPLES.add("unique", np.unique, HOLES, label="nan", kink=True, expected=([1.0, 1.0, 0.0],))
SAMPLES.add(
    "unique", lambda x: np.unique(x, equal_nan=False), HOLES, label="nan differ", kink=True, expected=([1.0, 1.0, 1.0],)
)

OTHERS = np.concatenate([X[1:3], [0.25, 0.5]])
SAMPLES.add("union1d", np.union1d, X, Y, label="of two")
SAMPLES.add("union1d", lambda x: np.union1d(x, [9, 8]), X, label="with a list")
SAMPLES.add(
    "intersect1d", lambda x: np.intersect1d(x, OTHERS), X, label="values", kink=True, expected=([0, 1, 1, 0, 0],)
)
SAMPLES.add(
    "intersect1d", lambda x: np.intersect1d(x, OTHERS, return_indices=True), X, label="indices", kink=True,
    expected=([0, 1, 1, 0, 0],),
)  # fmt: skip
SAMPLES.add("intersect1d", lambda x: np.intersect1d(x, OTHERS, True), X, label="unique", kink=True)
SAMPLES.add(
    "intersect1d", lambda x: np.intersect1d(OTHERS, x), X, label="second", kink=True, expected=([0, 1, 1, 0, 0],)
)
SAMPLES.add("setdiff1d", lambda x: np.setdiff1d(x, OTHERS), X, label="values", kink=True, expected=([1, 0, 0, 1, 1],))
SAMPLES.add("setdiff1d", lambda x: np.setdiff1d(x, [7.0], assume_unique=True), X, label="in their order")
SAMPLES.add("setxor1d", np.setxor1d, X, X[:0], label="with nothing", kink=True)
SAMPLES.add("setxor1d", np.setxor1d, X, Y, label="all differ")
SAMPLES.add("setxor1d", lambda x: np.setxor1d(x, OTHERS), X, label="some", kink=True, expected=([1, 0, 0, 1, 1],))

for _label, _x in {
    "1-d": X, "2-d": Y, "complex": data(4, dtype=complex), "complex64": data(2, 3, dtype=np.complex64).T,
    "float32": X.astype("f"),
}.items():  # fmt: skip
    SAMPLES.add("sort_complex", np.sort_complex, _x, label=_label)

PADDED = np.array([0.0, 0.0, 1.5, 0.0, -0.5, 0.0])
KEPT = np.array([0.0, 0.0, 1.0, 1.0, 1.0, 0.0])
SAMPLES.add("trim_zeros", np.trim_zeros, X, label="none")
SAMPLES.add("trim_zeros", np.trim_zeros, PADDED, label="both", kink=True, expected=(KEPT,))
SAMPLES.add(
    "trim_zeros", lambda x: np.trim_zeros(x, "f"), PADDED, label="front", kink=True, expected=([0, 0, 1, 1, 1, 1],)
)
SAMPLES.add(
    "trim_zeros", lambda x: np.trim_zeros(x, "b"), PADDED, label="back", kink=True, expected=([1, 1, 1, 1, 1, 0],)
)
SAMPLES.add(
    "trim_zeros", np.trim_zeros, np.outer(PADDED, PADDED), label="2-d", kink=True, expected=(np.outer(KEPT, KEPT),)
)
SAMPLES.add("trim_zeros", np.trim_zeros, np.zeros(3), label="only zeros", kink=True, expected=(np.zeros(3),))
