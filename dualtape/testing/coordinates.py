"""Real coordinates: any list of arrays as one vector of real numbers, a complex entry being two of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, Operand, plain, resolve

__all__ = ["Rows", "dimension", "from_real", "leaves", "to_real"]

# Arrays of any inexact dtype, scalars and traced arrays: `Any` says that.
Rows = np.ndarray[Any, np.dtype[np.float64]]


def leaves(result: Any) -> list[Any]:
    """Return the arrays in a function's result that can carry a derivative: those of floats and complex numbers."""
    if isinstance(result, (list, tuple)) and not isinstance(result, Operand):
        return [leaf for part in result for leaf in leaves(part)]
    if not isinstance(result, Operand):
        result = resolve(np.asarray(result) if not hasattr(result, "dtype") else result, ACTIVE.get())
    return [result] if plain(result).dtype.kind in "fc" else []


def dimension(arrays: Sequence[Any]) -> int:
    """Return how many real numbers the arrays hold."""
    return sum(int(plain(x).size) * (2 if x.dtype.kind == "c" else 1) for x in arrays)


def to_real(stacks: Sequence[Any]) -> Rows:
    """Write stacks of arrays, each of shape (K, *shape), as K rows of real numbers.

    A complex array's real parts come first, then its imaginary parts.
    """
    rows = len(stacks[0])
    parts: list[Any] = [np.zeros((rows, 0))]
    for stack in stacks:
        flat = np.asarray(stack).reshape(rows, int(np.prod(stack.shape[1:])))
        parts += [np.real(flat), np.imag(flat)] if flat.dtype.kind == "c" else [flat]
    return np.concatenate(parts, axis=1).astype(np.float64)


def from_real(rows: Rows, like: Sequence[Any]) -> list[Any]:
    """Turn K rows of real numbers into stacks of arrays, with the shapes and dtypes of the arrays in `like`."""
    stacks: list[Any] = []
    start = 0
    for x in like:
        size = int(plain(x).size)
        part: Any = rows[:, start : start + size]
        if x.dtype.kind == "c":
            start += size
            part = part + 1j * rows[:, start : start + size]
        start += size
        stacks.append(part.reshape(len(rows), *x.shape).astype(x.dtype))
    return stacks
