"""Samples of the operations of ops/indexing.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.testing.sample import Sample
from dualtape.testing.samples.shaping import READ_ONLY, M, V, X, Z, square

SAMPLES: list[Sample] = []
F32 = M.astype(np.float32)
CLIPPING: tuple[Any, ...] = ("wrap", "clip")


def add(operation: str, function: Callable[..., Any], *args: Any, label: str = "") -> None:
    SAMPLES.append(Sample(operation, lambda *xs: square(function(*xs)), args, label, analytic=True))


for _label, _key in {
    "an integer": 1, "negative": -2, "integers": (1, 2, 3), "NumPy's integer": np.int64(1), "a slice": slice(1, None),
    "steps backwards": slice(None, None, -2), "an empty slice": slice(2, 1), "slices": (slice(1), ..., slice(0, 4, 2)),
    "ellipsis": ..., "no key": (), "new axes": (None, 1, None, ..., None), "integer and slice": (-1, slice(1, 3)),
    "a list": [1, 0, 1], "an array": np.array([[1, 0], [0, -1]]), "an empty list": [], "0-d array": np.array(1),
    "adjacent arrays": (slice(None), [0, 2, 2], [1, -1, 1]), "broadcast arrays": ([[0], [1]], [2, 0], slice(1, 3)),
    "separated": (0, slice(None), [1, 2]), "separated by a new axis": ([1, 0], None, [2, 0]),
    "separated, repeated": ([0, 1, 0], slice(None), [1, 3, 1]), "separated, 2-d": ([[0], [1]], slice(2), [1, 3, 1]),
    "all arrays": ([0, 1, 1], [2, 2, 2], [3, 0, 0]), "a mask": M > -1.0, "a mask of an axis": np.array([False, True]),
    "a whole mask": X > 0, "a mask and an integer": (M > 0, 1) if M.shape == X.shape[:2] else (X[..., 0] > 0, 1),
    "a mask, a slice and an array": (np.array([True, False]), slice(None), [3, 0]), "true": True, "false": False,
    "an empty mask": np.zeros(2, bool), "true and separated": (0, slice(None), True, [0, 1]),
}.items():  # fmt: skip
    if _label == "a mask":
        add("getitem", lambda x, k=_key: x[k], M, label=_label)
        add("getitem", lambda x, k=_key: x.T[k.T], M, label="a mask of a transposed array")
        continue
    add("getitem", lambda x, k=_key: x[k], X, label=_label)
    add("getitem", lambda x, k=_key: x[k], Z, label=f"complex, {_label}")
    add("getitem", lambda x, k=_key: x.T[::-1].T[k], X, label=f"of a view, {_label}")
add("getitem", lambda x: x[1:][0] * x[::2][0], V, label="slices of slices")
add("getitem", lambda x: x[()], np.float64(2.0), label="0-d")
add("getitem", lambda x: x[...] * x[None][0], np.float64(2.0), label="0-d, axes")
add("getitem", lambda x: x[1:, [0]], F32, label="float32")
add("getitem", lambda x: x[:, 1], READ_ONLY, label="read-only")
add("getitem", lambda x: x[0:0], M[:0], label="empty")
add("getitem", lambda x: x[np.argmax(x)] * x[np.argsort(x)], V, label="keys that depend on the values")
add("getitem", lambda x: sum(row[0] * row for row in x), M, label="iterated")
add("getitem", lambda x: np.stack(list(x.flat)) * x.flat[5] * x.flat[::-1], M, label="flat")

for _axis, _n in ((None, 24), (0, 2), (1, 3), (-1, 4)):
    for _label, _indices in {
        "an integer": 1,
        "repeated": [1, 0, 1],
        "2-d": [[0, -1], [1, 1]],
        "empty": np.zeros(0, int),
    }.items():
        add("take", lambda x, i=_indices, a=_axis: np.take(x, i, a), X, label=f"{_label}, axis {_axis}")
        add("take", lambda x, i=_indices, a=_axis: x.take(i, axis=a), Z, label=f"complex, {_label}, axis {_axis}")
    for _mode in CLIPPING:
        add(
            "take",
            lambda x, n=_n, a=_axis, m=_mode: np.take(x, [-n - 1, n + 1], a, mode=m),
            X,
            label=f"{_mode}, axis {_axis}",
        )
add("take", lambda x: np.take(x, [0, 0]), np.float64(2.0), label="0-d")
add("take", lambda x: np.take(x, [[1], [0]], 0), F32, label="float32")
add("take", lambda x: np.take(x.T, [1, 0], 0), READ_ONLY, label="not contiguous")
add("take", lambda x: np.take(x, [[3, 9]], 1, mode="clip"), M[:0], label="empty")
add("take", lambda x: np.compress([True, False, True], x, axis=1), M.T, label="compress")
add("take", lambda x: x.compress([0, 1, 1]), M, label="compress, method, flat")
add("take", lambda x: np.extract(np.array(M) > 0, x), M, label="extract")

ROWS = np.array([[1, 0, 0, 2], [2, 2, 1, 0]])
for _label, _x, _indices, _axis in (
    ("axis 0", M, ROWS, 0), ("axis 1", M, ROWS[:, :1] % 2, 0), ("last axis", M, np.array([[0, -1]] * 3), -1),
    ("broadcast", M, np.array([[1, 1, 3]]), 1), ("flat", M, np.array([3, 0, 3]), None),
    ("3-d", X, ROWS[:, None] % 2, 0),
    ("complex", Z, np.argsort(X.real, 2), 2), ("float32", F32, np.argsort(F32, 1), 1),
    ("empty", M, np.zeros((3, 0), int), 1),
):  # fmt: skip
    add("take_along_axis", lambda x, i=_indices, a=_axis: np.take_along_axis(x, i, a), _x, label=_label)


def writing(write: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that writes into a copy of its first argument, and gives what that has become."""

    def function(x: Any, *values: Any) -> Any:
        x = x * 2.0
        write(x, *values)
        return x * x[(0,) * x.ndim]

    return function


