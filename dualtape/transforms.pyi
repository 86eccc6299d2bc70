# What type checkers see of the transforms: the result is typed by the argument that `argnums` names.
#
# Parameters up to and including that argument are positional-only to a checker, the later ones keep names, keywords and
# defaults. A float's derivative is declared a float, which NumPy's float64 is. A function of an array of integers
# matches none of these, or where `argnums` is written its transform is an `object`, which can't be called.
#
# `Any` stands where a function may return what it likes, for an array of any dtype, and in the last overloads of each,
# for functions that take arrays of any dtype (the whole result, since mypy makes an untyped function of two that could
# be meant) and for an `argnums` that the others don't name (the derivative; the call is checked).
#
# An int may be the 1 that a literal names, and then the derivative is `Any`: to checkers a contradiction.
# mypy: disable-error-code=overload-overlap
# pyright: reportOverlappingOverload=false

from collections.abc import Callable, Hashable, Iterable, Mapping
from concurrent.futures import Executor
from typing import Any, ClassVar, Concatenate, Generic, Literal, ParamSpec, Protocol, TypeAlias, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from dualtape.mode import Mode

__all__ = ["grad", "hessian", "hvp", "jacobian", "jvp", "linearize", "value_and_grad", "vjp"]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_Aux = TypeVar("_Aux")
_S = TypeVar("_S", bound=np.inexact[Any])

# What can be differentiated in: all but an array of integers, since any class may be registered as a container. Arrays,
# lists, dicts and most dataclasses have no hash.
class _Dataclass(Protocol):
    __dataclass_fields__: ClassVar[dict[str, Any]]

_Differentiable: TypeAlias = NDArray[np.inexact[Any]] | list[Any] | Mapping[Any, Any] | _Dataclass | Hashable
_A = TypeVar("_A", bound=_Differentiable)
_B = TypeVar("_B", bound=_Differentiable)
_C = TypeVar("_C", bound=_Differentiable)
_D = TypeVar("_D", bound=_Differentiable)
# ... but for a float, whose Jacobian has the shape of what the function returns, and what might be one.
_Shaped: TypeAlias = NDArray[np.inexact[Any]] | list[Any] | Mapping[Any, Any] | _Dataclass
_FA = TypeVar("_FA", bound=_Shaped)
_FB = TypeVar("_FB", bound=_Shaped)
_FC = TypeVar("_FC", bound=_Shaped)
_FD = TypeVar("_FD", bound=_Shaped)
_X = TypeVar("_X")
_Y = TypeVar("_Y")

# What a function returns that has a gradient: one real number, which NumPy's stubs often call an array. A variable also
# where the result doesn't name it: of a function that is generic in its dtype mypy makes nothing of a union.
_Real: TypeAlias = float | np.floating[Any] | NDArray[np.floating[Any]]
_L = TypeVar("_L", bound=_Real)

_Mode: TypeAlias = Literal["forward", "reverse", "auto"] | Mode | None
_Progress: TypeAlias = Callable[[list[Any]], Iterable[Any]]
_R_co = TypeVar("_R_co", covariant=True)
_Array: TypeAlias = NDArray[np.inexact[Any]] | complex | np.inexact[Any]
_V = TypeVar("_V", bound=_Array)
_Any: TypeAlias = NDArray[np.inexact[Any]]  # as a parameter: of a function that takes an array of any dtype

# A function. mypy, where an argument is `Any` and so two overloads could be meant, makes an untyped function of two
# callables, but `Any` of two types.
class _Function(Generic[_P, _R_co]):
    def __call__(self, *args: _P.args, **kwargs: _P.kwargs) -> _R_co: ...

@overload
def grad(
    f: Callable[Concatenate[_A, _P], _L],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _P], _A]: ...
@overload
def grad(
    f: Callable[Concatenate[_X, _B, _P], _L],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, _B, _P], _B]: ...
@overload
def grad(
    f: Callable[Concatenate[_X, _Y, _C, _P], _L],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, _Y, _C, _P], _C]: ...
@overload
def grad(
    f: Callable[Concatenate[_A, _P], _L],
    argnums: tuple[Literal[0]],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _P], tuple[_A]]: ...
