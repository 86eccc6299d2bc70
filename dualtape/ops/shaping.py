"""Shape work: the same entries in another shape, order or dtype, as views wherever NumPy gives one."""

from __future__ import annotations

import builtins
import operator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from dualtape.array import ACTIVE, NO_PARAMS, Operand, TracedArray, apply, plain, resolve
from dualtape.errors import NoRuleError
from dualtape.ops.protocol import attribute, function, strip
from dualtape.primitive import Primitive, structural
from dualtape.views import container

__all__ = ["arraylike", "convert", "copy", "integer_array", "integers", "ravel", "reshape", "scatter", "transpose"]

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.


def arraylike(x: Any) -> Any:
    """Return an operand that has a shape: lists are stacked, Python's numbers become arrays."""
    if isinstance(x, (Operand, np.ndarray, np.generic)):
        return x
    x = resolve(x, ACTIVE.get())
    return x if hasattr(x, "shape") else np.asarray(x)


def current(x: Any) -> Any:
    """Return an operand that an operation gives back unchanged: of a variable, the value that it has now."""
    return x._resolve(ACTIVE.get()) if isinstance(x, Operand) and not isinstance(x, TracedArray) else x


def integers(x: Any) -> tuple[int, ...]:
    """Return a shape, or axes, as a tuple of Python's integers."""
    x = strip(x)
    return tuple(map(operator.index, x)) if np.iterable(x) else (operator.index(x),)


def scatter(values: Any, shape: tuple[int, ...], key: Any, add: bool = False) -> Any:
    """Return zeros of a shape with values written at a key, or added where the key names an entry more than once."""
    full: Any = np.zeros(shape, values.dtype)
    if isinstance(values, TracedArray):
        full = container(full)
    if add:
        np.add.at(full, key, values)
    else:
        full[key] = values
    return full


def integer_array(x: Any) -> np.ndarray[Any, Any]:
    """Return indices or counts as NumPy's functions take them: lists and Python's numbers are cut to integers."""
    x = strip(x)
    return np.array(x) if isinstance(x, (np.ndarray, np.generic)) else np.array(x, np.intp)


def _memory_order(x: Any, order: Any) -> Any:
    """Return "C" or "F" for the order "A", as the array lies in memory; others as they are."""
    if order in ("A", "a"):
        return "F" if plain(x).flags.fnc else "C"
    return order or "C"


# --- reshape, ravel, copies ---------------------------------------------------------------------------------------

# In both orders a batch axis in front stays where it is.
reshape_: Primitive = structural(
    "reshape",
    lambda x, *, shape, order: x.reshape(shape, order=order),
    (lambda t, out, _x, *, shape, order: t.reshape(t.shape[:1] + out.shape, order=order),),
    view=True,
)
ravel_: Primitive = structural(
    "ravel",
    lambda x, *, order: x.ravel(order),
    (lambda t, out, _x, *, order: t.reshape(t.shape[:1] + out.shape, order=order),),
    view=True,
)
flatten_: Primitive = structural(
    "flatten",
    lambda x, *, order: x.flatten(order),
    (lambda t, out, _x, *, order: t.reshape(t.shape[:1] + out.shape, order=order),),
)
copy_: Primitive = structural("copy", lambda x, *, order: x.copy(order), (lambda t, _out, _x, *, order: t,))
array_copy_: Primitive = structural(
    "array_copy", lambda x, *, order: np.copy(x, order), (lambda t, _out, _x, *, order: t,)
)


@function(np.reshape)
def reshape(a: Any, /, shape: Any = None, order: Any = "C", *, newshape: Any = None, copy: bool | None = None) -> Any:
    """Give an array another shape."""
    a = arraylike(a)
    shape = integers(newshape if shape is None else shape)
    order = _memory_order(a, order)
    if copy is False:
        np.reshape(plain(a), shape, order, copy=False)  # raises NumPy's error where only a copy has the shape
    result = apply(reshape_, (a,), {"shape": shape, "order": order})
    return apply(copy_, (result,), {"order": "K"}) if copy else result


