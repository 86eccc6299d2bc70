"""Backends: what provides a mode, how it is found, and what a recording answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from itertools import count
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

from dualtape.array import NO_PARAMS, TracedArray, apply, operate
from dualtape.errors import BackendError, UnknownModeError
from dualtape.primitive import Primitive

__all__ = [
    "PROTOCOL", "Backend", "BaseRecording", "ModeInfo", "Recording", "TapeOptions", "find_backend", "modes",
    "register_backend",
]  # fmt: skip

PROTOCOL = 1  # raised when a backend written for the old protocol would go wrong
GROUP = "dualtape.backends"

# `Any`: nodes belong to the backend that made them; primals are arrays, scalars, or handles of an outer tape.


class TapeOptions(NamedTuple):
    """What the user asked of a tape, for its recordings.

    Attributes:
        persistent: whether several gradients may be asked.
        watch_variables: whether trainable variables are watched when they are read.
        debug: whether records remember the line of the user's code that made them.
        copy_constants: whether constants are copied whatever their size, rather than locked.
    """

    persistent: bool = False
    watch_variables: bool = True
    debug: bool = False
    copy_constants: bool = False


class Recording(Protocol):
    """What one open tape holds, of one backend.

    A handle (`TracedArray`) of the recording has it as its `recording`, an array (or a handle of an outer tape)
    as its primal, and a `node` that only the recording reads.
    """

    level: int  # its age
    open: bool  # whether its block is open; the tape sets it
    alive: bool  # whether a gradient can still be asked of it

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

    def extend(self, x: TracedArray) -> Any:
        """Return the node of a computed value that is watched from now on: a source that depends on others."""
        ...

    def constant(self, primal: Any) -> Any:
        """Return the node of a value that depends on nothing."""
        ...

    def apply(self, primitive: Primitive, operands: tuple[Any, ...], params: Mapping[str, Any]) -> Any:
        """Evaluate a primitive; operands that are no handles of this recording are constants."""
        ...

    def write(self, root: TracedArray, place: Any, node: Any, value: Any, add: bool) -> Any:
        """Return the node of `root` after `value` (of `node`, or a constant) was written or added at `place`."""
        ...

    def gradient(self, targets: Sequence[tuple[Any, Any]], sources: Sequence[tuple[Any, Any]]) -> list[Any]:
        """Return the gradients of the sum of the targets in each source, `None` where there is no path.

        Args:
            targets: (handle, cotangent) each; the cotangent has the target's shape.
            sources: (node, primal) each.
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
    """An object that provides a mode."""

    protocol: int

    def open(self, options: TapeOptions) -> Recording:
        """Start a recording for a tape that opens."""
        ...


_LEVELS = count(1)


class BaseRecording:
    """The bookkeeping that recordings share: levels, life, and which variables are watched.

    A backend's recording derives from it and adds the rest of the `Recording` protocol.
    """

    __slots__ = ("__weakref__", "alive", "level", "open", "options", "variables")

    array_type: ClassVar[type[TracedArray]]
    view_type: ClassVar[type[TracedArray]]

    def __init__(self, options: TapeOptions, level: int | None = None) -> None:
        """Take the next level; levels are never reused."""
        self.level = next(_LEVELS) if level is None else level
        self.alive = self.open = True
        self.options = options
        self.variables: dict[int, tuple[Any, Any]] = {}

    def leaf(self, primal: Any, what: Any) -> Any:
        """Return the node of a new source."""
        raise NotImplementedError

    def unary(self, primitive: Primitive, x: Any) -> Any:
        """Apply an elementwise primitive to a handle of this recording; a fast backend overrides it."""
        return apply(primitive, (x,), NO_PARAMS)

    def binary(self, primitive: Primitive, x: Any, y: Any) -> Any:
        """Apply a binary operator, one operand being a handle of this recording; a fast backend overrides it."""
        return operate(primitive, x, y)

    def extend(self, x: TracedArray) -> Any:
        """Return the node of a watched value: its own, where any computed value can be a source."""
        return x.node

    def source(self, x: TracedArray) -> Any:
        """Return the node of a computed value."""
        return x.node

    def read(self, variable: Any, value: Any) -> Any:
        """Return a variable's value as this recording sees it: a handle where the variable is watched."""
        entry = self.variables.get(id(variable))
        if entry is None:
            if not (self.options.watch_variables and variable.trainable):
                return value
            entry = self.variables[id(variable)] = (variable, self.leaf(value, variable))
        handle = object.__new__(self.array_type)
        handle._primal, handle.recording, handle.node, handle.view = value, self, entry[1], variable
        return handle

    def watch_variable(self, variable: Any, value: Any) -> tuple[Any, Any]:
        """Make a variable a source, once; every read of it in the block has this node."""
        entry = self.variables.get(id(variable))
        if entry is None:
            entry = self.variables[id(variable)] = (variable, self.leaf(value, variable))
        return entry

    def release(self) -> None:
        """End the recording."""
        self.alive = self.open = False
        self.variables = {}


