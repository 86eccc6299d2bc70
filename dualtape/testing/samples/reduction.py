"""Samples of the operations of ops/reduction.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.testing.sample import Sample

SAMPLES: list[Sample] = []


def data(*shape: int, dtype: Any = np.float64, shift: float = 0.0) -> Any:
    """Distinct entries between -1.5 and 1.5, without a pattern that an axis could hide in."""
    n = np.arange(1, int(np.prod(shape)) + 1)
    x = 1.5 * np.sin(n * n * 0.7 + n + shift)
    if np.dtype(dtype).kind == "c":
        x = x + 1.5j * np.cos(n * n * 1.1 + shift)
    return x.reshape(shape).astype(dtype)


def read_only(x: Any) -> Any:
    x.flags.writeable = False
    return x


def add(operation: str, function: Callable[..., Any], *args: Any, label: str, **settings: Any) -> None:
    SAMPLES.append(Sample(operation, function, args, label, **settings))


MASK = np.array([[True, False, True, True], [False, False, True, False], [True, True, True, False]])
PART = np.array([True, False, True, True])

# Operands and axes that every reduction meets; the keywords beyond `axis`.
CASES: list[tuple[str, Any, dict[str, Any]]] = [
    ("1-d", data(4), {}),
    ("2-d", data(3, 4), {}),
    ("axis 0", data(3, 4), {"axis": 0}),
    ("axis 1", data(3, 4), {"axis": 1}),
    ("axis -2 of a square", data(3, 3), {"axis": -2}),
    ("tuple of axes", data(2, 3, 2), {"axis": (0, -1)}),
    ("axes out of order", data(2, 3, 2), {"axis": (2, 0)}),
    ("middle axis, keepdims", data(2, 3, 2), {"axis": 1, "keepdims": True}),
    ("all axes, keepdims", data(3, 2), {"keepdims": True}),
    ("no axes", data(3), {"axis": ()}),
    ("one entry", data(1, 3), {"axis": 0}),
    ("transposed", data(4, 3).T, {"axis": 0}),
    ("strided", data(8)[::-2], {}),
    ("read-only", read_only(data(3, 4)), {"axis": -1}),
    ("float32", data(3, 4, dtype=np.float32), {"axis": 0}),
    ("float32, all", data(5, dtype=np.float32), {}),
    ("nothing to reduce to", data(3, 0), {"axis": 0}),
]
MASKED: list[tuple[str, Any, dict[str, Any]]] = [
    ("mask", data(3, 4), {"where": MASK}),
    ("mask, axis 1", data(3, 4), {"axis": 1, "where": MASK}),
    ("mask, axis 0, keepdims", data(3, 4), {"axis": 0, "keepdims": True, "where": MASK[::-1]}),
    ("mask of lower rank", data(3, 4), {"axis": -1, "where": PART}),
    ("mask, float32", data(3, 4, dtype=np.float32), {"axis": 1, "where": MASK}),
]
COMPLEX: list[tuple[str, Any, dict[str, Any]]] = [
    ("complex", data(3, dtype=complex), {}),
    ("complex, axis 0", data(3, 2, dtype=complex), {"axis": 0}),
    ("complex64", data(3, 2, dtype=np.complex64), {"axis": -1, "keepdims": True}),
]
EMPTY: list[tuple[str, Any, dict[str, Any]]] = [
    ("empty", data(0), {}),
    ("empty axis", data(0, 3), {"axis": 0}),
]


def sweep(operation: str, function: Callable[..., Any], cases: Any, label: str = "", **settings: Any) -> None:
    """Add a sample for each case; complex ones can't take a complex step."""
    for name, x, keywords in cases:
        analytic = settings.get("analytic", False) and x.dtype.kind != "c"
        call = lambda x, keywords=keywords: function(x, **keywords)  # noqa: E731
        add(operation, call, x, label=f"{label}{name}", **{**settings, "analytic": analytic})


# --- sum, mean ----------------------------------------------------------------------------------------------------

