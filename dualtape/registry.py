"""The registry: which modes there are, and what provides them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from dualtape.backend import PROTOCOL, Backend
from dualtape.errors import BackendError, UnknownModeError
from dualtape.mode import ModeName

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.metadata import EntryPoint

__all__ = [
    "default_mode",
    "find_backend",
    "installed",
    "provide",
    "register_backend",
    "set_default_mode",
]

GROUP = "dualtape.backends"


_default: list[ModeName] = ["forward"]
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
    if isinstance(backend, type):
        raise TypeError(f"{backend.__name__} is a class: a backend is an object of it, {backend.__name__}()")
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


def installed(mode: str) -> bool:
    """Tell whether a mode is registered, or a distribution that was there at the first question claims it."""
    return mode in _REGISTERED or mode in _LOADED or _claimed(mode)


@cache
def _claimed(mode: str) -> bool:
    return bool(_entries(mode))


def entry_points(group: str) -> Iterable[EntryPoint]:
    """Return the entry points of a group; what finds them takes as long to import as the rest of dualtape."""
    from importlib import metadata

    return metadata.entry_points(group=group)


def _entries(mode: str | None = None) -> list[EntryPoint]:
    return [e for e in entry_points(group=GROUP) if mode is None or e.name == mode]


def _named(entry: EntryPoint) -> tuple[str, str]:
    return (entry.dist.name, entry.dist.version) if entry.dist else ("an unknown distribution", "?")


def _load(mode: str) -> Backend:
    entries = {(_named(entry), entry.value): entry for entry in _entries(mode)}
    if not entries:
        from dualtape.overview import modes

        known = ", ".join(dict.fromkeys(repr(info.mode) for info in modes()))
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
    if isinstance(backend, type):
        raise BackendError(
            f"the mode {mode!r} can't be used: {what} provides the class {backend.__name__}, not an object of it"
        )
    if backend.protocol != PROTOCOL:
        from importlib.metadata import version

        raise BackendError(
            f"the mode {mode!r} can't be used: {what} speaks version {backend.protocol} of the backend protocol, "
            f"dualtape {version('dualtape')} speaks version {PROTOCOL}; install versions that belong together"
        )


def default_mode() -> ModeName:
    """Return the mode of tapes that name none."""
    return _default[0]


def set_default_mode(mode: ModeName) -> ModeName:
    """Set the mode of tapes that name none.

    Args:
        mode: "forward", "reverse", or the mode of another installed backend, as a `dt.Mode`.

    Returns:
        The mode that held before.

    Raises:
        UnknownModeError: if no backend provides the mode.

    Example:
        >>> import dualtape as dt
        >>> before = dt.set_default_mode("forward")
        >>> before
        'forward'
    """
    find_backend(mode)
    before, _default[0] = _default[0], mode
    return before
