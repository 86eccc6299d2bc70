"""Samples of the operations of ops/editing.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.testing.sample import Sample
from dualtape.testing.samples.shaping import READ_ONLY, M, V, X, Z, square

SAMPLES: list[Sample] = []
F32 = M.astype(np.float32)


def add(operation: str, function: Callable[..., Any], *args: Any, label: str = "") -> None:
    SAMPLES.append(Sample(operation, lambda *xs: square(function(*xs)), args, label, analytic=True))


WHAT: dict[str, Any] = {
    "an integer": 1, "negative": -1, "a list": [0, 2], "repeated": [1, 1], "a slice": slice(1, 3),
    "steps": slice(None, None, 2), "backwards": slice(None, None, -1), "a mask": [True, False, False], "nothing": [],
    "the first ones": slice(2),
}  # fmt: skip
for _label, _obj in WHAT.items():
    add("delete", lambda x, o=_obj: np.delete(x, o, 0), M, label=_label)
    add("delete", lambda x, o=_obj: np.delete(x, o, axis=-1), Z.swapaxes(1, 2), label=f"complex, {_label}")
add("delete", lambda x: np.delete(x, [1, 5]), M, label="flat")
add("delete", lambda x: np.delete(x, 2), F32.T, label="flat, float32, not contiguous")
add("delete", lambda x: np.delete(x, [], 1), M[:0], label="empty")
add("delete", lambda x: np.delete(x, 0), READ_ONLY, label="read-only")

for _label, _x, _obj, _values, _axis in (
    ("one value", V, 1, np.float64(5.0), None), ("flat", M, [2, 5], V[:2], None), ("a row", M, 1, V, 0),
    ("columns", M, [0, 2], M[:, :2], 1), ("one column", M, 1, V[:3], 1), ("a column of one value", M, -1, V[:1], -1),
    ("several at one place", V, 1, V[:3], 0), ("at the end", V, 4, np.float64(2.0), 0),
    ("repeated", V, [1, 1, 3], V[:3], None), ("slice", V, slice(1, 3), V[:2], 0), ("complex", Z[0], 1, Z[0, 0], 0),
    ("real into complex", Z[0], 1, V, 0), ("float32", F32, 0, F32[0], 0), ("not contiguous", X.T, 1, X[:, 0].T, 1),
    ("into an empty array", M[:0], 0, V, 0), ("nothing", V, [], V[:0], None),
):  # fmt: skip
    add("insert", lambda x, v, o=_obj, a=_axis: np.insert(x, o, v, a), _x, _values, label=_label)
SAMPLES.append(Sample("insert", lambda v: np.insert([1.0, 2.0], [0, 2], v * v), (V[:2],), "into a list"))
add("insert", lambda x: np.insert(x, 1, [7.0, x[0]]), V, label="a list")

for _shape in (3, (2, 5), (7, 1, 3), (), (0, 2), (24,)):
    add("resize", lambda x, s=_shape: np.resize(x, s), M, label=f"{_shape}")
add("resize", lambda x: np.resize(x, (3, 5)), Z[0].T, label="complex, not contiguous")
add("resize", lambda x: np.resize(x, 3), np.float64(2.0), label="0-d")
add("resize", lambda x: np.resize(x, (2, 2)), M[:0], label="empty")
add("resize", lambda x: np.resize(x, 9), F32[0], label="float32")

for _name in ("tril", "triu"):
    _function: Any = getattr(np, _name)
    for _k in (-1, 0, 1, 5):
        add(_name, lambda x, k=_k, f=_function: f(x, k), M, label=f"{_k}")
        add(_name, lambda x, k=_k, f=_function: f(x, k=k), Z.T, label=f"complex, 3-d, {_k}")
    add(_name, _function, V, label="1-d")
    add(_name, _function, F32, label="float32")
    add(_name, _function, M[:, :0], label="empty")
    add(_name, _function, READ_ONLY, label="read-only")
