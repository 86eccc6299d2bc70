"""Recordings that a rule opens for itself: push tangents, or pull cotangents, through a function."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, TracedArray, resolve, snapshot
from dualtape.backend import TapeOptions
from dualtape.forward import ForwardRecording
from dualtape.jacobians import puller
from dualtape.registry import find_backend

__all__ = ["below", "is_forward", "own", "pull", "push"]

# Arrays and handles of outer tapes alike: `Any` in this file says that.
Function = Callable[..., Any]

_OPTIONS = TapeOptions(persistent=True, watch_variables=False)


def own(x: Any) -> Any:
    """Return a value that a function may write into: a copy, or a handle that a write rebinds alone."""
    if isinstance(x, TracedArray):
        return snapshot(x._fresh())
    return x.copy("K") if isinstance(x, np.ndarray) else x


@contextmanager
def below(level: int) -> Iterator[None]:
    """Let only recordings older than `level` record: values of the others count as their primals."""
    before = ACTIVE.get()
    ACTIVE.set(tuple([r for r in before if r.level < level]))
    try:
        yield
    finally:
        ACTIVE.set(before)


def push(function: Function, at: Sequence[Any], rows: Sequence[Any]) -> tuple[Any, Any]:
    """Push stacked tangents through a function by a forward recording.

    Args:
        function: maps arrays to an array, by operations that have JVP rules.
        at: where it is evaluated.
        rows: for each argument K tangents, stacked on a leading axis, or `None`; K is positive.

    Returns:
        The value, and its K tangents.
    """
    recording = ForwardRecording(_OPTIONS)
    count = next(len(t) for t in rows if t is not None)
    seeds = recording.table.intern(((0, count),))
    pairs = zip(at, rows, strict=True)
    y = _run(recording, function, [x if t is None else recording.handle(x, (t, seeds)) for x, t in pairs])
    if not _is_of(y, recording):
        return y, np.zeros((count, *y.shape), y.dtype)
    tangents, own_seeds = y.node
    return y._primal, tangents if own_seeds is seeds else np.zeros((count, *y.shape), y.dtype)


def pull(function: Function, at: Sequence[Any], cotangents: Any) -> list[Any]:
    """Pull stacked cotangents back through a function by a reverse recording.

    Args:
        function: maps arrays to an array, by operations that have VJP rules.
        at: where it is evaluated.
        cotangents: K cotangents of the value, stacked on a leading axis.

    Returns:
        For each argument the K cotangents, stacked.

    Raises:
        UnknownModeError: if nothing provides reverse mode.
    """
    recording: Any = find_backend("reverse").open(_OPTIONS)
    try:
        sources = [(recording.leaf(x, "an operand of a rule"), x) for x in at]
        y = _run(recording, function, [_handle(recording, x, node) for node, x in sources])
        found: list[Any] = [None] * len(sources)
        if _is_of(y, recording) and len(cotangents) == 1:
            found = [g if g is None else g[None] for g in recording.gradient([(y, cotangents[0])], sources)]
        elif _is_of(y, recording):
            found = puller(recording)([(y, cotangents)], sources)
    finally:
        recording.release()
    pairs = zip(found, at, strict=True)
    return [np.zeros((len(cotangents), *x.shape), x.dtype) if g is None else g for g, x in pairs]


def _handle(recording: Any, primal: Any, node: Any) -> TracedArray:
    x: TracedArray = object.__new__(recording.array_type)
    x._primal, x.recording, x.node, x.link = primal, recording, node, None
    return x


def _run(recording: Any, function: Function, arguments: Sequence[Any]) -> Any:
    """Call a function while a recording is open; return its value as a handle of the recording or of an older one."""
    before = ACTIVE.get()
    ACTIVE.set((*before, recording))
    try:
        y = resolve(function(*arguments), ACTIVE.get())
    finally:
        recording.open = False
        ACTIVE.set(before)
    while isinstance(y, TracedArray) and y._fresh().recording.level > recording.level:
        y = y._primal
    return y if isinstance(y, TracedArray) else np.asarray(y)[()]


def _is_of(y: Any, recording: Any) -> bool:
    return isinstance(y, TracedArray) and y.recording is recording


def is_forward(x: Any) -> bool:
    """Tell whether only forward tapes record a value."""
    while isinstance(x, TracedArray):
        if not isinstance(x.recording, ForwardRecording):
            return False
        x = resolve(x._primal, ACTIVE.get())
    return True
