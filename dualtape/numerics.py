"""Numerical hygiene: tapes that stop at numbers that are not finite, and tapes whose zeros win over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from dualtape.array import plain
from dualtape.backend import TapeOptions
from dualtape.errors import NumericsError

__all__ = ["AROUND", "Numerics", "check", "check_source", "numerics", "settled", "within"]

# Values are arrays, scalars or handles: `Any` in this file.


class Numerics(NamedTuple):
    """What tapes are asked for that say nothing themselves."""

    check_numerics: bool = False
    nan_safe: bool = False


AROUND: ContextVar[Numerics | None] = ContextVar("dualtape_numerics", default=None)


@contextmanager
def numerics(*, check_numerics: bool | None = None, nan_safe: bool | None = None) -> Iterator[None]:
    """Set `check_numerics` and `nan_safe` of all tapes that open in a block, those of transforms among them.

    Args:
        check_numerics: whether the first operation that yields a value or a derivative that is not finite raises.
        nan_safe: whether a zero (co)tangent times an infinite or nan partial is zero.
            Of both, `None` leaves what holds around the block.

    Example:
        >>> import numpy as np
        >>> import dualtape as dt
        >>> f = dt.grad(lambda x: np.sum(np.where(x > 0.0, np.sqrt(x), 0.0)))
        >>> with np.errstate(all="ignore"), dt.numerics(nan_safe=True):
        ...     print(f(np.array([0.0, 4.0])))
        [0.   0.25]
    """
    before = AROUND.get() or Numerics()
    token = AROUND.set(
        Numerics(
            before.check_numerics if check_numerics is None else bool(check_numerics),
            before.nan_safe if nan_safe is None else bool(nan_safe),
        )
    )
    try:
        yield
    finally:
        AROUND.reset(token)


def within(around: Numerics | None, function: Callable[..., Any], *args: Any) -> Any:
    """Call a function with what holds where another thread or process asked for it."""
    token = AROUND.set(around)
    try:
        return function(*args)
    finally:
        AROUND.reset(token)


def settled(options: TapeOptions, mode: str, backend: Any, check_numerics: bool | None, nan_safe: bool | None) -> Any:
    """Return a tape's options with what it says itself, or what holds around it.

    Raises:
        ValueError: if the backend does not provide an option.
    """
    around = AROUND.get() or Numerics()
    asked = {
        "check_numerics": around.check_numerics if check_numerics is None else bool(check_numerics),
        "nan_safe": around.nan_safe if nan_safe is None else bool(nan_safe),
    }
    for name, is_asked in asked.items():
        if is_asked and name not in getattr(backend, "provides", ()):
            raise ValueError(f"the mode {mode!r} does not provide {name}=True: its backend would ignore it")
    return options._replace(**asked)


# --- the checks ---------------------------------------------------------------------------------------------------


def check(value: Any, what: str, line: Callable[[], str] = str, operands: Sequence[Any] = ()) -> None:
    """Raise if a value is not finite.

    Args:
        value: an array or a handle.
        what: what it is, for the message.
        line: returns the user's line that made it.
        operands: what it was computed from, to tell what made it from what passed it on.

    Raises:
        NumericsError: if it is not finite.
    """
    if _is_finite(value):
        return
    array = np.asarray(plain(value))
    finite = np.isfinite(array)
    nans = int(np.isnan(array).sum())
    infinite = array.size - int(finite.sum()) - nans
    found = " and ".join(f"{n} {kind}" for n, kind in ((nans, "nan"), (infinite, "infinite")) if n)
    where = f"; the first at index {tuple(map(int, np.argwhere(~finite)[0]))}" if array.ndim else ""
    given = [i for i, x in enumerate(operands) if not _is_finite(x)]
    cause = f"; operand {given[0]} was not finite when it was given" if given else ""
    place = line()
    raise NumericsError(
        f"{what} is not finite: of {array.size} entries (shape {array.shape}) {found}{where}{cause}"
        f"{f' [{place}]' if place else ''}"
    )


def check_source(value: Any, what: Any, line: Callable[[], str]) -> None:
    """Raise if the value of a source is not finite; `what` is a variable, or says what it is."""
    check(value, f"the value of {what if isinstance(what, str) else what.name or 'a variable'}", line)


def _is_finite(x: Any) -> bool:
    array = np.asarray(plain(x))
    return array.dtype.kind not in "fc" or bool(np.isfinite(array).all())