@overload
def grad(
    f: Callable[Concatenate[_A, _B, _P], _L],
    argnums: tuple[Literal[0], Literal[1]],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _B, _P], tuple[_A, _B]]: ...
@overload
def grad(
    f: Callable[Concatenate[_A, _B, _C, _P], _L],
    argnums: tuple[Literal[0], Literal[1], Literal[2]],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _B, _C, _P], tuple[_A, _B, _C]]: ...
@overload
def grad(
    f: Callable[Concatenate[_A, _B, _C, _D, _P], _L],
    argnums: tuple[Literal[0], Literal[1], Literal[2], Literal[3]],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _B, _C, _D, _P], tuple[_A, _B, _C, _D]]: ...
@overload
def grad(
    f: Callable[Concatenate[_X, _B, _C, _P], _L],
    argnums: tuple[Literal[1], Literal[2]],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, _B, _C, _P], tuple[_B, _C]]: ...
@overload
def grad(
    f: Callable[Concatenate[_A, _P], tuple[_L, _Aux]],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _P], tuple[_A, _Aux]]: ...
@overload
def grad(
    f: Callable[Concatenate[_X, _B, _P], tuple[_L, _Aux]],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, _B, _P], tuple[_B, _Aux]]: ...
@overload
def grad(
    f: Callable[Concatenate[_X, _Y, _C, _P], tuple[_L, _Aux]],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, _Y, _C, _P], tuple[_C, _Aux]]: ...
@overload
def grad(
    f: Callable[Concatenate[_A, _P], tuple[_L, _Aux]],
    argnums: tuple[Literal[0]],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _P], tuple[tuple[_A], _Aux]]: ...
@overload
def grad(
    f: Callable[Concatenate[_A, _B, _P], tuple[_L, _Aux]],
    argnums: tuple[Literal[0], Literal[1]],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _B, _P], tuple[tuple[_A, _B], _Aux]]: ...
@overload
def grad(
    f: Callable[Concatenate[_A, _B, _C, _P], tuple[_L, _Aux]],
    argnums: tuple[Literal[0], Literal[1], Literal[2]],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _B, _C, _P], tuple[tuple[_A, _B, _C], _Aux]]: ...
@overload
def grad(
    f: Callable[Concatenate[_A, _B, _C, _D, _P], tuple[_L, _Aux]],
    argnums: tuple[Literal[0], Literal[1], Literal[2], Literal[3]],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _B, _C, _D, _P], tuple[tuple[_A, _B, _C, _D], _Aux]]: ...
@overload
def grad(
    f: Callable[Concatenate[_X, _B, _C, _P], tuple[_L, _Aux]],
    argnums: tuple[Literal[1], Literal[2]],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, _B, _C, _P], tuple[tuple[_B, _C], _Aux]]: ...
