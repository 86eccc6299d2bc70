"""GradientTape: record what a block computes, then ask for derivatives."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np

from dualtape.array import ACTIVE, TracedArray
from dualtape.backend import TapeOptions
from dualtape.errors import TapeError
from dualtape.held import Held
from dualtape.inplace import watch
from dualtape.jacobian_methods import Jacobians
from dualtape.mode import ModeName
from dualtape.numerics import AROUND, settled
from dualtape.pytree import leaves, rebuild
from dualtape.registry import default_mode, find_backend
from dualtape.signatures import GradientMethod
from dualtape.targets import find_source, find_targets, unconnected
from dualtape.variable import Variable

__all__ = ["GradientTape"]

_options = lru_cache(TapeOptions)  # a tape opens in microseconds: there are few combinations


class GradientTape(Jacobians):
    """Record the operations of a `with` block, for derivatives of what they compute.

    Args:
        mode: "forward" (tangents travel with the values), "reverse" (a tape is walked backwards), or another backend's;
            the default mode where it is `None`.
        persistent: whether more than one gradient may be asked.
        watch_accessed_variables: whether trainable variables are watched when they are read.
        debug: whether an error in a rule names the line that made the record.
        guard: what keeps the caller's large arrays from changing while a record needs them: "lock" makes them
            read-only, "copy" copies them.
        check_numerics: whether the first operation that yields a value or a derivative that is not finite raises a
            `NumericsError`; `None` for what a block of `dualtape.numerics` says.
        nan_safe: whether a zero (co)tangent times an infinite or nan partial is zero; `None` as above.

    Example:
        >>> import dualtape as dt
        >>> x = dt.Variable(3.0)
        >>> with dt.GradientTape() as tape:
        ...     y = x * x
        >>> tape.gradient(y, x)
        array(6.)
    """

    def __init__(
        self,
        mode: ModeName | None = None,
        *,
        persistent: bool = False,
        watch_accessed_variables: bool = True,
        debug: bool = False,
        guard: Literal["lock", "copy"] = "lock",
        check_numerics: bool | None = None,
        nan_safe: bool | None = None,
    ) -> None:
        """Find the backend of the mode; nothing is recorded before the block."""
        if guard not in ("lock", "copy"):
            raise ValueError(f"guard is 'lock' or 'copy', not {guard!r}")
        self.mode: ModeName = default_mode() if mode is None else mode
        self._backend = find_backend(self.mode)
        self._options = _options(persistent, watch_accessed_variables, debug, guard == "copy")
        if check_numerics or nan_safe or AROUND.get():
            self._options = settled(self._options, self.mode, self._backend, check_numerics, nan_safe)
        self._recording: Any = None  # a Recording; Any, since a block's body may end it under a checker's feet
        self._watched: dict[int, tuple[Any, Any]] = {}
        self._met: list[Any] = []  # what was watched, once the recording is gone
        self._open = self._used = False
        self._paused = 0  # how many stop_recording blocks it is in

    def __enter__(self) -> Self:
        """Open the block."""
        if self._open:
            raise TapeError("this tape is open already: open another GradientTape for a nested block")
        if self._used:
            raise TapeError("this tape has given its gradient: open a new GradientTape, or pass persistent=True")
        if self._recording is None:
            self._recording = self._backend.open(self._options)
        self._open = self._recording.open = True
        _join(self._recording)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the block: what follows is not recorded."""
        if error is not None:
            from dualtape.hints import explain

            explain(error)
        self._open = False
        if self._recording is not None:
            self._recording.open = False
        _leave(self._recording)

    def __del__(self) -> None:
        """Release the records: nobody can ask for their gradients any more, though their values live on."""
        recording = getattr(self, "_recording", None)
        if recording is not None:
            recording.release()

    def watch(self, x: Any) -> None:
        """Make a value a source of derivatives from here on.

        Args:
            x: a constant, a variable, a traced value (of this tape or an outer one), or a list, tuple or dict of these.

        Raises:
            TypeError: if it is plain data: NumPy's arrays can't be watched; make it a `dt.constant` first.
        """
        recording = self._live("watch")
        for leaf in leaves(x):
            if isinstance(leaf, Held):
                recording.watch_variable(leaf, leaf._resolve(()))
            elif isinstance(leaf, TracedArray):
                self._watched[id(leaf)] = (leaf, watch(leaf, recording))
            else:
                raise TypeError(
                    f"a tape can't watch {type(leaf).__name__}, plain data: write x = dualtape.constant(x), "
                    f"or make it a dualtape.Variable"
                )

    if TYPE_CHECKING:
        gradient: GradientMethod
    else:

        def gradient(
            self,
            target: Any,
            sources: Any,
            output_gradients: Any = None,
            unconnected_gradients: Literal["zero", "none", "error"] = "zero",
        ) -> Any:
            """Return the gradient of the sum of the target's entries in each source.

            Args:
                target: a traced value of this tape, of any shape, or a list, tuple or dict of these, which are added.
                sources: a variable, constant or traced value, or a list, tuple or dict of these.
                output_gradients: weights of the target's entries, in the structure of `target`; ones where `None`.
                unconnected_gradients: what stands for the gradient in a source that the target does not depend on:
                    "zero", "none" (`None`), or "error".

            Returns:
                Arrays of the sources' shapes and dtypes, in the structure of `sources`.

            Raises:
                UnrecordedTargetError: if this tape did not record the target.
                UnconnectedError: under `unconnected_gradients="error"`.
                TapeError: at the second gradient of a tape that is not persistent.
            """
            return self._gradient(target, sources, output_gradients, unconnected_gradients)

    def _gradient(self, target: Any, sources: Any, output_gradients: Any, unconnected_gradients: str) -> Any:
        if unconnected_gradients not in ("zero", "none", "error"):
            raise ValueError(f"unconnected_gradients is 'zero', 'none' or 'error', not {unconnected_gradients!r}")
        recording: Any = self._recording or self._live("gradient")
        if type(target) is recording.array_type and target.recording is recording and output_gradients is None:
            targets = [(target, None)]
        else:
            targets = find_targets(target, output_gradients, recording, unconnected_gradients)
        known: list[Any] = []
        for x in leaves(sources):
            entry = recording.variables.get(id(x))
            known.append((entry[1], x._value) if entry is not None else find_source(x, recording, self._watched))
        before = ACTIVE.get()
        recorded = recording in before
        if recorded:
            _leave(recording)
        try:
            found: list[Any] = recording.gradient(targets, known) if targets else [None] * len(known)
        finally:
            if recorded:
                ACTIVE.set(before)
            if not self._options.persistent:
                self._end()
                self._used = True
                if recorded:
                    _leave(recording)
        for i, (_, value) in enumerate(known):
            g = found[i]
            if g is None:
                found[i] = unconnected(leaves(sources)[i], value.shape, value.dtype, unconnected_gradients)
            elif g.dtype is not value.dtype or not value.ndim:
                found[i] = _as_array(g, value.dtype)
        return rebuild(sources, found)

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Compute without recording on this tape.

        Raises:
            TapeError: if the tape is not open.
        """
        if not self._open:
            raise TapeError("stop_recording stands inside the tape's block")
        recording = self._live("stop_recording")
        paused = recording in ACTIVE.get()
        self._paused += paused
        _leave(recording)
        try:
            yield
        finally:
            self._paused -= paused
            if paused and self._recording is not None and self._recording.open:  # a new one after a reset
                _join(self._recording)

    def reset(self) -> None:
        """Forget what was recorded, and start anew where the block is open."""
        old, active = self._recording, ACTIVE.get()
        if old is not None:
            self._end()
        self._used, self._met = False, []
        if self._open:
            self._recording = self._backend.open(self._options)
            if not self._paused:
                ACTIVE.set((*(r for r in active if r is not old), self._recording))

    def watched_variables(self) -> tuple[Variable[Any], ...]:
        """Return the variables that the tape watches, in the order in which it met them; after its gradient too."""
        held = self._met if self._recording is None else [x for x, _ in self._recording.variables.values()]
        return tuple(x for x in held if isinstance(x, Variable))

    def _live(self, what: str) -> Any:
        if self._recording is not None:
            return self._recording
        if self._used:
            raise TapeError(
                "this tape has given its gradient, and a tape gives one unless it is made with "
                "GradientTape(persistent=True)"
            )
        raise TapeError(f"{what} needs a tape that has recorded: open it with `with GradientTape() as tape:` first")

    def _end(self) -> None:
        assert self._recording is not None
        self._met = [x for x, _ in self._recording.variables.values()]
        self._recording.release()
        self._recording = None
        self._watched = {}


# `Any`: a gradient is an array, a NumPy scalar, or a handle of an outer tape.
def _as_array(g: Any, dtype: np.dtype[Any]) -> Any:
    """Return a gradient in its source's dtype, that of a number as an array of no axes."""
    if g.dtype is not dtype:
        g = g.astype(dtype)
    number = isinstance(g, np.generic)  # which asks a handle's primal
    if number:
        g = g[...] if isinstance(g, TracedArray) else np.asarray(g)
    return g


def _level(recording: Any) -> int:
    return int(recording.level)


def _join(recording: Any) -> None:
    """Put a recording into the context, where its age puts it: a tape may be opened again inside a younger one."""
    active = ACTIVE.get()
    ACTIVE.set(tuple(sorted({*active, recording}, key=_level)) if active else (recording,))


def _leave(recording: Any) -> None:
    """Take a recording out of the context, by identity: tapes need not close in the order in which they opened.

    One that ended in another context goes too.
    """
    active = ACTIVE.get()
    ACTIVE.set(() if active == (recording,) else tuple([r for r in active if r is not recording and r.open]))
