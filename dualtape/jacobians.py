"""Jacobians of what a recording holds: read off the tangents, or pulled back many rows at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from dualtape.array import ACTIVE, Operand, TracedArray, plain
from dualtape.bare import bare
from dualtape.errors import UnrecordedTargetError
from dualtape.forward import ForwardRecording
from dualtape.pytree import leaves, rebuild
from dualtape.targets import find_source, lower, unconnected

__all__ = [
    "Linear",
    "Target",
    "assemble",
    "check_real",
    "default_rows",
    "derivative_dtype",
    "dimension",
    "halves",
    "jacobians",
    "of_batch",
    "of_tape",
    "pull_rows",
    "puller",
    "unit_rows",
]

# `Any`: nodes belong to recordings; values are arrays, scalars, or handles of an outer tape.

FEW, MANY = 8, 64  # rows that travel together: at least, since Python works once for all of them, and at most
ENTRIES = 2**18  # of what travels together: the cache holds no more

# Pulls K cotangents, stacked on a leading axis, back at once: targets are (handle, stack) each, sources (node, primal).
Pull = Callable[[Sequence[tuple[Any, Any]], Sequence[tuple[Any, Any]]], list[Any]]


class Target(NamedTuple):
    """What is differentiated: the handles that it consists of, each with its place among the flattened entries."""

    handles: list[tuple[Any, slice]]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def size(self) -> int:
        """The number of entries."""
        return int(np.prod(self.shape, dtype=int))


class Linear(NamedTuple):
    """A Jacobian over the reals: of shape (..., m, n) the derivatives in the real parts, and in the imaginary ones."""

    re: Any
    im: Any


def unit_rows(start: int, stop: int, size: int, dtype: np.dtype[Any]) -> Any:
    """Return rows `start` to `stop` of the unit vectors of `size` entries; after those of 1 come those of i."""
    rows: Any = np.zeros((stop - start, size), dtype)
    if size:
        numbers = np.arange(start, stop)
        rows[numbers - start, numbers % size] = np.where(numbers < size, 1, 1j) if stop > size else 1
    return rows


def default_rows(size: int) -> int:
    """Return how many rows travel together, for parameters of `size` entries, unless the caller says."""
    return max(FEW, min(MANY, ENTRIES // max(size, 1)))


def dimension(size: int, dtype: np.dtype[Any]) -> int:
    """Return how many real directions there are in `size` entries."""
    return 2 * size if dtype.kind == "c" else size


# --- the tape's answers -------------------------------------------------------------------------------------------


def of_tape(tape: Any, target: Any, sources: Any, unconnected_gradients: str, holomorphic: bool) -> Any:
    """Return the Jacobians of a tape's target: `Jacobians.jacobian` documents it."""
    recording, made, known = _asked(tape, target, sources, unconnected_gradients, holomorphic)
    with _asking(tape, recording):
        found = jacobians(recording, made, known)
    return rebuild(
        sources,
        [
            unconnected(source, made.shape + x.shape, derivative_dtype(x.dtype, made.dtype), unconnected_gradients)
            if part is None
            else assemble(part, made.shape + x.shape, x.dtype, holomorphic)
            for source, part, (_, x) in zip(leaves(sources), found, known, strict=True)
        ],
    )


def of_batch(tape: Any, target: Any, source: Any, unconnected_gradients: str, holomorphic: bool) -> Any:
    """Return the Jacobians of the rows of a tape's target: `Jacobians.batch_jacobian` documents it."""
    if isinstance(source, (list, tuple, dict)) and not isinstance(source, Operand):
        raise TypeError(f"batch_jacobian takes one source, not a {type(source).__name__} of them")
    recording, made, known = _asked(tape, target, source, unconnected_gradients, holomorphic)
    node, x = known[0]
    if not made.shape or not x.shape or made.shape[0] != x.shape[0]:
        raise ValueError(
            f"batch_jacobian wants the rows of a batch on the first axis of both: the target has shape {made.shape}, "
            f"the source {x.shape}"
        )
    shape = made.shape + x.shape[1:]
    with _asking(tape, recording):
        part = None if node is None else _batch_jacobian(recording, made, node, x)
    if part is None:
        return unconnected(source, shape, derivative_dtype(x.dtype, made.dtype), unconnected_gradients)
    return assemble(part, shape, x.dtype, holomorphic)