@overload
def grad(
    f: Callable[Concatenate[_Any, _P], object],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Any: ...
@overload
def grad(
    f: Callable[Concatenate[_X, _Any, _P], object],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Any: ...
@overload
def grad(
    f: Callable[Concatenate[_X, _Y, _Any, _P], object],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Any: ...
@overload
def grad(
    f: Callable[..., object],
    argnums: Literal[0, 1, 2],
    *,
    mode: _Mode = None,
    has_aux: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> object: ...
@overload
def grad(
    f: Callable[_P, _L],
    argnums: int,
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[_P, Any]: ...
@overload
def grad(
    f: Callable[_P, _L],
    argnums: tuple[int, ...],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[_P, tuple[Any, ...]]: ...
@overload
def grad(
    f: Callable[_P, tuple[_L, _Aux]],
    argnums: int,
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[_P, tuple[Any, _Aux]]: ...
@overload
def grad(
    f: Callable[_P, tuple[_L, _Aux]],
    argnums: tuple[int, ...],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[_P, tuple[tuple[Any, ...], _Aux]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_A, _P], _L],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _P], tuple[_L, _A]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_X, _B, _P], _L],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, _B, _P], tuple[_L, _B]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_X, _Y, _C, _P], _L],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, _Y, _C, _P], tuple[_L, _C]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_A, _P], _L],
    argnums: tuple[Literal[0]],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _P], tuple[_L, tuple[_A]]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_A, _B, _P], _L],
    argnums: tuple[Literal[0], Literal[1]],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _B, _P], tuple[_L, tuple[_A, _B]]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_A, _B, _C, _P], _L],
    argnums: tuple[Literal[0], Literal[1], Literal[2]],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _B, _C, _P], tuple[_L, tuple[_A, _B, _C]]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_A, _B, _C, _D, _P], _L],
    argnums: tuple[Literal[0], Literal[1], Literal[2], Literal[3]],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _B, _C, _D, _P], tuple[_L, tuple[_A, _B, _C, _D]]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_X, _B, _C, _P], _L],
    argnums: tuple[Literal[1], Literal[2]],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, _B, _C, _P], tuple[_L, tuple[_B, _C]]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_A, _P], tuple[_L, _Aux]],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _P], tuple[tuple[_L, _Aux], _A]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_X, _B, _P], tuple[_L, _Aux]],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, _B, _P], tuple[tuple[_L, _Aux], _B]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_X, _Y, _C, _P], tuple[_L, _Aux]],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, _Y, _C, _P], tuple[tuple[_L, _Aux], _C]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_A, _P], tuple[_L, _Aux]],
    argnums: tuple[Literal[0]],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _P], tuple[tuple[_L, _Aux], tuple[_A]]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_A, _B, _P], tuple[_L, _Aux]],
    argnums: tuple[Literal[0], Literal[1]],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _B, _P], tuple[tuple[_L, _Aux], tuple[_A, _B]]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_A, _B, _C, _P], tuple[_L, _Aux]],
    argnums: tuple[Literal[0], Literal[1], Literal[2]],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _B, _C, _P], tuple[tuple[_L, _Aux], tuple[_A, _B, _C]]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_A, _B, _C, _D, _P], tuple[_L, _Aux]],
    argnums: tuple[Literal[0], Literal[1], Literal[2], Literal[3]],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_A, _B, _C, _D, _P], tuple[tuple[_L, _Aux], tuple[_A, _B, _C, _D]]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_X, _B, _C, _P], tuple[_L, _Aux]],
    argnums: tuple[Literal[1], Literal[2]],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, _B, _C, _P], tuple[tuple[_L, _Aux], tuple[_B, _C]]]: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_Any, _P], object],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Any: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_X, _Any, _P], object],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Any: ...
