"""TracedArray: the handle of a traced value, and how an operation finds the tape that owns it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from dualtape.primitive import FUNCTIONS, UFUNCS, Primitive

__all__ = [
    "ACTIVE",
    "NO_PARAMS",
    "Operand",
    "TracedArray",
    "apply",
    "operate",
    "plain",
    "resolve",
    "snapshot",
]

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.

# The recordings that are recording in this context, oldest first. Immutable, so that a task or thread that
# inherited it never sees another's change.
ACTIVE: ContextVar[tuple[Any, ...]] = ContextVar("dualtape_active", default=())
NO_PARAMS: Mapping[str, Any] = {}
_USUAL = frozenset({np.ndarray, np.float64, bool, int, float, complex})  # what stands beside traced values


class Writing:
    """What handles need of `inplace`, which builds on this module and fills these in."""

    as_view: Callable[..., Any]
    container: Callable[..., TracedArray]
    update: Callable[..., Any]
    write: Callable[..., None]


WRITING = Writing()


class Operand:
    """What can stand in an operation for an array: a traced array, a variable or a constant."""

    __slots__ = ()
    __array_priority__: float = 1000.0
    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # elementwise ==, so no hash, as ndarray

    def _resolve(self, active: tuple[Any, ...]) -> Any:
        """Return the operand as the operations of the context see it: a live traced array, or plain data."""
        raise NotImplementedError

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """Answer NumPy's ufunc protocol."""
        if method == "__call__" and not kwargs:
            primitive = UFUNCS.get(ufunc)
            if primitive is not None:
                return self._apply(primitive, inputs)
        from dualtape.ops.protocol import call_ufunc  # the rare forms stand with the operations

        return call_ufunc(ufunc, method, inputs, kwargs)

    def _apply(self, primitive: Primitive, operands: tuple[Any, ...]) -> Any:
        return operate(primitive, *operands) if len(operands) == 2 else apply(primitive, operands, NO_PARAMS)

    def __array_function__(
        self, func: Callable[..., Any], types: object, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Answer NumPy's array function protocol."""
        handler = FUNCTIONS.get(func)
        if handler is not None:
            return handler(*args, **kwargs)
        from dualtape.ops.protocol import call_function

        return call_function(func, args, kwargs)

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        """Name NumPy as the namespace of traced arrays."""
        return np

    def __bool__(self) -> bool:
        """Return the truth of the value, which has no derivative."""
        return bool(plain(self))

    def __int__(self) -> int:
        """Truncate to an int: piecewise constant, so nothing is lost."""
        return int(plain(self))

    if not TYPE_CHECKING:  # a checker would take `[1.0, 2.0] * w` for the list, repeated

        def __index__(self) -> int:
            """Index as the plain value would."""
            return operator.index(plain(self))

    def __len__(self) -> int:
        """Return the length of the first axis."""
        return len(plain(self))

    def __iter__(self) -> Iterator[Any]:
        """Iterate over the first axis, in views."""
        return map(self.__getitem__, range(len(self)))

    def __contains__(self, item: object) -> bool:
        """Tell whether an equal entry is in the array."""
        return plain(item) in plain(self)

    def __getitem__(self, key: Any) -> Any:
        """Read the entries at `key`: a view where NumPy gives one."""
        return FUNCTIONS[operator.getitem](self, key)

    def __str__(self) -> str:
        """Show the value."""
        return str(plain(self))

    def __format__(self, spec: str) -> str:
        """Format the value."""
        return format(plain(self), spec)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape."""
        return plain(self).shape  # type: ignore[no-any-return]  # plain() gives an array or a NumPy scalar

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of entries."""
        return int(plain(self).size)


class TracedArray(Operand):
    """A traced value: its primal, and where it stands in its recording.

    `recording` is the recording that made it, `node` belongs to that recording (an index, or tangents and their
    seeds). `link` is `None`, the weak references to a root's live views, the place of a view in its root, or what makes
    the value read-only. Subclasses add no slots, so that an object can change its level in place.
    """

    __slots__ = ("__weakref__", "_primal", "link", "node", "recording")

    _primal: Any
    recording: Any
    node: Any
    link: Any

    # NumPy code asks isinstance(x, np.ndarray) everywhere: the answer is the primal's, type(x) tells the truth.
    __class__ = property(lambda self: plain(self).__class__)  # pyright: ignore[reportAssignmentType, reportIncompatibleMethodOverride]  # the answer to isinstance

    def _fresh(self) -> TracedArray:
        """Return self, read anew where it is a view of something that was written since."""
        return self

    def _resolve(self, active: tuple[Any, ...]) -> Any:
        x: Any = self
        while isinstance(x, TracedArray):
            x = x._fresh()
            recording = x.recording
            if recording.level == 0 or (recording.open and recording in active):
                return x
            x = x._primal
        return x

    def _apply(self, primitive: Primitive, operands: tuple[Any, ...]) -> Any:
        count = len(operands)
        if count == 1:
            return self.recording.unary(primitive, self)
        return self.recording.binary(primitive, *operands) if count == 2 else apply(primitive, operands, NO_PARAMS)

    def __repr__(self) -> str:
        """Show the value with the kind of handle, that of its root for a view."""
        return f"{self.recording.array_type.__name__}({plain(self)!r})"

    @property
    def primal(self) -> Any:
        """The value without the derivative of this tape, as a read-only view: a record may hold the same memory."""
        value = self._fresh()._primal
        if isinstance(value, TracedArray):
            value = snapshot(value)
            value.link = "primal of a traced array"
        elif isinstance(value, np.ndarray):
            value = value.view()
            value.flags.writeable = False
        return value

    def __setitem__(self, key: Any, value: Any) -> None:
        """Write `value` to the entries at `key`, recorded wherever it can still be asked for."""
        WRITING.write(self, key, value)

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the primal."""
        return plain(self).dtype  # type: ignore[no-any-return]  # as for shape

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        """Convert to a plain array once nothing can be lost, to an object array of handles before."""
        from dualtape.ops.creation import to_array

        return to_array(self, dtype, copy)

    def __float__(self) -> float:
        """Convert to a float once nothing can be lost."""
        from dualtape.ops.creation import to_scalar

        return float(to_scalar(self, "float"))

    def __complex__(self) -> complex:
        """Convert to a complex once nothing can be lost."""
        from dualtape.ops.creation import to_scalar

        return complex(to_scalar(self, "complex"))

    def __reduce_ex__(self, protocol: object) -> Any:
        """Pickle the plain value once nothing can be lost."""
        from dualtape.ops.creation import to_scalar

        return to_scalar(self, "pickle").__reduce_ex__(protocol)


def plain(x: Any) -> Any:
    """Return the plain value of an operand, whatever tapes hold it."""
    while isinstance(x, Operand):
        x = x._fresh()._primal if isinstance(x, TracedArray) else x._resolve(())
    return x


def snapshot(x: TracedArray) -> TracedArray:
    """Return a handle of the same value that later writes through `x` do not rebind."""
    copy: TracedArray = object.__new__(x.recording.array_type)
    copy._primal, copy.recording, copy.node, copy.link = x._primal, x.recording, x.node, None
    return copy


def resolve(x: Any, active: tuple[Any, ...]) -> Any:
    """Return an operand as the recordings in `active` see it.

    Variables are read, handles whose tape does not record count as their primals, and containers of handles are
    stacked into one traced array.
    """
    if isinstance(x, Operand):
        return x._resolve(active)
    if type(x) in (list, tuple):
        x = np.asarray(x)
    if type(x) is np.ndarray and x.dtype.kind == "O":
        from dualtape.ops.creation import stack_handles

        return stack_handles(x)
    if active and type(x) not in _USUAL and not isinstance(x, np.generic):
        from dualtape.ops.foreign import beside

        return beside(x)
    return x


def apply(primitive: Primitive, operands: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
    """Evaluate a primitive on operands of any level; the youngest tape that records one of them owns the operation.

    Args:
        primitive: what to evaluate.
        operands: arrays, scalars, lists, variables or traced arrays.
        params: static settings, passed to the primitive and its rules by name.

    Returns:
        A traced array of the owner's level, or what NumPy gives where no operand is being recorded.
    """
    active = ACTIVE.get()
    if len(operands) == 1 and issubclass(type(operands[0]), TracedArray):
        recording = operands[0].recording
        if type(operands[0]) is recording.view_type:
            recording = operands[0]._fresh().recording
        if recording.open and recording in active and not primitive.view:
            return recording.apply(primitive, operands, params)
    owner = None
    level = -1
    resolved = []
    for x in operands:
        kind = type(x)
        if kind is not float and (kind is not np.ndarray or x.dtype.char == "O"):
            x = resolve(x, active)
            if isinstance(x, TracedArray) and x.recording.level > level:
                owner = x.recording
                level = owner.level
        resolved.append(x)
    out = primitive.call(*resolved, **params) if owner is None else owner.apply(primitive, tuple(resolved), params)
    if primitive.view:
        # A handle whose tape does not record now has views too; a variable is read, and its value's views are its own.
        x = operands[0] if isinstance(operands[0], TracedArray) else resolved[0]
        if isinstance(x, TracedArray):
            out = WRITING.as_view(x, primitive, params, out)
    idle = owner is None and any(isinstance(x, TracedArray) and x.recording.level == -1 for x in operands)
    if idle and type(out) is np.ndarray:
        # What is made of an array that may come to hold traced values (a copy, zeros + 1.0) may hold them too.
        out = WRITING.container(out)
    return out


_NUMPYS_ANSWER = np.ndarray.__array_ufunc__


def _answers(x: Any) -> bool:
    """Tell whether an operand is of a foreign class with an `__array_ufunc__` of its own (`None` refuses ufuncs)."""
    kind = type(x)
    if kind is np.ndarray or issubclass(kind, Operand):
        return False
    return getattr(kind, "__array_ufunc__", _NUMPYS_ANSWER) is not _NUMPYS_ANSWER


def operate(primitive: Primitive, x: Any, y: Any) -> Any:
    """Apply a binary operator, unless one of the operands is of a class that answers NumPy's protocol itself."""
    if _answers(x) or _answers(y):
        return NotImplemented
    return apply(primitive, (x, y), NO_PARAMS)