def _asked(tape: Any, target: Any, sources: Any, unconnected: str, holomorphic: bool) -> tuple[Any, Target, list[Any]]:
    if unconnected not in ("zero", "none", "error"):
        raise ValueError(f"unconnected_gradients is 'zero', 'none' or 'error', not {unconnected!r}")
    recording = tape._recording or tape._live("jacobian")
    if isinstance(target, (list, tuple, dict)) and not isinstance(target, Operand):
        raise TypeError(
            f"a Jacobian is that of one target, not of a {type(target).__name__} of them: make one array inside the "
            f"block (np.stack, np.concatenate), or ask for each"
        )
    made = _target(target, recording)
    known = [find_source(x, recording, tape._watched) for x in leaves(sources)]
    for _, x in known:
        check_real(x.dtype, holomorphic, "a source")
    return recording, made, known


def check_real(dtype: np.dtype[Any], holomorphic: bool, what: str) -> None:
    """Refuse a complex input where nobody has said that the function is holomorphic."""
    if dtype.kind == "c" and not holomorphic:
        raise TypeError(
            f"{what} is complex, and the derivative of a function of complex numbers is a number only where the "
            f"function is holomorphic: pass holomorphic=True if it is, else differentiate in the real and the "
            f"imaginary part"
        )


def _target(target: Any, recording: Any) -> Target:
    if type(target) is not np.ndarray or target.dtype.kind != "O":
        handle = lower(target, recording)
        if plain(handle).dtype.kind not in "fc":
            raise TypeError(f"a target of dtype {plain(handle).dtype} has no derivative")
        return Target([(handle, slice(0, handle.size))], handle.shape, handle.dtype)
    handles: list[tuple[Any, slice]] = []
    error: Exception | None = None
    for i, entry in enumerate(target.ravel()):
        try:
            handles += [(lower(entry, recording), slice(i, i + 1))] if isinstance(entry, Operand) else []
        except UnrecordedTargetError as problem:  # a constant among entries that are recorded
            error = problem
    if not handles:
        raise error or UnrecordedTargetError("this tape did not record the target: no entry of it is traced")
    return Target(handles, target.shape, np.result_type(*(plain(x).dtype for x, _ in handles)))


@contextmanager
def _asking(tape: Any, recording: Any) -> Iterator[None]:
    """Take the tape's own recording out of the context for its answer, and end it where it answers once."""
    before = ACTIVE.get()
    ACTIVE.set(tuple([r for r in before if r is not recording]))
    try:
        yield
    finally:
        ACTIVE.set(before)
        if not tape._options.persistent:
            tape._end()
            tape._used = True
            ACTIVE.set(tuple([r for r in before if r is not recording]))


# --- any recording ------------------------------------------------------------------------------------------------


