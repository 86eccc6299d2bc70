"""Passes: one execution of a function on one recording, and many of them in forward mode."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor
from typing import Any, NamedTuple

import numpy as np

from dualtape.arguments import Arguments, Function, Outputs, with_aux
from dualtape.array import ACTIVE, TracedArray
from dualtape.bare import bare
from dualtape.errors import NotDifferentiableError, TapeError
from dualtape.jacobians import Linear, Target, default_rows, dimension, halves, jacobians, unit_rows
from dualtape.mode import ModeName
from dualtape.numerics import AROUND, within
from dualtape.pytree import leaves
from dualtape.repeating import alike, sample
from dualtape.tape import GradientTape

__all__ = ["Options", "Pushed", "Recorded", "forward_rows", "push"]

# `Any`: a user's function takes and returns anything; rows are arrays, or handles of an outer tape.


class Options(NamedTuple):
    """What a transform was asked for.

    Attributes:
        mode: the mode, `None` for the one that suits.
        has_aux: whether the function returns (output, aux).
        holomorphic: whether complex arguments are meant as such.
        chunk_size: how many rows travel together, `None` for the default.
        progress: wraps the iterable of the passes.
        executor: what runs the forward passes.
    """

    mode: ModeName | None = None
    has_aux: bool = False
    holomorphic: bool = False
    chunk_size: int | None = None
    progress: Callable[[Iterable[Any]], Iterable[Any]] | None = None
    executor: Executor | None = None

    def watched(self, passes: list[Any]) -> Iterable[Any]:
        """Return the passes as the caller's progress bar wraps them."""
        return passes if self.progress is None else self.progress(passes)


# --- forward ------------------------------------------------------------------------------------------------------


class Pushed(NamedTuple):
    """What one forward pass gives: for each output leaf its tangents, of shape (K, *shape), or `None` where zero."""

    outputs: Outputs
    tangents: list[Any]
    aux: Any


def push(f: Function, arguments: Arguments, directions: Sequence[Any], has_aux: bool, again: bool = False) -> Pushed:
    """Push K tangents of the selected leaves forward at once.

    Args:
        f: the function.
        arguments: its arguments.
        directions: for each selected leaf K tangents stacked on a leading axis, or `None`.
        has_aux: whether it returns (output, aux).
        again: whether this is one execution of several.
    """
    tape = GradientTape("forward", watch_accessed_variables=False)
    with tape:
        recording = tape._recording
        rows = next((len(t) for t in directions if t is not None), 0)
        seeds = recording.table.intern(((next(recording._sources), rows),))
        given: list[Any] = []
        for i, t in enumerate(directions):
            if t is None:
                given.append(arguments.still(i))
            else:
                value = arguments.values[i]
                recording._check(rows, value, arguments.name(i) if rows * value.size > 2**16 else "an argument")
                given.append(recording.handle(value, (t, seeds)))
        output, aux = with_aux(arguments.call(f, given, again), has_aux, recording)
        del given
        outputs = Outputs(output, recording)
        tangents = [
            None if handle is None or handle.node[1] is not seeds else bare(handle.node[0])
            for handle in outputs.handles
        ]
    recording.release()  # whatever of it the function has put aside counts as its value from now on
    return Pushed(outputs, tangents, aux)


class Pass(NamedTuple):
    """One forward pass: some of the unit vectors of one leaf.

    Attributes:
        leaf: the number of the leaf.
        start: the first unit vector.
        stop: the one after the last.
        several: whether there are other passes, which must have the same value.
        again: whether a later pass executes the function once more.
    """

    leaf: int
    start: int
    stop: int
    several: bool = False
    again: bool = False


class Part(NamedTuple):
    """What a pass gives back, from a worker process too.

    Attributes:
        tangents: those of the outputs.
        samples: some entries of the outputs' values, where there are several passes.
        outputs: the outputs, of the first pass.
        aux: aux, of the first pass.
    """

    tangents: list[Any]
    samples: list[Any]
    outputs: Outputs | None
    aux: Any


def run_pass(f: Function, arguments: Arguments, its: Pass, has_aux: bool, first: bool, scalar: str | None) -> Part:
    """Run one forward pass.

    Args:
        f: the function.
        arguments: its arguments.
        its: the rows of the pass.
        has_aux: whether the function returns (output, aux).
        first: whether outputs and aux are wanted.
        scalar: the name of a transform that wants one real number, or `None`.
    """
    value: Any = arguments.values[its.leaf] if arguments.values else None
    directions: list[Any] = [None] * len(arguments.values)
    if its.stop > its.start:
        units = unit_rows(its.start, its.stop, value.size, value.dtype)
        directions[its.leaf] = units.reshape(its.stop - its.start, *value.shape)
    outputs, tangents, aux = push(f, arguments, directions, has_aux, its.again)
    if scalar:
        outputs.number(scalar)
    outputs.handles = []
    samples = [sample(y) for y in outputs.values] if its.several else []
    return Part(tangents, samples, outputs if first else None, aux if first else None)


