"""What a type checker sees: the overloads of `GradientTape.gradient`, and the operators of variables.

To a checker a traced value is the NDArray that it stands for. Nothing here exists at run time but the names.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from dualtape.variable import Variable

__all__ = ["ArrayOperators", "GradientMethod"]

S = TypeVar("S", bound=np.inexact[Any])
T1 = TypeVar("T1", bound=np.inexact[Any])
T2 = TypeVar("T2", bound=np.inexact[Any])
T3 = TypeVar("T3", bound=np.inexact[Any])
T4 = TypeVar("T4", bound=np.inexact[Any])
T5 = TypeVar("T5", bound=np.inexact[Any])
K = TypeVar("K")

Filled: TypeAlias = Literal["zero", "error"]


class ArrayOperators(Generic[S]):
    """The part of ndarray's interface that variables and constants declare."""

    __slots__ = ()

    if TYPE_CHECKING:
        # Operators of the same dtype, or with Python's weak scalars; the result stands for an array.
        def __add__(self, other: Operand[S], /) -> NDArray[S]: ...
        def __radd__(self, other: Operand[S], /) -> NDArray[S]: ...
        def __sub__(self, other: Operand[S], /) -> NDArray[S]: ...
        def __rsub__(self, other: Operand[S], /) -> NDArray[S]: ...
        def __mul__(self, other: Operand[S], /) -> NDArray[S]: ...
        def __rmul__(self, other: Operand[S], /) -> NDArray[S]: ...
        def __truediv__(self, other: Operand[S], /) -> NDArray[S]: ...
        def __rtruediv__(self, other: Operand[S], /) -> NDArray[S]: ...
        def __floordiv__(self, other: Operand[S], /) -> NDArray[S]: ...
        def __rfloordiv__(self, other: Operand[S], /) -> NDArray[S]: ...
        def __mod__(self, other: Operand[S], /) -> NDArray[S]: ...
        def __rmod__(self, other: Operand[S], /) -> NDArray[S]: ...
        def __pow__(self, other: Operand[S], /) -> NDArray[S]: ...
        def __rpow__(self, other: Operand[S], /) -> NDArray[S]: ...
        def __matmul__(self, other: Operand[S], /) -> NDArray[S]: ...
        def __rmatmul__(self, other: Operand[S], /) -> NDArray[S]: ...
        def __neg__(self) -> NDArray[S]: ...
        def __pos__(self) -> NDArray[S]: ...
        def __abs__(self) -> NDArray[S]: ...
        def __getitem__(self, key: Any, /) -> NDArray[S]: ...  # Any: every key that ndarray takes
        def __lt__(self, other: Operand[S], /) -> NDArray[np.bool_]: ...
        def __le__(self, other: Operand[S], /) -> NDArray[np.bool_]: ...
        def __gt__(self, other: Operand[S], /) -> NDArray[np.bool_]: ...
        def __ge__(self, other: Operand[S], /) -> NDArray[np.bool_]: ...
        @property
        def T(self) -> NDArray[S]: ...  # noqa: D102
        def copy(self) -> NDArray[S]: ...  # noqa: D102
        def reshape(self, *shape: int | Sequence[int]) -> NDArray[S]: ...  # noqa: D102
        def sum(self, axis: int | tuple[int, ...] | None = None, *, keepdims: bool = False) -> NDArray[S]: ...  # noqa: D102
        def mean(self, axis: int | tuple[int, ...] | None = None, *, keepdims: bool = False) -> NDArray[S]: ...  # noqa: D102


Operand: TypeAlias = ArrayOperators[S] | NDArray[S] | float
Source: TypeAlias = ArrayOperators[S] | NDArray[S]


class GradientMethod(Protocol):
    """The signatures of `GradientTape.gradient`: the result has the structure and the dtypes of the sources."""

    # `Any`: a target, and its weights, are arrays of any kind or containers of them.

    @overload
    def __call__(
        self, target: Any, sources: Source[S], output_gradients: Any = None, unconnected_gradients: Filled = "zero"
    ) -> NDArray[S]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[Source[T1]],
        output_gradients: Any = None,
        unconnected_gradients: Filled = "zero",
    ) -> tuple[NDArray[T1]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[Source[T1], Source[T2]],
        output_gradients: Any = None,
        unconnected_gradients: Filled = "zero",
    ) -> tuple[NDArray[T1], NDArray[T2]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[Source[T1], Source[T2], Source[T3]],
        output_gradients: Any = None,
        unconnected_gradients: Filled = "zero",
    ) -> tuple[NDArray[T1], NDArray[T2], NDArray[T3]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[Source[T1], Source[T2], Source[T3], Source[T4]],
        output_gradients: Any = None,
        unconnected_gradients: Filled = "zero",
    ) -> tuple[NDArray[T1], NDArray[T2], NDArray[T3], NDArray[T4]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[Source[T1], Source[T2], Source[T3], Source[T4], Source[T5]],
        output_gradients: Any = None,
        unconnected_gradients: Filled = "zero",
    ) -> tuple[NDArray[T1], NDArray[T2], NDArray[T3], NDArray[T4], NDArray[T5]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: list[Variable[S]],
        output_gradients: Any = None,
        unconnected_gradients: Filled = "zero",
    ) -> list[NDArray[S]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: list[NDArray[S]],
        output_gradients: Any = None,
        unconnected_gradients: Filled = "zero",
    ) -> list[NDArray[S]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: list[Source[S]],
        output_gradients: Any = None,
        unconnected_gradients: Filled = "zero",
    ) -> list[NDArray[S]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: dict[K, Variable[S]],
        output_gradients: Any = None,
        unconnected_gradients: Filled = "zero",
    ) -> dict[K, NDArray[S]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: dict[K, NDArray[S]],
        output_gradients: Any = None,
        unconnected_gradients: Filled = "zero",
    ) -> dict[K, NDArray[S]]: ...
    @overload
    def __call__(
        self, target: Any, sources: Source[S], output_gradients: Any = None, *, unconnected_gradients: Literal["none"]
    ) -> NDArray[S] | None: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[Source[T1]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> tuple[NDArray[T1] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[Source[T1], Source[T2]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> tuple[NDArray[T1] | None, NDArray[T2] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[Source[T1], Source[T2], Source[T3]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> tuple[NDArray[T1] | None, NDArray[T2] | None, NDArray[T3] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[Source[T1], Source[T2], Source[T3], Source[T4]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> tuple[NDArray[T1] | None, NDArray[T2] | None, NDArray[T3] | None, NDArray[T4] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[Source[T1], Source[T2], Source[T3], Source[T4], Source[T5]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> tuple[NDArray[T1] | None, NDArray[T2] | None, NDArray[T3] | None, NDArray[T4] | None, NDArray[T5] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: list[Variable[S]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> list[NDArray[S] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: list[NDArray[S]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> list[NDArray[S] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: list[Source[S]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> list[NDArray[S] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: dict[K, Variable[S]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> dict[K, NDArray[S] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: dict[K, NDArray[S]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> dict[K, NDArray[S] | None]: ...