def jacobians(
    recording: Any,
    target: Target,
    sources: Sequence[tuple[Any, Any]],
    chunk: int | None = None,
    progress: Callable[[Any], Any] | None = None,
) -> list[Linear | None]:
    """Return the Jacobian of a target in each source, of shape (m, n) in entries, `None` where there is no path.

    Args:
        recording: holds both.
        target: handles of the recording.
        sources: (node, primal) each.
        chunk: how many rows are pulled back at once, `None` for the default; what a forward recording holds is
            there already.
        progress: wraps the iterable of the chunks.
    """
    if isinstance(recording, ForwardRecording):
        return [None if node is None else _read(target, node, x) for node, x in sources]
    pull = puller(recording)
    rows = dimension(target.size, target.dtype)
    chunk = chunk or default_rows(max((x.size for _, x in sources), default=1))
    chunks: Any = [(start, min(start + chunk, rows)) for start in range(0, rows, chunk)]
    columns: list[list[Any]] = [[] for _ in sources]
    for start, stop in chunks if progress is None else progress(chunks):
        units = unit_rows(start, stop, target.size, target.dtype)
        pairs = [(x, units[:, place].reshape(stop - start, *x.shape)) for x, place in target.handles]
        for column, part in zip(columns, pull(pairs, sources), strict=True):
            column.append(part)
    return [
        _split(_joined(column, chunks, x), target) if any(part is not None for part in column) else None
        for column, (_, x) in zip(columns, sources, strict=True)
    ]


