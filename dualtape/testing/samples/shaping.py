"""Samples of the operations of ops/shaping.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.testing.sample import Sample

SAMPLES: list[Sample] = []

X: Any = np.linspace(-1.5, 2.0, 24).reshape(2, 3, 4) ** 3
M = X[0]
V = M[1]
Z = X + 1j * np.cos(X)
ORDERS: tuple[Any, ...] = ("C", "F", "A", "K")
READ_ONLY = np.broadcast_to(np.array([1.5, -0.5, 2.0]), (2, 3))


def add(operation: str, function: Callable[..., Any], *args: Any, label: str = "", analytic: bool = True) -> None:
    SAMPLES.append(Sample(operation, lambda *xs: square(function(*xs)), args, label, analytic=analytic))


def square(result: Any) -> Any:
    """Make a function that only moves entries one with second derivatives, or return all its results so."""
    return tuple(map(square, result)) if isinstance(result, (tuple, list)) else result * result


for _label, _args in {
    "3-d to 2-d": (X, (4, 6)),
    "inferred length": (X, (3, -1)),
    "an integer": (M, 12),
    "0-d to 2-d": (np.float64(1.5), (1, 1)),
    "to 0-d": (np.array([2.5]), ()),
    "empty": (np.zeros((0, 3)), (3, 0, 2)),
    "float32": (M.astype(np.float32), (2, 6)),
    "complex": (Z[0], (6, 2)),
    "read-only": (READ_ONLY, (3, 2)),
}.items():
    for _order in ORDERS[:2] if _label == "read-only" else ORDERS[:3]:
        add("reshape", lambda x, s=_args[1], o=_order: np.reshape(x, s, o), _args[0], label=f"{_label}, {_order}")
        add(
            "reshape",
            lambda x, s=_args[1], o=_order: x.T.reshape(s, order=o),
            _args[0],
            label=f"transposed, {_label}, {_order}",
        )
add("reshape", lambda x: x.reshape(4, -1), X, label="method")
add("reshape", lambda x: x.reshape((6, 4), order="F"), X, label="method, F")
add("reshape", lambda x: np.reshape(x, 4, copy=True), V, label="copy")
add("reshape", lambda x: np.expand_dims(x, (0, -1)), M, label="expand_dims")
add("reshape", lambda x: np.squeeze(np.expand_dims(x, 1), axis=1), M.T, label="squeeze")
add("reshape", lambda x: x[None, :, None].squeeze(), V, label="squeeze of all")
add("reshape", np.atleast_3d, M, label="atleast_3d")
add("reshape", np.atleast_2d, np.float64(2.0), V, label="atleast_2d of two")

for _order in ORDERS:
    add("ravel", lambda x, o=_order: np.ravel(x, o), M, label=_order)
    add("ravel", lambda x, o=_order: x.T.ravel(o), X, label=f"transposed, {_order}")
    add("ravel", lambda x, o=_order: x.transpose(1, 0, 2)[:, ::-1].ravel(o), X, label=f"not contiguous, {_order}")
    add("flatten", lambda x, o=_order: x.transpose(2, 0, 1)[1:].flatten(o), X, label=f"not contiguous, {_order}")
add("ravel", np.ravel, np.float64(2.0), label="0-d")
add("ravel", lambda x: np.ravel(x, "F"), np.zeros((2, 0)), label="empty")
add("ravel", np.ravel, Z, label="complex")
add("flatten", lambda x: x.flatten("F"), Z, label="complex")
add("flatten", lambda x: x.flatten(), M.astype(np.float32), label="float32")

for _label, _x in {"2-d": M, "0-d": np.float64(3.0), "not contiguous": X.T[::2], "complex": Z, "empty": M[:0]}.items():
    add("copy", lambda x: x.copy(), _x, label=_label)
    add("copy", lambda x: x.copy("K"), _x, label=f"{_label}, K")
    add("array_copy", np.copy, _x, label=_label)

for _axes in ((0, 1, 2), (2, 0, 1), (1, -1, 0), (-2, -3, -1)):
    add("transpose", lambda x, a=_axes: np.transpose(x, a), X, label=f"{_axes}")
    add("transpose", lambda x, a=_axes: x.transpose(*a), Z, label=f"complex, method, {_axes}")
add("transpose", np.transpose, X.astype(np.float32), label="float32")
add("transpose", np.transpose, np.float64(2.0), label="0-d")
add("transpose", lambda x: x.T, V, label="1-d, T")
add("transpose", lambda x: x.T, READ_ONLY, label="read-only, T")
add("transpose", lambda x: x.mT, Z, label="complex, mT")
add("transpose", np.matrix_transpose, np.zeros((0, 2, 3)), label="empty, matrix_transpose")
add("transpose", np.linalg.matrix_transpose, X, label="linalg.matrix_transpose")
add("transpose", lambda x: np.swapaxes(x, 0, -1), X, label="swapaxes")
add("transpose", lambda x: x.swapaxes(1, 0), M, label="swapaxes, method")
add("transpose", lambda x: np.moveaxis(x, 0, -1), X, label="moveaxis")
add("transpose", lambda x: np.moveaxis(x, [0, -1], [-1, 0]), X[:, :, ::-2], label="moveaxis of two")
for _axis, _start in ((2, 0), (0, 2), (0, 3), (-1, 1), (1, -1)):
    add("transpose", lambda x, a=_axis, s=_start: np.rollaxis(x, a, s), X, label=f"rollaxis {_axis}, {_start}")

for _label, _x, _shape in (
    ("new axis", V, (3, 4)), ("length 1", V[:, None], (4, 3)), ("both", M[:1], (2, 3, 4)), ("0-d", np.float64(2.0),
    (2, 2)),
    ("to 0-d", np.float64(2.0), ()), ("an integer", V[:1], 3), ("to empty", V[:1], (0,)), ("float32", V.astype("f"),
    (2, 4)),
    ("complex", Z[:, :1], (2, 3, 4)), ("same", M, (3, 4)), ("read-only", READ_ONLY, (2, 2, 3)),
):  # fmt: skip
    add("broadcast_to", lambda x, s=_shape: np.broadcast_to(x, s), _x, label=_label)
add("broadcast_to", lambda x, y: np.broadcast_arrays(x, y, 1.0), M[:, :1], V, label="broadcast_arrays")

for _label, _x in {
    "1-d": V,
    "3-d": X,
    "complex": Z,
    "0-d": np.float64(1.5),
    "empty": M[:0],
    "float32": M.astype("f"),
}.items():
    add("flip", np.flip, _x, label=_label)
add("flip", lambda x: np.flip(x, (0, -1)), X, label="tuple of axes")
add("flip", lambda x: np.fliplr(np.flipud(x)), M.T, label="fliplr and flipud")
for _k in (-1, 0, 1, 2, 3):
    add("rot90", lambda x, k=_k: np.rot90(x, k), M, label=f"{_k}")
    add("rot90", lambda x, k=_k: np.rot90(x, k, (-1, 0)), Z, label=f"complex, other axes, {_k}")
SHIFTS: tuple[tuple[str, Any, Any], ...] = (
    ("1", 1, None), ("axis", 2, 1), ("negative", -1, -1), ("two axes", (1, -2), (0, 2)),
    ("one shift, two axes", 3, (-1, 1)),
    ("the same axis twice", (1, 1), (1, 1)), ("0", 0, 0),
)  # fmt: skip
for _label, _shift, _axis in SHIFTS:
    add("roll", lambda x, s=_shift, a=_axis: np.roll(x, s, a), X, label=_label)
add("roll", lambda x: np.roll(x, 1, 0), Z.T, label="complex")
add("roll", lambda x: np.roll(x, 1), np.zeros(0), label="empty")
add("roll", lambda x: np.roll(x, 1), V.astype("f"), label="float32")

for _offset in (-3, -1, 0, 1, 2, 5):
    add("diagonal", lambda x, k=_offset: np.diagonal(x, k), M, label=f"offset {_offset}")
    add("diagonal", lambda x, k=_offset: x.diagonal(k, -1, 0), Z, label=f"complex, other axes, offset {_offset}")
    add("diag", lambda x, k=_offset: np.diag(x, k), V, label=f"offset {_offset}")
    add("diagonal", lambda x, k=_offset: np.diag(x, k), M.T, label=f"diag, offset {_offset}")
add("diagonal", np.diagonal, X.astype("f"), label="3-d, float32")
add("diagonal", lambda x: np.linalg.diagonal(x, offset=1), X, label="linalg")
add("diag", np.diag, np.zeros(0), label="empty")
add("diag", np.diag, Z[0, 0], label="complex")
add("diag", lambda x: np.diagflat(x, 1), M[:2, :2], label="diagflat")
add("diag", np.diagflat, np.float64(2.0), label="diagflat of 0-d")

for _label, _x, _dtype in (
    ("to float32", M, np.float32), ("to float64", M.astype("f"), np.float64), ("to complex", M, np.complex128),
    ("to complex64", M, "F"), ("0-d", np.float64(2.0), "f"), ("empty", M[:0], "f"), ("complex to complex64", Z, "F"),
    ("not contiguous", X.T, "d"),
):  # fmt: skip
    add("astype", lambda x, d=_dtype: x.astype(d), _x, label=_label, analytic=False)
add("astype", lambda x: np.astype(x, np.float64), V, label="function", analytic=False)
add("astype", lambda x: x.astype(float, copy=False) * x.astype("D", "F"), V, label="no copy", analytic=False)

for _label, _z in {
    "2-d": Z[0],
    "0-d": np.complex128(1 + 2j),
    "empty": Z[:0],
    "complex64": Z.astype("F"),
    "view": Z.T,
}.items():
    for _operation, _function in (("real", np.real), ("imag", np.imag)):
        SAMPLES.append(Sample(_operation, lambda x, f=_function: square(f(x)), (_z,), _label))
        SAMPLES.append(Sample(_operation, lambda x, n=_operation: square(getattr(x, n)), (_z,), f"{_label}, attribute"))
add("real", np.real, M, label="of real numbers", analytic=False)
SAMPLES.append(Sample("imag", lambda x: np.imag(x) * x, (M,), "of real numbers"))
