"""Packing: the arrays of a call as one array, so that one rule serves functions of several arguments and results."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import prod
from typing import Any

import numpy as np

from dualtape.array import plain
from dualtape.inner import own
from dualtape.pytree import construct, emptied

__all__ = ["Layout", "Packed", "is_inexact"]

# Leaves are arrays, handles, scalars or any other object: `Any` in this file says that.


class Layout:
    """The shapes and dtypes of arrays that are packed into one: an only one as it is, several as one vector."""

    __slots__ = ("dtypes", "offsets", "shapes")

    def __init__(self, arrays: Sequence[Any]) -> None:
        self.shapes: list[tuple[int, ...]] = [x.shape for x in arrays]
        self.dtypes: list[np.dtype[Any]] = [x.dtype for x in arrays]
        self.offsets: tuple[int, ...] = (0, *accumulate(map(prod, self.shapes)))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the packed array."""
        return self.shapes[0] if len(self.shapes) == 1 else (self.offsets[-1],)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the packed array."""
        return np.result_type(*self.dtypes)

    def pack(self, arrays: Sequence[Any]) -> Any:
        """Return the arrays as one."""
        if len(arrays) == 1:
            return arrays[0]
        return np.concatenate([np.ravel(x) for x in arrays])

    def unpack(self, packed: Any) -> list[Any]:
        """Return the arrays that were packed."""
        if len(self.shapes) == 1:
            return [packed]
        parts = []
        for (start, stop), shape, dtype in zip(pairwise(self.offsets), self.shapes, self.dtypes, strict=True):
            part = packed[start:stop].reshape(shape) if shape else packed[start]
            if packed.dtype.kind == "c" and dtype.kind != "c":
                part = np.real(part)
            parts.append(part if part.dtype == dtype else part.astype(dtype))
        return parts


class Packed:
    """A tree of arrays whose leaves of interest travel in one array; the other leaves stay what they are.

    Attributes:
        tree: the structure, without the leaves.
        leaves: the leaves; those that travel are left out (`None`).
        spots: where those that travel stand.
        layout: how they are packed.
    """

    __slots__ = ("layout", "leaves", "spots", "tree")

    def __init__(self, tree: Any, found: Sequence[Any], spots: Sequence[int]) -> None:
        self.tree: Any = emptied(tree, len(found))
        self.spots: list[int] = list(spots)
        self.leaves: list[Any] = [None if i in set(spots) else own(x) for i, x in enumerate(found)]
        self.layout: Layout = Layout([found[i] for i in spots])

    def fill(self, values: Sequence[Any]) -> list[Any]:
        """Return all leaves, with these values for those that travel."""
        filled = [own(x) for x in self.leaves]
        for i, value in zip(self.spots, values, strict=True):
            filled[i] = value
        return filled

    def unpack(self, packed: Any) -> Any:
        """Return the tree, with copies of its own that a function may write into."""
        return construct(self.tree, self.fill([own(x) for x in self.layout.unpack(packed)]))


def is_inexact(x: Any) -> bool:
    """Tell whether a leaf can have a derivative."""
    dtype = getattr(plain(x), "dtype", None)
    return isinstance(x, (float, complex)) if dtype is None else dtype.kind in "fc"
