"""Creation and conversion: arrays that may come to hold traced values, and the bridge to object arrays."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable
from numbers import Number
from typing import Any, TypeVar, overload

import numpy as np
from numpy.lib.array_utils import normalize_axis_index
from numpy.typing import DTypeLike, NDArray

from dualtape.array import ACTIVE, Operand, TracedArray, apply, plain, resolve
from dualtape.errors import ObjectArrayWarning, TracedConversionError
from dualtape.ops.joining import stack
from dualtape.ops.pinning import pinned
from dualtape.ops.protocol import function, is_traced, rank, strip
from dualtape.ops.readers import refuse
from dualtape.ops.shaping import arraylike, astype, reshape
from dualtape.primitive import Primitive, structural
from dualtape.signatures import ArrayOperators
from dualtape.views import IDLE, container

__all__ = ["empty", "full", "linspace", "ones", "ramp", "stack_handles", "to_array", "to_scalar", "zeros"]

# Operands are arrays, scalars, lists or handles: `Any` in this file says that. To a checker an array to fill is the
# ndarray that it stands for.

S = TypeVar("S", bound=np.generic)
V = TypeVar("V", bound=np.inexact[Any])
Shape = int | tuple[int, ...]

MANY = 4096  # entries from which an object array of handles is worth a warning

# --- arrays to fill -----------------------------------------------------------------------------------------------


@overload
def zeros(shape: Shape) -> NDArray[np.float64]: ...
@overload
def zeros(shape: Shape, dtype: type[S] | np.dtype[S]) -> NDArray[S]: ...
@overload
def zeros(shape: Shape, dtype: DTypeLike) -> NDArray[Any]: ...


def zeros(shape: Shape, dtype: Any = float) -> Any:
    """Make an array of zeros that may come to hold traced values.

    Args:
        shape: its shape.
        dtype: its dtype, float64 unless given.

    Returns:
        An array to fill by assignment. What is computed from it before that may come to hold traced values too.

    Example:
        >>> import numpy as np
        >>> import dualtape as dt
        >>> w = dt.Variable(2.0)
        >>> with dt.GradientTape() as tape:
        ...     x = dt.zeros(3)
        ...     x[1] = w * w
        ...     loss = np.sum(x)
        >>> tape.gradient(loss, w)
        array(4.)
    """
    return container(np.zeros(shape, dtype))


@overload
def ones(shape: Shape) -> NDArray[np.float64]: ...
@overload
def ones(shape: Shape, dtype: type[S] | np.dtype[S]) -> NDArray[S]: ...
@overload
def ones(shape: Shape, dtype: DTypeLike) -> NDArray[Any]: ...


def ones(shape: Shape, dtype: Any = float) -> Any:
    """Make an array of ones that may come to hold traced values; see `zeros`."""
    return container(np.ones(shape, dtype))


@overload
def empty(shape: Shape) -> NDArray[np.float64]: ...
@overload
def empty(shape: Shape, dtype: type[S] | np.dtype[S]) -> NDArray[S]: ...
@overload
def empty(shape: Shape, dtype: DTypeLike) -> NDArray[Any]: ...


def empty(shape: Shape, dtype: Any = float) -> Any:
    """Make an array without defined content that may come to hold traced values; see `zeros`."""
    return container(np.empty(shape, dtype))


@overload
def full(shape: Shape, fill_value: NDArray[S] | S, dtype: None = None) -> NDArray[S]: ...
@overload
def full(shape: Shape, fill_value: ArrayOperators[V], dtype: None = None) -> NDArray[V]: ...
@overload
def full(shape: Shape, fill_value: Any, dtype: type[S] | np.dtype[S]) -> NDArray[S]: ...
@overload
def full(shape: Shape, fill_value: Any, dtype: DTypeLike | None = None) -> NDArray[Any]: ...


def full(shape: Shape, fill_value: Any, dtype: Any = None) -> Any:
    """Make an array filled with one value, or with what broadcasts to the shape; see `zeros`.

    Args:
        shape: its shape.
        fill_value: the value, which may be traced.
        dtype: its dtype, that of the value unless given.

    Returns:
        An array to fill by assignment.
    """
    return _filled(container(np.full(shape, strip(fill_value), dtype)), fill_value)


def _filled(x: Any, value: Any) -> Any:
    """Write a value into an array that holds its primal already, where there is a derivative to it."""
    if is_traced(value):
        x[...] = value
    return x


# --- like= and the *_like functions -------------------------------------------------------------------------------


def _holding(array: Any) -> Any:
    """Return a new array as one that may come to hold traced values, if its dtype can."""
    if isinstance(array, Operand) or not isinstance(array, np.ndarray):
        return array
    return container(array) if array.dtype.kind in "fc" else array


def _creator(numpy_function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what a creation function does with like=x: NumPy has dropped that argument when it calls."""

    def call(*args: Any, **kwargs: Any) -> Any:
        found = numpy_function(*strip(args), **strip(kwargs))
        if is_traced((args, kwargs)):
            raise TracedConversionError(
                f"np.{numpy_function.__name__} takes plain values: make the array, and write the traced values into it"
                f", as in x[...] = value; or pass x.primal where no derivative is needed"
            )
        return _holding(found)

    return call


