"""Seeds: which rows of a stack of tangents belong to which source of derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.array import TracedArray
from dualtape.views import container

__all__ = ["Seeds", "Table", "spread"]


class Seeds:
    """Which rows of a stack of tangents belong to which source: (source, rows) in order of the sources."""

    __slots__ = ("rows", "sources")

    def __init__(self, sources: tuple[tuple[int, int], ...]) -> None:
        self.sources: tuple[tuple[int, int], ...] = sources
        self.rows: int = sum(n for _, n in sources)

    def find(self, source: int) -> slice | None:
        """Return the rows of a source, or `None` where there are none."""
        start = 0
        for number, rows in self.sources:
            if number == source:
                return slice(start, start + rows)
            start += rows
        return None


class Table:
    """The seeds of one recording: equal ones are one object, and unions are found again by the pair."""

    __slots__ = ("_interned", "_unions", "empty")

    def __init__(self) -> None:
        self.empty: Seeds = Seeds(())
        self._interned: dict[tuple[tuple[int, int], ...], Seeds] = {(): self.empty}
        self._unions: dict[tuple[Seeds, Seeds], tuple[Seeds, Any, Any]] = {}

    def intern(self, sources: tuple[tuple[int, int], ...]) -> Seeds:
        """Return the seeds of these sources."""
        return self._interned.setdefault(sources, Seeds(sources))

    def union(self, a: Seeds, b: Seeds) -> tuple[Seeds, Any, Any]:
        """Return the union of two seeds, and where the rows of each stand in it: `None` for all of them."""
        found = self._unions.get((a, b))
        if found is None:
            union = self.intern(tuple(sorted({*a.sources, *b.sources})))
            found = self._unions[a, b] = (union, _rows(a, union), _rows(b, union))
        return found


def _rows(part: Seeds, whole: Seeds) -> Any:
    if part is whole:
        return None
    spots = [np.arange(part.rows)[:0]]
    for number, _ in part.sources:
        where = whole.find(number)
        assert where is not None
        spots.append(np.arange(where.start, where.stop))
    rows = np.concatenate(spots)
    if len(rows) and rows[-1] - rows[0] + 1 == len(rows):
        return slice(int(rows[0]), int(rows[-1]) + 1)
    return rows


def spread(tangents: Any, rows: Any, total: int) -> Any:
    """Return tangents as the given rows of a larger stack, zero elsewhere."""
    if rows is None:
        return tangents
    full: Any = np.zeros((total, *tangents.shape[1:]), tangents.dtype)
    if isinstance(tangents, TracedArray):
        full = container(full)
    if tangents.shape[0]:
        full[rows] = tangents
    return full
