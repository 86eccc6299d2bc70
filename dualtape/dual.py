"""DualArray: a primal, and tangents stacked on a leading axis."""

from __future__ import annotations

from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from dualtape.array import TracedArray, plain, snapshot
from dualtape.bare import bare
from dualtape.signatures import DualOperators, Floats
from dualtape.views import ViewMixin

__all__ = ["DualArray"]

T = TypeVar("T", bound=np.inexact[Any])
S = TypeVar("S", bound=np.inexact[Any])


class DualArray(DualOperators[T], TracedArray):
    """An array of dual numbers: a primal, and tangents stacked on a leading axis.

    By itself a dual number has one tangent, and all of them share one infinitesimal. On a forward tape the rows of
    `tangents` are the directions of the tape's parameters, one for each of their entries.

    Args:
        primal: the value; integers become float64.
        tangent: its derivative along the direction, of the same shape.

    Raises:
        ValueError: if the shapes differ.

    Example:
        >>> import numpy as np
        >>> import dualtape as dt
        >>> d = dt.DualArray(3.0, 1.0)
        >>> np.square(d)
        DualArray(9.0 + 6.0ε)
        >>> float(np.square(d).tangent)
        6.0
    """

    __slots__ = ()

    # `Any`: a tangent is whatever np.asarray takes, or a handle; which of the integers a primal holds is all the same.
    @overload
    def __new__(cls, primal: NDArray[S] | S, tangent: Any) -> DualArray[S]: ...
    @overload
    def __new__(  # pyright: ignore[reportOverlappingOverload]  # to a checker a float is a complex, too
        cls, primal: Floats | NDArray[np.integer[Any] | np.bool_], tangent: Any
    ) -> DualArray[np.float64]: ...
    @overload
    def __new__(cls, primal: complex, tangent: Any) -> DualArray[np.complex128]: ...

    def __new__(cls, primal: Any, tangent: Any) -> DualArray[Any]:
        """Make a free-standing dual number."""
        from dualtape.forward import FREE, FREE_SEEDS  # which are made of dual arrays

        value: Any = np.array(primal)
        if value.dtype.kind in "biu":
            value = value.astype(float)
        if value.dtype.kind not in "fc":
            raise TypeError(f"a dual number is made of numbers, not of {value.dtype}")
        direction = np.array(tangent).astype(np.result_type(value.dtype, np.asarray(tangent).dtype), copy=False)
        if value.shape != direction.shape:
            raise ValueError(f"primal and tangent have one shape, not {value.shape} and {direction.shape}")
        if direction.dtype.kind == "c" and value.dtype.kind != "c":
            raise TypeError("the tangent of a real primal is real")
        value = value if value.ndim else value[()]
        return FREE.dual(value, direction.astype(value.dtype)[None], FREE_SEEDS)

    @property
    def tangents(self) -> np.ndarray[Any, np.dtype[T]]:
        """The tangents, stacked on a leading axis of length K: shape (K, *shape), read-only."""
        stack = bare(self._fresh().node[0])
        if isinstance(stack, TracedArray):
            return snapshot(stack)  # type: ignore[return-value]  # to a checker a traced array is what it stands for
        view: np.ndarray[Any, np.dtype[T]] = stack.view()
        view.flags.writeable = False
        return view

    @property
    def tangent(self) -> np.ndarray[Any, np.dtype[T]]:
        """The one tangent, of the primal's shape.

        Raises:
            ValueError: if the value travels along several directions, as on a tape: see `tangents`.
        """
        stack = self.tangents
        if len(stack) == 0:
            return np.zeros(self.shape, self.dtype)
        if len(stack) > 1:
            raise ValueError(f"this value has {len(stack)} tangents, one for each direction: read .tangents")
        return stack[0]  # type: ignore[no-any-return]  # an array, or a scalar of its dtype

    def __repr__(self) -> str:
        """Show the value as a dual number."""
        stack = plain(self._fresh().node[0])
        if len(stack) == 1:
            negative = stack[0].ndim == 0 and stack[0].dtype.kind == "f" and np.signbit(stack[0])
            sign, part = ("-", -stack[0]) if negative else ("+", stack[0])
            return f"DualArray({_brief(plain(self))} {sign} {_brief(part)}ε)"
        return f"DualArray({_brief(plain(self))} + {len(stack)} tangents)"


def _brief(value: Any) -> str:
    return repr(value.item()) if value.ndim == 0 else np.array2string(value, separator=", ")


class DualView(ViewMixin, DualArray[Any]):
    """A view of a dual array."""

    __slots__ = ()
