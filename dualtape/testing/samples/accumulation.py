"""Samples of the operations of ops/accumulation.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.testing.samples.reduction import CASES, NOT_FOR_STD, PRODUCTS, Cases, Samples, data, read_only

__all__ = ["SAMPLES"]

SAMPLES = Samples()
_function: Any
_ufunc: Any

RUNNING: Cases = [
    ("1-d", data(4), {}),
    ("axis 0", data(3, 4), {"axis": 0}),
    ("axis -1", data(3, 4), {"axis": -1}),
    ("middle axis", data(2, 5, 3), {"axis": 1}),
    ("one entry", data(1, 3), {"axis": 0}),
    ("transposed", data(4, 3).T, {"axis": 0}),
    ("strided", data(8)[::-2], {}),
    ("read-only", read_only(data(3, 4)), {"axis": 1}),
    ("float32", data(3, 4, dtype=np.float32), {"axis": 0}),
    ("empty", data(0), {}),
    ("empty axis", data(0, 3), {"axis": 0}),
    ("nothing beside the axis", data(3, 0), {"axis": 0}),
]
FLAT: Cases = [
    ("axis None", data(2, 3), {}),
    ("axis None, transposed", data(3, 2).T, {}),
    ("scalar", np.float64(1.25), {}),
    ("0-d, axis 0", np.array(1.25), {"axis": 0}),
    ("wider dtype", data(4, dtype=np.float32), {"dtype": np.float64}),
]
RUNNING_COMPLEX: Cases = [
    ("complex", data(4, dtype=complex), {}),
    ("complex64, axis 0", data(3, 2, dtype=np.complex64), {"axis": 0}),
]

SAMPLES.sweep("cumsum", np.cumsum, RUNNING + FLAT + RUNNING_COMPLEX, analytic=True)
SAMPLES.sweep("cumprod", np.cumprod, RUNNING + FLAT + RUNNING_COMPLEX, analytic=True)
SAMPLES.sweep("cumprod", np.cumprod, [case for case in PRODUCTS if "axes" not in case[0]], analytic=True)
for _operation, _function, _ufunc in (
    ("cumsum", np.cumulative_sum, np.add),
    ("cumprod", np.cumulative_prod, np.multiply),
):
    SAMPLES.add(_operation, lambda x, f=_ufunc: f.accumulate(x, axis=1), data(2, 3), label="ufunc")
    SAMPLES.add(_operation, _function, data(3), label="array API")
    SAMPLES.add(
        _operation, lambda x, f=_function: f(x, axis=-1, include_initial=True), data(2, 3), label="include_initial"
    )
SAMPLES.add("cumsum", lambda x: x.cumsum(0), data(2, 3), label="method")
SAMPLES.add("cumprod", lambda x: x.cumprod(1), data(2, 3), label="method")
SAMPLES.add("cumprod", np.cumprod, np.array([2.0, 0.0, -1.5, 0.0, 0.0, 3.0, 1.5]), label="runs of zeros", analytic=True)

for _ufunc in (np.maximum, np.minimum, np.fmax, np.fmin):
    SAMPLES.sweep("accumulate", _ufunc.accumulate, RUNNING + RUNNING_COMPLEX, f"{_ufunc.__name__}, ")
_RISING = np.array([1.0, 1.0, 0.0, 2.0, 2.0, 2.0, -1.0])
_SHARES = np.array(
    [1 + 1 / 2 + 1 / 2, 1 / 2 + 1 / 2, 0, 1 + 1 / 2 + 1 / 3 + 1 / 3, 1 / 2 + 1 / 3 + 1 / 3, 1 / 3 + 1 / 3, 0]
)
SAMPLES.add("accumulate", np.maximum.accumulate, _RISING, label="maximum, ties", kink=True, expected=(_SHARES,))
SAMPLES.add("accumulate", np.fmin.accumulate, -_RISING, label="fmin, ties", kink=True, expected=(_SHARES,))
SAMPLES.add(
    "accumulate", np.maximum.accumulate, np.array([1.0, np.nan, 3.0, np.nan]), label="maximum, nan", kink=True,
    expected=(np.array([1, 1 + 1 + 1 / 2, 0, 1 / 2]),),
)  # fmt: skip
SAMPLES.add(
    "accumulate", np.fmax.accumulate, np.array([np.nan, 1.0, np.nan, 3.0]), label="fmax, nan", kink=True,
    expected=(np.array([1, 2, 0, 1]),),
)  # fmt: skip
for _ufunc in (np.logaddexp, np.hypot, np.subtract, np.divide):
    SAMPLES.sweep("accumulate", _ufunc.accumulate, RUNNING[:5], f"{_ufunc.__name__}, ")
SAMPLES.add("accumulate", lambda x: np.divide.accumulate(x, axis=1), data(2, 4, dtype=complex), label="divide, complex")
SAMPLES.add("accumulate", np.power.accumulate, np.array([1.3, 0.8, 1.1]), label="power")

# --- reduce, of ufuncs that have no rule of their own -------------------------------------------------------------

SAMPLES.sweep("reduce", np.hypot.reduce, [case for case in CASES if case[0] not in NOT_FOR_STD])
SAMPLES.add("reduce", lambda x: np.hypot.reduce(x, axis=None), data(2, 3), label="hypot, all")
SAMPLES.add(
    "reduce", lambda x, i: np.hypot.reduce(x, axis=1, initial=i), data(2, 3), 0.5, label="hypot, traced initial"
)
SAMPLES.add(
    "reduce", lambda x, i: np.subtract.reduce(x, initial=i, keepdims=True), data(3, 2), 0.5, label="subtract, initial"
)
SAMPLES.add("reduce", np.subtract.reduce, data(3, 2), label="subtract")
SAMPLES.add("reduce", np.subtract.reduce, data(1, 2), label="subtract, one entry")
SAMPLES.add("reduce", lambda x: np.divide.reduce(x, axis=1), data(3, 4), label="divide")
SAMPLES.add(
    "reduce", lambda x: np.divide.reduce(x, axis=-1, keepdims=True), data(2, 3, dtype=complex), label="divide, complex"
)
SAMPLES.add("reduce", np.power.reduce, np.array([1.3, 0.8, 1.1]), label="power")
SAMPLES.add("reduce", np.arctan2.reduce, data(3, 2), label="arctan2")
SAMPLES.add("reduce", lambda x: np.hypot.reduce(x, axis=1, where=[True, False, True]), data(2, 3), label="hypot, where")
for _ufunc in (np.hypot, np.subtract, np.logaddexp, np.maximum):
    _operation = {np.logaddexp: "logaddexp.reduce", np.maximum: "max"}.get(_ufunc, "reduce")
    SAMPLES.add(
        _operation,
        lambda x, f=_ufunc: f.reduce(x, dtype=np.float32),
        data(2, 3),
        label=f"{_ufunc.__name__}, narrower dtype",
    )
    SAMPLES.add(
        "accumulate",
        lambda x, f=_ufunc: f.accumulate(x, dtype=np.float64),
        data(3, dtype=np.float32),
        label=f"{_ufunc.__name__}, wider dtype",
    )
SAMPLES.add(
    "reduce",
    lambda x, i: np.subtract.reduce(x, 1, initial=i, where=[True, False, True]),
    data(2, 3),
    0.5,
    label="subtract, where",
)
SAMPLES.add(
    "reduce",
    lambda x: np.divide.reduce(x, -2, initial=0.5, where=[[True], [False]], keepdims=True),
    data(2, 3),
    label="divide, where",
)
