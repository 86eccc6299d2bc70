"""Writing: item assignment, in-place operators, values that are watched, and who owns a buffer."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, WRITING, TracedArray, apply, plain, resolve, snapshot
from dualtape.errors import ReadOnlyError, TapeError
from dualtape.places import Place, parse_key
from dualtape.views import Chain, Idle, View, container, drop_views, locate, recorded, remember, settle

__all__ = ["promote", "update", "watch", "write"]


def _references(x: TracedArray) -> int:
    return sys.getrefcount(x._primal)


_PROBE = container(np.zeros(1))
# Where reference counts are not exact (free-threaded builds) every write copies.
_SOLE = _references(_PROBE) if getattr(sys, "_is_gil_enabled", lambda: True)() else -1


def owned(x: TracedArray) -> bool:
    """Tell whether nothing but the handle holds its primal, so that a write may reuse the memory."""
    return _references(x) == _SOLE and x._primal.base is None and x._primal.flags.writeable


def promote(x: TracedArray, recording: Any) -> None:
    """Make a root an array of a younger recording; its old content becomes its primal."""
    if not isinstance(x.recording, Idle):
        x._primal = snapshot(x)
    x.node = recording.constant(x._primal)
    x.recording = recording
    object.__dict__["__class__"].__set__(x, recording.array_type)


def watch(x: TracedArray, recording: Any) -> Any:
    """Make the value of a handle a source of a recording from here on, and return its node.

    What is computed from the handle, and from the array that it is a view of, depends on the source. A handle of an
    older recording becomes one of this; in a handle of a younger one the source is its primal.
    """
    view = x.link if type(x.link) is View else None
    root = view.root if view else x
    if not root.recording.alive:
        settle(root)
    x._fresh()
    if x.recording is recording:
        node = recording.extend(x)
    elif x.recording.level > recording.level:
        if view:
            raise TapeError("a view of an array that a younger tape records can't be watched: watch a copy, x.copy()")
        drop_views(x)
        if isinstance(x._primal, TracedArray):
            x._primal = snapshot(x._primal._fresh())
            return watch(x._primal, recording)
        node = recording.leaf(x._primal, "the watched value")
        x._primal = recording.handle(x._primal, node)
        return node
    else:
        primal = x._primal if isinstance(x.recording, Idle) else snapshot(x)
        node = recording.leaf(primal, "the watched value")
        promote(root, recording)
        x._primal, x.recording, x.node = primal, recording, node
        object.__dict__["__class__"].__set__(x, recording.view_type if view else recording.array_type)
    if view and (root.link is None or type(root.link) is list):
        # As if it had been written there: what is read from the root depends on the source too.
        value, written = x._primal, x.node
        recording.admit(root, written)
        drop_views(root)
        root.node = recording.write(root, locate(root, view.chain, ...), written, value, False)
        x._primal, x.node, view.seen = value, written, root.node
        remember(root, x)
    return node


def write(x: TracedArray, key: Any, value: Any, add: bool = False) -> None:
    """Write or add `value` at `key` of a traced array, with NumPy's rules of shape and casting.

    The handle is bound to the new content. The write is recorded wherever its tape can still be asked for a gradient,
    as one of a constant where the tape does not record now.

    Raises:
        ReadOnlyError: if `x` is a variable's own traced value or a view of it, or a `.primal`.
        TypeError: if `x` is a NumPy scalar.
    """
    view = x.link
    root, chain = (view.root, view.chain) if type(view) is View else (x, ())
    _check_writeable(x, root)
    # The right-hand side is evaluated before anything is dropped: it may be a view of the same root.
    value = resolve(value, ACTIVE.get())
    if not root.recording.alive:
        settle(root)
    for primitive, _ in chain:
        if primitive.name in ("real", "imag"):
            _write_part(root, chain, primitive.name, key, value, add)
            return
    recording, node = root.recording, None
    if isinstance(value, TracedArray):
        if value.recording.level > recording.level:
            promote(root, value.recording)
            recording = value.recording
        if value.recording is recording:
            node, value = value.node, value._primal
            recording.admit(root, node)
        if isinstance(value, TracedArray) and not isinstance(root._primal, TracedArray):
            root._primal = container(root._primal)  # what is stored here is traced by an outer tape
    place = locate(root, chain, key)
    if type(value) is np.ndarray and value.base is not None:
        value = value.copy()
    drop_views(root)
    if type(root._primal) is np.ndarray:
        _write_plain(root, chain, place, value, key, add)
    else:
        root._primal = snapshot(root._primal._fresh())
        target: Any = root._primal
        for primitive, params in chain:
            target = apply(primitive, (target,), params)
        write(target, key, value, add)
    root.node = recording.write(root, place, node, value, add)


def _write_part(root: TracedArray, chain: Chain, part: str, key: Any, value: Any, add: bool) -> None:
    """Write through the real or imaginary part of a complex root: the whole numbers are written anew."""
    value = np.real(value) * (1.0 if part == "real" else 1j)
    with recorded(root):
        whole: Any = root
        for primitive, params in chain:
            if primitive.name != part:
                whole = apply(primitive, (whole,), params)
        if not add:
            old = whole[key]
            value = value + (1j * np.imag(old) if part == "real" else np.real(old))
        write(whole, key, value, add)


def _write_plain(root: TracedArray, chain: Any, place: Place, value: Any, key: Any, add: bool) -> None:
    if not owned(root):
        root._primal = root._primal.copy("K")
    target = root._primal
    for primitive, params in chain:
        target = primitive.call(target, **params)
    parts = place.key if not chain else parse_key(key)[0]
    if not add:
        target[parts] = value
    elif place.repeats:
        np.add.at(target, parts, value)
    else:
        target[parts] += value


def _check_writeable(x: TracedArray, root: TracedArray) -> None:
    if root.link is not None and type(root.link) is not list:
        what = f"variable {root.link.name!r}" if getattr(root.link, "name", None) else "variable"
        raise ReadOnlyError(
            f"the {root.link if isinstance(root.link, str) else what} is read-only: write into a copy (x = w.copy()), "
            f"or change a variable with w.assign(...)"
        )
    if type(root._primal) is not np.ndarray and not isinstance(plain(x), np.ndarray):
        raise TypeError(
            f"{type(plain(x)).__name__!r} object does not support item assignment: a NumPy scalar is immutable, "
            f"rebind the name instead (s = s + 1)"
        )
    if type(x.link) is View and not x.link.writeable:
        raise ReadOnlyError("assignment destination is read-only: NumPy gives this view for reading only")


def update(x: TracedArray, out: Any) -> Any:
    """Bind an in-place operator's result: NumPy writes into an array's memory, and rebinds the name of a scalar."""
    if out is NotImplemented or not isinstance(plain(x), np.ndarray):
        return out
    result = plain(out)
    if not np.can_cast(result.dtype, x.dtype, "same_kind"):
        raise TypeError(
            f"Cannot cast the result of the in-place operation from {result.dtype!r} to {x.dtype!r} "
            f"with casting rule 'same_kind': write x = x + y to get an array of the wider dtype"
        )
    if result.shape != x.shape:
        raise ValueError(
            f"non-broadcastable output operand with shape {x.shape} doesn't match the broadcast shape {result.shape}"
        )
    view = x.link
    same_level = isinstance(out, TracedArray) and out.recording is x.recording
    if same_level and (view is None or type(view) is list) and out.dtype == x.dtype and _same_layout(x, out, result):
        x._primal, x.node = out._primal, out.node  # a whole new content needs no record of a write
    else:
        write(x, ..., out)
    return x


def _same_layout(x: TracedArray, out: TracedArray, result: Any) -> bool:
    if not isinstance(result, np.ndarray):
        return False  # the result of a 0-d operation is a NumPy scalar, and x stays an array
    return isinstance(x._primal, TracedArray) or bool(x._primal.strides == out._primal.strides)


WRITING.update, WRITING.write = update, write
