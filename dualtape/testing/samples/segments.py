"""Samples of the operations of ops/segments.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.testing.samples.reduction import Samples, data

__all__ = ["SAMPLES"]

SAMPLES = Samples()
_ufunc: Any
_starts: Any

STARTS: tuple[Any, ...] = ([0, 2], [0, 2, 1], [1, 1], [2, 0, 3, 3], [3], np.array([0, 1, 2, 3]))
OTHERS = (
    np.multiply, np.maximum, np.minimum, np.fmax, np.fmin, np.logaddexp, np.logaddexp2, np.hypot, np.subtract,
    np.divide, np.arctan2, np.copysign, np.remainder,
)  # fmt: skip

for _starts in STARTS:
    SAMPLES.add("add.reduceat", lambda x, s=_starts: np.add.reduceat(x, s), data(4), label=f"{_starts}")
    SAMPLES.add("multiply.reduceat", lambda x, s=_starts: np.multiply.reduceat(x, s), data(4), label=f"{_starts}")
for _ufunc in (np.add, *OTHERS):
    _name = f"{_ufunc.__name__}.reduceat"
    for _axis in (0, 1, -1):
        SAMPLES.add(
            _name,
            lambda x, f=_ufunc, a=_axis: f.reduceat(x, [0, 2, 1], a),
            data(3, 3, 2)[..., 0] + 2,
            label=f"axis {_axis}",
        )
    SAMPLES.add(_name, lambda x, f=_ufunc: f.reduceat(x.T, [0, 1]), data(2, 3, dtype=np.float32), label="float32")
for _ufunc in (np.add, np.multiply, np.divide, np.maximum):
    SAMPLES.add(
        f"{_ufunc.__name__}.reduceat",
        lambda x, f=_ufunc: f.reduceat(x, [0, 2], 1),
        data(2, 4, dtype=complex),
        label="complex",
    )
SAMPLES.add("add.reduceat", lambda x: np.add.reduceat(x, [1, 0, 2], 1), data(2, 3, 2), label="middle axis")
SAMPLES.add("add.reduceat", lambda x: np.add.reduceat(x, [0, 1]), data(2, 0), label="nothing beside the axis")
SAMPLES.add("add.reduceat", lambda x: np.add.reduceat(x, []), data(3), label="no segment")
SAMPLES.add("add.reduceat", lambda x: np.add.reduceat(x, [0, 2], dtype=float), data(3, dtype=np.float32), label="dtype")
SAMPLES.add(
    "maximum.reduceat", lambda x: np.maximum.reduceat(x, [0, 2]), np.array([1.0, 1.0, 3.0]), label="tie", kink=True,
    expected=([0.5, 0.5, 1.0],),
)  # fmt: skip