sweep("sum", np.sum, CASES + MASKED + COMPLEX + EMPTY, analytic=True)
sweep("mean", np.mean, CASES + MASKED + COMPLEX, analytic=True)
add("sum", np.sum, 1.25, label="scalar", analytic=True)
add("sum", lambda x: np.sum(x, axis=0), np.float64(1.25), label="scalar along axis 0")
add("sum", lambda x: np.sum(x, axis=-1, keepdims=True), np.array(1.25), label="0-d, keepdims")
add("sum", lambda x: x.sum(1, None, None, True), data(2, 3), label="method, positional")
add("sum", lambda x: np.sum(x, dtype=np.float64), data(4, dtype=np.float32), label="wider dtype")
add("sum", lambda x: np.sum(x, dtype=np.float32), data(4), label="narrower dtype")
add("sum", lambda x: np.sum(x, dtype=complex), data(4), label="complex dtype")
add("sum", lambda x: np.sum(x, initial=2.5), data(2, 3), label="initial")
add("sum", lambda x: np.sum(x, axis=0, initial=2.5, where=MASK), data(3, 4), label="initial, mask")
add("sum", lambda x, i: np.sum(x, axis=1, initial=i), data(2, 3), 0.5, label="traced initial")
add("sum", lambda x, i: np.sum(x, initial=i, where=MASK, keepdims=True), data(3, 4), 0.5, label="traced initial, mask")
add("sum", np.add.reduce, data(2, 3), label="ufunc")
add("sum", lambda x: np.add.reduce(x, axis=None, keepdims=True), data(2, 3), label="ufunc, axis None")
add("mean", np.mean, 1.25, label="scalar")
add("mean", lambda x: x.mean(0, keepdims=True), data(2, 3), label="method")
add("mean", lambda x: np.mean(x, dtype=np.float64), data(4, dtype=np.float32), label="wider dtype")
add("mean", lambda x: np.mean(x, axis=1, where=MASK, dtype=np.float64), data(3, 4, dtype=np.float32), label="mask, wider")
add("mean", lambda x: np.mean(x * np.mean(x, axis=0)), data(2, 3), label="twice")

# --- variance, standard deviation ---------------------------------------------------------------------------------

MOMENTS: list[tuple[str, Any, dict[str, Any]]] = [
    ("ddof 1", data(4), {"ddof": 1}),
    ("ddof 0.5, axis 1", data(2, 4), {"axis": 1, "ddof": 0.5}),
    ("correction, keepdims", data(3, 2), {"axis": 0, "correction": 1, "keepdims": True}),
    ("wider dtype", data(4, dtype=np.float32), {"dtype": np.float64}),
    ("mask, ddof 1", data(3, 4), {"where": MASK, "ddof": 1}),
    ("another mean", data(3, 4), {"axis": 1, "mean": np.array([[0.5], [-0.25], [0.125]])}),
]
NOT_FOR_STD = {"no axes", "one entry"}  # the standard deviation is 0 there

sweep("var", np.var, CASES + MASKED[:1] + MASKED[2:] + COMPLEX + MOMENTS)
sweep("var", lambda x, **keywords: np.var(x, **keywords), MASKED[1:2], "one left: ")
sweep("std", np.std, [case for case in CASES if case[0] not in NOT_FOR_STD] + MASKED[:1] + COMPLEX + MOMENTS)
for _operation, _function in (("var", np.var), ("std", np.std)):
    add(_operation, lambda x, f=_function: f(x, axis=0, where=MASK[:, :1]), data(3, 2), label="mask of one column")
    add(
        _operation, lambda x, m, f=_function: f(x, axis=0, mean=m, ddof=1), data(3, 2), data(1, 2, shift=1.0),
        label="traced mean",
    )  # fmt: skip
    add(
        _operation, lambda x, m, f=_function: f(x, axis=1, where=MASK, mean=m, keepdims=True), data(3, 4), np.float64(0.75),
        label="traced mean of lower rank, mask",
    )  # fmt: skip
    add(
        _operation, lambda x, f=_function: f(x, axis=1, mean=np.mean(x, axis=1, keepdims=True)), data(2, 3),
        label="its own mean",
    )  # fmt: skip
    add(
        _operation, lambda x, m, f=_function: f(x, axis=0, mean=m), data(3, 2, dtype=complex),
        data(1, 2, dtype=complex, shift=1.0), label="complex, traced mean",
    )  # fmt: skip
