"""Held: what variables and constants are, a value with a name that tapes can watch."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from dualtape.array import ACTIVE, Operand, TracedArray
from dualtape.errors import ReadOnlyError
from dualtape.primitive import Primitive
from dualtape.signatures import ArrayOperators

__all__ = ["Held", "frozen", "named"]

T = TypeVar("T", bound=np.inexact[Any])


class Held(ArrayOperators[T], Operand):
    """A value with a name; its array is replaced, never written, since records may hold it."""

    __slots__ = ("__weakref__", "_value", "name", "trainable")

    _value: Any

    # As for traced values: code that asks isinstance(x, np.ndarray) would take another way for a variable.
    __class__ = property(lambda self: type(self._value if self._value.ndim else self._value[()]))  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]  # as there

    def __init__(self, value: Any, name: str | None, trainable: bool) -> None:
        self._value = frozen(value)
        self.name: str | None = name
        self.trainable: bool = trainable

    def _resolve(self, active: tuple[Any, ...]) -> Any:
        value = self._value
        if value.ndim == 0:
            value = value[()]  # what NumPy's own operations make of a 0-d array, and faster
        for recording in active:
            if recording.open:
                value = recording.read(self, value)
        return value

    def _apply(self, primitive: Primitive, operands: tuple[Any, ...]) -> Any:
        x = self._resolve(ACTIVE.get())
        if len(operands) == 2 and isinstance(x, TracedArray):
            y, z = operands
            return x.recording.binary(primitive, x if y is self else y, x if z is self else z)
        return super()._apply(primitive, operands)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape."""
        return self._value.shape  # type: ignore[no-any-return]  # the held value is an ndarray

    @property
    def dtype(self) -> np.dtype[T]:
        """The dtype."""
        return self._value.dtype  # type: ignore[no-any-return]  # as above

    def numpy(self) -> np.ndarray[Any, np.dtype[T]]:
        """Return a copy of the value."""
        return self._value.copy("K")  # type: ignore[no-any-return]  # as above

    def __array__(self, dtype: None = None, copy: bool | None = None) -> np.ndarray[Any, np.dtype[T]]:
        """Convert to an array: the value, read-only, or an object array of handles inside a tape that watches it."""
        x = self._resolve(ACTIVE.get())
        if isinstance(x, Operand):
            return x.__array__(dtype, copy)  # type: ignore[attr-defined,no-any-return]  # a traced array
        return np.array(self._value, dtype=dtype, copy=copy)

    def __float__(self) -> float:
        """Convert to a float where no tape watches the value."""
        return float(self._resolve(ACTIVE.get()))

    def __complex__(self) -> complex:
        """Convert to a complex where no tape watches the value."""
        return complex(self._resolve(ACTIVE.get()))

    def __setitem__(self, key: Any, value: Any) -> None:
        """Refuse: a variable changes as a whole."""
        raise ReadOnlyError(
            f"{named(self)} can't be written in place: write into a copy (x = w.copy()), or call w.assign"
        )

    def __reduce_ex__(self, protocol: object) -> Any:
        """Pickle or copy the value, to be frozen as it was."""
        return _restored, (type(self), self._value, self.name, self.trainable)

    def __repr__(self) -> str:
        """Show name, shape, dtype and value."""
        name = f" {self.name!r}" if self.name else ""
        value = np.array2string(self._value, separator=", ")
        return f"<{type(self).__name__}{name} shape={self.shape} dtype={self.dtype}: {value}>"


def frozen(value: Any) -> Any:
    """Return an array that nobody writes any more."""
    value.flags.writeable = False
    return value


def named(what: Any) -> str:
    """Return how a message calls a variable, a constant, or anything else that may have a name."""
    name = getattr(what, "name", None)
    if not isinstance(what, Held):
        return str(name or what)
    kind = type(what).__name__.lower()
    return f"the {kind} {name!r}" if name else f"a {kind} of shape {what.shape}"


def _restored(kind: type[Held[Any]], value: Any, name: str | None, trainable: bool) -> Held[Any]:
    x = object.__new__(kind)
    Held.__init__(x, value, name, trainable)
    return x
