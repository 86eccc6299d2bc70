"""The forward recording of tapes that check numerics, or that are nan-safe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dualtape.array import TracedArray, plain
from dualtape.backend import TapeOptions
from dualtape.bare import CarefulArray, bare
from dualtape.errors import NumericsError, RuleError
from dualtape.forward import ForwardRecording
from dualtape.frames import user_line
from dualtape.numerics import check, check_source
from dualtape.ops.zero_wins import Careful
from dualtape.primitive import Primitive
from dualtape.recording import BaseRecording
from dualtape.seeds import Seeds

__all__ = ["CarefulForward"]

# Primals and tangents are arrays, scalars or handles: `Any` in this file.


class CarefulForward(ForwardRecording):
    """A forward recording whose tangents are handles in which zeros win, or that checks each operation."""

    __slots__ = ("_careful",)

    def __init__(self, options: TapeOptions, level: int | None = None) -> None:
        super().__init__(options, level)
        self._careful: Careful | None = Careful() if options.nan_safe else None

    def _wrapped(self, tangents: Any) -> Any:
        if self._careful is None or isinstance(tangents, CarefulArray):
            return tangents
        return self._careful.wrap(tangents)

    # --- where tangents come from ---------------------------------------------------------------------------------

    def leaf(self, primal: Any, what: Any) -> tuple[Any, Seeds]:
        """Return the node of a new source, of a finite value where that is checked."""
        if self.options.check_numerics:
            check_source(primal, what, user_line)
        rows, seeds = super().leaf(primal, what)
        return self._wrapped(rows), seeds

    def handle(self, primal: Any, node: Any) -> TracedArray:
        """Return a new handle, whose tangents may be the caller's."""
        tangents, seeds = node
        if self.options.check_numerics:
            check(primal, "the value of an argument", user_line)
            check(bare(tangents), "a tangent of an argument", user_line)
        return super().handle(primal, (self._wrapped(tangents), seeds))

    def _expand(self, x: TracedArray, seeds: Seeds) -> Any:
        tangents = self._wrapped(super()._expand(x, seeds))  # where there were no rows they are plain zeros
        if x.link is None:
            x.node = (tangents, seeds)
        return tangents

    def _align(self, a: Any, b: Any, x: Any = None, y: Any = None) -> Any:
        s, union, t = super()._align(a, b)
        s, t = self._wrapped(s), self._wrapped(t)
        for handle, rows in ((x, s), (y, t)):
            if handle is not None and handle.link is None:
                handle.node = (rows, union)
        return s, union, t

    # --- operations -----------------------------------------------------------------------------------------------

    def unary(self, primitive: Primitive, x: Any) -> Any:
        """Apply a primitive, by `apply` where it is checked."""
        by = BaseRecording if self.options.check_numerics else ForwardRecording
        return by.unary(self, primitive, x)

    def binary(self, primitive: Primitive, x: Any, y: Any) -> Any:
        """Apply a primitive, by `apply` where it is checked."""
        by = BaseRecording if self.options.check_numerics else ForwardRecording
        return by.binary(self, primitive, x, y)

    def apply(self, primitive: Primitive, operands: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        """Evaluate a primitive and push tangents, and look at both where that is asked."""
        if not self.options.check_numerics:
            return super().apply(primitive, operands, params)
        try:
            out = super().apply(primitive, operands, params)
        except RuleError as error:
            if isinstance(error.__cause__, NumericsError):  # of an outer tape, and no rule's fault
                raise error.__cause__ from None
            value = primitive.call(*map(plain, operands), **params)
            check(value, f"the value of {primitive.name}", user_line, operands)
            raise
        if isinstance(out, TracedArray) and out.recording is self:
            check(out._primal, f"the value of {primitive.name}", user_line, operands)
            check(bare(out.node[0]), f"the derivative of {primitive.name}, its tangents,", user_line)
        return out

    def write(self, root: TracedArray, place: Any, node: Any, value: Any, add: bool) -> Any:
        """Write tangents, and look at what was written where that is asked."""
        if self.options.check_numerics:
            check(value, "the value of an item assignment", user_line)
        return super().write(root, place, node, value, add)

    def gradient(self, targets: Sequence[tuple[Any, Any]], sources: Sequence[tuple[Any, Any]]) -> list[Any]:
        """Read the gradients off the tangents of the targets."""
        return [bare(g) for g in super().gradient(targets, sources)]