def _joined(column: list[Any], chunks: Any, x: Any) -> Any:
    """Return stacks of cotangents as one of shape (rows, n); a chunk of rows without a path is zero."""
    parts = [
        np.zeros((stop - start, x.size), x.dtype) if part is None else part.reshape(stop - start, x.size)
        for part, (start, stop) in zip(column, chunks, strict=True)
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _split(pulled: Any, target: Target) -> Linear:
    """Return the Jacobian whose rows, of shape (..., K, n), were pulled back as cotangents 1 and i.

    The cotangent of a source is d Re(conj(w) f) / d re + i d Re(conj(w) f) / d im.
    """
    if target.dtype.kind != "c":
        return Linear(np.real(pulled), np.imag(pulled)) if pulled.dtype.kind == "c" else Linear(pulled, None)
    m = pulled.shape[-2] // 2
    one, i = pulled[..., :m, :], pulled[..., m:, :]
    if pulled.dtype.kind != "c":
        return Linear(one + 1j * i, None)
    return Linear(np.real(one) + 1j * np.real(i), np.imag(one) + 1j * np.imag(i))


def _read(target: Target, node: Any, x: Any) -> Linear | None:
    """Read a Jacobian off the tangents of the target's handles."""
    parts = [(_rows(handle, node), handle, place) for handle, place in target.handles]
    if all(rows is None for rows, _, _ in parts):
        return None
    count = dimension(x.size, x.dtype)
    if parts[0][2] == slice(0, target.size):
        stack = parts[0][0].reshape(count, target.size)
    else:
        columns: list[Any] = [np.zeros(count)] * target.size
        for rows, _, place in parts:
            if rows is not None:
                columns[place.start] = rows.reshape(count)
        stack = np.stack(columns, axis=-1)
    return halves(np.swapaxes(stack, -1, -2), x.dtype)


def _rows(handle: Any, node: Any) -> Any:
    """Return the tangents of a handle along the directions of a source, `None` where it does not depend on it."""
    tangents, seeds = handle._fresh().node
    tangents = bare(tangents)
    rows = seeds.find(node[1].sources[0][0])
    return None if rows is None else tangents if seeds is node[1] else tangents[rows]


def halves(columns: Any, dtype: np.dtype[Any]) -> Linear:
    """Split the columns of a complex source: the directions 1 and i."""
    if dtype.kind != "c":
        return Linear(columns, None)
    n = columns.shape[-1] // 2
    return Linear(columns[..., :n], columns[..., n:])


def _batch_jacobian(recording: Any, target: Target, node: Any, x: Any) -> Linear | None:
    """Return the Jacobians of the rows of a target, of shape (batch, m, n): its sum over the batch, in every row."""
    batch = target.shape[0]
    m = int(np.prod(target.shape[1:], dtype=int))
    n = int(np.prod(x.shape[1:], dtype=int))
    handle = target.handles[0][0]
    if len(target.handles) > 1 or handle.shape != target.shape:
        raise TypeError("batch_jacobian takes one traced array, not a list of entries: np.stack them inside the block")
    if isinstance(recording, ForwardRecording):
        rows = _rows(handle, node)
        if rows is None:
            return None
        halves = 2 if x.dtype.kind == "c" else 1
        summed = np.sum(rows.reshape(halves, batch, n, batch, m), axis=3)
        parts = [np.swapaxes(summed[k], -1, -2) for k in range(halves)]
        return Linear(parts[0], parts[1] if halves == 2 else None)
    pull = puller(recording)
    count = dimension(m, target.dtype)
    chunk = default_rows(x.size)
    columns: list[Any] = []
    for start in range(0, count, chunk):
        units = unit_rows(start, min(start + chunk, count), m, target.dtype)
        stack = np.repeat(units[:, None], batch, axis=1).reshape(len(units), *target.shape)
        columns.append(pull([(handle, stack)], [(node, x)])[0])
    if all(part is None for part in columns):
        return None
    # A write may hide the source from some entries and so from whole chunks of them.
    shape = (batch, *x.shape[1:])
    parts = [
        np.zeros((min(chunk, count - start), *shape), x.dtype) if part is None else part
        for part, start in zip(columns, range(0, count, chunk), strict=True)
    ]
    pulled = parts[0] if len(parts) == 1 else np.concatenate(parts)
    return _split(np.swapaxes(pulled.reshape(count, batch, n), 0, 1), target)


def puller(recording: Any) -> Pull:
    """Return what pulls stacked cotangents through a recording: its own method, or one row after another."""
    own: Pull | None = getattr(recording, "pull", None)
    return own or (lambda targets, sources: pull_rows(recording, targets, sources))


def pull_rows(recording: Any, targets: Sequence[tuple[Any, Any]], sources: Sequence[tuple[Any, Any]]) -> list[Any]:
    """Pull stacked cotangents back one after another, as any recording can."""
    rows = [recording.gradient([(x, w[k]) for x, w in targets], sources) for k in range(len(targets[0][1]))]
    found: list[Any] = []
    for (_, x), *column in zip(sources, *rows, strict=True):
        none = all(g is None for g in column)
        found.append(None if none else np.stack([np.zeros(x.shape, x.dtype) if g is None else g for g in column]))
    return found


# --- what the caller gets -----------------------------------------------------------------------------------------


def derivative_dtype(source: np.dtype[Any], target: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype of a Jacobian: the source's, or the complex one of its precision for a complex target."""
    return np.result_type(source, np.complex64) if target.kind == "c" and source.kind != "c" else source


def assemble(part: Linear, shape: tuple[int, ...], dtype: np.dtype[Any], holomorphic: bool) -> Any:
    """Return a Jacobian in a source of `dtype` as an array of `shape`.

    Its dtype is the source's, or the complex one of that precision where the target is complex.

    Raises:
        ValueError: if the source is complex and the derivatives break the Cauchy-Riemann equations.
    """
    result = part.re
    if dtype.kind == "c" and holomorphic:
        _check_holomorphic(part)
    dtype = derivative_dtype(dtype, result.dtype)
    result = result.reshape(shape)
    if result.dtype != dtype:
        result = result.astype(dtype)
    return result if isinstance(result, TracedArray) else np.ascontiguousarray(result).reshape(shape)


def _check_holomorphic(part: Linear) -> None:
    re, im = plain(part.re), plain(part.im)
    scale = max(np.max(np.abs(re), initial=0.0), np.max(np.abs(im), initial=0.0))
    gap = np.abs(im - 1j * re)
    tolerance = np.sqrt(np.finfo(re.dtype).eps)
    if np.any(gap > tolerance * scale):
        raise ValueError(
            f"the function is not holomorphic here: the Cauchy-Riemann equations fail by {np.nanmax(gap):.2g} "
            f"(df/d im is not i df/d re); abs, conj, real and imag are among what breaks them. "
            f"Differentiate in the real and the imaginary part instead"
        )