@overload
def value_and_grad(
    f: Callable[Concatenate[_X, _Y, _Any, _P], object],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Any: ...
@overload
def value_and_grad(
    f: Callable[..., object],
    argnums: Literal[0, 1, 2],
    *,
    mode: _Mode = None,
    has_aux: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> object: ...
@overload
def value_and_grad(
    f: Callable[_P, _L],
    argnums: int,
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[_P, tuple[_L, Any]]: ...
@overload
def value_and_grad(
    f: Callable[_P, _L],
    argnums: tuple[int, ...],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[_P, tuple[_L, tuple[Any, ...]]]: ...
@overload
def value_and_grad(
    f: Callable[_P, tuple[_L, _Aux]],
    argnums: int,
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[_P, tuple[tuple[_L, _Aux], Any]]: ...
@overload
def value_and_grad(
    f: Callable[_P, tuple[_L, _Aux]],
    argnums: tuple[int, ...],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[_P, tuple[tuple[_L, _Aux], tuple[Any, ...]]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[NDArray[_S], _P], _V],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[NDArray[_S], _P], NDArray[_S]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[float, _P], NDArray[Any]],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[float, _P], NDArray[np.float64]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_A, _P], _V],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_A, _P], _A]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_A, _P], Any],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_A, _P], Any]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_X, NDArray[_S], _P], _V],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, NDArray[_S], _P], NDArray[_S]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_X, float, _P], NDArray[Any]],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, float, _P], NDArray[np.float64]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_X, _B, _P], _V],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, _B, _P], _B]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_X, _B, _P], Any],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, _B, _P], Any]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_X, _Y, NDArray[_S], _P], _V],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, _Y, NDArray[_S], _P], NDArray[_S]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_X, _Y, float, _P], NDArray[Any]],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, _Y, float, _P], NDArray[np.float64]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_X, _Y, _C, _P], _V],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, _Y, _C, _P], _C]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_X, _Y, _C, _P], Any],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, _Y, _C, _P], Any]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_FA, _P], _V],
    argnums: tuple[Literal[0]],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_FA, _P], tuple[_FA]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_FA, _FB, _P], _V],
    argnums: tuple[Literal[0], Literal[1]],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_FA, _FB, _P], tuple[_FA, _FB]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_FA, _FB, _FC, _P], _V],
    argnums: tuple[Literal[0], Literal[1], Literal[2]],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_FA, _FB, _FC, _P], tuple[_FA, _FB, _FC]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_FA, _FB, _FC, _FD, _P], _V],
    argnums: tuple[Literal[0], Literal[1], Literal[2], Literal[3]],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_FA, _FB, _FC, _FD, _P], tuple[_FA, _FB, _FC, _FD]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_X, _FB, _FC, _P], _V],
    argnums: tuple[Literal[1], Literal[2]],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, _FB, _FC, _P], tuple[_FB, _FC]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[NDArray[_S], _P], tuple[_V, _Aux]],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[NDArray[_S], _P], tuple[NDArray[_S], _Aux]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[float, _P], tuple[NDArray[Any], _Aux]],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[float, _P], tuple[NDArray[np.float64], _Aux]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_A, _P], tuple[_V, _Aux]],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_A, _P], tuple[_A, _Aux]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_A, _P], tuple[Any, _Aux]],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_A, _P], tuple[Any, _Aux]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_X, NDArray[_S], _P], tuple[_V, _Aux]],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, NDArray[_S], _P], tuple[NDArray[_S], _Aux]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_X, float, _P], tuple[NDArray[Any], _Aux]],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, float, _P], tuple[NDArray[np.float64], _Aux]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_X, _B, _P], tuple[_V, _Aux]],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, _B, _P], tuple[_B, _Aux]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_X, _B, _P], tuple[Any, _Aux]],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, _B, _P], tuple[Any, _Aux]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_X, _Y, NDArray[_S], _P], tuple[_V, _Aux]],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, _Y, NDArray[_S], _P], tuple[NDArray[_S], _Aux]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_X, _Y, float, _P], tuple[NDArray[Any], _Aux]],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, _Y, float, _P], tuple[NDArray[np.float64], _Aux]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_X, _Y, _C, _P], tuple[_V, _Aux]],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, _Y, _C, _P], tuple[_C, _Aux]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_X, _Y, _C, _P], tuple[Any, _Aux]],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, _Y, _C, _P], tuple[Any, _Aux]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_FA, _P], tuple[_V, _Aux]],
    argnums: tuple[Literal[0]],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_FA, _P], tuple[tuple[_FA], _Aux]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_FA, _FB, _P], tuple[_V, _Aux]],
    argnums: tuple[Literal[0], Literal[1]],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_FA, _FB, _P], tuple[tuple[_FA, _FB], _Aux]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_FA, _FB, _FC, _P], tuple[_V, _Aux]],
    argnums: tuple[Literal[0], Literal[1], Literal[2]],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_FA, _FB, _FC, _P], tuple[tuple[_FA, _FB, _FC], _Aux]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_FA, _FB, _FC, _FD, _P], tuple[_V, _Aux]],
    argnums: tuple[Literal[0], Literal[1], Literal[2], Literal[3]],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_FA, _FB, _FC, _FD, _P], tuple[tuple[_FA, _FB, _FC, _FD], _Aux]]: ...
@overload
def jacobian(
    f: Callable[Concatenate[_X, _FB, _FC, _P], tuple[_V, _Aux]],
    argnums: tuple[Literal[1], Literal[2]],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, _FB, _FC, _P], tuple[tuple[_FB, _FC], _Aux]]: ...