def forward_rows(
    f: Function, arguments: Arguments, options: Options, scalar: str | None = None
) -> tuple[Outputs, list[list[Linear | None]], Any]:
    """Run a function pass by pass: one leaf after another, its unit vectors in chunks.

    Args:
        f: the function.
        arguments: its arguments.
        options: how many rows a pass has, who runs it, who watches.
        scalar: the name of a transform that wants one real number, or `None`.

    Returns:
        The outputs, for each of them and each selected leaf the Jacobian of shape (m, n), and aux.
    """
    passes = [
        Pass(leaf, start, min(start + chunk, rows))
        for leaf, (shape, dtype) in enumerate(zip(arguments.shapes, arguments.dtypes, strict=True))
        for size in [int(np.prod(shape, dtype=int))]
        for rows, chunk in [(dimension(size, dtype), options.chunk_size or default_rows(size))]
        for start in range(0, rows, chunk)
    ] or [Pass(0, 0, 0)]
    if len(passes) > 1:
        # What the function writes into its other arguments the last pass leaves there, as one call does.
        last = len(passes) if options.executor is not None else len(passes) - 1
        passes = [its._replace(several=True, again=i < last) for i, its in enumerate(passes)]
    tasks = [(f, arguments, its, options.has_aux, i == 0, scalar) for i, its in enumerate(passes)]
    outputs: Any = None
    aux: Any = None
    samples: list[Any] = []
    columns: dict[int, list[list[Any]]] = {}
    sizes: dict[int, list[int]] = {}
    for its, part in zip(passes, _parts(tasks, arguments, options), strict=True):
        if part.outputs is not None:
            outputs, aux, samples = part.outputs, part.aux, part.samples
        _check_value(f, samples, part.samples)
        columns.setdefault(its.leaf, []).append(part.tangents)
        sizes.setdefault(its.leaf, []).append(its.stop - its.start)
    found: list[list[Linear | None]] = []
    for j, y in enumerate(outputs.values):
        row: list[Linear | None] = []
        for i in range(len(arguments.values)):
            stacks = [part[j] for part in columns.get(i, [])]
            row.append(_columns(stacks, sizes.get(i, []), y, arguments.dtypes[i]))
        found.append(row)
    return outputs, found, aux


def _check_value(f: Function, before: list[Any], again: list[Any]) -> None:
    """Raise if a pass has another value than the first: its tangents belong to another point, or another function."""
    pairs = zip(before, again, strict=False)
    if len(before) != len(again) or not all(alike(x, y, float(np.sqrt(np.finfo(x.dtype).eps))) for x, y in pairs):
        raise NotDifferentiableError(
            f"{getattr(f, '__name__', 'the function')} gives another value in each forward pass: it reads random "
            f"numbers, or what it changes itself; make them arguments, or take mode='reverse', which calls it once"
        )


def _columns(stacks: list[Any], sizes: list[int], y: Any, dtype: np.dtype[Any]) -> Linear | None:
    """Return the tangents of an output along all directions of a leaf as its Jacobian."""
    if all(stack is None for stack in stacks):
        return None
    parts = [
        np.zeros((rows, y.size), y.dtype) if stack is None else stack.reshape(rows, y.size)
        for stack, rows in zip(stacks, sizes, strict=True)
    ]
    return halves(np.swapaxes(parts[0] if len(parts) == 1 else np.concatenate(parts), 0, 1), dtype)


def _parts(tasks: list[Any], arguments: Arguments, options: Options) -> Iterator[Part]:
    """Run the passes, here or on the caller's executor, and give their results in order."""
    if options.executor is None:
        for task in options.watched(tasks):
            yield run_pass(*task)
        return
    if ACTIVE.get() or any(isinstance(x, TracedArray) for x in leaves([arguments.args, arguments.kwargs])):
        raise TapeError(
            "the passes of an executor run in other threads or processes, where an outer tape does not see them: take "
            "the derivative outside the outer tape's block, or without executor="
        )
    around = AROUND.get()
    futures = [options.executor.submit(within, around, run_pass, *task) for task in tasks]
    try:
        for future in options.watched(futures):
            yield future.result()
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        if _can_be_sent(tasks):
            raise  # it is the function's own
        raise TypeError(
            f"executor= runs the function in other processes, and it, or what it is called with, can't be sent there: "
            f"{error}. Define the function at the top level of a module, or pass threads "
            f"(concurrent.futures.ThreadPoolExecutor)"
        ) from error
    finally:
        for future in futures:
            future.cancel()


