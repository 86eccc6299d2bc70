"""Polynomials of two variables: of `numpy.polynomial`, what asks traced operands in the newer NumPy versions.

The rest of that package is Python code that asks nobody, and works on object arrays of traced values.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from numpy.polynomial import polynomial

from dualtape.array import ACTIVE, resolve
from dualtape.ops.borrowed import borrow
from dualtape.ops.shaping import arraylike

__all__: list[str] = []

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.


def _at_points(evaluate: Callable[..., Any], c: Any, *points: Any) -> Any:
    points = tuple(resolve(arraylike(x), ACTIVE.get()) for x in points)
    if len({x.shape for x in points}) > 1:
        raise ValueError("x, y are incompatible")
    for i, x in enumerate(points):
        c = evaluate(x, c, tensor=i == 0)
    return c


def _on_grid(evaluate: Callable[..., Any], c: Any, *axes: Any) -> Any:
    for x in axes:
        c = evaluate(resolve(arraylike(x), ACTIVE.get()), c)
    return c


for _function in (polynomial.polyval2d, polynomial.polygrid2d):
    if hasattr(_function, "__wrapped__"):
        borrow(_function, pu=SimpleNamespace(_valnd=_at_points, _gridnd=_on_grid))
