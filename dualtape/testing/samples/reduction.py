"""Samples of the operations of ops/reduction.py."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from dualtape.testing.sample import Sample

__all__ = ["CASES", "NOT_FOR_STD", "PRODUCTS", "SAMPLES", "Cases", "Samples", "data", "read_only"]

Cases = list[tuple[str, Any, dict[str, Any]]]  # label, operand, keywords


class Samples(list[Sample]):
    """A list of samples, with short ways to add to it."""

    def add(self, operation: str, function: Callable[..., Any], *args: Any, label: str, **settings: Any) -> None:
        """Add a sample."""
        self.append(Sample(operation, function, args, label, **settings))

    def sweep(
        self, operation: str, function: Callable[..., Any], cases: Cases, label: str = "", *, analytic: bool = False
    ) -> None:
        """Add a sample for each case; complex operands, and a dtype, don't let a complex step through."""
        for name, x, keywords in cases:
            call = partial(function, **keywords)
            steps = analytic and x.dtype.kind != "c" and "dtype" not in keywords
            self.add(operation, call, x, label=f"{label}{name}", analytic=steps)


def data(*shape: int, dtype: Any = np.float64, shift: float = 0.0) -> Any:
    """Return distinct entries between -1.5 and 1.5, without a pattern that an axis could hide in."""
    n = np.arange(1, int(np.prod(shape)) + 1)
    x: Any = 1.5 * np.sin(n * n * 0.7 + n + shift)
    if np.dtype(dtype).kind == "c":
        x = x + 1.5j * np.cos(n * n * 1.1 + shift)
    return x.reshape(shape).astype(dtype)


def read_only(x: Any) -> Any:
    """Return x, which can't be written any more."""
    x.flags.writeable = False
    return x


SAMPLES = Samples()
_function: Any
_reduce: Any
_ufunc: Any

MASK = np.array([[True, False, True, True], [False, False, True, False], [True, True, True, False]])
PART = np.array([True, False, True, True])

