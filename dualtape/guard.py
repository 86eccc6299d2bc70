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
        bases = [array]
        owner: Any = array.base
        while isinstance(owner, np.ndarray):
            bases.append(owner)
            owner = owner.base
        if owner is not None or not all(type(a) is np.ndarray for a in bases):
            return array.copy()  # memory that NumPy does not own: a map, a buffer
        for a in bases:
            held = _LOCKS.get(id(a))
            if held is not None:
                held[1] += 1
            elif a.flags.writeable:
                a.flags.writeable = False
                _LOCKS[id(a)] = [a, 1]
            else:
                continue
            self.locked.append(a)
        return array

    def __del__(self) -> None:
        """Put the flags back as they were, the owner's first: a view can be writeable only if its base is."""
        for a in reversed(self.locked):
            held = _LOCKS[id(a)]
            held[1] -= 1
            if held[1] == 0:
                del _LOCKS[id(a)]
                a.flags.writeable = True
