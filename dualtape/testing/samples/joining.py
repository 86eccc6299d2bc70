"""Samples of the operations of ops/joining.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.testing.sample import Sample
from dualtape.testing.samples.shaping import READ_ONLY, M, V, X, Z, square

SAMPLES: list[Sample] = []
F32 = M.astype(np.float32)


def add(operation: str, function: Any, *args: Any, label: str = "", analytic: bool = True) -> None:
    SAMPLES.append(Sample(operation, lambda *xs: square(function(*xs)), args, label, analytic=analytic))


for _axis in (0, 1, -1, -2, None):
    add("concatenate", lambda *xs, a=_axis: np.concatenate(xs, a), M, M + 1, label=f"axis {_axis}")
    add("concatenate", lambda *xs, a=_axis: np.concatenate(xs, axis=a), Z, Z.conj(), label=f"complex, axis {_axis}")
add("concatenate", lambda x, y: np.concatenate([x, np.ones(2), y, x]), V, V[:1], label="a constant between")
add("concatenate", lambda x, y: np.concatenate([x, y], 1), M, F32[:, :2], label="float32 and float64")
add("concatenate", lambda x, y: np.concatenate([x, y], 1), F32, F32[:, ::-2], label="float32")
add("concatenate", lambda x, y: np.concatenate([x, y]), Z[0], M, label="complex and real")
add("concatenate", lambda x, y: np.concatenate([x, y]), M[:0], M[1:1], label="empty")
add("concatenate", lambda x, y: np.concatenate([x, y]), READ_ONLY, READ_ONLY[:0], label="read-only, and one empty")
add("concatenate", lambda x: np.concatenate([x, x], dtype=np.float32), V, label="dtype", analytic=False)
add("concatenate", np.concatenate, X, label="of one array")
add("concatenate", lambda x, y: np.concatenate([x, y], None), np.float64(1.0), V, label="axis None, 0-d")
for _name in ("vstack", "hstack", "dstack", "column_stack"):
    _join = getattr(np, _name)
    add("concatenate", lambda *xs, f=_join: f(xs), V, V + 1, label=f"{_name}, 1-d")
    add("concatenate", lambda *xs, f=_join: f(xs), M, M + 1, label=f"{_name}, 2-d")
    add("concatenate", lambda *xs, f=_join: f(xs), np.float64(1.0), np.float64(2.0), label=f"{_name}, 0-d")
add("concatenate", lambda x, y: np.column_stack((x, y)), M.T, V, label="column_stack, 2-d and 1-d")
add("concatenate", lambda x: np.append(x, [2.0, x[0]]), V, label="append")
add("concatenate", lambda x, y: np.append(x, y, 1), M, M[:, :1], label="append, axis")

for _axis in (0, 1, 2, -1, -3):
    add("stack", lambda *xs, a=_axis: np.stack(xs, a), M, M + 1, label=f"axis {_axis}")
    add(
        "stack",
        lambda *xs, a=_axis: np.stack([*xs, np.ones((3, 4))], a),
        Z[0],
        M.T.copy().T,
        label=f"mixed, axis {_axis}",
    )
add("stack", lambda *xs: np.stack(xs), np.float64(1.0), np.float64(2.0), label="0-d")
add("stack", lambda x: np.stack([x[0], 2.0, x[1]], -1), V, label="entries and a number")
add("stack", lambda *xs: np.stack(xs, 1), M[:0], M[:0], label="empty")
add("stack", lambda *xs: np.stack(xs), F32, F32, label="float32")
add("stack", lambda x, y: np.stack([x, y], dtype=np.float32), V, V, label="dtype", analytic=False)
add("stack", lambda x: np.stack(x, 2), X, label="of one array")

for _label, _sections in {"number": 2, "indices": [1, 3], "past the end": [1, 9], "backwards": [3, 1]}.items():
    add("split", lambda x, s=_sections: np.split(x, s), V, label=_label)
    add("split", lambda x, s=_sections: np.split(x, s, -1), Z, label=f"complex, {_label}")
add("split", lambda x: np.array_split(x, 3), V, label="array_split")
add("split", lambda x: np.array_split(x, 5, axis=-2), M, label="array_split, more parts than entries")
add("split", lambda x: [*np.hsplit(x, 2), *np.vsplit(x, 3)], M, label="hsplit, vsplit")
add("split", lambda x: [*np.dsplit(x, [1]), *np.hsplit(x[0, 0], 2)], X, label="dsplit, hsplit of 1-d")
add("split", lambda x: np.unstack(x, axis=1), X, label="unstack")

for _label, _repeats, _axis in (
    ("flat", 2, None), ("axis", 3, 1), ("negative axis", 2, -3), ("none", 0, 0), ("an array", [1, 0, 2], 1),
    ("an array of one", [2], -1),
):  # fmt: skip
    add("repeat", lambda x, r=_repeats, a=_axis: np.repeat(x, r, a), X, label=_label)
    add("repeat", lambda x, r=_repeats, a=_axis: x.repeat(r, a), Z, label=f"complex, {_label}")
add("repeat", lambda x: np.repeat(x, 3), np.float64(2.0), label="0-d")
add("repeat", lambda x: np.repeat(x, [2, 0, 1, 1]), V.astype("f"), label="float32")
add("repeat", lambda x: np.repeat(x, 3, 0), M[:0], label="empty")

for _label, _x, _reps in (
    ("1-d", V, 2), ("more axes", V, (2, 1, 3)), ("fewer axes", X, (2,)), ("2-d", M, (2, 3)), ("none", M, (0, 1)),
    ("once", M, 1), ("0-d", np.float64(2.0), 3), ("empty", M[:0], (2, 2)), ("complex", Z, (1, 2, 1)),
    ("float32", F32, (2, 1)), ("not contiguous", X.T, (1, 1, 2)), ("read-only", READ_ONLY, 2), ("no axes", V, ()),
):  # fmt: skip
    add("tile", lambda x, r=_reps: np.tile(x, r), _x, label=_label)

BLOCKS: dict[str, Any] = {
    "of two": lambda x, y: np.block([x, y]),
    "of rows": lambda x, y: np.block([[x, y], [y * 2.0, x]]),
    "of one": lambda x, y: np.block(x) + np.block([[[y]]])[0],
    "of three axes": lambda x, y: np.block([[[x, y]], [[y, x]]]),
    "with constants": lambda x, y: np.block([[x, np.ones_like(x.real)], [np.zeros_like(y.real), y]]),
}
for _label, _f in BLOCKS.items():
    add("block", _f, M, M + 1, label=_label)
    add("block", _f, Z[0], Z[1], label=f"complex, {_label}")
    add("block", _f, F32, F32 * 2, label=f"float32, {_label}")
add("block", lambda x, y: np.block([[x, 1.0], [y, 2.0]]), V[:3], V[1:], label="vectors and numbers")
add("block", lambda x, y: np.block([[x], [y]]), M[:0], M, label="empty")
add("block", lambda x: np.block([x, 2.0]), np.float64(3.0), label="0-d")
