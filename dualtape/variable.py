"""Variable and constant: named values that tapes watch."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dualtape.array import ACTIVE, Operand, TracedArray
from dualtape.errors import ReadOnlyError, TracedConversionError
from dualtape.operators import BINARY_OPERATORS
from dualtape.primitive import Primitive
from dualtape.signatures import ArrayOperators, InPlaceOperators

__all__ = ["Constant", "Variable", "constant"]

T = TypeVar("T", bound=np.inexact[Any])
S = TypeVar("S", bound=np.inexact[Any])


class Held(ArrayOperators[T], Operand):
    """A value with a name; its array is replaced, never written, since records may hold it."""

    __slots__ = ("__weakref__", "_value", "name", "trainable")

    _value: Any

    def __init__(self, value: Any, name: str | None, trainable: bool) -> None:
        self._value = _frozen(value)
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
            f"the variable {self.name!r} can't be written in place: write into a copy (x = w.copy()), or call w.assign"
        )

    def __setstate__(self, state: tuple[None, dict[str, Any]]) -> None:
        """Restore a pickled or copied value, frozen as it was."""
        for name, part in state[1].items():
            setattr(self, name, part)
        _frozen(self._value)

    def __repr__(self) -> str:
        """Show name, shape, dtype and value."""
        name = f" {self.name!r}" if self.name else ""
        value = np.array2string(self._value, separator=", ")
        return f"<{type(self).__name__}{name} shape={self.shape} dtype={self.dtype}: {value}>"


class Variable(InPlaceOperators, Held[T]):
    """A parameter: a value that tapes watch and optimizers change.

    Args:
        initial_value: a float, an array of an inexact dtype, or nested lists of floats; copied.
        name: shown in messages and by `repr`.
        trainable: whether a tape watches it when it is read.
        dtype: an inexact dtype to convert the value to.

    Raises:
        TypeError: if the value is an integer or boolean and no dtype is given, or a traced value.

    Example:
        >>> import dualtape as dt
        >>> w = dt.Variable([1.0, 2.0], name="w")
        >>> w
        <Variable 'w' shape=(2,) dtype=float64: [1., 2.]>
        >>> w.assign_sub([0.5, 0.5]).numpy()
        array([0.5, 1.5])
    """

    __slots__ = ()

    @overload
    def __init__(
        self: Variable[S],
        initial_value: NDArray[S] | S,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: Variable[np.float64],
        initial_value: float | Sequence[Any],
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: Variable[S],
        initial_value: ArrayLike,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: type[S] | np.dtype[S],
    ) -> None: ...

    def __init__(
        self, initial_value: Any, *, name: str | None = None, trainable: bool = True, dtype: Any = None
    ) -> None:
        """Copy the initial value."""
        value = _number(initial_value, dtype, "Variable")
        super().__init__(value, name, trainable)

    def assign(self, value: Any) -> Variable[T]:
        """Replace the value.

        Args:
            value: an array of the variable's shape, of a dtype that casts to the variable's.

        Returns:
            The variable.

        Raises:
            ValueError: if the shape differs.
            TypeError: if the dtype does not cast, or the value is traced: its derivative would be lost.
        """
        array = _untraced(value, "assign")
        if array.shape != self.shape:
            raise ValueError(f"{self._named()} has shape {self.shape}, the value has shape {array.shape}")
        if not np.can_cast(array.dtype, self.dtype, "same_kind"):
            raise TypeError(
                f"{self._named()} has dtype {self.dtype}, and a value of dtype {array.dtype} does not fit it"
            )
        self._value = _frozen(array.astype(self.dtype))
        return self

    def assign_add(self, delta: Any) -> Variable[T]:
        """Add to the value; see `assign`."""
        self += delta
        return self

    def assign_sub(self, delta: Any) -> Variable[T]:
        """Subtract from the value; see `assign`."""
        self -= delta
        return self

    def _named(self) -> str:
        return f"the variable {self.name!r}" if self.name else "the variable"


def _in_place(function: Callable[[Any, Any], Any]) -> Callable[[Variable[Any], Any], Variable[Any]]:
    def change(self: Variable[Any], other: Any) -> Variable[Any]:
        operand = other if isinstance(other, (int, float, complex)) else _untraced(other, "an in-place operator")
        try:
            return self.assign(function(self._value, operand))
        except ValueError as error:
            shape = np.shape(operand)
            raise ValueError(
                f"{self._named()} has shape {self.shape}, an operand of shape {shape} does not fit it"
            ) from error

    return change


for _name in (*BINARY_OPERATORS, "floordiv"):
    setattr(Variable, f"__i{_name}__", _in_place(getattr(operator, _name)))


class Constant(Held[T]):
    """A value that does not change, and that a tape watches only on request; made by `constant`."""

    __slots__ = ()


@overload
def constant(value: NDArray[T] | T, *, name: str | None = None, dtype: None = None) -> Constant[T]: ...
@overload
def constant(value: float | Sequence[Any], *, name: str | None = None, dtype: None = None) -> Constant[np.float64]: ...
@overload
def constant(value: ArrayLike, *, name: str | None = None, dtype: type[T] | np.dtype[T]) -> Constant[T]: ...


def constant(value: Any, *, name: str | None = None, dtype: Any = None) -> Constant[Any]:
    """Make an immutable value that a tape watches only where `tape.watch` asks for it.

    Args:
        value: a float, an array of an inexact dtype, or nested lists of floats; copied.
        name: shown in messages and by `repr`.
        dtype: an inexact dtype to convert the value to.

    Returns:
        The constant.

    Raises:
        TypeError: if the value is an integer or boolean and no dtype is given, or a traced value.

    Example:
        >>> import dualtape as dt
        >>> x = dt.constant(3.0)
        >>> with dt.GradientTape() as tape:
        ...     tape.watch(x)
        ...     y = x * x
        >>> tape.gradient(y, x)
        array(6.)
    """
    return Constant(_number(value, dtype, "constant"), name, False)


def _frozen(value: Any) -> Any:
    value.flags.writeable = False
    return value


def _untraced(value: Any, what: str) -> np.ndarray[Any, Any]:
    if isinstance(value, Held):
        return value._value  # type: ignore[no-any-return]  # the held value is an ndarray
    if isinstance(value, Operand):
        value = value._resolve(ACTIVE.get())
    array = None if isinstance(value, Operand) else np.asarray(value)
    if array is None or array.dtype.kind == "O":
        raise TracedConversionError(
            f"{what} takes plain values: a traced value would lose its derivative here; pass x.primal"
        )
    return array


def _number(value: Any, dtype: Any, what: str) -> np.ndarray[Any, Any]:
    array = np.array(_untraced(value, what), dtype=dtype)
    if array.dtype.kind in "biu":
        raise TypeError(
            f"a {what} is differentiated and so holds floats, not {array.dtype}: write 3.0 for 3, "
            f"or pass dtype=np.float64"
        )
    if array.dtype.kind not in "fc":
        raise TypeError(f"a {what} holds numbers, not {array.dtype}")
    return array
