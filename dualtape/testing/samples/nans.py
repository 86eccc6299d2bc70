"""Samples of the operations of ops/nans.py."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.testing.samples.reduction import CASES, COMPLEX, EMPTY, MASKED, NOT_FOR_STD, Cases, Samples, data

__all__ = ["SAMPLES"]

SAMPLES = Samples()
_function: Any

HOLES = data(3, 4)
HOLES[[0, 1, 1], [2, 0, 3]] = np.nan
KEPT = (~np.isnan(HOLES)).astype(float)
NO_TIES: Cases = [case for case in CASES if case[0] not in NOT_FOR_STD]
SHIFTED: Cases = [(label, x, {**keywords, "ddof": 0.5}) for label, x, keywords in CASES[:3]]

for _name, _function in (("nansum", np.nansum), ("nanprod", np.nanprod)):
    SAMPLES.sweep(_name, _function, CASES + MASKED + COMPLEX + EMPTY)
    SAMPLES.add(_name, _function, 1.25, label="scalar")
    SAMPLES.add(_name, lambda x, f=_function: f(x, dtype=np.float64), data(4, dtype=np.float32), label="wider dtype")
    SAMPLES.add(_name, lambda x, i, f=_function: f(x, axis=1, initial=i), data(2, 3), 0.5, label="traced initial")
SAMPLES.add("nansum", np.nansum, HOLES, label="nan", kink=True, expected=(KEPT,))
SAMPLES.add("nanprod", np.nanprod, np.array([2.0, np.nan, 3.0]), label="nan", kink=True, expected=([3.0, 0.0, 2.0],))

for _name, _function in (("nancumsum", np.nancumsum), ("nancumprod", np.nancumprod)):
    SAMPLES.sweep(
        _name, _function, [case for case in CASES if case[0] in {"1-d", "2-d", "axis 0", "axis -2 of a square"}]
    )
    SAMPLES.sweep(_name, _function, COMPLEX[:2])
SAMPLES.add("nancumsum", np.nancumsum, np.array([2.0, np.nan, 3.0]), label="nan", kink=True, expected=([3.0, 0, 1.0],))
SAMPLES.add("nancumprod", np.nancumprod, np.array([2.0, np.nan, 3.0]), label="nan", kink=True, expected=([5.0, 0, 2],))

for _name, _function in (("nanmax", np.nanmax), ("nanmin", np.nanmin)):
    SAMPLES.sweep(_name, _function, [case for case in CASES if "nothing" not in case[0] and case[0] != "no axes"])
    SAMPLES.add(
        _name, lambda x, i, f=_function: f(x, axis=0, initial=i, where=KEPT > 0), data(3, 4), 0.1, label="initial, mask"
    )
SAMPLES.add("nanmax", np.nanmax, np.array([2.0, np.nan, 2.0]), label="tie", kink=True, expected=([0.5, 0.0, 0.5],))
SAMPLES.add("nanmin", np.nanmin, np.array([np.nan, 1.0, 2.0]), label="nan", kink=True, expected=([0.0, 1.0, 0.0],))

SAMPLES.sweep("nanmean", np.nanmean, CASES + MASKED + COMPLEX)
SAMPLES.add("nanmean", np.nanmean, 1.25, label="scalar")
SAMPLES.add("nanmean", lambda x: np.nanmean(x, dtype=np.float64), data(4, dtype=np.float32), label="wider dtype")
SAMPLES.add("nanmean", np.nanmean, HOLES, label="nan", kink=True, expected=(KEPT / KEPT.sum(),))
for _name, _function in (("nanvar", np.nanvar), ("nanstd", np.nanstd)):
    SAMPLES.sweep(_name, _function, NO_TIES + SHIFTED + COMPLEX)
    SAMPLES.sweep(_name, _function, MASKED if _name == "nanvar" else MASKED[:1])
    SAMPLES.add(_name, lambda x, f=_function: f(x, axis=1, correction=1), data(2, 4), label="correction")
    SAMPLES.add(
        _name,
        lambda x, m, f=_function: f(x, axis=1, mean=m),
        data(2, 3),
        data(2, 1, shift=1.0),
        label="traced mean",
    )
SAMPLES.add("nanvar", np.nanvar, np.array([1.0, np.nan, 4.0]), label="nan", kink=True, expected=([-1.5, 0.0, 1.5],))
SAMPLES.add("nanstd", np.nanstd, np.array([1.0, np.nan, 4.0]), label="nan", kink=True, expected=([-0.5, 0.0, 0.5],))
SAMPLES.add("nanstd", np.nanstd, np.array([1.0, np.nan, 1.0]), label="constant", kink=True, expected=([0.0, 0.0, 0.0],))