add("var", lambda x: x.var(-1, None, None, 1), data(2, 3), label="method, positional")
add("var", np.var, 1.25, label="scalar")
add("std", lambda x: x.std(ddof=1), data(5), label="method")
add("std", np.std, np.full(3, 0.5), label="0 at 0", kink=True, expected=(np.zeros(3),))
add(
    "std", lambda x: np.std(x, axis=1), np.array([[1.0, 1.0], [1.0, 3.0]]), label="0 in one row", kink=True,
    expected=(np.array([[0.0, 0.0], [-0.5, 0.5]]),),
)  # fmt: skip
add("std", np.std, np.full(2, 1 + 2j), label="complex, 0 at 0", kink=True, expected=(np.zeros(2),))

# --- product ------------------------------------------------------------------------------------------------------


def zeros_at(*spots: int, dtype: Any = np.float64) -> Any:
    x = data(4, dtype=dtype)
    x[list(spots)] = 0.0
    return x


PRODUCTS: list[tuple[str, Any, dict[str, Any]]] = [
    ("one zero", zeros_at(1), {}),
    ("two zeros", zeros_at(0, 2), {}),
    ("three zeros", zeros_at(0, 1, 3), {}),
    ("all zeros", zeros_at(0, 1, 2, 3), {}),
    ("zeros, axis 0", np.where(MASK, data(3, 4), 0.0), {"axis": 0}),
    ("zeros, axes", np.where(MASK, data(3, 4), 0.0).reshape(3, 2, 2), {"axis": (0, 2), "keepdims": True}),
    ("complex, one zero", zeros_at(1, dtype=complex), {}),
    ("complex, two zeros", zeros_at(1, 3, dtype=complex), {}),
]

sweep("prod", np.prod, CASES + MASKED + COMPLEX + EMPTY + PRODUCTS, analytic=True)
add("prod", np.prod, 1.25, label="scalar")
add("prod", lambda x: np.prod(x, dtype=np.float64), data(4, dtype=np.float32), label="wider dtype")
add("prod", lambda x: x.prod(axis=0, keepdims=True), data(2, 3), label="method")
add("prod", lambda x: np.prod(x, axis=1, initial=2.5), data(2, 3), label="initial")
add("prod", lambda x, i: np.prod(x, axis=0, initial=i, where=MASK), data(3, 4), 0.5, label="traced initial, mask")
add("prod", lambda x, i: np.prod(x, initial=i), zeros_at(2), 0.0, label="zeros, traced initial of 0")
add("prod", lambda x, i: np.prod(x, initial=i), data(3, dtype=complex), 0.5 + 1j, label="complex, traced initial")
add("prod", np.multiply.reduce, data(2, 3), label="ufunc")

# --- maximum, minimum ---------------------------------------------------------------------------------------------

TIED = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
MAX, MIN = {"initial": -np.inf}, {"initial": np.inf}
for _operation, _function, _reduce, _sign, _start in (
    ("max", np.max, np.maximum.reduce, 1.0, MAX),
    ("min", np.min, np.minimum.reduce, -1.0, MIN),
):
    sweep(_operation, _function, CASES + COMPLEX)
    sweep(_operation, _function, [(name, x, {**keywords, **_start}) for name, x, keywords in MASKED + EMPTY])
    add(_operation, _reduce, data(2, 3), label="ufunc")
    add(_operation, lambda x, f=_reduce: f(x, axis=None, keepdims=True), data(2, 3), label="ufunc, axis None")
    add(_operation, _function, 1.25, label="scalar")
    add(_operation, lambda x, i, f=_function: f(x, axis=1, initial=i), data(3, 4), 0.9 * _sign, label="traced initial")
    add(
        _operation, lambda x, i, f=_function: f(x, axis=0, initial=i, where=MASK, keepdims=True), data(3, 4),
        0.2 * _sign, label="traced initial, mask",
    )  # fmt: skip
    add(_operation, _function, _sign * TIED, label="tie", kink=True, expected=(np.array([[0, 0.5, 0.5], [0, 0, 0]]),))
    add(
        _operation, lambda x, f=_function: f(x, axis=1), _sign * TIED, label="tie, axis 1", kink=True,
        expected=(np.array([[0, 1 / 2, 1 / 2], [1 / 3, 1 / 3, 1 / 3]]),),
    )  # fmt: skip
    add(
        _operation, lambda x, f=_function, m=TIED != 2: f(x, axis=0, where=m, initial=-_sign), _sign * TIED,
        label="masked tie", kink=True, expected=(np.array([[1.0, 1.0, 1.0], [0, 0, 0]]),),
    )  # fmt: skip
    add(
        _operation, lambda x, i, f=_function: f(x, initial=i), _sign * TIED, _sign * 3.0, label="tie with initial",
        kink=True, expected=(np.array([[0, 1 / 3, 1 / 3], [0, 0, 0]]), 1 / 3),
    )  # fmt: skip
    add(
        _operation, lambda x, f=_function: f(x, axis=1), (_sign * TIED).astype(np.float32), label="tie, float32",
        kink=True, expected=(np.array([[0, 1 / 2, 1 / 2], [1 / 3, 1 / 3, 1 / 3]]),),
    )  # fmt: skip
    add(
        _operation, lambda x, f=_function: f(x, axis=1), np.array([[1.0, np.nan, 2.0], [3.0, 4.0, 4.0]]) * _sign,
        label="nan", kink=True, expected=(np.array([[0, 1, 0], [0, 0.5, 0.5]]),),
    )  # fmt: skip