for _label, _write, _args in (
    ("put", lambda x, v: np.put(x, [1, -1, 1], v), (M, V[:3])),
    ("put, repeating the values", lambda x, v: x.put([[0, 2], [5, 7]], v, mode="clip"), (M, V[:3])),
    ("put, one value", lambda x, v: np.put(x, 2, v), (V, np.float64(3.0))),
    ("put, complex", lambda x, v: np.put(x, [1, 2], v, "wrap"), (Z[0, 0], V)),
    ("place", lambda x, v: np.place(x, np.array(M) > 0, v), (M, V[:2])),
    ("putmask", lambda x, v: np.putmask(x, np.array(M) > 0, v), (M, V[:2])),
    ("put_along_axis", lambda x, v: np.put_along_axis(x, ROWS[:1] % 3, v, 0), (M, V)),
    ("fill_diagonal", np.fill_diagonal, (M, np.float64(2.0))),
    ("fill_diagonal, wrapped", lambda x, v: np.fill_diagonal(x, v, wrap=True), (np.concatenate([M, M]), V)),
    ("copyto", np.copyto, (M, V)),
    ("copyto where", lambda x, v: np.copyto(x, v, where=np.array(M) > 0), (M, V)),
    ("copyto of a number", lambda x: np.copyto(x, 3.0, where=[True, False, True, False]), (M,)),
    ("fill", lambda x, v: x[1].fill(v), (M, np.float64(2.0))),
    ("flat", lambda x, v: x.flat.__setitem__(slice(1, 9, 2), v), (M, V[:3])),
    ("one entry of flat", lambda x, v: x.flat.__setitem__(5, v), (M, np.float64(2.0))),
    ("all of flat", lambda x, v: setattr(x, "flat", v), (M, V)),
    ("sort", lambda x: x.sort(), (M,)),
    ("sort of a column", lambda x: x[:, 1].sort(), (M,)),
    ("partition", lambda x: x.partition(1, axis=0), (M,)),
    ("float32", lambda x, v: np.put(x, [0, 1], v), (F32, V[:2].astype("f"))),
):  # fmt: skip
    _analytic = "copyto" not in _label and "float32" not in _label
    SAMPLES.append(Sample("getitem", writing(_write), _args, _label, analytic=False if "sort" in _label else _analytic))
