"""Backends: what provides a mode, and what its recordings answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from dualtape.array import TracedArray
from dualtape.primitive import Primitive

__all__ = ["PROTOCOL", "Backend", "Recording", "TapeOptions"]

PROTOCOL = 1  # raised when a backend written for the old protocol would go wrong

# `Any`: nodes belong to the backend that made them; primals are arrays, scalars, or handles of an outer tape.


class TapeOptions(NamedTuple):
    """What the user asked of a tape, for its recordings.

    Attributes:
        persistent: whether several gradients may be asked.
        watch_variables: whether trainable variables are watched when they are read.
        debug: whether records remember the line of the user's code that made them.
        copy_constants: whether constants are copied whatever their size, rather than locked.
        check_numerics: whether the first value or derivative that is not finite raises.
        nan_safe: whether a zero (co)tangent times an infinite or nan partial is zero.
    """

    persistent: bool = False
    watch_variables: bool = True
    debug: bool = False
    copy_constants: bool = False
    check_numerics: bool = False
    nan_safe: bool = False


class Recording(Protocol):
    """What one open tape holds, of one backend.

    A handle (`TracedArray`) of the recording has it as its `recording`, an array (or a handle of an outer tape)
    as its primal, and a `node` that only the recording reads.
    """

    level: int  # its age
    open: bool  # whether its block is open; the tape sets it
    alive: bool  # whether a gradient can still be asked of it
    variables: dict[int, tuple[Any, Any]]  # by id: the variables and constants that it watches, each with its node

    @property
    def array_type(self) -> type[TracedArray]:
        """The class of its handles, which adds no slots to `TracedArray`."""
        ...

    @property
    def view_type(self) -> type[TracedArray]:
        """The class of its views: `class MyView(ViewMixin, MyArray)`, without slots."""
        ...

    def leaf(self, primal: Any, what: Any) -> Any:
        """Return the node of a new source of derivatives; `str(what)` names it in messages."""
        ...

    def handle(self, primal: Any, node: Any) -> TracedArray:
        """Return a new handle of the recording."""
        ...

    def read(self, variable: Any, value: Any) -> Any:
        """Return the value of a variable or constant as the recording sees it: a handle where it is watched."""
        ...

    def watch_variable(self, variable: Any, value: Any) -> tuple[Any, Any]:
        """Make a variable or constant a source, once; return its entry in `variables`."""
        ...

    def extend(self, x: TracedArray) -> Any:
        """Return the node of a computed value that is watched from now on: a source that depends on others."""
        ...

    def constant(self, primal: Any) -> Any:
        """Return the node of a value that depends on nothing."""
        ...

    def apply(self, primitive: Primitive, operands: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        """Evaluate a primitive; operands that are no handles of this recording are constants."""
        ...

    def unary(self, primitive: Primitive, x: Any) -> Any:
        """Evaluate an elementwise primitive of one operand, a handle of the recording that may be stale or dead."""
        ...

    def binary(self, primitive: Primitive, x: Any, y: Any) -> Any:
        """Evaluate an operator or elementwise primitive of two operands, one of them a handle of the recording."""
        ...

    def admit(self, root: TracedArray, node: Any) -> None:
        """Raise if a value of `node` can't be written into `root`: asked before anything has changed."""
        ...

    def write(self, root: TracedArray, place: Any, node: Any, value: Any, add: bool) -> Any:
        """Return the node of `root` after `value` (of `node`, or a constant) was written or added at `place`."""
        ...

    def gradient(self, targets: Sequence[tuple[Any, Any]], sources: Sequence[tuple[Any, Any]]) -> list[Any]:
        """Return the gradients of the sum of the targets in each source, `None` where there is no path.

        Args:
            targets: (handle, cotangent) each; the cotangent has the target's shape.
            sources: (node, primal) each; the node is `None` where the recording never met the source.
        """
        ...

    def source(self, x: TracedArray) -> Any:
        """Return the node by which `gradient` knows a computed value, or raise and say why it can't be a source."""
        ...

    def release(self) -> None:
        """Drop the records; the handles count as their primals from now on."""
        ...


@runtime_checkable
class Backend(Protocol):
    """An object that provides a mode.

    In an attribute `provides` it may name which of the options "check_numerics" and "nan_safe" it honours: a tape
    refuses one that its backend does not name.
    """

    protocol: int

    def open(self, options: TapeOptions) -> Recording:
        """Start a recording for a tape that opens."""
        ...