add("max", lambda x: x.max(0, None, True), data(2, 3), label="method, positional")
add("min", lambda x: x.min(axis=1), data(2, 3), label="method")
add("max", np.amax, data(3), label="amax")
add("min", np.amin, data(3), label="amin")
add("max", np.ptp, data(2, 3), label="ptp")
add("min", lambda x: np.ptp(x, axis=0, keepdims=True), data(3, 2), label="ptp, axis 0")
add("max", np.ptp, np.full(3, 2.0), label="ptp of equal entries", kink=True, expected=(np.zeros(3),))

for _operation, _ufunc, _sign in (("fmax.reduce", np.fmax, 1.0), ("fmin.reduce", np.fmin, -1.0)):
    sweep(_operation, _ufunc.reduce, CASES + COMPLEX)
    add(_operation, lambda x, f=_ufunc: f.reduce(x, initial=0.1, where=MASK), data(3, 4), label="mask, initial")
    add(
        _operation, lambda x, f=_ufunc: f.reduce(x, axis=1), _sign * np.array([[1.0, np.nan, 2.0], [3.0, 4.0, 4.0]]),
        label="nan", kink=True, expected=(np.array([[0, 0, 1], [0, 0.5, 0.5]]),),
    )  # fmt: skip

# --- other ufuncs -------------------------------------------------------------------------------------------------

for _ufunc in (np.logaddexp, np.logaddexp2):
    _operation = f"{_ufunc.__name__}.reduce"
    sweep(_operation, _ufunc.reduce, CASES)
    sweep(_operation, _ufunc.reduce, MASKED + EMPTY)
    add(_operation, lambda x, i, f=_ufunc: f.reduce(x, axis=1, initial=i), data(2, 3), 0.5, label="traced initial")
    add(
        _operation, lambda x, i, f=_ufunc: f.reduce(x, axis=None, initial=i, where=MASK, keepdims=True), data(3, 4), 0.5,
        label="traced initial, mask",
    )  # fmt: skip
    add(_operation, _ufunc.reduce, np.array([300.0, 1000.0, 999.0]), label="large")
    add(_operation, _ufunc.reduce, np.array([-np.inf, 1.0, 2.0]), label="-inf among others", kink=True)
    add(_operation, _ufunc.reduce, np.full(4, -np.inf), label="all -inf", kink=True, expected=(np.full(4, 0.25),))

sweep("reduce", np.hypot.reduce, [case for case in CASES if case[0] not in NOT_FOR_STD])
add("reduce", lambda x: np.hypot.reduce(x, axis=None), data(2, 3), label="hypot, all")
add("reduce", lambda x, i: np.hypot.reduce(x, axis=1, initial=i), data(2, 3), 0.5, label="hypot, traced initial")
add("reduce", lambda x, i: np.subtract.reduce(x, initial=i, keepdims=True), data(3, 2), 0.5, label="subtract, initial")
add("reduce", np.subtract.reduce, data(3, 2), label="subtract")
add("reduce", np.subtract.reduce, data(1, 2), label="subtract, one entry")
add("reduce", lambda x: np.divide.reduce(x, axis=1), data(3, 4), label="divide")
add("reduce", lambda x: np.divide.reduce(x, axis=-1, keepdims=True), data(2, 3, dtype=complex), label="divide, complex")
add("reduce", np.power.reduce, np.array([1.3, 0.8, 1.1]), label="power")
add("reduce", np.arctan2.reduce, data(3, 2), label="arctan2")

