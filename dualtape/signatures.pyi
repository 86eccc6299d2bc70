# What a type checker sees: the operators of variables and dual numbers, and the overloads of `GradientTape.gradient`.
#
# To a checker a traced value is the NDArray that it stands for, and a variable answers as an ndarray would. A dual
# number is the exception: what is made of it is a dual number. A result is `Any` where it is so in ndarray's own stubs
# (an entry or an array, which depends on values); an argument where NumPy takes all sorts.

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, Literal, Never, Protocol, Self, SupportsIndex, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from dualtape.dual import DualArray
from dualtape.variable import Constant

__all__ = [
    "ArrayOperators", "Arrays", "BatchJacobianMethod", "Complexes", "ConstantFunction", "DualOperators", "Floats",
    "GradientMethod", "InPlaceOperators", "JacobianMethod", "Numbers",
]  # fmt: skip

_S = TypeVar("_S", bound=np.inexact[Any])
_V = TypeVar("_V", bound=np.generic)
_T1 = TypeVar("_T1", bound=np.inexact[Any])
_T2 = TypeVar("_T2", bound=np.inexact[Any])
_T3 = TypeVar("_T3", bound=np.inexact[Any])
_T4 = TypeVar("_T4", bound=np.inexact[Any])
_T5 = TypeVar("_T5", bound=np.inexact[Any])
_K = TypeVar("_K")
_E_co = TypeVar("_E_co", covariant=True)

_Filled: TypeAlias = Literal["zero", "error"]
_Same: TypeAlias = ArrayOperators[_S] | NDArray[_S] | _S | float
_Double: TypeAlias = ArrayOperators[np.float64] | NDArray[np.float64] | np.float64
_DoubleComplex: TypeAlias = ArrayOperators[np.complex128] | NDArray[np.complex128] | np.complex128
_SingleComplex: TypeAlias = ArrayOperators[np.complex64] | NDArray[np.complex64] | np.complex64
_Nested: TypeAlias = float | list[_Nested] | tuple[_Nested, ...]
_Floats: TypeAlias = list[float] | list[list[float]] | list[list[list[float]]] | tuple[_Nested, ...]
_Narrow: TypeAlias = (
    ArrayOperators[np.float32]
    | NDArray[np.float32 | np.integer[Any] | np.bool_]
    | np.float32
    | np.integer[Any]
    | _Floats
)
Numbers: TypeAlias = (
    ArrayOperators[Any] | NDArray[Any] | np.number[Any] | np.bool_ | complex | list[Any] | tuple[Any, ...]
)
_Places: TypeAlias = NDArray[np.integer[Any]]
_Order: TypeAlias = Literal["K", "A", "C", "F"] | None
_Axis: TypeAlias = int | tuple[int, ...] | None
_Source: TypeAlias = ArrayOperators[_S] | NDArray[_S]

# What a variable is made of: arrays, or nested lists of numbers, to a depth, since a string is a sequence of strings.
Arrays: TypeAlias = ArrayOperators[_S] | NDArray[_S] | _S
Floats: TypeAlias = float | Sequence[float] | Sequence[Sequence[float]] | Sequence[Sequence[Sequence[float]]]
Complexes: TypeAlias = complex | Sequence[complex] | Sequence[Sequence[complex]] | Sequence[Sequence[Sequence[complex]]]
_Any: TypeAlias = ArrayLike | ArrayOperators[Any]

