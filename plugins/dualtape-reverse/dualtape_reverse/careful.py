"""The reverse recording of tapes that check numerics, or that are nan-safe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from dualtape.array import TracedArray
from dualtape.backend import TapeOptions
from dualtape.bare import bare
from dualtape.frames import user_line
from dualtape.numerics import check, check_source
from dualtape.ops.zero_wins import Careful
from dualtape.places import Place
from dualtape.primitive import Primitive
from dualtape.recording import BaseRecording
from dualtape_reverse.backend import ReverseRecording
from dualtape_reverse.walk import Walk

__all__ = ["CarefulReverse"]

# Primals and cotangents are arrays, scalars or handles: `Any` in this file.


class CarefulReverse(ReverseRecording):
    """A reverse recording whose walks pull handles in which zeros win, or check each record."""

    __slots__ = ()

    def __init__(self, options: TapeOptions) -> None:
        super().__init__(options._replace(debug=options.debug or options.check_numerics))  # the lines are kept

    # --- recording ------------------------------------------------------------------------------------------------

    def leaf(self, primal: Any, what: Any) -> int:
        """Return the index of a new source, of a finite value where that is checked."""
        if self.options.check_numerics:
            check_source(primal, what, user_line)
        return super().leaf(primal, what)

    def unary(self, primitive: Primitive, x: Any) -> Any:
        """Record a primitive, by `apply` where it is checked."""
        by = BaseRecording if self.options.check_numerics else ReverseRecording
        return by.unary(self, primitive, x)

    def binary(self, primitive: Primitive, x: Any, y: Any, views: bool = False) -> Any:
        """Record a primitive, by `apply` where it is checked."""
        if not self.options.check_numerics:
            return super().binary(primitive, x, y, views)
        return None if views else BaseRecording.binary(self, primitive, x, y)

    def apply(self, primitive: Primitive, operands: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        """Record a primitive, and look at its value where that is asked."""
        out = super().apply(primitive, operands, params)
        if self.options.check_numerics and isinstance(out, TracedArray) and out.recording is self:
            check(out._primal, f"the value of {primitive.name}", user_line, operands)
        return out

    def write(self, root: TracedArray, place: Place, node: int | None, value: Any, add: bool) -> int:
        """Record a write, and look at what was written where that is asked."""
        index = super().write(root, place, node, value, add)
        if self.options.check_numerics:
            self._lines[index] = line = user_line()
            check(value, "the value of an item assignment", lambda: line)
        return index

    # --- the walk -------------------------------------------------------------------------------------------------

    def gradient(self, targets: Sequence[tuple[Any, Any]], sources: Sequence[tuple[Any, Any]]) -> list[Any]:
        """Walk the records backwards from the targets and return the cotangents of the sources."""
        return self._walked(targets, sources, 0)

    def pull(self, targets: Sequence[tuple[Any, Any]], sources: Sequence[tuple[Any, Any]]) -> list[Any]:
        """Pull K cotangents, stacked on a leading axis, back at once."""
        return self._walked(targets, sources, 1)

    def _walked(self, targets: Sequence[tuple[Any, Any]], sources: Sequence[tuple[Any, Any]], lead: int) -> list[Any]:
        careful = Careful() if self.options.nan_safe else None
        wanted = [node for node, _ in sources if node is not None]
        walk = Walk(max(target.node for target, _ in targets) + 1, wanted, lead)
        for target, cotangent in targets:
            primal = target._primal
            if cotangent is None:
                cotangent = np.ones(primal.shape, primal.dtype)[()]
            elif cotangent.dtype != primal.dtype:
                cotangent = cotangent.astype(primal.dtype)
            if self.options.check_numerics:
                check(cotangent, "a cotangent of the target")
            walk.add(target.node, cotangent if careful is None else careful.wrap(cotangent), False)
        if self.options.check_numerics:
            self._checked(walk)
        else:
            walk.run(self._records.copy(), self._lines)
        return [None if node is None else _own(walk.take(node)) for node, _ in sources]

    def _checked(self, walk: Walk) -> None:
        """Pull cotangents back through one record after another, and look at what each gives its operands."""
        wanted, walk.results = walk.results, {}
        for record in reversed(self._records):
            index = record[0]
            if index >= len(walk.cotangents) or walk.cotangents[index] is None:
                continue
            if index in wanted:
                wanted[index] = walk.cotangents[index]
                walk.owned[index] = False
            walk.run([record], self._lines)
            what = record[1].name if isinstance(record[1], Primitive) else "item assignment"
            for position, operand in enumerate(_operands(record)):
                if operand is not None and walk.cotangents[operand] is not None:
                    check(
                        bare(walk.cotangents[operand]),
                        f"the derivative of {what}, the cotangent of its operand {position},",
                        partial(self._line, index),
                    )
        for index in wanted:
            if wanted[index] is None and index < len(walk.cotangents):
                wanted[index] = walk.cotangents[index]
        walk.results = wanted

    def _line(self, index: int) -> str:
        return self._lines.get(index, "")


def _operands(record: tuple[Any, ...]) -> Iterator[int | None]:
    """Give the indices of the operands that a record leads to, by the kinds of records that the backend names."""
    length = len(record)
    if length == 3:
        yield record[2]
    elif length in (5, 8):
        yield record[4]
    elif length in (9, 10):
        yield from record[5:7]
    elif length == 7:
        yield from record[4]
    else:
        yield from record[2:4]


def _own(g: Any) -> Any:
    """Return a cotangent as an array that is the caller's own."""
    found = bare(g)
    return found.copy() if found is not g and type(found) is np.ndarray else found