# --- running forms ------------------------------------------------------------------------------------------------

RUNNING: list[tuple[str, Any, dict[str, Any]]] = [
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
FLAT: list[tuple[str, Any, dict[str, Any]]] = [
    ("axis None", data(2, 3), {}),
    ("axis None, transposed", data(3, 2).T, {}),
    ("scalar", np.float64(1.25), {}),
    ("0-d, axis 0", np.array(1.25), {"axis": 0}),
    ("wider dtype", data(4, dtype=np.float32), {"dtype": np.float64}),
]
RUNNING_COMPLEX: list[tuple[str, Any, dict[str, Any]]] = [
    ("complex", data(4, dtype=complex), {}),
    ("complex64, axis 0", data(3, 2, dtype=np.complex64), {"axis": 0}),
]

sweep("cumsum", np.cumsum, RUNNING + FLAT + RUNNING_COMPLEX, analytic=True)
sweep("cumprod", np.cumprod, RUNNING + FLAT + RUNNING_COMPLEX, analytic=True)
sweep("cumprod", np.cumprod, [case for case in PRODUCTS if "axes" not in case[0]], analytic=True)
for _operation, _function, _ufunc in (
    ("cumsum", np.cumulative_sum, np.add),
    ("cumprod", np.cumulative_prod, np.multiply),
):
    add(_operation, lambda x, f=_ufunc: f.accumulate(x, axis=1), data(2, 3), label="ufunc")
    add(_operation, _function, data(3), label="array API")
    add(_operation, lambda x, f=_function: f(x, axis=-1, include_initial=True), data(2, 3), label="include_initial")
add("cumsum", lambda x: x.cumsum(0), data(2, 3), label="method")
add("cumprod", lambda x: x.cumprod(1), data(2, 3), label="method")
add("cumprod", np.cumprod, np.array([2.0, 0.0, -1.5, 0.0, 0.0, 3.0, 1.5]), label="runs of zeros", analytic=True)

for _ufunc in (np.maximum, np.minimum, np.fmax, np.fmin):
    sweep("accumulate", _ufunc.accumulate, RUNNING + RUNNING_COMPLEX, f"{_ufunc.__name__}, ")
_RISING = np.array([1.0, 1.0, 0.0, 2.0, 2.0, 2.0, -1.0])
_SHARES = np.array([1 + 1 / 2 + 1 / 2, 1 / 2 + 1 / 2, 0, 1 + 1 / 2 + 1 / 3 + 1 / 3, 1 / 2 + 1 / 3 + 1 / 3, 1 / 3 + 1 / 3, 0])
add("accumulate", np.maximum.accumulate, _RISING, label="maximum, ties", kink=True, expected=(_SHARES,))
add("accumulate", np.fmin.accumulate, -_RISING, label="fmin, ties", kink=True, expected=(_SHARES,))
add(
    "accumulate", np.maximum.accumulate, np.array([1.0, np.nan, 3.0, np.nan]), label="maximum, nan", kink=True,
    expected=(np.array([1, 1 + 1 + 1 / 2, 0, 1 / 2]),),
)  # fmt: skip
add(
    "accumulate", np.fmax.accumulate, np.array([np.nan, 1.0, np.nan, 3.0]), label="fmax, nan", kink=True,
    expected=(np.array([1, 2, 0, 1]),),
)  # fmt: skip
for _ufunc in (np.logaddexp, np.hypot, np.subtract, np.divide):
    sweep("accumulate", _ufunc.accumulate, RUNNING[:5], f"{_ufunc.__name__}, ")
add("accumulate", lambda x: np.divide.accumulate(x, axis=1), data(2, 4, dtype=complex), label="divide, complex")
add("accumulate", np.power.accumulate, np.array([1.3, 0.8, 1.1]), label="power")