@function(method="reshape")
def _reshape_method(self: Any, *shape: Any, order: Any = "C", copy: bool | None = None) -> Any:
    if not shape:
        raise TypeError("reshape() takes exactly 1 argument (0 given)")
    return reshape(self, shape[0] if len(shape) == 1 else shape, order, copy=copy)


@function(np.ravel, method="ravel")
def ravel(a: Any, order: Any = "C") -> Any:
    """Return all entries along one axis: a view where they lie so in memory."""
    a, order = _along_memory(arraylike(a), order)
    return apply(ravel_, (a,), {"order": order})


@function(method="flatten")
def flatten(a: Any, order: Any = "C") -> Any:
    """Return a copy of all entries along one axis."""
    a, order = _along_memory(a, order)
    return apply(flatten_, (a,), {"order": order})


def _along_memory(x: Any, order: Any) -> tuple[Any, Any]:
    """Return an array and the order in which to read it, where "K" stands for the order in memory."""
    if order not in ("K", "k"):
        return x, _memory_order(x, order)
    flags = plain(x).flags
    if flags.c_contiguous or flags.f_contiguous:
        return x, "C" if flags.c_contiguous else "F"
    strides = plain(x).strides
    return transpose(x, sorted(range(len(strides)), key=lambda axis: -abs(strides[axis]))), "C"


@function(method="copy")
def copy(a: Any, order: Any = "C") -> Any:
    """Return a copy."""
    return apply(copy_, (a,), {"order": order})


@function(np.copy)
def _copy(a: Any, order: Any = "K", subok: bool = False) -> Any:
    return apply(array_copy_, (arraylike(a),), {"order": order})


# --- axes ---------------------------------------------------------------------------------------------------------


def _behind_batch(axes: tuple[int, ...]) -> tuple[int, ...]:
    return (0, *(axis % len(axes) + 1 for axis in axes))


transpose_: Primitive = structural(
    "transpose",
    lambda x, *, axes: x.transpose(axes),
    (lambda t, _out, _x, *, axes: t.transpose(_behind_batch(axes)),),
    view=True,
)


@function(np.transpose)
def transpose(a: Any, axes: Any = None) -> Any:
    """Permute the axes."""
    a = arraylike(a)
    axes = tuple(range(a.ndim))[::-1] if axes is None else integers(axes)
    return apply(transpose_, (a,), {"axes": axes})


@function(method="transpose")
def _transpose_method(self: Any, *axes: Any) -> Any:
    return transpose(self, axes[0] if len(axes) == 1 else axes or None)


attribute("T")(transpose)


@attribute("mT")
@function(np.matrix_transpose, np.linalg.matrix_transpose)
def matrix_transpose(x: Any, /) -> Any:
    """Swap the last two axes."""
    x = arraylike(x)
    if x.ndim < 2:
        raise ValueError("matrix transpose with ndim < 2 is undefined")
    return swapaxes(x, -1, -2)


@function(np.swapaxes, method="swapaxes")
def swapaxes(a: Any, axis1: Any, axis2: Any) -> Any:
    """Swap two axes."""
    a = arraylike(a)
    axes = list(range(a.ndim))
    i, j = normalize_axis_index(axis1, a.ndim), normalize_axis_index(axis2, a.ndim)
    axes[i], axes[j] = j, i
    return apply(transpose_, (a,), {"axes": tuple(axes)})


