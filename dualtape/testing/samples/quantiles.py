"""Samples of the operations of ops/quantiles.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.testing.samples.reduction import Cases, Samples, data, read_only

__all__ = ["SAMPLES"]

SAMPLES = Samples()
_function: Any
_x: Any

METHODS = (
    "inverted_cdf", "averaged_inverted_cdf", "closest_observation", "interpolated_inverted_cdf", "hazen", "weibull",
    "linear", "median_unbiased", "normal_unbiased", "lower", "higher", "midpoint", "nearest",
)  # fmt: skip
HOLES = data(3, 5)
HOLES[[0, 1, 1], [2, 0, 4]] = np.nan
ARRAYS: Cases = [
    ("1-d, odd", data(5), {}),
    ("1-d, even", data(4), {}),
    ("all", data(2, 3), {}),
    ("axis 0", data(3, 4), {"axis": 0}),
    ("axis -1, keepdims", data(3, 4), {"axis": -1, "keepdims": True}),
    ("axes out of order", data(2, 3, 2), {"axis": (2, 0)}),
    ("all, keepdims", data(3, 2), {"keepdims": True}),
    ("one entry", data(1, 3), {"axis": 0}),
    ("transposed", data(4, 3).T, {"axis": 0}),
    ("read-only", read_only(data(3, 4)), {"axis": 1}),
    ("float32", data(3, 4, dtype=np.float32), {"axis": 0}),
    ("overwrite_input", data(5), {"overwrite_input": True}),
    ("nothing beside the axis", data(3, 0), {"axis": 0}),
]
for _operation, _function in (("median", np.median), ("nanmedian", np.nanmedian)):
    SAMPLES.sweep(_operation, _function, ARRAYS)
    SAMPLES.add(_operation, _function, 1.25, label="scalar")
    SAMPLES.add(_operation, _function, np.array([2.0, 5.0, 2.0]), label="tie", kink=True, expected=([0.0, 0.0, 1.0],))
SAMPLES.add("median", np.median, data(4, dtype=complex), label="complex")
SAMPLES.add("median", np.median, np.array([2.0, np.nan, 1.0]), label="nan", kink=True, expected=([0.0, 1.0, 0.0],))
SAMPLES.add("nanmedian", lambda x: np.nanmedian(x, axis=1) * [1.0, 2.0, 3.0], HOLES, label="nan", kink=True)
SAMPLES.add("nanmedian", np.nanmedian, HOLES[:2], label="nan, all", kink=True)

for _operation, _function, _unit in (
    ("quantile", np.quantile, 1),
    ("percentile", np.percentile, 100),
    ("nanquantile", np.nanquantile, 1),
    ("nanpercentile", np.nanpercentile, 100),
):
    for _label, _x, _keywords in ARRAYS:
        SAMPLES.add(
            _operation, lambda x, f=_function, k=_keywords, q=0.3 * _unit: f(x, q, **k), _x, label=f"{_label}, fixed q"
        )
    for _label, _x, _keywords in ARRAYS[:6]:
        SAMPLES.add(
            _operation,
            lambda x, q, f=_function, k=_keywords: f(x, q, **k),
            _x,
            np.array([0.21, 0.68]) * _unit,
            label=_label,
        )
    for _method in METHODS:
        SAMPLES.add(
            _operation,
            lambda x, q, f=_function, m=_method: f(x, q, axis=1, method=m),
            data(2, 5),
            np.array([0.06, 0.33, 0.77, 0.94]) * _unit,
            label=_method,
        )
    SAMPLES.add(
        _operation,
        lambda x, w, q, f=_function: f(x, q, axis=0, method="inverted_cdf", weights=w),
        data(5, 2),
        np.array([[0.3, 1.0, 0.5, 0.2, 0.7], [1.0, 0.4, 1.0, 0.5, 0.9]]).T,
        np.array([0.15, 0.6]) * _unit,
        label="weights",
    )
    SAMPLES.add(
        _operation,
        lambda x, f=_function, q=0.4 * _unit: f(
            x, q, method="inverted_cdf", weights=np.array([[0.3, 2.0], [1.0, 0.5]])
        ),
        data(2, 2),
        label="weights of all",
    )
    SAMPLES.add(_operation, lambda x, q, f=_function: f(x, q), data(2, 3), np.float32(0.3 * _unit), label="q float32")
    SAMPLES.add(_operation, lambda q, f=_function: f(np.arange(5) ** 2, q), 0.3 * _unit, label="q alone, whole numbers")
for _q in (0.5, np.array([0.2, 0.9])):
    SAMPLES.add("nanquantile", lambda x, q=_q: np.nanquantile(x, q, axis=1), HOLES, label=f"nan, {_q}", kink=True)
SAMPLES.add("quantile", lambda x: np.quantile(x, 0.3), HOLES[0], label="nan", kink=True, expected=([0, 0, 1, 0, 0],))
