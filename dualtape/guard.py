"""The guard of constants: a caller's large array stays as it was while a record needs it."""

from __future__ import annotations

from collections import deque
from threading import RLock
from typing import Any

import numpy as np

__all__ = ["LARGE", "Guard"]

LARGE = 4096  # bytes above which a constant is locked, which costs less than a microsecond, rather than copied

# By the array that owns the memory, since a view can be writeable only if its owner is: [how many guards hold it,
# the arrays to make writeable again, the owner first]. Global, since two tapes may hold one array.
_OWNERS: dict[int, list[Any]] = {}
_MUTEX = RLock()
_DEAD: deque[dict[int, Any]] = deque()  # what guards held that are gone
_BUSY = [False]  # whether the thread that holds the mutex is at work: a guard may die in the midst of that


class Guard:
    """Keeps the large constants of one recording as they were: read-only until it releases them."""

    __slots__ = ("_owners",)

    def __init__(self) -> None:
        self._owners: dict[int, Any] = {}

    def keep(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Return what a record may hold of a large plain array of the caller's."""
        if id(array) in self._owners and not array.flags.writeable:
            return array  # itself an owner, and locked already
        chain: list[Any] = [array]
        while type(chain[-1].base) is np.ndarray:
            chain.append(chain[-1].base)
        if chain[-1].base is not None or type(array) is not np.ndarray:
            return array.copy()  # memory that NumPy does not own, a map or a buffer, can't be locked
        if id(chain[-1]) in self._owners and not array.flags.writeable:
            return array
        with _MUTEX:
            _BUSY[0] = True
            try:
                locked = self._lock(chain)
            finally:
                _BUSY[0] = False
        if _DEAD:
            _unlock()
        return array if locked else array.copy()

    def _lock(self, chain: list[Any]) -> bool:
        owner = chain[-1]
        held = _OWNERS.get(id(owner)) or [0, []]
        if len(chain) > 1:
            taken = {id(a) for a in held[1]}
            writeable = [a.flags.writeable or id(a) in taken for a in chain]
            if writeable != sorted(writeable):
                return False  # a writeable view of a read-only owner: it could not be unlocked again
        for a in reversed(chain):
            if a.flags.writeable:
                a.flags.writeable = False
                held[1].append(a)
        if id(owner) not in self._owners:
            self._owners[id(owner)] = owner  # kept alive, so that its id stays its own
            held[0] += 1
            _OWNERS[id(owner)] = held
        return True

    def __del__(self) -> None:
        """Put the flags back as they were, once no other guard holds the memory."""
        _DEAD.append(self._owners)
        _unlock()


def _unlock() -> None:
    """Put flags back whose last guard is gone."""
    with _MUTEX:
        if _BUSY[0]:
            return  # this thread is at it already
        _BUSY[0] = True
        try:
            while _DEAD:
                for number in _DEAD.popleft():
                    held = _OWNERS[number]
                    held[0] -= 1
                    if not held[0]:
                        del _OWNERS[number]
                        for a in held[1]:
                            a.flags.writeable = True
        finally:
            _BUSY[0] = False