def _can_be_sent(tasks: list[Any]) -> bool:
    try:
        pickle.dumps(tasks)
    except (pickle.PicklingError, AttributeError, TypeError):
        return False
    return True


# --- any other mode -----------------------------------------------------------------------------------------------


class Recorded:
    """One execution on a recording that can be asked for derivatives, as often as one likes."""

    def __init__(
        self,
        mode: ModeName,
        f: Function,
        arguments: Arguments,
        has_aux: bool,
        *,
        kept: bool = False,
        once: bool = False,
    ) -> None:
        """Run the function.

        Args:
            mode: the mode of the recording.
            f: the function.
            arguments: its arguments.
            has_aux: whether it returns (output, aux).
            kept: whether the recording outlives the transform, so that the outputs must not share its memory.
            once: whether one gradient is all that will be asked, so that the records can be dropped on the way.
        """
        self.tape: GradientTape = GradientTape(mode, persistent=not once, watch_accessed_variables=False)
        self.mode: ModeName = mode
        self.sources: list[tuple[Any, Any]] = []
        try:
            with self.tape:
                recording: Any = self.tape._recording
                self.recording: Any = recording
                given = [self._source(x) for x in arguments.values]
                output, aux = with_aux(arguments.call(f, given), has_aux, recording)
                self.aux: Any = aux
                self.outputs: Outputs = Outputs(output, recording, kept)
        except BaseException:
            self.release()  # a traceback may live long, and arrays of the caller's may be locked
            raise

    def _source(self, x: Any) -> TracedArray:
        """Return a handle of a value, whose derivatives will be asked for."""
        handle = _leaf(self.recording, x, "an argument")
        self.sources.append((handle.node, x))
        return handle

    def gradient(self, cotangents: Sequence[Any]) -> list[Any]:
        """Pull one cotangent for each output back; `None` stands for 1."""
        handles = self.outputs.handles
        pairs = [(x, w) for x, w in zip(handles, cotangents, strict=True) if x is not None]
        found: list[Any] = self.recording.gradient(pairs, self.sources) if pairs else [None] * len(self.sources)
        return found

    def jacobians(self, options: Options) -> list[list[Linear | None]]:
        """Return, for each output and each selected leaf, the Jacobian of shape (m, n)."""
        found: list[list[Linear | None]] = []
        for x in self.outputs.handles:
            if x is None:
                found.append([None] * len(self.sources))
                continue
            target = Target([(x, slice(0, x.size))], x.shape, x.dtype)
            found.append(jacobians(self.recording, target, self.sources, options.chunk_size, options.progress))
        return found

    def pushed(self, tangents: Sequence[Any]) -> list[Any]:
        """Return the tangents of the outputs, by transposing the pullback, which is linear: d <w, J t> / dw = J t."""
        handles = self.outputs.handles
        places = [i for i, x in enumerate(handles) if x is not None]
        results: list[Any] = [None] * len(handles)
        asked = self.tape._options  # where the function was run, which may be elsewhere
        tape = GradientTape(
            self.mode, persistent=True, watch_accessed_variables=False,
            check_numerics=asked.check_numerics, nan_safe=asked.nan_safe,
        )  # fmt: skip
        with tape:
            recording = tape._recording
            sources: list[tuple[Any, Any]] = []
            weights: list[Any] = [None] * len(handles)
            for i in places:
                w = np.zeros(handles[i].shape, handles[i].dtype)
                weights[i] = _leaf(recording, w, "a cotangent")
                sources.append((weights[i].node, w))
            pulled = self.gradient(weights)
        pairs = [
            (g, t)
            for g, t in zip(pulled, tangents, strict=True)
            if isinstance(g, TracedArray) and g._fresh().recording is recording
        ]
        if pairs:
            for i, found in zip(places, recording.gradient(pairs, sources), strict=True):
                results[i] = found
        recording.release()
        return results

    def release(self) -> None:
        """End the recording: whatever of it the function has put aside counts as its value from now on."""
        self.recording.release()


def _leaf(recording: Any, primal: Any, what: str) -> TracedArray:
    """Return a handle of a new source of a recording."""
    x: TracedArray = object.__new__(recording.array_type)
    x._primal, x.recording, x.node, x.link = primal, recording, recording.leaf(primal, what), None
    return x