@function(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Any:
    """Move axes to other places, the others keeping their order."""
    a = arraylike(a)
    sources = normalize_axis_tuple(source, a.ndim, "source")
    places = normalize_axis_tuple(destination, a.ndim, "destination")
    if len(sources) != len(places):
        raise ValueError("`source` and `destination` arguments must have the same number of elements")
    axes = [axis for axis in range(a.ndim) if axis not in sources]
    for place, axis in sorted(zip(places, sources, strict=True)):
        axes.insert(place, axis)
    return apply(transpose_, (a,), {"axes": tuple(axes)})


@function(np.rollaxis)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """Roll an axis backwards until it stands at a place."""
    a = arraylike(a)
    marks = np.empty((1,) * a.ndim)
    np.rollaxis(marks, axis, start)  # raises NumPy's error for axes that are none
    axis, start = axis % a.ndim, start + a.ndim if start < 0 else start
    return moveaxis(a, axis, start - 1 if axis < start else start)


@function(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Any:
    """Insert axes of length 1."""
    a = arraylike(a)
    return reshape(a, np.expand_dims(plain(a), axis).shape)


@function(np.squeeze, method="squeeze")
def squeeze(a: Any, axis: Any = None) -> Any:
    """Drop axes of length 1."""
    a = arraylike(a)
    return _as_shaped(a, np.squeeze(plain(a), axis).shape)


def _as_shaped(a: Any, shape: tuple[int, ...]) -> Any:
    return current(a) if a.shape == shape else apply(reshape_, (a,), {"shape": shape, "order": "C"})


def _at_least(numpy_function: Any) -> Any:
    def call(*arrays: Any) -> Any:
        operands = [arraylike(a) for a in arrays]
        found = tuple(_as_shaped(a, numpy_function(plain(a)).shape) for a in operands)
        return found[0] if len(found) == 1 else found

    return call


atleast_1d: Any = function(np.atleast_1d)(_at_least(np.atleast_1d))
atleast_2d: Any = function(np.atleast_2d)(_at_least(np.atleast_2d))
atleast_3d: Any = function(np.atleast_3d)(_at_least(np.atleast_3d))


# --- broadcasting -------------------------------------------------------------------------------------------------


def _broadcast_jvp(t: Any, _out: Any, x: Any, *, shape: tuple[int, ...]) -> Any:
    rows = t.shape[:1]
    return np.broadcast_to(t.reshape(rows + (1,) * (len(shape) - x.ndim) + x.shape), rows + shape)


broadcast_to_: Primitive = structural(
    "broadcast_to", lambda x, *, shape: np.broadcast_to(x, shape), (_broadcast_jvp,), view=True
)


@function(np.broadcast_to)
def broadcast_to(array: Any, shape: Any, subok: bool = False) -> Any:
    """Repeat an array along new axes and those of length 1: a read-only view."""
    return apply(broadcast_to_, (arraylike(array),), {"shape": integers(shape)})


@function(np.broadcast_arrays)
def broadcast_arrays(*args: Any, subok: bool = False) -> Any:
    """Broadcast arrays against each other."""
    operands = [arraylike(a) for a in args]
    shape = np.broadcast_shapes(*(a.shape for a in operands))
    return tuple(current(a) if a.shape == shape else broadcast_to(a, shape) for a in operands)


# --- order --------------------------------------------------------------------------------------------------------


@function(np.flip)
def flip(m: Any, axis: Any = None) -> Any:
    """Reverse the order of the entries along axes: a view."""
    m = arraylike(m)
    axes = range(m.ndim) if axis is None else normalize_axis_tuple(axis, m.ndim)
    return m[tuple(slice(None, None, -1) if i in axes else slice(None) for i in range(m.ndim))]


@function(np.fliplr)
def fliplr(m: Any) -> Any:
    """Reverse the order along the second axis: a view."""
    np.fliplr(plain(arraylike(m)))  # raises NumPy's error for an array without that axis
    return flip(m, 1)


@function(np.flipud)
def flipud(m: Any) -> Any:
    """Reverse the order along the first axis: a view."""
    np.flipud(plain(arraylike(m)))
    return flip(m, 0)


@function(np.rot90)
def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    """Rotate by quarter turns in the plane of two axes: a view."""
    m, axes = arraylike(m), tuple(axes)
    np.rot90(np.empty((1,) * m.ndim), k, axes)  # raises NumPy's error for axes that are no plane
    first, second = (axis % m.ndim for axis in axes)
    if k % 4 == 0:
        return m[:]
    if k % 4 == 2:
        return flip(m, (first, second))
    return swapaxes(flip(m, second), first, second) if k % 4 == 1 else flip(swapaxes(m, first, second), second)


roll_: Primitive = structural(
    "roll",
    lambda x, *, shift, axis: np.roll(x, shift, axis),
    (lambda t, _out, _x, *, shift, axis: np.roll(t, shift, axis),),
)


@function(np.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """Shift entries along axes; those that leave come in at the other end."""
    a = arraylike(a)
    if axis is None:
        return reshape(roll(ravel(a), shift, 0), a.shape)
    shifts, axes = np.broadcast_arrays(strip(shift), normalize_axis_tuple(axis, a.ndim, allow_duplicate=True))
    return apply(
        roll_, (a,), {"shift": tuple(map(int, shifts.flat)), "axis": tuple(int(i) - a.ndim for i in axes.flat)}
    )


# --- diagonals ----------------------------------------------------------------------------------------------------

diagonal_: Primitive = structural(
    "diagonal",
    lambda x, *, offset, axis1, axis2: np.diagonal(x, offset, axis1, axis2),
    (lambda t, _out, _x, *, offset, axis1, axis2: np.diagonal(t, offset, axis1, axis2),),
    view=True,
)


@function(np.diagonal, method="diagonal")
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Return diagonals: a read-only view."""
    a = arraylike(a)
    np.diagonal(np.empty((1,) * a.ndim), 0, axis1, axis2)  # raises NumPy's error for axes that are none
    axis1, axis2 = axis1 % a.ndim - a.ndim, axis2 % a.ndim - a.ndim
    return apply(diagonal_, (a,), {"offset": operator.index(strip(offset)), "axis1": axis1, "axis2": axis2})


@function(np.linalg.diagonal)
def _matrix_diagonal(x: Any, /, *, offset: int = 0) -> Any:
    return diagonal(x, offset, -2, -1)


def _diag_jvp(t: Any, out: Any, _x: Any, *, k: int) -> Any:
    rows = np.arange(t.shape[-1])
    return scatter(t, t.shape[:1] + out.shape, (slice(None), rows + max(-k, 0), rows + max(k, 0)))


diag_: Primitive = structural("diag", lambda x, *, k: np.diag(x, k), (_diag_jvp,))


@function(np.diag)
def diag(v: Any, k: int = 0) -> Any:
    """Make a matrix of its diagonal, or return the diagonal of a matrix, as a read-only view."""
    v = arraylike(v)
    if v.ndim not in (1, 2):
        raise ValueError("Input must be 1- or 2-d.")
    k = operator.index(strip(k))
    return diagonal(v, k) if v.ndim == 2 else apply(diag_, (v,), {"k": k})


@function(np.diagflat)
def diagflat(v: Any, k: int = 0) -> Any:
    """Make a matrix that has all entries of an array on its diagonal."""
    return diag(ravel(arraylike(v)), k)


# --- dtype and complex parts --------------------------------------------------------------------------------------


def convert(x: Any, dtype: np.dtype[Any]) -> Any:
    """Convert tangents or cotangents to a dtype; a real one takes the real part."""
    if x.dtype.kind == "c" and dtype.kind != "c":
        x = x.real
    return x.astype(dtype, copy=False)


astype_: Primitive = structural(
    "astype",
    lambda x, *, dtype, order, casting, source: x.astype(dtype, order=order, casting=casting),
    (lambda t, _out, _x, *, dtype, order, casting, source: convert(t, dtype),),
)


@function(method="astype")
def astype(x: Any, dtype: Any, order: Any = "K", casting: Any = "unsafe", subok: bool = True, copy: bool = True) -> Any:
    """Convert to a dtype; to integers, booleans or text the result is plain, having no derivative."""
    dtype = np.dtype(dtype)
    if dtype.kind == "O":
        return np.asarray(x).astype(dtype)
    if dtype.kind not in "fc":
        return plain(x).astype(dtype, order=order, casting=casting)
    if not copy and dtype == x.dtype and order in ("K", "A"):
        return current(x)
    return apply(astype_, (x,), {"dtype": dtype, "order": order, "casting": casting, "source": x.dtype})


@function(np.astype)
def _astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> Any:
    return astype(x, dtype, copy=copy)


real_: Primitive = structural("real", operator.attrgetter("real"), (lambda t, _out, _x: t.real,), view=True)
imag_: Primitive = structural("imag", operator.attrgetter("imag"), (lambda t, _out, _x: t.imag,), view=True)


def _set_part(name: str) -> Any:
    def write_part(self: Any, value: Any) -> None:
        if name == "imag" and self.dtype.kind != "c":
            raise TypeError("a traced array of real numbers has no imaginary part to write")
        getattr(self, name)[...] = value

    return write_part


@attribute("real", _set_part("real"))
@function(np.real)
def real(val: Any) -> Any:
    """Return the real part."""
    val = arraylike(val)
    return apply(real_, (val,), NO_PARAMS) if val.dtype.kind == "c" else current(val)


@attribute("imag", _set_part("imag"))
@function(np.imag)
def imag(val: Any) -> Any:
    """Return the imaginary part; that of real numbers is plain zeros."""
    val = arraylike(val)
    return apply(imag_, (val,), NO_PARAMS) if val.dtype.kind == "c" else plain(val).imag


# --- attributes and refusals --------------------------------------------------------------------------------------

for _name in ("itemsize", "nbytes", "strides", "flags", "device"):
    attribute(_name)(lambda self, _get=operator.attrgetter(_name): _get(plain(self)))


@attribute("base")
def base(self: Any) -> Any:
    """Return the array that a view is a view of, or `None`."""
    return getattr(getattr(self, "link", None), "root", None)


def _untraced(x: Any) -> Any:
    """Return the value that no tape records now, to be read only, or `None` where one does or comes to do so."""
    value = resolve(x, ACTIVE.get())
    if isinstance(value, TracedArray) or (isinstance(x, TracedArray) and x.recording.level == -1):
        return None
    return value if isinstance(value, np.generic) else np.asarray(x)


@function(method="view")
def view(self: Any, dtype: Any = None, type: Any = None) -> Any:
    """Return a view of the whole array; one of another dtype would read the bits and has no derivative."""
    other_class = any(isinstance(kind, builtins.type) and issubclass(kind, np.ndarray) for kind in (dtype, type))
    if type is None and not other_class and (dtype is None or np.dtype(dtype) == self.dtype):
        return self[...] if self.ndim else current(self)
    value = _untraced(self)
    if value is not None:
        return value.view(**{key: kind for key, kind in (("dtype", dtype), ("type", type)) if kind is not None})
    if other_class:
        raise NoRuleError(
            "a traced array is not of a class such as np.matrix: use the array itself, with @ for the product of "
            "matrices, or pass x.primal where no derivative is needed"
        )
    raise NoRuleError("a view of a traced array has its dtype: use x.astype(dtype), or x.real and x.imag")


def _refuse(name: str, instead: str, *, reads: bool = False) -> None:
    def refuse(self: Any, *args: Any, **kwargs: Any) -> Any:
        value = _untraced(self) if reads else None
        if value is not None:
            return getattr(value, name)(*args, **kwargs)
        raise NoRuleError(f"ndarray.{name} is not for traced arrays: {instead}")

    function(method=name)(refuse)


@function(method="to_device")
def to_device(self: Any, device: Any, /, *, stream: Any = None) -> Any:
    """Return the array, which is on the only device that there is."""
    plain(self).to_device(device, stream=stream)  # raises NumPy's error for another device
    return current(self)


_refuse("resize", "use np.resize, or x.reshape")
_refuse("setflags", "use x.copy() to have an array that can be written")
_refuse("byteswap", "it changes the bits; use x.primal where no derivative is needed", reads=True)
_refuse("getfield", "it reads the bits; use x.primal where no derivative is needed", reads=True)
_refuse("setfield", "it writes the bits; use x[...] = value")
