"""Tangents and cotangents whose zeros win, and the plain arrays that they are; `ops/zero_wins` computes with them."""

from __future__ import annotations

from typing import Any

from dualtape.array import TracedArray
from dualtape.views import ViewMixin

__all__ = ["CarefulArray", "CarefulView", "bare"]

# Tangents and cotangents are arrays, scalars or handles: `Any` in this file says that.


class CarefulArray(TracedArray):
    """A tangent or cotangent whose zeros win. It lives in one pass, or in the handles of one forward tape."""

    __slots__ = ()

    def _resolve(self, active: tuple[Any, ...]) -> Any:
        return self._fresh()  # it takes part in an operation whatever tapes record


class CarefulView(ViewMixin, CarefulArray):
    """A view of one."""

    __slots__ = ()


def bare(x: Any) -> Any:
    """Return a tangent or cotangent as the array that it is."""
    return x._fresh()._primal if type(x) is CarefulArray or type(x) is CarefulView else x