@overload
def jacobian(
    f: Callable[..., object],
    argnums: Literal[0, 1, 2],
    *,
    mode: _Mode = None,
    has_aux: bool = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> object: ...
@overload
def jacobian(
    f: Callable[_P, Any],
    argnums: int,
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[_P, Any]: ...
@overload
def jacobian(
    f: Callable[_P, Any],
    argnums: tuple[int, ...],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[_P, tuple[Any, ...]]: ...
@overload
def jacobian(
    f: Callable[_P, tuple[Any, _Aux]],
    argnums: int,
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[_P, tuple[Any, _Aux]]: ...
@overload
def jacobian(
    f: Callable[_P, tuple[Any, _Aux]],
    argnums: tuple[int, ...],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[_P, tuple[tuple[Any, ...], _Aux]]: ...
@overload
def hessian(
    f: Callable[Concatenate[NDArray[_S], _P], _L],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[NDArray[_S], _P], NDArray[_S]]: ...
@overload
def hessian(
    f: Callable[Concatenate[float, _P], _L],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[float, _P], float]: ...
@overload
def hessian(
    f: Callable[Concatenate[_A, _P], _L],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_A, _P], Any]: ...
@overload
def hessian(
    f: Callable[Concatenate[_X, NDArray[_S], _P], _L],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, NDArray[_S], _P], NDArray[_S]]: ...
@overload
def hessian(
    f: Callable[Concatenate[_X, float, _P], _L],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, float, _P], float]: ...
@overload
def hessian(
    f: Callable[Concatenate[_X, _B, _P], _L],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, _B, _P], Any]: ...
@overload
def hessian(
    f: Callable[Concatenate[_X, _Y, NDArray[_S], _P], _L],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, _Y, NDArray[_S], _P], NDArray[_S]]: ...
@overload
def hessian(
    f: Callable[Concatenate[_X, _Y, float, _P], _L],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, _Y, float, _P], float]: ...
@overload
def hessian(
    f: Callable[Concatenate[_X, _Y, _C, _P], _L],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, _Y, _C, _P], Any]: ...
@overload
def hessian(
    f: Callable[Concatenate[NDArray[_S], _P], tuple[_L, _Aux]],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[NDArray[_S], _P], tuple[NDArray[_S], _Aux]]: ...
@overload
def hessian(
    f: Callable[Concatenate[float, _P], tuple[_L, _Aux]],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[float, _P], tuple[float, _Aux]]: ...
@overload
def hessian(
    f: Callable[Concatenate[_A, _P], tuple[_L, _Aux]],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_A, _P], tuple[Any, _Aux]]: ...
@overload
def hessian(
    f: Callable[Concatenate[_X, NDArray[_S], _P], tuple[_L, _Aux]],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, NDArray[_S], _P], tuple[NDArray[_S], _Aux]]: ...
@overload
def hessian(
    f: Callable[Concatenate[_X, float, _P], tuple[_L, _Aux]],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, float, _P], tuple[float, _Aux]]: ...
@overload
def hessian(
    f: Callable[Concatenate[_X, _B, _P], tuple[_L, _Aux]],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, _B, _P], tuple[Any, _Aux]]: ...
@overload
def hessian(
    f: Callable[Concatenate[_X, _Y, NDArray[_S], _P], tuple[_L, _Aux]],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> Callable[Concatenate[_X, _Y, NDArray[_S], _P], tuple[NDArray[_S], _Aux]]: ...
@overload
def hessian(
    f: Callable[Concatenate[_X, _Y, float, _P], tuple[_L, _Aux]],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, _Y, float, _P], tuple[float, _Aux]]: ...
