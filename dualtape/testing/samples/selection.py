"""Samples of the operations of ops/selection.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.testing.sample import Sample
from dualtape.testing.samples.shaping import READ_ONLY, M, V, X, Z, square

SAMPLES: list[Sample] = []
F32 = M.astype(np.float32)
MASK = np.array(M) > 0
N: Any = np.cos(np.arange(12.0)).reshape(3, 4)


def add(operation: str, function: Callable[..., Any], *args: Any, label: str = "", analytic: bool = True) -> None:
    SAMPLES.append(Sample(operation, lambda *xs: square(function(*xs)), args, label, analytic=analytic))


WHERE: tuple[tuple[str, Any, Any], ...] = (
    ("2-d", MASK, (M, N)), ("broadcast", MASK[:1], (V, N[:, :1])), ("condition of a higher rank", MASK, (V, V[::-1])),
    ("0-d", True, (np.float64(1.0), np.float64(2.0))), ("0-d and 1-d", False, (np.float64(1.0), V)),
    ("integers", [1, 0, 2, 0], (V, N)), ("complex", MASK, (Z[0], M)), ("complex second", MASK, (M, Z[1])),
    ("float32", MASK, (F32, F32[:1])), ("empty", MASK[:0], (M[:0], np.float64(2.0))),
    ("read-only", MASK[:2, :3], (READ_ONLY, V[:3])),
    ("not contiguous", MASK, (N.T.copy().T, M[::-1])),
)  # fmt: skip
for _label, _condition, _args in WHERE:
    add("where", lambda x, y, c=_condition: np.where(c, x, y), *_args, label=_label)
add("where", lambda x: np.where(x > 0, x, 0.0), N, label="a number, a condition of the values", analytic=False)
add("where", lambda x: np.where(x > 0, 1, x), N.astype("f"), label="an integer, float32", analytic=False)
add("where", lambda x: np.where([x[0] > 0, True], 2.0, x[:2]), V, label="a list")

SELECT: tuple[tuple[str, Any, Any], ...] = (
    ("two", lambda x, y: np.select([x > 1, x < -1], [x, y]), (M, N)),
    ("a default", lambda x, y: np.select([MASK, N > 0], [x, 2.0], y), (M, V)),
    ("one wins twice", lambda x, y: np.select([MASK, MASK, ~MASK], [x, y, y * x], default=-1), (M, N)),
    ("0-d", lambda x: np.select([x > 0], [x], 1.0), (np.float64(2.0),)),
    ("float32", lambda x: np.select([MASK], [x]), (F32,)),
    ("complex", lambda x, y: np.select([MASK], [x], y), (M, Z[0])),
    ("higher rank", lambda x, y: np.select([MASK], [x], y), (V, np.float64(2.0))),
    ("empty", lambda x: np.select([MASK[:0]], [x]), (M[:0],)),
)  # fmt: skip
for _label, _function, _args in SELECT:
    add("select", _function, *_args, label=_label, analytic=False)
CHOOSE: tuple[tuple[str, Any, Any], ...] = (
    ("2-d", MASK.astype(int), (M, N)), ("broadcast", [2, 0, 1, 0], (V, N[:, :1], np.float64(2.0))), ("0-d", 1, (M, N)),
    ("complex", MASK.astype(int), (Z[0], M)), ("float32", [[0], [1], [0]], (F32, F32)),
    ("empty", MASK[:0] + 0, (M[:0], V)),
)  # fmt: skip
for _label, _which, _args in CHOOSE:
    add("choose", lambda *xs, w=_which: np.choose(w, xs), *_args, label=_label)
for _mode in ("wrap", "clip"):
    add("choose", lambda *xs, m=_mode: np.choose([-1, 0, 2, 5], xs, mode=m), V, N[0], label=_mode)
add("choose", lambda x: np.choose([2, 0, 1, 1], x), N, label="of one array")

CLIP: dict[str, Any] = {
    "2-d": (M, np.float64(-0.4), np.float64(1.3)), "bounds that broadcast": (M, N[:, :1] - 1, V + 4),
    "0-d": (np.float64(3.0), np.float64(0.0), np.float64(1.0)),
    "crossed bounds": (M, np.float64(1.0), np.float64(0.5)), "float32": (F32, np.float32(0.1), V.astype("f") + 4),
    "empty": (M[:0], V, V + 1),
    "read-only": (READ_ONLY, np.float64(0.0), np.float64(1.75)),
    "not contiguous": (X.T, np.float64(-1.0), np.float64(1.0)),
}  # fmt: skip
for _label, _args in CLIP.items():
    add("clip", np.clip, *_args, label=_label, analytic=False)
    add("clip", lambda x, low, high: x.clip(low, max=high), *_args, label=f"method, {_label}", analytic=False)
add("clip", lambda x: np.clip(x, -1, 1), F32, label="integers, float32", analytic=False)
add("clip", lambda x: np.clip(x, min=-0.5, max=0.7), V, label="keywords", analytic=False)
add(
    "clip",
    lambda x, y: np.array([-1.0, 3.0]).clip(x, y),
    np.float64(0.0),
    np.float64(2.0),
    label="of a plain array",
    analytic=False,
)
add("clip", np.clip, Z[0], np.complex128(-0.5 + 1j), np.complex128(1.0), label="complex", analytic=False)
add("maximum", lambda x, y: np.clip(x, y, None), M, V - 1, label="clip, no upper bound", analytic=False)
add("minimum", lambda x: x.clip(max=0.5), M, label="clip, no lower bound", analytic=False)
add("positive", np.clip, M, label="clip, no bounds", analytic=False)
TIES: tuple[tuple[str, Any, Any], ...] = (
    ("at the lower bound", (1.0, 1.0, 2.0), (0.5, 0.5, 0.0)), ("at the upper bound", (2.0, 1.0, 2.0), (0.5, 0.0, 0.5)),
    ("at both", (1.0, 1.0, 1.0), (0.25, 0.25, 0.5)), ("bounds that meet", (0.0, 1.0, 1.0), (0.0, 0.5, 0.5)),
)  # fmt: skip
for _label, _args, _expected in TIES:
    SAMPLES.append(Sample("clip", np.clip, tuple(map(np.float64, _args)), _label, kink=True, expected=_expected))

KINDS: tuple[Any, ...] = (None, "stable", "heapsort")
UNORDERED: Any = np.sin(np.arange(24.0) * 7).reshape(2, 3, 4)
for _axis in (0, 1, -1, None):
    for _kind in KINDS:
        add(
            "sort",
            lambda x, a=_axis, k=_kind: np.sort(x, a, k),
            UNORDERED,
            label=f"{_kind}, axis {_axis}",
            analytic=False,
        )
    for _kth in (1, -1, (0, 1)):
        add(
            "partition",
            lambda x, a=_axis, k=_kth: np.partition(x, k, a),
            UNORDERED,
            label=f"{_kth}, axis {_axis}",
            analytic=False,
        )
for _label, _x in {
    "float32": UNORDERED[0].astype("f"),
    "complex": UNORDERED[0] + 1j * N, "empty": M[:, :0], "1-d": UNORDERED[0, 0], "not contiguous": UNORDERED.T,
}.items():  # fmt: skip
    add("sort", lambda x: np.sort(x, stable=True), _x, label=_label, analytic=False)
    if _x.size:
        add("partition", lambda x: np.partition(x, 1), _x, label=_label, analytic=False)
SAMPLES.append(
    Sample(
        "sort",
        lambda x: np.sort(x) * [1.0, 2.0, 3.0],
        (np.array([5.0, 5.0, 1.0]),),
        "equal entries keep their order",
        kink=True,
        expected=([2.0, 3.0, 1.0],),
    )
)
