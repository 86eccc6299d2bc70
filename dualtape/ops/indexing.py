"""Indexing: reading entries, and the functions that put them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from dualtape.array import Operand, apply, plain
from dualtape.errors import TracedConversionError
from dualtape.ops.protocol import attribute, function, is_traced, store, strip
from dualtape.ops.shaping import arraylike, copy, integer_array, ravel
from dualtape.places import Place, parse_key
from dualtape.primitive import Primitive, structural

__all__ = ["along_axis", "getitem", "read", "take"]

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.

# --- reading ------------------------------------------------------------------------------------------------------

# A primitive with a `place` reads entries of its operand: in reverse mode the engine adds a cotangent there, in the
# operand's own buffer, so that n reads cost O(n), not O(n^2).


def _read_jvp(t: Any, _out: Any, _x: Any, *, place: Place) -> Any:
    rows = place.get(t, 1)
    # A small part would pin the whole stack of tangents, and each later write to it would have to copy.
    return rows.copy() if type(rows) is np.ndarray and rows.size * 4 < t.size else rows


read: Primitive = structural("getitem", lambda x, *, place: x[place.key], (_read_jvp,), view=True)


@function(operator.getitem, method="__getitem__")
def getitem(x: Any, key: Any) -> Any:
    """Read the entries at `key`: a view where NumPy gives one."""
    kind = type(key)
    if kind is int or kind is slice:
        return apply(read, (x,), {"place": Place((key,), None, False, 0)})
    parts, repeats, shift = parse_key(key)
    result = apply(read, (x,), {"place": Place(parts, None, repeats, shift)})
    if parts is key or not _holds_scalar_array(key if kind is tuple else (key,)):
        return result
    return copy(result, "K")


def _holds_scalar_array(parts: tuple[Any, ...]) -> bool:
    """Tell whether a 0-d array of integers is in a key: it picks what an integer picks, but as a copy."""
    return any(isinstance(k, np.ndarray) and k.ndim == 0 and k.dtype.kind in "iu" for k in parts)


take_: Primitive = structural(
    "take",
    lambda x, *, place: np.take(x, place.key[-1], len(place.key) - 1),
    (lambda t, _out, _x, *, place: np.take(t, place.key[-1], len(place.key)),),
)


@function(np.take, method="take")
def take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: Any = "raise") -> Any:
    """Take entries along an axis."""
    a, numbers = arraylike(a), integer_array(indices)
    if axis is None:
        a, axis = ravel(a), 0
    a = np.atleast_1d(a)
    axis = normalize_axis_index(operator.index(axis), a.ndim)
    if mode != "raise":
        length = a.shape[axis]
        np.take(np.empty(length), numbers, mode=mode)  # raises NumPy's error where nothing can be taken
        numbers = numbers % length if mode == "wrap" else np.clip(numbers, 0, length - 1)
    place = Place((*(slice(None),) * axis, numbers[()]), None, True, 0)
    result = apply(take_, (a,), {"place": place})
    return result if out is None else store(out, result)


def along_axis(shape: tuple[int, ...], indices: np.ndarray[Any, Any], axis: int) -> tuple[Any, ...]:
    """Return the key that picks `indices` along an axis, each other axis going along with its own entries."""
    key = [np.arange(n).reshape(-1, *(1,) * (len(shape) - i - 1)) for i, n in enumerate(shape)]
    return (*key[:axis], indices, *key[axis + 1 :])


take_along_axis_: Primitive = structural(
    "take_along_axis",
    lambda x, *, axis, place: np.take_along_axis(x, place.key[axis], axis),
    (lambda t, _out, _x, *, axis, place: place.get(t, 1),),
)


@function(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    """Take entries along an axis, at indices of their own for each row."""
    arr, indices = arraylike(arr), np.array(strip(indices))
    np.take_along_axis(plain(arr), indices, axis)  # raises NumPy's errors
    if axis is None:
        arr, axis = ravel(arr), 0
    axis = normalize_axis_index(axis, arr.ndim)
    place = Place(along_axis(arr.shape, indices, axis), None, True, 0)
    return apply(take_along_axis_, (arr,), {"axis": axis, "place": place})


@function(np.compress)
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    """Take the entries along an axis at which a condition holds."""
    condition = np.asarray(strip(condition))
    if condition.ndim != 1:
        raise ValueError("condition must be a 1-d array")
    return take(a, np.flatnonzero(condition), axis, out)


@function(method="compress")
def _compress_method(self: Any, condition: Any, axis: Any = None, out: Any = None) -> Any:
    return compress(condition, self, axis, out)


@function(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    """Take the entries at which a condition holds."""
    return take(arr, np.flatnonzero(strip(condition)))


# --- putting ------------------------------------------------------------------------------------------------------


def _put(a: Any, values: Any, put: Callable[[Any, Any], object]) -> None:
    """Write values to the entries where NumPy's own function would put them.

    Args:
        a: the array to write to.
        values: what to write.
        put: puts the second of two plain arrays into the first: of numbers, it shows which value goes where.
    """
    target: Any = a
    if not isinstance(a, Operand):
        if is_traced(values):
            raise TracedConversionError(
                "a plain array can't hold a derivative: make it with dualtape.zeros, or np.zeros(shape, like=x), to "
                "put traced values into it"
            )
        put(a, strip(values))
        return
    values = arraylike(values)
    numbers = np.full(a.shape, -1)
    put(numbers, np.arange(values.size).reshape(values.shape))
    hit = numbers >= 0
    if hit.any():
        target[hit] = ravel(values)[numbers[hit]]


@function(np.put)
def put(a: Any, ind: Any, v: Any, mode: Any = "raise") -> None:
    """Put values at indices into the flat array, repeating the values as needed."""
    _put(a, v, lambda a, v: np.put(a, strip(ind), v, mode))


function(method="put")(put)


@function(np.place)
def place(arr: Any, mask: Any, vals: Any) -> None:
    """Put values where a mask holds, one after the other, repeating them as needed."""
    _put(arr, vals, lambda a, v: np.place(a, strip(mask), v))


@function(np.putmask)
def putmask(a: Any, mask: Any, values: Any) -> None:
    """Put values where a mask holds, each from its own position, repeating them as needed."""
    _put(a, values, lambda a, v: np.putmask(a, strip(mask), v))


@function(np.put_along_axis)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: Any) -> None:
    """Put values along an axis, at indices of their own for each row."""
    _put(arr, values, lambda a, v: np.put_along_axis(a, strip(indices), v, axis))


@function(np.fill_diagonal)
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """Put values on the main diagonal."""
    _put(a, val, lambda a, v: np.fill_diagonal(a, v, wrap))


@function(np.copyto)
def copyto(dst: Any, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    """Copy one array into another where a condition holds."""
    where, traced = strip(where), isinstance(dst, Operand)
    if traced:
        # On an array of its own NumPy raises its errors of casting and shape, and touches nothing.
        np.copyto(np.empty(dst.shape, plain(dst).dtype), strip(src), casting, where)
        if where is True:
            dst[...] = src
            return
    _put(dst, src, lambda a, v: np.copyto(a, v, casting, where))


@function(method="fill")
def fill(self: Any, value: Any) -> None:
    """Write one value to all entries."""
    if np.ndim(strip(value)):
        raise ValueError("fill takes one value: write x[...] = values")
    self[...] = value


class Flat:
    """All entries of an array along one axis, as `ndarray.flat` gives them: reading copies, writing writes through."""

    __slots__ = ("_steps", "base")

    def __init__(self, base: Any) -> None:
        """Start before the first entry of `base`."""
        self.base: Any = base
        self._steps = np.broadcast_to(np.int8(0), base.shape).flat  # NumPy's own iterator, over nothing

    @property
    def index(self) -> int:
        """The number of the entry that comes next."""
        return self._steps.index

    @property
    def coords(self) -> tuple[int, ...]:
        """The indices of the entry that comes next."""
        return self._steps.coords

    def __len__(self) -> int:
        return len(self._steps)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        coords = self._steps.coords
        next(self._steps)
        return self.base[coords]

    def __getitem__(self, key: Any) -> Any:
        place = self._find(key)
        return ravel(self.base)[key].copy() if place is None else self.base[place]

    def __setitem__(self, key: Any, value: Any) -> None:
        value, place = arraylike(value), self._find(key)
        if place is None or value.size != 1:
            _put(self.base, value, lambda a, v: operator.setitem(a.flat, key, v))
        else:
            self.base[place] = value.reshape(())

    def _find(self, key: Any) -> tuple[int, ...] | None:
        """Return the indices of a single entry, `None` for a key of several."""
        if not isinstance(key, (int, np.integer)):
            return None
        if not -len(self) <= key < len(self):
            raise IndexError(f"index {key} is out of bounds for size {len(self)}")
        return tuple(map(int, np.unravel_index(key % len(self), self.base.shape))) if self.base.ndim else ()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.copy(), dtype)

    def copy(self) -> Any:
        """Return all entries as an array of one axis."""
        return self.base.flatten()


def _set_flat(self: Any, value: Any) -> None:
    Flat(self)[:] = value


@attribute("flat", _set_flat)
def flat(self: Any) -> Flat:
    """Return all entries along one axis."""
    return Flat(self)
