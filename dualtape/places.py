"""Place: where in an array a read or a write goes, with or without batch axes in front."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from dualtape.array import WRITING, Operand, TracedArray, plain

__all__ = ["Place", "parse_key"]

Shape = tuple[int, ...]
Region = tuple[int, Shape, Shape, Shape]


class Place:
    """Where a read or a write goes: a key into the root, or into a strided region of it.

    A region is (offset, shape, strides, shape of the root), counted in elements of the root in C order.
    """

    __slots__ = ("key", "region", "repeats", "shift")

    def __init__(self, key: tuple[Any, ...], region: Region | None, repeats: bool, shift: int) -> None:
        self.key: tuple[Any, ...] = key
        self.region: Region | None = region
        self.repeats: bool = repeats
        self.shift: int = shift

    def is_entry(self, ndim: int) -> bool:
        """Tell whether the place is one entry of an array of `ndim` axes."""
        return self.region is None and len(self.key) == ndim and all(type(k) is int for k in self.key)

    def get(self, buffer: Any, lead: int) -> Any:
        """Read the place in a buffer shaped as the root, with `lead` batch axes in front."""
        target, key = self._within(buffer, lead)
        found = target[key]
        return np.moveaxis(found, self.shift, 0) if lead and self.shift else found

    def kept(self, found: Any, shape: tuple[int, ...], lead: int) -> Any:
        """Zero what a write at this place did not leave in an array of `shape`: of a repeated entry the last wins."""
        if self._is_list_without_repeats():
            return found
        numbers = np.empty(shape, np.intp)  # only what is written is read
        order = np.arange(int(np.prod(np.shape(found)[lead:]))).reshape(np.shape(found)[lead:])
        self.put(numbers, 0, order)
        return np.where(self.get(numbers, 0) == order, found, 0.0)

    def _is_list_without_repeats(self) -> bool:
        """Tell whether the key has one short array of indices that all differ; for long ones counting is cheaper."""
        found = [k for k in self.key if isinstance(k, np.ndarray)]
        if len(found) != 1 or found[0].size > 64:
            return False
        numbers = found[0].ravel().tolist()
        return len(set(numbers)) == len(numbers) and (min(numbers) >= 0 or max(numbers) < 0)

    def put(self, buffer: Any, lead: int, value: Any, add: bool = False) -> None:
        """Write or add to the place in a buffer shaped as the root, in place."""
        target, key = self._within(buffer, lead)
        if lead and self.shift and np.ndim(value):
            value = np.moveaxis(value, 0, self.shift)
        if isinstance(target, TracedArray):
            WRITING.write(target, key, value, add)
        elif not add:
            target[key] = value
        elif self.repeats:
            np.add.at(target, key, value)
        else:
            target[key] += value

    def _within(self, buffer: Any, lead: int) -> tuple[Any, tuple[Any, ...]]:
        batch = (slice(None),) * lead
        if self.region is None:
            return buffer, batch + self.key
        offset, shape, strides, root = self.region
        if isinstance(buffer, TracedArray) or not buffer.flags.c_contiguous:
            numbers = _numbers(offset, shape, strides)[self.key]
            if not root:
                return np.reshape(buffer, (*buffer.shape[:lead], 1)), (*batch, numbers)
            return buffer, batch + np.unravel_index(numbers, root)
        axes = buffer.shape[:lead]
        return _strided(buffer.reshape(*axes, -1), self.region), batch + self.key


def _numbers(offset: int, shape: Shape, strides: Shape) -> Any:
    """Return where the entries of a region lie in the flat root."""
    numbers: Any = np.full(shape, offset)
    for axis, (n, stride) in enumerate(zip(shape, strides, strict=True)):
        numbers += (np.arange(n) * stride).reshape(-1, *(1,) * (len(shape) - axis - 1))
    return numbers


def _strided(flat: np.ndarray[Any, Any], region: Region) -> np.ndarray[Any, Any]:
    offset, shape, strides, _ = region
    steps = flat.strides[:-1] + tuple(s * flat.itemsize for s in strides)
    return as_strided(flat[..., offset:], (*flat.shape[:-1], *shape), steps)


def parse_key(key: Any) -> tuple[tuple[Any, ...], bool, int]:
    """Return a key as a tuple of plain data, whether it may name an entry twice, and where it moves a batch axis.

    Arrays in the key are copied: the caller may change them before a record is read. Where advanced parts are
    separated by a slice, NumPy puts their axes first: a batch axis then stands behind them.
    """
    if type(key) is int or type(key) is slice:
        return (key,), False, 0
    parts = key if type(key) is tuple else (key,)
    basic = (int, slice, type(None), type(Ellipsis))
    if all(type(k) in basic for k in parts):
        return parts, False, 0
    found: list[Any] = []
    for k in parts:
        k = plain(k) if isinstance(k, Operand) else k
        if isinstance(k, (list, np.ndarray)) or (hasattr(k, "__array__") and not isinstance(k, np.generic)):
            k = np.array(k) if not (isinstance(k, list) and not k) else np.zeros(0, np.intp)
            if k.ndim == 0 and k.dtype.kind in "iu":
                k = k[()]
        found.append(k)
    arrays = [k for k in found if isinstance(k, (np.ndarray, bool, np.bool_))]
    if not arrays:
        return tuple(found), False, 0
    spots = [i for i, k in enumerate(found) if isinstance(k, (np.ndarray, bool, np.bool_, int, np.integer))]
    shift = 0
    if spots[-1] - spots[0] + 1 != len(spots):
        shapes = [(0,) if k.dtype.kind == "b" else k.shape for k in arrays if isinstance(k, np.ndarray)]
        shift = max(map(len, shapes), default=1)
    repeats = any(k.dtype.kind in "iu" and k.size > 1 for k in arrays if isinstance(k, np.ndarray))
    return tuple(found), repeats, shift