# The part of ndarray's interface that variables and constants declare.
class ArrayOperators(Generic[_S]):
    __add__: _Arithmetic[_S]
    __radd__: _Arithmetic[_S]
    __sub__: _Arithmetic[_S]
    __rsub__: _Arithmetic[_S]
    __mul__: _Arithmetic[_S]
    __rmul__: _Arithmetic[_S]
    __truediv__: _Arithmetic[_S]
    __rtruediv__: _Arithmetic[_S]
    __floordiv__: _Arithmetic[_S]
    __rfloordiv__: _Arithmetic[_S]
    __mod__: _Arithmetic[_S]
    __rmod__: _Arithmetic[_S]
    __pow__: _Arithmetic[_S]
    __rpow__: _Arithmetic[_S]
    __matmul__: _Arithmetic[_S]
    __rmatmul__: _Arithmetic[_S]

    def __neg__(self) -> NDArray[_S]: ...
    def __pos__(self) -> NDArray[_S]: ...
    @overload
    def __abs__(self: ArrayOperators[np.complex64]) -> NDArray[np.float32]: ...  # type: ignore[overload-overlap]  # for Any alone
    @overload
    def __abs__(self: ArrayOperators[np.complex128]) -> NDArray[np.float64]: ...
    @overload
    def __abs__(self) -> NDArray[_S]: ...
    def __index__(self: ArrayOperators[Never]) -> int: ...  # as ndarray's, of integers: a list times this is no list
    def __lt__(self, other: Numbers, /) -> NDArray[np.bool_]: ...
    def __le__(self, other: Numbers, /) -> NDArray[np.bool_]: ...
    def __gt__(self, other: Numbers, /) -> NDArray[np.bool_]: ...
    def __ge__(self, other: Numbers, /) -> NDArray[np.bool_]: ...
    def __eq__(self, other: object, /) -> Any: ...
    def __ne__(self, other: object, /) -> Any: ...
    @overload
    def __getitem__(self, key: _Places | tuple[_Places, ...], /) -> NDArray[_S]: ...
    @overload
    def __getitem__(self, key: SupportsIndex | tuple[SupportsIndex, ...], /) -> Any: ...
    @overload
    def __getitem__(self, key: Any, /) -> NDArray[_S]: ...
    @property
    def T(self) -> NDArray[_S]: ...
    @property
    def mT(self) -> NDArray[_S]: ...
    @property
    def real(self) -> NDArray[Any]: ...
    @property
    def imag(self) -> NDArray[Any]: ...
    @property
    def itemsize(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    def conj(self) -> NDArray[_S]: ...
    def conjugate(self) -> NDArray[_S]: ...
    def copy(self, order: _Order = "C") -> NDArray[_S]: ...
    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> NDArray[_S]: ...
    def flatten(self, order: _Order = "C") -> NDArray[_S]: ...
    def ravel(self, order: _Order = "C") -> NDArray[_S]: ...
    def repeat(self, repeats: ArrayLike, axis: int | None = None) -> NDArray[_S]: ...
    @overload
    def reshape(self, shape: Sequence[int], /, *, order: _Order = "C", copy: bool | None = None) -> NDArray[_S]: ...
    @overload
    def reshape(self, *shape: int, order: _Order = "C", copy: bool | None = None) -> NDArray[_S]: ...
    def round(self, decimals: int = 0) -> NDArray[_S]: ...
    def squeeze(self, axis: _Axis = None) -> NDArray[_S]: ...
    def swapaxes(self, axis1: int, axis2: int, /) -> NDArray[_S]: ...
    @overload
    def transpose(self, axes: Sequence[int] | None, /) -> NDArray[_S]: ...
    @overload
    def transpose(self, *axes: int) -> NDArray[_S]: ...
    @overload
    def astype(self, dtype: type[_V] | np.dtype[_V], order: _Order = "K", *, copy: bool = True) -> NDArray[_V]: ...
    @overload
    def astype(self, dtype: DTypeLike, order: _Order = "K", *, copy: bool = True) -> NDArray[Any]: ...
    def clip(  # NumPy's names
        self,
        min: ArrayLike | None = None,  # noqa: A002
        max: ArrayLike | None = None,  # noqa: A002
    ) -> NDArray[Any]: ...
    def cumprod(self, axis: int | None = None, dtype: DTypeLike | None = None) -> NDArray[Any]: ...
    def cumsum(self, axis: int | None = None, dtype: DTypeLike | None = None) -> NDArray[Any]: ...
    def all(self, axis: _Axis = None, *, keepdims: bool = False) -> Any: ...
    def any(self, axis: _Axis = None, *, keepdims: bool = False) -> Any: ...
    def argmax(self, axis: int | None = None, *, keepdims: bool = False) -> Any: ...
    def argmin(self, axis: int | None = None, *, keepdims: bool = False) -> Any: ...
    def argsort(self, axis: int | None = -1, *, stable: bool | None = None) -> NDArray[np.intp]: ...
    def dot(self, b: ArrayLike, /) -> Any: ...
    def item(self, *args: int) -> Any: ...
    def max(self, axis: _Axis = None, *, keepdims: bool = False) -> Any: ...
    def mean(self, axis: _Axis = None, dtype: DTypeLike | None = None, *, keepdims: bool = False) -> Any: ...
    def min(self, axis: _Axis = None, *, keepdims: bool = False) -> Any: ...
    def prod(self, axis: _Axis = None, dtype: DTypeLike | None = None, *, keepdims: bool = False) -> Any: ...
    def std(self, axis: _Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Any: ...
    def sum(self, axis: _Axis = None, dtype: DTypeLike | None = None, *, keepdims: bool = False) -> Any: ...
    def take(self, indices: ArrayLike, axis: int | None = None) -> Any: ...
    def tolist(self) -> Any: ...
    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any: ...
    def var(self, axis: _Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Any: ...

# The in-place operators of a variable, which give the variable.
class InPlaceOperators:
    def __iadd__(self, other: Numbers, /) -> Self: ...
    def __isub__(self, other: Numbers, /) -> Self: ...
    def __imul__(self, other: Numbers, /) -> Self: ...
    def __itruediv__(self, other: Numbers, /) -> Self: ...
    def __ifloordiv__(self, other: Numbers, /) -> Self: ...
    def __imod__(self, other: Numbers, /) -> Self: ...
    def __ipow__(self, other: Numbers, /) -> Self: ...
    def __imatmul__(self, other: Numbers, /) -> Self: ...

# The part of ndarray's interface that dual numbers declare: what is made of a dual number is one.
class DualOperators(Generic[_S]):
    # No array to NumPy's stubs: of what is one a ufunc makes an ndarray to them, of anything else `Any`.
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> None: ...

    __add__: _DualArithmetic[_S]
    __radd__: _DualArithmetic[_S]
    __sub__: _DualArithmetic[_S]
    __rsub__: _DualArithmetic[_S]
    __mul__: _DualArithmetic[_S]
    __rmul__: _DualArithmetic[_S]
    __truediv__: _DualArithmetic[_S]
    __rtruediv__: _DualArithmetic[_S]
    __mod__: _DualArithmetic[_S]
    __rmod__: _DualArithmetic[_S]
    __pow__: _DualArithmetic[_S]
    __rpow__: _DualArithmetic[_S]
    __matmul__: _DualArithmetic[_S]
    __rmatmul__: _DualArithmetic[_S]

    def __neg__(self) -> DualArray[_S]: ...
    def __pos__(self) -> DualArray[_S]: ...
    @overload
    def __abs__(self: DualOperators[np.complex64]) -> DualArray[np.float32]: ...  # type: ignore[overload-overlap]  # for Any alone
    @overload
    def __abs__(self: DualOperators[np.complex128]) -> DualArray[np.float64]: ...
    @overload
    def __abs__(self) -> DualArray[_S]: ...
    def __index__(self: DualOperators[Never]) -> int: ...  # as above
    def __lt__(self, other: Numbers | DualOperators[Any], /) -> NDArray[np.bool_]: ...
    def __le__(self, other: Numbers | DualOperators[Any], /) -> NDArray[np.bool_]: ...
    def __gt__(self, other: Numbers | DualOperators[Any], /) -> NDArray[np.bool_]: ...
    def __ge__(self, other: Numbers | DualOperators[Any], /) -> NDArray[np.bool_]: ...
    def __eq__(self, other: object, /) -> Any: ...
    def __ne__(self, other: object, /) -> Any: ...
    def __getitem__(self, key: Any, /) -> DualArray[_S]: ...
    @property
    def primal(self) -> NDArray[_S]: ...
    @property
    def T(self) -> DualArray[_S]: ...
    def copy(self, order: _Order = "C") -> DualArray[_S]: ...
    def flatten(self, order: _Order = "C") -> DualArray[_S]: ...
    def ravel(self, order: _Order = "C") -> DualArray[_S]: ...
    @overload
    def reshape(self, shape: Sequence[int], /, *, order: _Order = "C", copy: bool | None = None) -> DualArray[_S]: ...
    @overload
    def reshape(self, *shape: int, order: _Order = "C", copy: bool | None = None) -> DualArray[_S]: ...
    def transpose(self, *axes: int) -> DualArray[_S]: ...
    def clip(
        self,
        min: ArrayLike | DualOperators[_S] | None = None,  # noqa: A002
        max: ArrayLike | DualOperators[_S] | None = None,  # noqa: A002
    ) -> DualArray[_S]: ...
    def cumsum(self, axis: int | None = None) -> DualArray[_S]: ...
    def dot(self, b: ArrayLike | DualOperators[_S], /) -> DualArray[_S]: ...
    def max(self, axis: _Axis = None, *, keepdims: bool = False) -> DualArray[_S]: ...
    def mean(self, axis: _Axis = None, *, keepdims: bool = False) -> DualArray[_S]: ...
    def min(self, axis: _Axis = None, *, keepdims: bool = False) -> DualArray[_S]: ...
    def prod(self, axis: _Axis = None, *, keepdims: bool = False) -> DualArray[_S]: ...
    def std(self, axis: _Axis = None, *, ddof: float = 0, keepdims: bool = False) -> DualArray[_S]: ...
    def sum(self, axis: _Axis = None, *, keepdims: bool = False) -> DualArray[_S]: ...
    def var(self, axis: _Axis = None, *, ddof: float = 0, keepdims: bool = False) -> DualArray[_S]: ...

# A binary operator: the dtype stays with operands of the same one or a narrower one, and with Python's weak scalars.
class _Arithmetic(Generic[_S]):
    @overload
    def __call__(self: _Arithmetic[np.float32], other: _Double, /) -> NDArray[np.float64]: ...
    @overload
    def __call__(self: _Arithmetic[np.complex64], other: _Double, /) -> NDArray[np.complex128]: ...
    @overload
    def __call__(
        self: _Arithmetic[np.float32] | _Arithmetic[np.float64] | _Arithmetic[np.complex64], other: _DoubleComplex, /
    ) -> NDArray[np.complex128]: ...
    @overload
    def __call__(self, other: _Same[_S], /) -> NDArray[_S]: ...
    @overload
    def __call__(self: _Arithmetic[np.float64], other: _Narrow, /) -> NDArray[np.float64]: ...
    @overload
    def __call__(
        self: _Arithmetic[np.complex128], other: _Double | _SingleComplex | _Narrow, /
    ) -> NDArray[np.complex128]: ...
    @overload
    def __call__(
        self: _Arithmetic[np.float64] | _Arithmetic[np.complex128], other: complex, /
    ) -> NDArray[np.complex128]: ...
    @overload
    def __call__(self, other: Numbers, /) -> NDArray[Any]: ...

# A binary operator of dual numbers.
class _DualArithmetic(Generic[_S]):
    @overload
    def __call__(self, other: _Same[_S] | DualOperators[_S], /) -> DualArray[_S]: ...
    @overload
    def __call__(self: _DualArithmetic[np.float64], other: _Narrow, /) -> DualArray[np.float64]: ...
    @overload
    def __call__(self, other: Numbers | DualOperators[Any], /) -> DualArray[Any]: ...

# A list as it is read, and so covariant: one of variables and constants is a list of sources. No tuple has `reverse`.
class _ListOf(Protocol[_E_co]):
    def __iter__(self) -> Iterator[_E_co]: ...
    def reverse(self) -> None: ...

# The signatures of `GradientTape.gradient`: the result has the structure and the dtypes of the sources. A target, and
# its weights, are arrays of any kind or containers of them, so `Any`.
class GradientMethod(Protocol):
    @overload
    def __call__(
        self, target: Any, sources: _Source[_S], output_gradients: Any = None, unconnected_gradients: _Filled = "zero"
    ) -> NDArray[_S]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1]],
        output_gradients: Any = None,
        unconnected_gradients: _Filled = "zero",
    ) -> tuple[NDArray[_T1]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1], _Source[_T2]],
        output_gradients: Any = None,
        unconnected_gradients: _Filled = "zero",
    ) -> tuple[NDArray[_T1], NDArray[_T2]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1], _Source[_T2], _Source[_T3]],
        output_gradients: Any = None,
        unconnected_gradients: _Filled = "zero",
    ) -> tuple[NDArray[_T1], NDArray[_T2], NDArray[_T3]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1], _Source[_T2], _Source[_T3], _Source[_T4]],
        output_gradients: Any = None,
        unconnected_gradients: _Filled = "zero",
    ) -> tuple[NDArray[_T1], NDArray[_T2], NDArray[_T3], NDArray[_T4]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1], _Source[_T2], _Source[_T3], _Source[_T4], _Source[_T5]],
        output_gradients: Any = None,
        unconnected_gradients: _Filled = "zero",
    ) -> tuple[NDArray[_T1], NDArray[_T2], NDArray[_T3], NDArray[_T4], NDArray[_T5]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_S], ...],
        output_gradients: Any = None,
        unconnected_gradients: _Filled = "zero",
    ) -> tuple[NDArray[_S], ...]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: _ListOf[_Source[_S]],
        output_gradients: Any = None,
        unconnected_gradients: _Filled = "zero",
    ) -> list[NDArray[_S]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: Mapping[_K, _Source[_S]],
        output_gradients: Any = None,
        unconnected_gradients: _Filled = "zero",
    ) -> dict[_K, NDArray[_S]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[Any], ...],
        output_gradients: Any = None,
        unconnected_gradients: _Filled = "zero",
    ) -> tuple[NDArray[Any], ...]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: _ListOf[_Source[Any]],
        output_gradients: Any = None,
        unconnected_gradients: _Filled = "zero",
    ) -> list[NDArray[Any]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: Mapping[_K, _Source[Any]],
        output_gradients: Any = None,
        unconnected_gradients: _Filled = "zero",
    ) -> dict[_K, NDArray[Any]]: ...
    @overload
    def __call__(
        self, target: Any, sources: _Source[_S], output_gradients: Any = None, *, unconnected_gradients: Literal["none"]
    ) -> NDArray[_S] | None: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> tuple[NDArray[_T1] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1], _Source[_T2]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> tuple[NDArray[_T1] | None, NDArray[_T2] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1], _Source[_T2], _Source[_T3]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> tuple[NDArray[_T1] | None, NDArray[_T2] | None, NDArray[_T3] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1], _Source[_T2], _Source[_T3], _Source[_T4]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> tuple[NDArray[_T1] | None, NDArray[_T2] | None, NDArray[_T3] | None, NDArray[_T4] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1], _Source[_T2], _Source[_T3], _Source[_T4], _Source[_T5]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> tuple[
        NDArray[_T1] | None, NDArray[_T2] | None, NDArray[_T3] | None, NDArray[_T4] | None, NDArray[_T5] | None
    ]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_S], ...],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> tuple[NDArray[_S] | None, ...]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: _ListOf[_Source[_S]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> list[NDArray[_S] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: Mapping[_K, _Source[_S]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> dict[_K, NDArray[_S] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[Any], ...],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> tuple[NDArray[Any] | None, ...]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: _ListOf[_Source[Any]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> list[NDArray[Any] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: Mapping[_K, _Source[Any]],
        output_gradients: Any = None,
        *,
        unconnected_gradients: Literal["none"],
    ) -> dict[_K, NDArray[Any] | None]: ...

# The signatures of `GradientTape.jacobian`: as those of the gradient, of a target's shape followed by the source's.
class JacobianMethod(Protocol):
    @overload
    def __call__(
        self, target: Any, sources: _Source[_S], unconnected_gradients: _Filled = "zero", *, holomorphic: bool = False
    ) -> NDArray[_S]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1]],
        unconnected_gradients: _Filled = "zero",
        *,
        holomorphic: bool = False,
    ) -> tuple[NDArray[_T1]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1], _Source[_T2]],
        unconnected_gradients: _Filled = "zero",
        *,
        holomorphic: bool = False,
    ) -> tuple[NDArray[_T1], NDArray[_T2]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1], _Source[_T2], _Source[_T3]],
        unconnected_gradients: _Filled = "zero",
        *,
        holomorphic: bool = False,
    ) -> tuple[NDArray[_T1], NDArray[_T2], NDArray[_T3]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1], _Source[_T2], _Source[_T3], _Source[_T4]],
        unconnected_gradients: _Filled = "zero",
        *,
        holomorphic: bool = False,
    ) -> tuple[NDArray[_T1], NDArray[_T2], NDArray[_T3], NDArray[_T4]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1], _Source[_T2], _Source[_T3], _Source[_T4], _Source[_T5]],
        unconnected_gradients: _Filled = "zero",
        *,
        holomorphic: bool = False,
    ) -> tuple[NDArray[_T1], NDArray[_T2], NDArray[_T3], NDArray[_T4], NDArray[_T5]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_S], ...],
        unconnected_gradients: _Filled = "zero",
        *,
        holomorphic: bool = False,
    ) -> tuple[NDArray[_S], ...]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: _ListOf[_Source[_S]],
        unconnected_gradients: _Filled = "zero",
        *,
        holomorphic: bool = False,
    ) -> list[NDArray[_S]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: Mapping[_K, _Source[_S]],
        unconnected_gradients: _Filled = "zero",
        *,
        holomorphic: bool = False,
    ) -> dict[_K, NDArray[_S]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[Any], ...],
        unconnected_gradients: _Filled = "zero",
        *,
        holomorphic: bool = False,
    ) -> tuple[NDArray[Any], ...]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: _ListOf[_Source[Any]],
        unconnected_gradients: _Filled = "zero",
        *,
        holomorphic: bool = False,
    ) -> list[NDArray[Any]]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: Mapping[_K, _Source[Any]],
        unconnected_gradients: _Filled = "zero",
        *,
        holomorphic: bool = False,
    ) -> dict[_K, NDArray[Any]]: ...
    @overload
    def __call__(
        self, target: Any, sources: _Source[_S], unconnected_gradients: Literal["none"], *, holomorphic: bool = False
    ) -> NDArray[_S] | None: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1]],
        unconnected_gradients: Literal["none"],
        *,
        holomorphic: bool = False,
    ) -> tuple[NDArray[_T1] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1], _Source[_T2]],
        unconnected_gradients: Literal["none"],
        *,
        holomorphic: bool = False,
    ) -> tuple[NDArray[_T1] | None, NDArray[_T2] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1], _Source[_T2], _Source[_T3]],
        unconnected_gradients: Literal["none"],
        *,
        holomorphic: bool = False,
    ) -> tuple[NDArray[_T1] | None, NDArray[_T2] | None, NDArray[_T3] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1], _Source[_T2], _Source[_T3], _Source[_T4]],
        unconnected_gradients: Literal["none"],
        *,
        holomorphic: bool = False,
    ) -> tuple[NDArray[_T1] | None, NDArray[_T2] | None, NDArray[_T3] | None, NDArray[_T4] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_T1], _Source[_T2], _Source[_T3], _Source[_T4], _Source[_T5]],
        unconnected_gradients: Literal["none"],
        *,
        holomorphic: bool = False,
    ) -> tuple[
        NDArray[_T1] | None, NDArray[_T2] | None, NDArray[_T3] | None, NDArray[_T4] | None, NDArray[_T5] | None
    ]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[_S], ...],
        unconnected_gradients: Literal["none"],
        *,
        holomorphic: bool = False,
    ) -> tuple[NDArray[_S] | None, ...]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: _ListOf[_Source[_S]],
        unconnected_gradients: Literal["none"],
        *,
        holomorphic: bool = False,
    ) -> list[NDArray[_S] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: Mapping[_K, _Source[_S]],
        unconnected_gradients: Literal["none"],
        *,
        holomorphic: bool = False,
    ) -> dict[_K, NDArray[_S] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: tuple[_Source[Any], ...],
        unconnected_gradients: Literal["none"],
        *,
        holomorphic: bool = False,
    ) -> tuple[NDArray[Any] | None, ...]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: _ListOf[_Source[Any]],
        unconnected_gradients: Literal["none"],
        *,
        holomorphic: bool = False,
    ) -> list[NDArray[Any] | None]: ...
    @overload
    def __call__(
        self,
        target: Any,
        sources: Mapping[_K, _Source[Any]],
        unconnected_gradients: Literal["none"],
        *,
        holomorphic: bool = False,
    ) -> dict[_K, NDArray[Any] | None]: ...