for _f in (
    np.zeros, np.ones, np.empty, np.eye, np.identity, np.tri, np.frombuffer, np.fromfile, np.fromstring, np.loadtxt,
    np.genfromtxt,
):  # fmt: skip
    function(_f)(_creator(_f))


@function(np.arange)
def _arange(*args: Any, **kwargs: Any) -> Any:
    value = np.arange(*strip(args), **strip(kwargs))
    if not is_traced((args, kwargs)) or value.dtype.kind not in "fc":
        return _holding(value)
    names = ("start", "stop", "step") if len(args) > 1 or "stop" in kwargs else ("stop",)
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    start, step = given.get("start"), given.get("step")
    numbers = np.arange(value.size)
    return _holding(pinned((0.0 if start is None else start) + numbers * (1.0 if step is None else step), value))


@function(np.full)
def _full(shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C", **kwargs: Any) -> Any:
    return _filled(_holding(np.full(shape, strip(fill_value), dtype, order, **kwargs)), fill_value)


@function(np.fromfunction, np.fromiter)
def _from(source: Any, shape: Any, *args: Any, **kwargs: Any) -> Any:
    # like= asked for the result to be traced, so what the source gives may be.
    if callable(source):
        return _array(np.fromfunction(source, shape, *args, **kwargs))
    return _array(list(source), shape)


def _converter(copies: bool, least: int = 0) -> Callable[..., Any]:
    """Return what np.array and its kin do with like=x: lists of traced values are stacked."""

    def call(
        a: Any, dtype: Any = None, order: Any = None, *, copy: bool | None = copies, ndmin: int = least, **_rest: Any
    ) -> Any:
        x = resolve(a, ACTIVE.get())
        if not isinstance(x, TracedArray):
            idle = isinstance(a, TracedArray) and a.recording is IDLE and np.dtype(dtype or a.dtype) == a.dtype
            return a if idle and not copy else _holding(np.array(x, dtype, order=order or "K", ndmin=ndmin))
        x = a if isinstance(a, TracedArray) else x
        result: Any = x if dtype is None else astype(x, dtype, copy=False)
        if result.ndim < ndmin:
            result = reshape(result, (1,) * (ndmin - result.ndim) + result.shape)
        return result.copy(order or "K") if (copy and isinstance(a, Operand)) or order in ("C", "F") else result

    return call


_array = function(np.array)(_converter(True))
function(np.asarray, np.asanyarray)(_converter(False))
_contiguous = _converter(False, 1)
function(np.ascontiguousarray)(lambda a, dtype=None: _contiguous(a, dtype, "C"))
function(np.asfortranarray)(lambda a, dtype=None: _contiguous(a, dtype, "F"))
function(np.require)(lambda a, dtype=None, requirements=None: _array(a, dtype))


def _shaped_like(numpy_function: Callable[..., Any]) -> Callable[..., Any]:
    def call(a: Any, *args: Any, **kwargs: Any) -> Any:
        found = numpy_function(strip(a), *args, **kwargs)
        return _holding(found) if _may_be_traced(a) else found

    return call


def _may_be_traced(x: Any) -> bool:
    """Tell whether a tape records, so that what is made to be like `x` may come to hold traced values."""
    return bool(ACTIVE.get()) or is_traced(x) or (isinstance(x, TracedArray) and x.recording is IDLE)


for _like in (np.zeros_like, np.ones_like, np.empty_like):
    function(_like)(_shaped_like(_like))


@function(np.full_like)
def _full_like(a: Any, fill_value: Any, *args: Any, **kwargs: Any) -> Any:
    found = np.full_like(strip(a), strip(fill_value), *args, **kwargs)
    return _filled(_holding(found), fill_value) if _may_be_traced(a) or is_traced(fill_value) else found


# --- linspace -----------------------------------------------------------------------------------------------------


def ramp(t: Any, out: Any, falling: bool, **params: Any) -> Any:
    """Return the tangents of a linspace whose one end has tangents `t` and whose other end has none."""
    t = t.reshape(t.shape[:1] + (1,) * (out.ndim - t.ndim) + t.shape[1:])
    zero = np.zeros(t.shape, t.dtype)
    start, stop = (t, zero) if falling else (zero, t)
    return np.linspace(start, stop, **{**params, "dtype": t.dtype})


linspace_: Primitive = structural(
    "linspace",
    np.linspace,
    (
        lambda t, out, _start, _stop, **params: ramp(t, out, True, **params),
        lambda t, out, _start, _stop, **params: ramp(t, out, False, **params),
    ),
)


@function(np.linspace)
def linspace(
    start: Any, stop: Any, num: Any = 50, endpoint: Any = True, retstep: bool = False, dtype: Any = None,
    axis: int = 0, *, device: Any = None,
) -> Any:  # fmt: skip
    """Return evenly spaced numbers between two ends, which may be arrays."""
    # Python's numbers stay what they are: they don't decide the dtype.
    start, stop = (x if type(x) in (int, float, complex) else arraylike(x) for x in (start, stop))
    ndim = max(rank(start), rank(stop)) + 1
    axis = normalize_axis_index(axis, ndim) - ndim
    params = {"num": num, "endpoint": bool(endpoint), "dtype": None if dtype is None else np.dtype(dtype), "axis": axis}
    samples = apply(linspace_, (start, stop), params)
    if not retstep:
        return samples
    steps = num - 1 if endpoint else num
    return samples, (stop - start) / steps if steps > 0 else np.nan


# --- the bridge ---------------------------------------------------------------------------------------------------

# NumPy makes np.array([y[1], -np.sin(y[0])]) an object array of handles. Its loops call the handles' operators and
# methods; where dualtape meets the array again, it is stacked into one traced array.

PARTS_ARE_WRONG = not np.any(np.imag(np.array([1j], object)))
"""Before 2.5, NumPy doesn't ask the entries of an object array for their `.real` and `.imag`."""


def to_array(x: TracedArray, dtype: Any, copy: bool | None) -> Any:
    """Answer NumPy's `__array__`: plain once nothing can be lost, an object array of handles before."""
    live = x._resolve(ACTIVE.get())
    if not isinstance(live, TracedArray):
        result = np.array(live, dtype=dtype, copy=copy)
        if not copy and np.may_share_memory(result, live):
            result = result.view()
            result.flags.writeable = False  # a record may hold the same memory
        return result
    reader = sys._getframe(2)
    refuse(reader, live)
    if dtype is not None and np.dtype(dtype).kind != "O":
        raise TracedConversionError(
            f"converting a traced array to {np.dtype(dtype)} would lose its derivative: leave the dtype away, write "
            f"x.astype(...), np.array(x, dtype=..., like=x) or np.stack, and make an array that traced values are "
            f"stored in with dualtape.zeros(n) or np.zeros(n, like=x); or take x.primal where no derivative is needed"
        )
    value = plain(live)
    shape = value.shape
    if (
        PARTS_ARE_WRONG
        and value.dtype.kind == "c"
        and not str(reader.f_globals.get("__name__")).startswith(("dualtape", "numpy"))
    ):
        warnings.warn(
            "complex traced values go into an object array, and this NumPy's own .real and .imag of that are other "
            "than the parts of its entries: make it with np.stack([a, b]), or with np.array([[a, b], [c, d]], like=a)",
            ObjectArrayWarning,
            stacklevel=3,
        )
    if shape == ():
        result = np.empty((), object)
        result[()] = live
        return result
    entries = reshape(live, (-1,))
    if entries.size > MANY:
        warnings.warn(
            f"a traced array of {entries.size} entries is expanded into an object array, one handle per entry, which "
            f"is slow: keep it whole with np.stack, np.concatenate or item assignment into dualtape.zeros",
            ObjectArrayWarning,
            stacklevel=3,
        )
    # From a list, NumPy would ask each handle for an array again.
    return np.fromiter((entries[i] for i in range(entries.size)), object, entries.size).reshape(shape)


def to_scalar(x: TracedArray, what: str) -> Any:
    """Return the plain value for a conversion to Python's own numbers, where no tape records it."""
    live = x._resolve(ACTIVE.get())
    if not isinstance(live, TracedArray):
        return live
    if what == "pickle":
        raise TracedConversionError("pickling a traced array would lose its derivative: pickle x.primal")
    raise TracedConversionError(
        f"{what}() would lose the derivative of a traced value: write np.sin(x) for math.sin(x), "
        f'f"{{x:.3f}}" for "%.3f" % x, np.mean(np.stack([a, b])) for np.mean([a, b]), and make an array that traced '
        f"values are stored in with dualtape.zeros(n) or np.zeros(n, like=x); or take x.primal where no derivative is "
        f"needed"
    )


def stack_handles(array: Any) -> Any:
    """Stack an object array of handles into one traced array; other object arrays pass as they are.

    While a tape records, one of plain numbers becomes an array of numbers: objects would swallow the derivative of what
    they are combined with.
    """
    entries = array.ravel().tolist()
    if not any(isinstance(e, Operand) for e in entries):
        if ACTIVE.get() and all(isinstance(e, (Number, np.bool_)) for e in entries):
            numbers = np.array(entries)
            if numbers.dtype.kind == "O":  # fractions, large integers
                numbers = numbers.astype(float)
            return numbers.reshape(array.shape)
        return array
    stacked = apply(stack, tuple(entries), {"axis": -1, "dtype": None, "casting": "same_kind"})
    if stacked.ndim != 1 or stacked.dtype.kind not in "biufc":
        raise TracedConversionError("an object array of traced arrays can't be stacked: its entries are not numbers")
    return stacked if array.ndim == 1 else stacked.reshape(array.shape)


# --- Python's conversions -----------------------------------------------------------------------------------------


@function(method="item")
def item(self: Any, *args: Any) -> Any:
    """Return an entry as a Python number, once no derivative is lost by that."""
    live = self._resolve(ACTIVE.get())
    if isinstance(live, TracedArray):
        raise TracedConversionError(
            "item() would lose the derivative of a traced value: x[()], or x[i], is the entry as a traced value, and "
            "x.primal.item() the plain number"
        )
    return live.item(*args)


@function(method="tolist")
def tolist(self: Any) -> Any:
    """Return the entries as nested lists: of traced values while a tape records them, of Python's numbers after."""
    live = self._resolve(ACTIVE.get())
    if not isinstance(live, TracedArray):
        return live.tolist()
    return [x.tolist() for x in live] if live.ndim else live


def _bytes(name: str) -> None:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        live = self._resolve(ACTIVE.get())
        if isinstance(live, TracedArray):
            raise TracedConversionError(
                f"{name} would lose the derivative of a traced value: write x.primal.{name}(...), or np.mean, np.std, "
                f"np.var for what the module statistics computes"
            )
        return getattr(live, name)(*args, **kwargs)

    function(method=name)(call)


for _name in ("tobytes", "tofile", "dump", "dumps", "as_integer_ratio", "is_integer", "hex"):
    _bytes(_name)

# Python's rounding gives integers, or steps: their derivative is zero, and so the result is plain.
for _name, _round in {
    "__round__": round,
    "__floor__": math.floor,
    "__ceil__": math.ceil,
    "__trunc__": math.trunc,
}.items():
    function(method=_name)(lambda self, *args, _round=_round: _round(plain(self), *args))

setattr(TracedArray, "__copy__", lambda self: self.copy("K"))  # noqa: B010  # not of variables: they have a name
setattr(TracedArray, "__deepcopy__", lambda self, memo: self.copy("K"))  # noqa: B010
