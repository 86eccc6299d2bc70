"""numpy.emath: functions that answer with complex numbers where real ones have no result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.array import plain
from dualtape.ops.protocol import function
from dualtape.ops.shaping import arraylike, astype

__all__: list[str] = []

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.


def _complex_if(outside: Callable[[Any], Any], x: Any) -> Any:
    """Return an array as it is, or as complex numbers if one of its entries is real and outside of the domain."""
    x = arraylike(x)
    value = plain(x)
    if not np.any(np.isreal(value) & outside(value)):
        return x
    return astype(x, np.complex64 if value.dtype.char in "fFbBhH" else np.complex128)


def _below_zero(x: Any) -> Any:
    return _complex_if(lambda value: value < 0, x)


def _beyond_one(x: Any) -> Any:
    return _complex_if(lambda value: np.abs(value) > 1, x)


def _extend(name: str, prepare: Callable[[Any], Any]) -> None:
    ufunc = getattr(np, name)
    function(getattr(np.emath, name))(lambda x: ufunc(prepare(x)))


for _name in ("sqrt", "log", "log2", "log10"):
    _extend(_name, _below_zero)
for _name in ("arccos", "arcsin", "arctanh"):
    _extend(_name, _beyond_one)


@function(np.emath.logn)
def logn(n: Any, x: Any) -> Any:
    """Return the logarithm of x to the base n."""
    return np.log(_below_zero(x)) / np.log(_below_zero(n))


@function(np.emath.power)
def power(x: Any, p: Any) -> Any:
    """Return x to the power p."""
    x, p = _below_zero(x), arraylike(p)
    if p.dtype.kind == "i" and np.any(plain(p) < 0):
        p = p * 1.0
    return np.power(x, p)
