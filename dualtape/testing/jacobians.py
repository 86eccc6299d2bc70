"""Jacobians and second derivatives in every mode, in real coordinates, as the checks compare them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dualtape.array import TracedArray, plain, snapshot
from dualtape.bare import bare
from dualtape.mode import ModeName
from dualtape.tape import GradientTape
from dualtape.testing.coordinates import Rows, dimension, from_real, leaves, to_real
from dualtape.views import container

__all__ = [
    "Function", "Pull", "forward_jacobian", "gradient", "jacobian", "mixed_derivative", "pull", "pull_rows", "push",
    "reverse_jacobian", "second_derivative",
]  # fmt: skip

Function = Callable[..., Any]
# From a recording, (handle, K stacked cotangents) for each target and (node, primal) for each source, the K stacked
# cotangents of each source, or `None` where there is no path.
Pull = Callable[[Any, list[tuple[Any, Any]], list[tuple[Any, Any]]], list[Any]]


def push(f: Function, args: Sequence[Any], directions: Sequence[Any]) -> list[Any]:
    """Push K tangents of the arguments forward at once.

    Args:
        f: takes `args`, returns an array or a list or tuple of arrays.
        args: plain arrays.
        directions: for each argument, K tangents stacked on a leading axis.

    Returns:
        For each output, its K tangents stacked on a leading axis.
    """
    rows = len(directions[0])
    with GradientTape("forward") as tape:
        seed = container(np.zeros(rows))  # all arguments share its rows
        tape.watch(seed)
        recording: Any = seed.recording
        seeds = seed.node[1]
        pairs = zip(args, directions, strict=True)
        outputs = leaves(f(*[recording.handle(x, (direction, seeds)) for x, direction in pairs]))
    return [_tangents(x, recording, rows) for x in outputs]


def _tangents(x: Any, recording: Any, rows: int) -> Any:
    handle = _at_level(x, recording)
    if handle is None or handle.node[1].rows == 0:
        return np.zeros((rows, *x.shape), x.dtype)
    return bare(handle.node[0])


def pull(
    mode: ModeName, f: Function, args: Sequence[Any], cotangents: Sequence[Any], through: Pull | None = None
) -> list[Any]:
    """Pull K cotangents of the outputs back.

    Args:
        mode: the mode of the tape.
        f: takes `args`, returns an array or a list or tuple of arrays.
        args: plain arrays.
        cotangents: for each output, K cotangents stacked on a leading axis.
        through: pulls through a recording; row by row unless given.

    Returns:
        For each argument, its K cotangents stacked on a leading axis.
    """
    rows = len(cotangents[0]) if cotangents else 0
    with GradientTape(mode, persistent=True) as tape:
        handles = lift(tape, args)
        recording: Any = handles[0].recording
        sources = [(x.node, x._primal) for x in handles]
        outputs = [_at_level(x, recording) for x in leaves(f(*handles))]
    targets = [(x, w) for x, w in zip(outputs, cotangents, strict=True) if x is not None]
    found = (through or pull_rows)(recording, targets, sources) if targets else [None] * len(args)
    return [np.zeros((rows, *np.shape(x)), x.dtype) if g is None else g for g, x in zip(found, args, strict=True)]


def pull_rows(recording: Any, targets: list[tuple[Any, Any]], sources: list[tuple[Any, Any]]) -> list[Any]:
    """Pull stacked cotangents back one after another, as any recording can."""
    rows = [recording.gradient([(x, w[k]) for x, w in targets], sources) for k in range(len(targets[0][1]))]
    return [None if column[0] is None else np.stack(column) for column in zip(*rows, strict=True)] or [None] * len(
        sources
    )


def forward_jacobian(f: Function, args: Sequence[Any]) -> Rows:
    """Return the Jacobian in real coordinates, of shape (outputs, inputs): one tangent for each input."""
    return to_real(push(f, args, from_real(np.eye(dimension(args)), args)) or [np.zeros((dimension(args), 0))]).T


def reverse_jacobian(
    f: Function, args: Sequence[Any], outputs: Sequence[Any], through: Pull | None = None, mode: ModeName = "reverse"
) -> Rows:
    """Return the Jacobian in real coordinates, of shape (outputs, inputs): one cotangent for each output.

    Args:
        f: the function.
        args: plain arrays.
        outputs: its outputs, plain: their shapes and dtypes are read.
        through: as for `pull`.
        mode: the mode of the tape.
    """
    if dimension(outputs) == 0:
        return np.zeros((0, dimension(args)))
    return to_real(pull(mode, f, args, from_real(np.eye(dimension(outputs)), outputs), through))


def jacobian(
    mode: ModeName, f: Function, args: Sequence[Any], outputs: Sequence[Any], through: Pull | None = None
) -> Rows:
    """Return the Jacobian of a mode in real coordinates, of shape (outputs, inputs)."""
    if mode == "forward":
        return forward_jacobian(f, args)
    return reverse_jacobian(f, args, outputs, through, mode)


def gradient(mode: ModeName, f: Function, weights: Sequence[Any]) -> Function:
    """Return the function that computes the gradient of a weighted sum of the outputs of `f`.

    Args:
        mode: the mode of the tape.
        f: the function; what it returns is weighted, a list of arrays one by one.
        weights: one array for each output, of its shape.

    Returns:
        A function of the same arguments, which may be traced by other tapes, that returns one array for each of them.
    """

    def differentiated(*args: Any) -> list[Any]:
        with GradientTape(mode) as tape:
            handles = lift(tape, args)
            recording = handles[0].recording
            pairs = list(zip(leaves(f(*handles)), weights, strict=True))
        pairs = [(x, w) for x, w in pairs if _at_level(x, recording) is not None]
        if not pairs:
            return [np.zeros_like(plain(x)) for x in args]
        found: list[Any] = tape.gradient([x for x, _ in pairs], handles, [w for _, w in pairs])
        return found

    return differentiated


def second_derivative(
    outer: ModeName,
    inner: ModeName,
    f: Function,
    args: Sequence[Any],
    weights: Sequence[Any],
    through: Pull | None = None,
) -> Rows:
    """Return the second derivative of a weighted sum of the outputs, in real coordinates: (inputs, inputs).

    Args:
        outer: the mode of the outer tape.
        inner: the mode of the inner one.
        f: the function.
        args: plain arrays.
        weights: one array for each output, of its shape.
        through: as for `pull`.
    """
    return jacobian(outer, gradient(inner, f, weights), args, args, through)


def mixed_derivative(
    outer: ModeName,
    inner: ModeName,
    f: Function,
    args: Sequence[Any],
    weights: Sequence[Any],
    at: tuple[int, int],
    through: Pull | None = None,
) -> Rows:
    """Return a block of the second derivative, where each tape watches a single argument and nothing else is traced.

    Args:
        outer: the mode of the outer tape.
        inner: the mode of the inner one.
        f: the function.
        args: arrays; those that no tape watches are given to the function as they are.
        weights: one array for each output, of its shape.
        at: the numbers of the arguments that the inner tape and the outer tape watch.
        through: as for `pull`.

    Returns:
        The block in real coordinates, of shape (inputs of the inner tape, inputs of the outer one).
    """
    first, second = at

    def differentiated(y: Any) -> list[Any]:
        def of_one(x: Any) -> Any:
            given = list(args)
            given[second] = y
            given[first] = x
            return f(*given)

        return gradient(inner, of_one, weights)(y if first == second else plain(args[first]))  # type: ignore[no-any-return]

    return jacobian(outer, differentiated, [plain(args[second])], [plain(args[first])], through)


def lift(tape: GradientTape, args: Sequence[Any]) -> list[Any]:
    """Return handles of the arguments that the tape watches; the arguments may be traced by outer tapes."""
    handles = [snapshot(x._fresh()) if isinstance(x, TracedArray) else container(x) for x in args]
    for x in handles:
        tape.watch(x)
    return handles


def _at_level(x: Any, recording: Any) -> TracedArray | None:
    """Return the handle of a recording that a value stands on, or `None` where it depends on nothing of it."""
    while isinstance(x, TracedArray) and x._fresh().recording is not recording:
        x = x._primal
    return x if isinstance(x, TracedArray) else None
