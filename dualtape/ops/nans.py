"""Reductions and running forms that leave nan out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.array import plain
from dualtape.ops.pinning import differentiated_as
from dualtape.ops.protocol import strip
from dualtape.ops.reduction import NOT_GIVEN
from dualtape.ops.shaping import arraylike

__all__: list[str] = []

# Operands are arrays, scalars, lists or handles: `Any` in this file says that. An entry that is nan has derivative 0.


def _filled(a: Any, value: float) -> Any:
    """Return an array with a value in place of nan."""
    a = arraylike(a)
    return np.where(np.isnan(plain(a)), value, a) if np.isnan(plain(a)).any() else a


def _given(**keywords: Any) -> dict[str, Any]:
    return {name: value for name, value in keywords.items() if value is not NOT_GIVEN}


def _total(numpy_function: Callable[..., Any], total: Callable[..., Any], identity: float) -> None:
    @differentiated_as(numpy_function)
    def formula(
        _value: Any, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = NOT_GIVEN,
        initial: Any = NOT_GIVEN, where: Any = NOT_GIVEN,
    ) -> Any:  # fmt: skip
        return total(_filled(a, identity), axis, dtype, **_given(keepdims=keepdims, initial=initial, where=where))


def _running(numpy_function: Callable[..., Any], running: Callable[..., Any], identity: float) -> None:
    @differentiated_as(numpy_function)
    def formula(_value: Any, a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        return running(_filled(a, identity), axis, dtype)


def _extremum(numpy_function: Callable[..., Any], extremum: Callable[..., Any], worst: float) -> None:
    @differentiated_as(numpy_function)
    def formula(
        value: Any, a: Any, axis: Any = None, out: Any = None, keepdims: Any = NOT_GIVEN, initial: Any = NOT_GIVEN,
        where: Any = NOT_GIVEN,
    ) -> Any:  # fmt: skip
        return _blank(
            extremum(_filled(a, worst), axis, None, **_given(keepdims=keepdims, initial=initial, where=where)), value
        )


def _blank(result: Any, value: Any) -> Any:
    """Return a result with nan where NumPy gives nan for want of numbers."""
    missing = np.isnan(value)
    return np.where(missing, np.nan, result) if missing.any() else result


def _numbers(a: Any, where: Any) -> Any:
    """Return the mask of what is a number and is to be taken."""
    mask = ~np.isnan(plain(a))
    return mask if where is NOT_GIVEN else mask & np.asarray(strip(where), bool)


@differentiated_as(np.nanmean)
def _nanmean(
    _value: Any, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = NOT_GIVEN, *,
    where: Any = NOT_GIVEN,
) -> Any:  # fmt: skip
    a = arraylike(a)
    mask = _numbers(a, where)
    n = np.add.reduce(mask, axis=axis, **_given(keepdims=keepdims))
    return np.sum(_filled(a, 0.0), axis, dtype, where=mask, **_given(keepdims=keepdims)) / n


def _moment(numpy_function: Callable[..., Any], moment: Callable[..., Any]) -> None:
    @differentiated_as(numpy_function)
    def formula(
        value: Any, a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: Any = 0,
        keepdims: Any = NOT_GIVEN, *, where: Any = NOT_GIVEN, mean: Any = NOT_GIVEN, correction: Any = NOT_GIVEN,
    ) -> Any:  # fmt: skip
        a = arraylike(a)
        ddof = ddof if correction is NOT_GIVEN else correction
        mask = _numbers(a, where)
        few = np.add.reduce(mask, axis=axis, keepdims=True) <= ddof
        if few.any():  # there NumPy gives nan, and has warned; var would warn again, and give infinity
            mask, ddof = mask | few, 0 if few.all() else ddof
        result = moment(_filled(a, 0.0), axis, dtype, ddof=ddof, where=mask, **_given(keepdims=keepdims, mean=mean))
        return np.where(few.reshape(value.shape), np.nan, result) if few.any() else result


_total(np.nansum, np.sum, 0.0)
_total(np.nanprod, np.prod, 1.0)
_running(np.nancumsum, np.cumsum, 0.0)
_running(np.nancumprod, np.cumprod, 1.0)
_extremum(np.nanmax, np.max, -np.inf)
_extremum(np.nanmin, np.min, np.inf)
_moment(np.nanvar, np.var)
_moment(np.nanstd, np.std)