# The signatures of `GradientTape.batch_jacobian`.
class BatchJacobianMethod(Protocol):
    @overload
    def __call__(
        self, target: Any, source: _Source[_S], unconnected_gradients: _Filled = "zero", *, holomorphic: bool = False
    ) -> NDArray[_S]: ...
    @overload
    def __call__(
        self, target: Any, source: _Source[_S], unconnected_gradients: Literal["none"], *, holomorphic: bool = False
    ) -> NDArray[_S] | None: ...

# The signatures of `constant`, which are those of `Variable`.
class ConstantFunction(Protocol):
    @overload
    def __call__(
        self, value: Arrays[_S] | Sequence[Arrays[_S]], *, name: str | None = None, dtype: None = None
    ) -> Constant[_S]: ...
    @overload
    def __call__(  # pyright: ignore[reportOverlappingOverload]  # to a checker a float is a complex, too
        self, value: Floats, *, name: str | None = None, dtype: None = None
    ) -> Constant[np.float64]: ...
    @overload
    def __call__(self, value: Complexes, *, name: str | None = None, dtype: None = None) -> Constant[np.complex128]: ...
    @overload
    def __call__(self, value: _Any, *, name: str | None = None, dtype: type[_S] | np.dtype[_S]) -> Constant[_S]: ...
    @overload
    def __call__(self, value: _Any, *, name: str | None = None, dtype: type[float]) -> Constant[np.float64]: ...
    @overload
    def __call__(self, value: _Any, *, name: str | None = None, dtype: type[complex] | str) -> Constant[Any]: ...