# --- the registry -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ModeInfo:
    """What is known of one mode.

    Attributes:
        mode: its name.
        distribution: the distribution that provides it, or `None` for a backend registered in code.
        version: that distribution's version.
        error: why it can't be used, or `None`.
    """

    mode: str
    distribution: str | None
    version: str | None
    error: str | None


_REGISTERED: dict[str, tuple[Backend, str | None, str | None]] = {}
_LOADED: dict[str, Backend] = {}


def register_backend(mode: str, backend: Backend, *, replace: bool = False) -> None:
    """Provide a mode in code, as an entry point of the group `dualtape.backends` does for a distribution.

    Args:
        mode: the name that `GradientTape(mode=...)` takes.
        backend: an object that follows the `Backend` protocol.
        replace: whether a backend registered under that name before gives way.

    Raises:
        ValueError: if the mode is taken.
        TypeError: if the object is no backend.
        BackendError: if it speaks another version of the protocol.

    Example:
        >>> import dualtape as dt
        >>> dt.register_backend("forward", object())
        Traceback (most recent call last):
        ...
        ValueError: the mode 'forward' is provided already; pass replace=True to replace it
    """
    if not replace and (mode in _REGISTERED or _entries(mode)):
        raise ValueError(f"the mode {mode!r} is provided already; pass replace=True to replace it")
    if not isinstance(backend, Backend):
        raise TypeError(f"{backend!r} is no backend: it lacks `protocol` or `open`")
    _check(mode, backend, "the object")
    _REGISTERED[mode] = (backend, None, None)


def provide(mode: str, backend: Backend, distribution: str, version: str) -> None:
    """Enter the core's own backend."""
    _REGISTERED[mode] = (backend, distribution, version)


def find_backend(mode: str) -> Backend:
    """Return the backend of a mode, loading its plugin at the first use.

    Raises:
        UnknownModeError: if nothing provides the mode.
        BackendError: if what provides it can't be used; the message names the distribution.
    """
    if mode in _REGISTERED:
        return _REGISTERED[mode][0]
    if mode not in _LOADED:
        _LOADED[mode] = _load(mode)
    return _LOADED[mode]


def modes() -> tuple[ModeInfo, ...]:
    """Tell each mode, what provides it, and whether it loads.

    Returns:
        One `ModeInfo` a mode; `error` is `None` where it can be used.

    Example:
        >>> import dualtape as dt
        >>> [info.mode for info in dt.modes() if info.distribution == "dualtape"]
        ['forward']
    """
    found = [ModeInfo(mode, name, version, None) for mode, (_, name, version) in _REGISTERED.items()]
    for mode, (_, owner, _) in _REGISTERED.items():
        for name, version in sorted(map(_named, _entries(mode)) if owner else ()):
            claim = f"{name} claims the mode {mode!r}, which {owner} itself provides"
            found.append(ModeInfo(mode, name, version, claim))
    for mode in sorted({entry.name for entry in _entries()} - _REGISTERED.keys()):
        try:
            find_backend(mode)
            error = None
        except BackendError as problem:
            error = str(problem)
        named = sorted({_named(entry) for entry in _entries(mode)})
        found.append(ModeInfo(mode, " and ".join(n for n, _ in named), ", ".join(v for _, v in named), error))
    return tuple(found)


def _entries(mode: str | None = None) -> list[EntryPoint]:
    return [e for e in entry_points(group=GROUP) if mode is None or e.name == mode]


def _named(entry: EntryPoint) -> tuple[str, str]:
    return (entry.dist.name, entry.dist.version) if entry.dist else ("an unknown distribution", "?")


def _load(mode: str) -> Backend:
    entries = {(_named(entry), entry.value): entry for entry in _entries(mode)}
    if not entries:
        known = ", ".join(repr(info.mode) for info in modes())
        hint = ""
        if mode == "reverse":
            hint = "; install it from a checkout of dualtape with: pip install ./plugins/dualtape-reverse"
        raise UnknownModeError(f"no installed backend provides the mode {mode!r}; the modes are {known}{hint}")
    if len(entries) > 1:
        names = " and ".join(sorted(name for (name, _), _ in entries))
        raise BackendError(f"the mode {mode!r} is claimed by {names}: uninstall all but one of them")
    ((name, version), _), entry = next(iter(entries.items()))
    try:
        backend = entry.load()
    except (Exception, SystemExit) as error:  # whatever a plugin raises at import must not take the other modes down
        raise BackendError(
            f"the mode {mode!r} can't be used: {name} {version} fails to load: {type(error).__name__}: {error}"
        ) from error
    _check(mode, backend, f"{name} {version}")
    return backend  # type: ignore[no-any-return]  # _check has just seen that it follows the protocol


def _check(mode: str, backend: object, what: str) -> None:
    if not isinstance(backend, Backend):
        raise BackendError(f"the mode {mode!r} can't be used: what {what} provides lacks `protocol` or `open`")
    if backend.protocol != PROTOCOL:
        from importlib.metadata import version

        raise BackendError(
            f"the mode {mode!r} can't be used: {what} speaks version {backend.protocol} of the backend protocol, "
            f"dualtape {version('dualtape')} speaks version {PROTOCOL}; install versions that belong together"
        )
