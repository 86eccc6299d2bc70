"""Variable and constant: named values that tapes watch."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike

from dualtape.array import ACTIVE, Operand
from dualtape.errors import TracedConversionError
from dualtape.held import Held, frozen, named
from dualtape.operators import BINARY_OPERATORS
from dualtape.signatures import ArrayOperators, Arrays, Complexes, ConstantFunction, Floats, InPlaceOperators, Numbers

__all__ = ["Constant", "Variable", "constant"]

T = TypeVar("T", bound=np.inexact[Any])
S = TypeVar("S", bound=np.inexact[Any])


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
        initial_value: Arrays[S] | Sequence[Arrays[S]],
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: Variable[np.float64],
        initial_value: Floats,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: Variable[np.complex128],
        initial_value: Complexes,
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: Variable[S],
        initial_value: ArrayLike | ArrayOperators[Any],
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: type[S] | np.dtype[S],
    ) -> None: ...
    @overload
    def __init__(
        self: Variable[np.float64],
        initial_value: ArrayLike | ArrayOperators[Any],
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: type[float],
    ) -> None: ...
    @overload
    def __init__(
        self: Variable[Any],
        initial_value: ArrayLike | ArrayOperators[Any],
        *,
        name: str | None = None,
        trainable: bool = True,
        dtype: type[complex] | str,
    ) -> None: ...

    def __init__(
        self, initial_value: Any, *, name: str | None = None, trainable: bool = True, dtype: Any = None
    ) -> None:
        """Copy the initial value."""
        value = _number(initial_value, dtype, "Variable")
        super().__init__(value, name, trainable)

    def assign(self, value: Numbers) -> Variable[T]:
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
            raise ValueError(f"{named(self)} has shape {self.shape}, the value has shape {array.shape}")
        if not np.can_cast(array.dtype, self.dtype, "same_kind"):
            raise TypeError(f"{named(self)} has dtype {self.dtype}, and a value of dtype {array.dtype} does not fit it")
        self._value = frozen(array.astype(self.dtype))
        return self

    def assign_add(self, delta: Numbers) -> Variable[T]:
        """Add to the value; see `assign`."""
        self += delta
        return self

    def assign_sub(self, delta: Numbers) -> Variable[T]:
        """Subtract from the value; see `assign`."""
        self -= delta
        return self


def _in_place(function: Callable[[Any, Any], Any]) -> Callable[[Variable[Any], Any], Variable[Any]]:
    def change(self: Variable[Any], other: Any) -> Variable[Any]:
        operand = other if isinstance(other, (int, float, complex)) else _untraced(other, "an in-place operator")
        try:
            return self.assign(function(self._value, operand))
        except ValueError as error:
            shape = np.shape(operand)
            raise ValueError(
                f"{named(self)} has shape {self.shape}, an operand of shape {shape} does not fit it"
            ) from error

    return change


for _name in (*BINARY_OPERATORS, "floordiv"):
    setattr(Variable, f"__i{_name}__", _in_place(getattr(operator, _name)))


class Constant(Held[T]):
    """A value that does not change, and that a tape watches only on request; made by `constant`."""

    __slots__ = ()


if TYPE_CHECKING:
    constant: ConstantFunction
else:

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


def _untraced(value: Any, what: str) -> np.ndarray[Any, Any]:
    if isinstance(value, Held):
        return value._value  # type: ignore[no-any-return]  # the held value is an ndarray
    if isinstance(value, Operand):
        value = value._resolve(ACTIVE.get())
    array = None if isinstance(value, Operand) else np.asarray(value)
    if array is not None and array.dtype.kind == "O" and not any(isinstance(x, Operand) for x in array.flat):
        raise TypeError(f"{what} takes numbers or an array of them, not {type(value).__name__}")
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
