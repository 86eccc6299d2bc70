"""BaseRecording: the bookkeeping that the recordings of all backends share."""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np

from dualtape.array import NO_PARAMS, TracedArray, apply, operate
from dualtape.backend import TapeOptions
from dualtape.errors import TracedConversionError
from dualtape.primitive import Primitive

__all__ = ["BaseRecording"]

# `Any`: nodes belong to the backend that made them; primals are arrays, scalars, or handles of an outer tape.

_LEVELS = count(1)

# The system clears each page of memory before a program may write to it, which takes several times as long as
# arithmetic on it. glibc gives freed memory back beyond twice the size of the largest block that was ever freed, taking
# an example from blocks of up to 32 MB (M_MMAP_THRESHOLD in mallopt(3)): so the arrays of one gradient are where those
# of the last one were if one large array was dropped before, whose pages need not be touched.
np.empty((32 << 20) - (64 << 10), np.int8)


class BaseRecording:
    """The part of the `Recording` protocol that recordings share: levels, life, and which variables are watched.

    A backend's recording may derive from it and add the rest: `constant`, `apply`, `write`, `gradient`, its `leaf`.
    """

    __slots__ = ("__weakref__", "alive", "level", "open", "options", "variables")

    array_type: type[TracedArray]
    view_type: type[TracedArray]

    def __init__(self, options: TapeOptions, level: int | None = None) -> None:
        """Take the next level; levels are never reused."""
        self.level: int = next(_LEVELS) if level is None else level
        self.alive: bool = True
        self.open: bool = True
        self.options: TapeOptions = options
        self.variables: dict[int, tuple[Any, Any]] = {}

    def leaf(self, primal: Any, what: Any) -> Any:
        """Return the node of a new source."""
        raise NotImplementedError

    def handle(self, primal: Any, node: Any) -> TracedArray:
        """Return a new handle of this recording."""
        x: TracedArray = object.__new__(self.array_type)
        x._primal, x.recording, x.node, x.link = primal, self, node, None
        return x

    def primal(self, x: Any) -> Any:
        """Return what an operation computes with: the primal of a handle of this recording, else `x` itself."""
        return x._primal if isinstance(x, TracedArray) and x.recording is self else x

    def unary(self, primitive: Primitive, x: Any) -> Any:
        """Apply an elementwise primitive to a handle of this recording; a fast backend overrides it."""
        return apply(primitive, (x,), NO_PARAMS)

    def binary(self, primitive: Primitive, x: Any, y: Any) -> Any:
        """Apply a binary operator, one operand being a handle of this recording; a fast backend overrides it."""
        return operate(primitive, x, y)

    def admit(self, root: TracedArray, node: Any) -> None:
        """Raise if a value of `node` can't be written into `root`: asked before anything has changed."""

    def extend(self, x: TracedArray) -> Any:
        """Return the node of a watched value: its own, where any computed value can be a source."""
        return x.node

    def source(self, x: TracedArray) -> Any:
        """Return the node of a computed value."""
        return x.node

    def constant_result(self, primitive: Primitive, out: Any) -> Any:
        """Return what an operation gave that can carry no derivative; objects would drop one in silence."""
        if out.dtype.kind == "O":
            raise TracedConversionError(
                f"{primitive.name} of a traced array and an object array gives objects, which hold no derivative: "
                f"make numbers of the objects first, or take x.primal where no derivative is needed"
            )
        return out

    def read(self, variable: Any, value: Any) -> Any:
        """Return a variable's value as this recording sees it: a handle where the variable is watched."""
        entry = self.variables.get(id(variable))
        if entry is None:
            if not (self.options.watch_variables and variable.trainable):
                return value
            entry = self.watch_variable(variable, value)
        x: TracedArray = object.__new__(self.array_type)
        x._primal, x.recording, x.node = value, self, entry[1]
        x.link = variable  # which makes it read-only
        return x

    def watch_variable(self, variable: Any, value: Any) -> tuple[Any, Any]:
        """Make a variable a source, once; every read of it in the block has this node."""
        entry = self.variables.get(id(variable))
        if entry is None:
            # Another thread may have been faster: its entry stays.
            entry = self.variables.setdefault(id(variable), (variable, self.leaf(value, variable)))
        return entry

    def release(self) -> None:
        """End the recording."""
        self.alive = self.open = False
        self.variables = {}