# Operands and axes that every reduction meets; the keywords beyond `axis`.
CASES: Cases = [
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
MASKED: Cases = [
    ("mask", data(3, 4), {"where": MASK}),
    ("mask, axis 1", data(3, 4), {"axis": 1, "where": MASK}),
    ("mask, axis 0, keepdims", data(3, 4), {"axis": 0, "keepdims": True, "where": MASK[::-1]}),
    ("mask of lower rank", data(3, 4), {"axis": -1, "where": PART}),
    ("mask, float32", data(3, 4, dtype=np.float32), {"axis": 1, "where": MASK}),
]
COMPLEX: Cases = [
    ("complex", data(3, dtype=complex), {}),
    ("complex, axis 0", data(3, 2, dtype=complex), {"axis": 0}),
    ("complex64", data(3, 2, dtype=np.complex64), {"axis": -1, "keepdims": True}),
]
EMPTY: Cases = [
    ("empty", data(0), {}),
    ("empty axis", data(0, 3), {"axis": 0}),
]

# --- sum, mean ----------------------------------------------------------------------------------------------------

SAMPLES.sweep("sum", np.sum, CASES + MASKED + COMPLEX + EMPTY, analytic=True)
SAMPLES.sweep("mean", np.mean, CASES + MASKED + COMPLEX, analytic=True)
SAMPLES.add("sum", np.sum, 1.25, label="scalar", analytic=True)
SAMPLES.add("sum", lambda x: np.sum(x, axis=0), np.float64(1.25), label="scalar along axis 0")
SAMPLES.add("sum", lambda x: np.sum(x, axis=-1, keepdims=True), np.array(1.25), label="0-d, keepdims")
SAMPLES.add("sum", lambda x: x.sum(1, None, None, True), data(2, 3), label="method, positional")
SAMPLES.add("sum", lambda x: np.sum(x, dtype=np.float64), data(4, dtype=np.float32), label="wider dtype")
SAMPLES.add("sum", lambda x: np.sum(x, dtype=np.float32), data(4), label="narrower dtype")
SAMPLES.add("sum", lambda x: np.sum(x, dtype=complex), data(4), label="complex dtype")
SAMPLES.add("sum", lambda x: np.sum(x, initial=2.5), data(2, 3), label="initial")
SAMPLES.add("sum", lambda x: np.sum(x, axis=0, initial=2.5, where=MASK), data(3, 4), label="initial, mask")
SAMPLES.add("sum", lambda x, i: np.sum(x, axis=1, initial=i), data(2, 3), 0.5, label="traced initial")
SAMPLES.add(
    "sum", lambda x, i: np.sum(x, initial=i, where=MASK, keepdims=True), data(3, 4), 0.5, label="traced initial, mask"
)
SAMPLES.add("sum", np.add.reduce, data(2, 3), label="ufunc")
SAMPLES.add("sum", lambda x: np.add.reduce(x, axis=None, keepdims=True), data(2, 3), label="ufunc, axis None")
SAMPLES.add("mean", np.mean, 1.25, label="scalar")
SAMPLES.add("mean", lambda x: x.mean(0, keepdims=True), data(2, 3), label="method")
SAMPLES.add("mean", lambda x: np.mean(x, dtype=np.float64), data(4, dtype=np.float32), label="wider dtype")
SAMPLES.add(
    "mean",
    lambda x: np.mean(x, axis=1, where=MASK, dtype=np.float64),
    data(3, 4, dtype=np.float32),
    label="mask, wider",
)
SAMPLES.add("mean", lambda x: np.mean(x * np.mean(x, axis=0)), data(2, 3), label="twice")

# --- variance, standard deviation ---------------------------------------------------------------------------------

MOMENTS: Cases = [
    ("ddof 1", data(4), {"ddof": 1}),
    ("ddof 0.5, axis 1", data(2, 4), {"axis": 1, "ddof": 0.5}),
    ("correction, keepdims", data(3, 2), {"axis": 0, "correction": 1, "keepdims": True}),
    ("wider dtype", data(4, dtype=np.float32), {"dtype": np.float64}),
    ("mask, ddof 1", data(3, 4), {"where": MASK, "ddof": 1}),
    ("another mean", data(3, 4), {"axis": 1, "mean": np.array([[0.5], [-0.25], [0.125]])}),
]
NOT_FOR_STD = {"no axes", "one entry"}  # the standard deviation is 0 there

SAMPLES.sweep("var", np.var, CASES + MASKED + COMPLEX + MOMENTS)
SAMPLES.sweep("std", np.std, [case for case in CASES if case[0] not in NOT_FOR_STD] + MASKED[:1] + COMPLEX + MOMENTS)
for _operation, _function in (("var", np.var), ("std", np.std)):
    SAMPLES.add(
        _operation, lambda x, f=_function: f(x, axis=0, where=MASK[:, :1]), data(3, 2), label="mask of one column"
    )
    SAMPLES.add(
        _operation, lambda x, m, f=_function: f(x, axis=0, mean=m, ddof=1), data(3, 2), data(1, 2, shift=1.0),
        label="traced mean",
    )  # fmt: skip
    SAMPLES.add(
        _operation, lambda x, m, f=_function: f(x, axis=1, where=MASK, mean=m, keepdims=True), data(3, 4), 0.75,
        label="traced mean of lower rank, mask",
    )  # fmt: skip
    SAMPLES.add(
        _operation, lambda x, f=_function: f(x, axis=1, mean=np.mean(x, axis=1, keepdims=True)), data(2, 3),
        label="its own mean",
    )  # fmt: skip
    SAMPLES.add(
        _operation, lambda x, m, f=_function: f(x, axis=0, mean=m), data(3, 2, dtype=complex),
        data(1, 2, dtype=complex, shift=1.0), label="complex, traced mean",
    )  # fmt: skip
SAMPLES.add("var", lambda x: x.var(-1, None, None, 1), data(2, 3), label="method, positional")
SAMPLES.add("var", np.var, 1.25, label="scalar")
SAMPLES.add("std", lambda x: x.std(ddof=1), data(5), label="method")
SAMPLES.add("std", np.std, np.full(3, 0.5), label="0 at 0", kink=True, expected=(np.zeros(3),))
SAMPLES.add(
    "std", lambda x: np.std(x, axis=1), np.array([[1.0, 1.0], [1.0, 3.0]]), label="0 in one row", kink=True,
    expected=(np.array([[0.0, 0.0], [-0.5, 0.5]]),),
)  # fmt: skip
SAMPLES.add("std", np.std, np.full(2, 1 + 2j), label="complex, 0 at 0", kink=True, expected=(np.zeros(2),))

# --- product ------------------------------------------------------------------------------------------------------


def zeros_at(*spots: int, dtype: Any = np.float64) -> Any:
    x = data(4, dtype=dtype)
    x[list(spots)] = 0.0
    return x


PRODUCTS: Cases = [
    ("one zero", zeros_at(1), {}),
    ("two zeros", zeros_at(0, 2), {}),
    ("three zeros", zeros_at(0, 1, 3), {}),
    ("all zeros", zeros_at(0, 1, 2, 3), {}),
    ("zeros, axis 0", np.where(MASK, data(3, 4), 0.0), {"axis": 0}),
    ("zeros, axes", np.where(MASK, data(3, 4), 0.0).reshape(3, 2, 2), {"axis": (0, 2), "keepdims": True}),
    ("complex, one zero", zeros_at(1, dtype=complex), {}),
    ("complex, two zeros", zeros_at(1, 3, dtype=complex), {}),
]

SAMPLES.sweep("prod", np.prod, CASES + MASKED + COMPLEX + EMPTY + PRODUCTS, analytic=True)
SAMPLES.add("prod", np.prod, 1.25, label="scalar")
SAMPLES.add("prod", lambda x: np.prod(x, dtype=np.float64), data(4, dtype=np.float32), label="wider dtype")
SAMPLES.add("prod", lambda x: x.prod(axis=0, keepdims=True), data(2, 3), label="method")
SAMPLES.add("prod", lambda x: np.prod(x, axis=1, initial=2.5), data(2, 3), label="initial")
SAMPLES.add(
    "prod", lambda x, i: np.prod(x, axis=0, initial=i, where=MASK), data(3, 4), 0.5, label="traced initial, mask"
)
SAMPLES.add("prod", lambda x, i: np.prod(x, initial=i), zeros_at(2), 0.0, label="zeros, traced initial of 0")
SAMPLES.add(
    "prod", lambda x, i: np.prod(x, initial=i), data(3, dtype=complex), 0.5 + 1j, label="complex, traced initial"
)
SAMPLES.add("prod", np.multiply.reduce, data(2, 3), label="ufunc")

# --- maximum, minimum ---------------------------------------------------------------------------------------------

TIED = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
MAX, MIN = {"initial": -np.inf}, {"initial": np.inf}
for _operation, _function, _reduce, _sign, _start in (
    ("max", np.max, np.maximum.reduce, 1.0, MAX),
    ("min", np.min, np.minimum.reduce, -1.0, MIN),
):
    SAMPLES.sweep(_operation, _function, CASES + COMPLEX)
    SAMPLES.sweep(_operation, _function, [(name, x, {**keywords, **_start}) for name, x, keywords in MASKED + EMPTY])
    SAMPLES.add(_operation, _reduce, data(2, 3), label="ufunc")
    SAMPLES.add(_operation, lambda x, f=_reduce: f(x, axis=None, keepdims=True), data(2, 3), label="ufunc, axis None")
    SAMPLES.add(_operation, _function, 1.25, label="scalar")
    SAMPLES.add(
        _operation, lambda x, i, f=_function: f(x, axis=1, initial=i), data(3, 4), 0.9 * _sign, label="traced initial"
    )
    SAMPLES.add(
        _operation, lambda x, i, f=_function: f(x, axis=0, initial=i, where=MASK, keepdims=True), data(3, 4),
        0.2 * _sign, label="traced initial, mask",
    )  # fmt: skip
    SAMPLES.add(
        _operation, _function, _sign * TIED, label="tie", kink=True, expected=(np.array([[0, 0.5, 0.5], [0, 0, 0]]),)
    )
    SAMPLES.add(
        _operation, lambda x, f=_function: f(x, axis=1), _sign * TIED, label="tie, axis 1", kink=True,
        expected=(np.array([[0, 1 / 2, 1 / 2], [1 / 3, 1 / 3, 1 / 3]]),),
    )  # fmt: skip
    SAMPLES.add(
        _operation, lambda x, f=_function, i=-_sign: f(x, axis=0, where=TIED != 2, initial=i), _sign * TIED,
        label="masked tie", kink=True, expected=(np.array([[1.0, 1.0, 1.0], [0, 0, 0]]),),
    )  # fmt: skip
    SAMPLES.add(
        _operation, lambda x, i, f=_function: f(x, initial=i), _sign * TIED, _sign * 3.0, label="tie with initial",
        kink=True, expected=(np.array([[0, 1 / 3, 1 / 3], [0, 0, 0]]), 1 / 3),
    )  # fmt: skip
    SAMPLES.add(
        _operation, lambda x, f=_function: f(x, axis=1), (_sign * TIED).astype(np.float32), label="tie, float32",
        kink=True, expected=(np.array([[0, 1 / 2, 1 / 2], [1 / 3, 1 / 3, 1 / 3]]),),
    )  # fmt: skip
    SAMPLES.add(
        _operation, lambda x, f=_function: f(x, axis=1), np.array([[1.0, np.nan, 2.0], [3.0, 4.0, 4.0]]) * _sign,
        label="nan", kink=True, expected=(np.array([[0, 1, 0], [0, 0.5, 0.5]]),),
    )  # fmt: skip
SAMPLES.add("max", lambda x: x.max(0, None, True), data(2, 3), label="method, positional")
SAMPLES.add("min", lambda x: x.min(axis=1), data(2, 3), label="method")
SAMPLES.add("max", np.amax, data(3), label="amax")
SAMPLES.add("min", np.amin, data(3), label="amin")
SAMPLES.add("max", np.ptp, data(2, 3), label="ptp")
SAMPLES.add("min", lambda x: np.ptp(x, axis=0, keepdims=True), data(3, 2), label="ptp, axis 0")
SAMPLES.add("max", np.ptp, np.full(3, 2.0), label="ptp of equal entries", kink=True, expected=(np.zeros(3),))

for _operation, _ufunc, _sign in (("fmax.reduce", np.fmax, 1.0), ("fmin.reduce", np.fmin, -1.0)):
    SAMPLES.sweep(_operation, _ufunc.reduce, CASES + COMPLEX)
    SAMPLES.add(_operation, lambda x, f=_ufunc: f.reduce(x, initial=0.1, where=MASK), data(3, 4), label="mask, initial")
    SAMPLES.add(
        _operation, lambda x, f=_ufunc: f.reduce(x, axis=1), _sign * np.array([[1.0, np.nan, 2.0], [3.0, 4.0, 4.0]]),
        label="nan", kink=True, expected=(np.array([[0, 0, 1], [0, 0.5, 0.5]]),),
    )  # fmt: skip

# --- logaddexp -----------------------------------------------------------------------------------------------------

for _ufunc in (np.logaddexp, np.logaddexp2):
    _operation = f"{_ufunc.__name__}.reduce"
    SAMPLES.sweep(_operation, _ufunc.reduce, CASES)
    SAMPLES.sweep(_operation, _ufunc.reduce, MASKED + EMPTY)
    SAMPLES.add(
        _operation, lambda x, i, f=_ufunc: f.reduce(x, axis=1, initial=i), data(2, 3), 0.5, label="traced initial"
    )
    SAMPLES.add(
        _operation, lambda x, i, f=_ufunc: f.reduce(x, axis=None, initial=i, where=MASK), data(3, 4), 0.5,
        label="traced initial, mask",
    )  # fmt: skip
    SAMPLES.add(_operation, _ufunc.reduce, np.array([300.0, 1000.0, 999.0]), label="large")
    SAMPLES.add(_operation, _ufunc.reduce, np.array([-np.inf, 1.0, 2.0]), label="-inf among others", kink=True)
    SAMPLES.add(
        _operation, _ufunc.reduce, np.full(4, -np.inf), label="all -inf", kink=True, expected=(np.full(4, 0.25),)
    )
