"""What a gradient is asked of and in: the targets and sources of a call, as one recording knows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, Operand, TracedArray, plain, resolve
from dualtape.errors import TapeError, UnconnectedError, UnrecordedTargetError
from dualtape.held import Held, named
from dualtape.pytree import aligned, leaves

__all__ = ["find_source", "find_targets", "lower", "unconnected"]

# `Any`: targets and sources are operands or containers of them, and a recording is its backend's own.


def find_targets(target: Any, weights: Any, recording: Any, unconnected: str) -> list[tuple[Any, Any]]:
    """Return the targets as (handle, cotangent) each; the cotangent is `None` for ones."""
    targets = leaves(target)
    cotangents: list[Any] = [None] * len(targets)
    if weights is not None:
        cotangents = [weights]
        if len(targets) != 1 or targets[0] is not target:
            if type(target) in (list, tuple) and type(weights) in (list, tuple):
                weights = type(target)(weights)  # either will do for the other
                if len(weights) != len(target):
                    raise ValueError(f"{len(target)} targets want {len(target)} output_gradients, not {len(weights)}")
            cotangents = aligned(target, weights, "output_gradients")
    found: list[tuple[Any, Any]] = []
    for x, weight in _entries(targets, cotangents):
        try:
            handle = lower(x, recording)
        except UnrecordedTargetError:
            if unconnected == "none":
                continue
            raise
        if plain(handle).dtype.kind not in "fc":
            raise TypeError(f"a target of dtype {plain(handle).dtype} has no derivative")
        if weight is not None:
            weight = resolve(weight, tuple([r for r in ACTIVE.get() if r is not recording]))
            weight = np.asarray(weight) if not isinstance(weight, TracedArray) else weight
            if weight.shape != handle.shape:
                raise ValueError(f"output_gradients have the target's shape {handle.shape}, not {weight.shape}")
        found.append((handle, weight))
    return found


def lower(x: Any, recording: Any) -> TracedArray:
    """Return the handle of the recording's level that stands for a target."""
    target = x
    if isinstance(x, Held):  # it may be what a branch of the program chose without reading it
        x = recording.read(x, x._resolve(()))
    elif not isinstance(x, TracedArray):
        x = resolve(x, ACTIVE.get())
    active = ACTIVE.get()
    seen = x
    while isinstance(seen, TracedArray) and seen._fresh().recording is not recording:
        if seen.recording in active and seen.recording.level > recording.level:
            raise TapeError(
                "a younger tape that is still open records this target: ask for the gradient after its block, "
                "or nest the tapes the other way round"
            )
        seen = seen._primal
    if isinstance(seen, TracedArray):
        return seen
    raise UnrecordedTargetError(f"this tape did not record the target: {_cause(target, x, recording)}")


def _cause(target: Any, found: Any, recording: Any) -> str:
    """Say why a recording does not know a target, which the open tapes see as `found`."""
    if isinstance(found, TracedArray):
        return "another tape recorded it, or this tape before its reset()"
    if isinstance(target, Held):
        return "it is a variable or constant that the tape does not watch: read it in the block, or call tape.watch(x)"
    if not recording.variables:
        return (
            "the tape watches no variable and no constant: trainable variables are watched where the block reads them, "
            "and others, and constants, by tape.watch(x) before their use"
        )
    return (
        "it was computed outside the block, under stop_recording, by this tape's own backward pass, or from values "
        "that the tape does not watch (or by a function that is piecewise constant, as floor); for a second derivative "
        "nest two tapes"
    )


def find_source(x: Any, recording: Any, watched: dict[int, tuple[Any, Any]]) -> tuple[Any, Any]:
    """Return (node, primal) of a source; the node is `None` where the tape never met it."""
    if isinstance(x, Held):
        entry = recording.variables.get(id(x))
        return (entry[1] if entry else None), x._value
    if not isinstance(x, TracedArray):
        raise TypeError(f"a source is a Variable, a constant or a traced value, not {type(x).__name__}")
    known = watched.get(id(x))
    value = plain(x)
    if known is not None:
        return known[1], value
    seen: Any = x
    while isinstance(seen, TracedArray) and seen._fresh().recording is not recording:
        seen = seen._primal
    return (recording.source(seen) if isinstance(seen, TracedArray) else None), value


def _entries(targets: list[Any], weights: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Take object arrays of handles apart: each entry is a target with its weight."""
    for x, weight in zip(targets, weights, strict=True):
        if type(x) is not np.ndarray or x.dtype.kind != "O":
            yield x, weight
            continue
        if weight is not None and np.shape(weight) != x.shape:
            raise ValueError(f"output_gradients have the target's shape {x.shape}, not {np.shape(weight)}")
        for i, entry in np.ndenumerate(x):
            if isinstance(entry, Operand):
                yield entry, None if weight is None else np.asarray(weight)[i]


def unconnected(source: Any, shape: tuple[int, ...], dtype: np.dtype[Any], how: str) -> Any:
    """Return what stands for a derivative of that shape where there is no path from the source to the target."""
    if how == "error":
        what = named(source) if isinstance(source, Held) else f"a traced source of shape {plain(source).shape}"
        raise UnconnectedError(
            f"the target does not depend on {what}, its derivative of shape {shape} is zero: leave that source out, "
            f"or pass unconnected_gradients='zero' or 'none'"
        )
    return None if how == "none" else np.zeros(shape, dtype)