@overload
def hessian(
    f: Callable[Concatenate[_X, _Y, _C, _P], tuple[_L, _Aux]],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[Concatenate[_X, _Y, _C, _P], tuple[Any, _Aux]]: ...
@overload
def hessian(
    f: Callable[..., object],
    argnums: Literal[0, 1, 2],
    *,
    mode: _Mode = None,
    has_aux: bool = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> object: ...
@overload
def hessian(
    f: Callable[_P, _L],
    argnums: int,
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[_P, Any]: ...
@overload
def hessian(
    f: Callable[_P, _L],
    argnums: tuple[int, ...],
    *,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[_P, tuple[Any, ...]]: ...
@overload
def hessian(
    f: Callable[_P, tuple[_L, _Aux]],
    argnums: int,
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[_P, tuple[Any, _Aux]]: ...
@overload
def hessian(
    f: Callable[_P, tuple[_L, _Aux]],
    argnums: tuple[int, ...],
    *,
    mode: _Mode = None,
    has_aux: Literal[True],
    holomorphic: bool = False,
    chunk_size: int | None = None,
    progress: _Progress | None = None,
    executor: Executor | None = None,
) -> _Function[_P, tuple[tuple[Any, ...], _Aux]]: ...
@overload
def jvp(
    f: Callable[[_A], _R],
    primals: tuple[_A],
    tangents: tuple[_A],
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
) -> tuple[_R, _R]: ...
@overload
def jvp(
    f: Callable[[_A, _B], _R],
    primals: tuple[_A, _B],
    tangents: tuple[_A, _B],
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
) -> tuple[_R, _R]: ...
@overload
def jvp(
    f: Callable[[_A, _B, _C], _R],
    primals: tuple[_A, _B, _C],
    tangents: tuple[_A, _B, _C],
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
) -> tuple[_R, _R]: ...
@overload
def jvp(
    f: Callable[[_A, _B, _C, _D], _R],
    primals: tuple[_A, _B, _C, _D],
    tangents: tuple[_A, _B, _C, _D],
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
) -> tuple[_R, _R]: ...
@overload
def jvp(
    f: Callable[..., _R],
    primals: tuple[Any, ...],
    tangents: tuple[Any, ...],
    *,
    argnums: int | tuple[int, ...],
    mode: _Mode = None,
    has_aux: Literal[False] = False,
) -> tuple[_R, _R]: ...
@overload
def jvp(
    f: Callable[..., _R],
    primals: tuple[Any, Any, Any, Any, Any, *tuple[Any, ...]],
    tangents: tuple[Any, ...],
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
) -> tuple[_R, _R]: ...
@overload
def jvp(
    f: Callable[[_A], tuple[_R, _Aux]],
    primals: tuple[_A],
    tangents: tuple[_A],
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[True],
) -> tuple[_R, _R, _Aux]: ...
@overload
def jvp(
    f: Callable[[_A, _B], tuple[_R, _Aux]],
    primals: tuple[_A, _B],
    tangents: tuple[_A, _B],
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[True],
) -> tuple[_R, _R, _Aux]: ...
@overload
def jvp(
    f: Callable[[_A, _B, _C], tuple[_R, _Aux]],
    primals: tuple[_A, _B, _C],
    tangents: tuple[_A, _B, _C],
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[True],
) -> tuple[_R, _R, _Aux]: ...
@overload
def jvp(
    f: Callable[[_A, _B, _C, _D], tuple[_R, _Aux]],
    primals: tuple[_A, _B, _C, _D],
    tangents: tuple[_A, _B, _C, _D],
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[True],
) -> tuple[_R, _R, _Aux]: ...
@overload
def jvp(
    f: Callable[..., tuple[_R, _Aux]],
    primals: tuple[Any, ...],
    tangents: tuple[Any, ...],
    *,
    argnums: int | tuple[int, ...],
    mode: _Mode = None,
    has_aux: Literal[True],
) -> tuple[_R, _R, _Aux]: ...
@overload
def jvp(
    f: Callable[..., tuple[_R, _Aux]],
    primals: tuple[Any, Any, Any, Any, Any, *tuple[Any, ...]],
    tangents: tuple[Any, ...],
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[True],
) -> tuple[_R, _R, _Aux]: ...
@overload
def vjp(
    f: Callable[[_A], _R], a: _A, /, *, argnums: None = None, mode: _Mode = None, has_aux: Literal[False] = False
) -> tuple[_R, Callable[[_R], tuple[_A]]]: ...
@overload
def vjp(
    f: Callable[[_A, _B], _R],
    a: _A,
    b: _B,
    /,
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
) -> tuple[_R, Callable[[_R], tuple[_A, _B]]]: ...
@overload
def vjp(
    f: Callable[[_A, _B, _C], _R],
    a: _A,
    b: _B,
    c: _C,
    /,
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
) -> tuple[_R, Callable[[_R], tuple[_A, _B, _C]]]: ...
@overload
def vjp(
    f: Callable[[_A, _B, _C, _D], _R],
    a: _A,
    b: _B,
    c: _C,
    d: _D,
    /,
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
) -> tuple[_R, Callable[[_R], tuple[_A, _B, _C, _D]]]: ...
@overload
def vjp(
    f: Callable[..., _R],
    *primals: Any,
    argnums: int | tuple[int, ...],
    mode: _Mode = None,
    has_aux: Literal[False] = False,
) -> tuple[_R, Callable[[_R], tuple[Any, ...]]]: ...
@overload
def vjp(
    f: Callable[..., _R],
    a: Any,
    b: Any,
    c: Any,
    d: Any,
    e: Any,
    /,
    *primals: Any,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
) -> tuple[_R, Callable[[_R], tuple[Any, ...]]]: ...
@overload
def vjp(
    f: Callable[[_A], tuple[_R, _Aux]], a: _A, /, *, argnums: None = None, mode: _Mode = None, has_aux: Literal[True]
) -> tuple[_R, Callable[[_R], tuple[_A]], _Aux]: ...
@overload
def vjp(
    f: Callable[[_A, _B], tuple[_R, _Aux]],
    a: _A,
    b: _B,
    /,
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[True],
) -> tuple[_R, Callable[[_R], tuple[_A, _B]], _Aux]: ...
@overload
def vjp(
    f: Callable[[_A, _B, _C], tuple[_R, _Aux]],
    a: _A,
    b: _B,
    c: _C,
    /,
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[True],
) -> tuple[_R, Callable[[_R], tuple[_A, _B, _C]], _Aux]: ...
@overload
def vjp(
    f: Callable[[_A, _B, _C, _D], tuple[_R, _Aux]],
    a: _A,
    b: _B,
    c: _C,
    d: _D,
    /,
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[True],
) -> tuple[_R, Callable[[_R], tuple[_A, _B, _C, _D]], _Aux]: ...
@overload
def vjp(
    f: Callable[..., tuple[_R, _Aux]],
    *primals: Any,
    argnums: int | tuple[int, ...],
    mode: _Mode = None,
    has_aux: Literal[True],
) -> tuple[_R, Callable[[_R], tuple[Any, ...]], _Aux]: ...
@overload
def vjp(
    f: Callable[..., tuple[_R, _Aux]],
    a: Any,
    b: Any,
    c: Any,
    d: Any,
    e: Any,
    /,
    *primals: Any,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[True],
) -> tuple[_R, Callable[[_R], tuple[Any, ...]], _Aux]: ...
@overload
def linearize(
    f: Callable[[_A], _R], a: _A, /, *, argnums: None = None, mode: _Mode = None, has_aux: Literal[False] = False
) -> tuple[_R, Callable[[_A], _R]]: ...
@overload
def linearize(
    f: Callable[[_A, _B], _R],
    a: _A,
    b: _B,
    /,
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
) -> tuple[_R, Callable[[_A, _B], _R]]: ...
@overload
def linearize(
    f: Callable[[_A, _B, _C], _R],
    a: _A,
    b: _B,
    c: _C,
    /,
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
) -> tuple[_R, Callable[[_A, _B, _C], _R]]: ...
@overload
def linearize(
    f: Callable[[_A, _B, _C, _D], _R],
    a: _A,
    b: _B,
    c: _C,
    d: _D,
    /,
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
) -> tuple[_R, Callable[[_A, _B, _C, _D], _R]]: ...
@overload
def linearize(
    f: Callable[..., _R],
    *primals: Any,
    argnums: int | tuple[int, ...],
    mode: _Mode = None,
    has_aux: Literal[False] = False,
) -> tuple[_R, Callable[..., _R]]: ...
@overload
def linearize(
    f: Callable[..., _R],
    a: Any,
    b: Any,
    c: Any,
    d: Any,
    e: Any,
    /,
    *primals: Any,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[False] = False,
) -> tuple[_R, Callable[..., _R]]: ...
@overload
def linearize(
    f: Callable[[_A], tuple[_R, _Aux]], a: _A, /, *, argnums: None = None, mode: _Mode = None, has_aux: Literal[True]
) -> tuple[_R, Callable[[_A], _R], _Aux]: ...
@overload
def linearize(
    f: Callable[[_A, _B], tuple[_R, _Aux]],
    a: _A,
    b: _B,
    /,
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[True],
) -> tuple[_R, Callable[[_A, _B], _R], _Aux]: ...
@overload
def linearize(
    f: Callable[[_A, _B, _C], tuple[_R, _Aux]],
    a: _A,
    b: _B,
    c: _C,
    /,
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[True],
) -> tuple[_R, Callable[[_A, _B, _C], _R], _Aux]: ...
@overload
def linearize(
    f: Callable[[_A, _B, _C, _D], tuple[_R, _Aux]],
    a: _A,
    b: _B,
    c: _C,
    d: _D,
    /,
    *,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[True],
) -> tuple[_R, Callable[[_A, _B, _C, _D], _R], _Aux]: ...
@overload
def linearize(
    f: Callable[..., tuple[_R, _Aux]],
    *primals: Any,
    argnums: int | tuple[int, ...],
    mode: _Mode = None,
    has_aux: Literal[True],
) -> tuple[_R, Callable[..., _R], _Aux]: ...
@overload
def linearize(
    f: Callable[..., tuple[_R, _Aux]],
    a: Any,
    b: Any,
    c: Any,
    d: Any,
    e: Any,
    /,
    *primals: Any,
    argnums: None = None,
    mode: _Mode = None,
    has_aux: Literal[True],
) -> tuple[_R, Callable[..., _R], _Aux]: ...
@overload
def hvp(
    f: Callable[[_A], _Real], primals: tuple[_A], tangents: tuple[_A], argnums: Literal[0] = 0, *, mode: _Mode = None
) -> _A: ...
@overload
def hvp(
    f: Callable[[_A, _B], _Real],
    primals: tuple[_A, _B],
    tangents: tuple[_A, _B],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
) -> _A: ...
@overload
def hvp(
    f: Callable[[_A, _B], _Real],
    primals: tuple[_A, _B],
    tangents: tuple[_A, _B],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
) -> _B: ...
@overload
def hvp(
    f: Callable[[_A, _B], _Real],
    primals: tuple[_A, _B],
    tangents: tuple[_A, _B],
    argnums: tuple[Literal[0], Literal[1]],
    *,
    mode: _Mode = None,
) -> tuple[_A, _B]: ...
@overload
def hvp(
    f: Callable[[_A, _B, _C], _Real],
    primals: tuple[_A, _B, _C],
    tangents: tuple[_A, _B, _C],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
) -> _A: ...
@overload
def hvp(
    f: Callable[[_A, _B, _C], _Real],
    primals: tuple[_A, _B, _C],
    tangents: tuple[_A, _B, _C],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
) -> _B: ...
@overload
def hvp(
    f: Callable[[_A, _B, _C], _Real],
    primals: tuple[_A, _B, _C],
    tangents: tuple[_A, _B, _C],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
) -> _C: ...
@overload
def hvp(
    f: Callable[[_A, _B, _C], _Real],
    primals: tuple[_A, _B, _C],
    tangents: tuple[_A, _B, _C],
    argnums: tuple[Literal[0], Literal[1], Literal[2]],
    *,
    mode: _Mode = None,
) -> tuple[_A, _B, _C]: ...
@overload
def hvp(
    f: Callable[[_A, _B, _C, _D], _Real],
    primals: tuple[_A, _B, _C, _D],
    tangents: tuple[_A, _B, _C, _D],
    argnums: Literal[0] = 0,
    *,
    mode: _Mode = None,
) -> _A: ...
@overload
def hvp(
    f: Callable[[_A, _B, _C, _D], _Real],
    primals: tuple[_A, _B, _C, _D],
    tangents: tuple[_A, _B, _C, _D],
    argnums: Literal[1],
    *,
    mode: _Mode = None,
) -> _B: ...
@overload
def hvp(
    f: Callable[[_A, _B, _C, _D], _Real],
    primals: tuple[_A, _B, _C, _D],
    tangents: tuple[_A, _B, _C, _D],
    argnums: Literal[2],
    *,
    mode: _Mode = None,
) -> _C: ...
@overload
def hvp(
    f: Callable[[_A, _B, _C, _D], _Real],
    primals: tuple[_A, _B, _C, _D],
    tangents: tuple[_A, _B, _C, _D],
    argnums: tuple[Literal[0], Literal[1], Literal[2], Literal[3]],
    *,
    mode: _Mode = None,
) -> tuple[_A, _B, _C, _D]: ...
@overload
def hvp(
    f: Callable[..., _Real],
    primals: tuple[Any, ...],
    tangents: tuple[Any, ...],
    argnums: tuple[int, ...],
    *,
    mode: _Mode = None,
) -> tuple[Any, ...]: ...
@overload
def hvp(
    f: Callable[..., _Real],
    primals: tuple[Any, Any, Any, Any, Any, *tuple[Any, ...]],
    tangents: tuple[Any, ...],
    argnums: int = 0,
    *,
    mode: _Mode = None,
) -> Any: ...
