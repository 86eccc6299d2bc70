"""The guard of constants: a caller's large array stays as it was while a record needs it."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["LARGE", "Guard"]

LARGE = 4096  # bytes above which a constant is locked, which costs 200 ns, rather than copied
_LOCKS: dict[int, list[Any]] = {}  # id -> [array, how many records hold it]; global, since two tapes may hold one


class Guard:
    """Keeps the large constants of one recording as they were: read-only until it releases them."""

    __slots__ = ("locked",)

    def __init__(self) -> None:
        self.locked: list[np.ndarray[Any, Any]] = []

    def keep(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return what a record may hold of a large plain array of the caller's."""
        chain = [array]
        owner: Any = array.base
        while type(owner) is np.ndarray:
            chain.append(owner)
            owner = owner.base
        # Memory that NumPy does not own (a map, a buffer) can't be locked, and a writeable view of a read-only base
        # could not be unlocked again.
        writeable = [a.flags.writeable or id(a) in _LOCKS for a in chain]
        if owner is not None or type(array) is not np.ndarray or writeable != sorted(writeable):
            return array.copy()
        for a, lock in zip(chain, writeable, strict=True):
            if lock:
                _LOCKS.setdefault(id(a), [a, 0])[1] += 1
                a.flags.writeable = False
                self.locked.append(a)
        return array

    def __del__(self) -> None:
        """Put the flags back as they were, once no other record holds the memory."""
        for a in self.locked:
            _LOCKS[id(a)][1] -= 1
        # A view can be writeable only if its base is: the owner's flag comes first, and a view whose base another
        # tape still holds waits for that tape.
        free = [a for a, holders in _LOCKS.values() if not holders]
        for a in sorted(free, key=_depth):
            if a.base is None or a.base.flags.writeable:
                a.flags.writeable = True
                del _LOCKS[id(a)]


def _depth(array: np.ndarray[Any, Any]) -> int:
    return 0 if array.base is None else 1 + _depth(array.base)
