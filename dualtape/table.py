"""The table of primitives, which is whole for whoever looks through it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

__all__ = ["Table"]

V = TypeVar("V")


class Table(dict[str, V]):
    """A table by name; what it does not hold yet is loaded when it is asked for, or when the table is looked through.

    Writing to it loads nothing.
    """

    __slots__ = ()

    def _whole(self) -> None:
        from dualtape.ops import later  # noqa: F401  # importing it enters all that waits for its first use

    def __missing__(self, name: str) -> V:
        self._whole()
        if dict.__contains__(self, name):
            return dict.__getitem__(self, name)
        raise KeyError(name)

    def __contains__(self, name: object) -> bool:
        if not dict.__contains__(self, name):
            self._whole()
        return dict.__contains__(self, name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return the entry of a name, or the default where there is none."""
        return dict.__getitem__(self, name) if name in self else default

    def __iter__(self) -> Iterator[str]:
        self._whole()
        return dict.__iter__(self)

    def __len__(self) -> int:
        self._whole()
        return dict.__len__(self)

    def keys(self) -> Any:
        """Return a view of all names."""
        self._whole()
        return dict.keys(self)

    def values(self) -> Any:
        """Return a view of all entries."""
        self._whole()
        return dict.values(self)

    def items(self) -> Any:
        """Return a view of all names with their entries."""
        self._whole()
        return dict.items(self)
