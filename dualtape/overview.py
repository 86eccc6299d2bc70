"""What is known of each mode, for people: which there are, and what provides them."""

from __future__ import annotations

from dataclasses import dataclass

from dualtape import registry
from dualtape.errors import BackendError
from dualtape.mode import Mode

__all__ = ["ModeInfo", "modes"]


@dataclass(frozen=True, slots=True)
class ModeInfo:
    """What is known of one mode.

    Attributes:
        mode: its name.
        distribution: the distribution that provides it, or `None` for a backend registered in code.
        version: that distribution's version.
        error: why it can't be used, or `None`.
    """

    mode: Mode
    distribution: str | None
    version: str | None
    error: str | None


def modes() -> tuple[ModeInfo, ...]:
    """Tell each mode, what provides it, and whether it loads.

    Returns:
        One `ModeInfo` a mode; `error` is `None` where it can be used.

    Example:
        >>> import dualtape as dt
        >>> [info.mode for info in dt.modes() if info.distribution == "dualtape"]
        ['forward']
    """
    found = [ModeInfo(Mode(mode), name, version, None) for mode, (_, name, version) in registry._REGISTERED.items()]
    for mode, (_, owner, _) in registry._REGISTERED.items():
        for name, version in sorted(map(registry._named, registry._entries(mode)) if owner else ()):
            claim = f"{name} claims the mode {mode!r}, which {owner} itself provides"
            found.append(ModeInfo(Mode(mode), name, version, claim))
    for mode in sorted({entry.name for entry in registry._entries()} - registry._REGISTERED.keys()):
        try:
            registry.find_backend(mode)
            error = None
        except BackendError as problem:
            error = str(problem)
        named = sorted({registry._named(entry) for entry in registry._entries(mode)})
        found.append(ModeInfo(Mode(mode), " and ".join(n for n, _ in named), ", ".join(v for _, v in named), error))
    return tuple(found)
