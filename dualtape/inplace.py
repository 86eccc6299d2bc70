"""Writing: item assignment, views, and who owns a buffer."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from weakref import ref

import numpy as np

from dualtape.array import ACTIVE, NO_PARAMS, WRITING, TracedArray, apply, operate, plain, resolve, snapshot
from dualtape.errors import ReadOnlyError, TapeError
from dualtape.places import Place, parse_key
from dualtape.primitive import Primitive

__all__ = ["IDLE", "View", "ViewMixin", "as_view", "container", "promote", "update", "watch", "write"]


Chain = tuple[tuple[Primitive, Mapping[str, Any]], ...]


class Idle:
    """The recording of arrays that hold no traced value yet: it records nothing."""

    level: int = -1
    alive: bool = True
    open: bool = False
    array_type: type[TracedArray] = TracedArray
    view_type: type[TracedArray]

    def constant(self, primal: Any) -> object:
        """Return a version, as a recording returns a node."""
        return object()

    def write(self, root: TracedArray, place: Place, node: object, value: Any, add: bool) -> object:
        """Return the version after a write."""
        return object()

    def unary(self, primitive: Primitive, x: Any) -> Any:
        """Evaluate."""
        return apply(primitive, (x,), NO_PARAMS)

    def binary(self, primitive: Primitive, x: Any, y: Any) -> Any:
        """Evaluate, or record on the other operand's tape."""
        return operate(primitive, x, y)


@dataclass(slots=True, eq=False)
class View:
    """Where a view lies: its root, the operations that lead to it, and the node of the root that it has seen."""

    root: TracedArray
    chain: Chain
    seen: object
    writeable: bool


class ViewMixin(TracedArray):
    """What the view classes add to their handles: reading anew after a write to the root."""

    __slots__ = ()

    def _fresh(self) -> TracedArray:
        view: View = self.link
        # Nodes of two recordings may be the same number: a root that changed its level is newer too.
        if view.root.node is not view.seen or view.root.recording is not self.recording:
            x = _read_anew(view)
            object.__dict__["__class__"].__set__(self, type(x))
            handle: TracedArray = self
            handle._primal, handle.recording, handle.node = x._primal, x.recording, x.node
            view.seen = view.root.node
            _remember(view.root, self)
        return self


def _read_anew(view: View) -> Any:
    """Apply a view's chain to its root."""
    root = view.root
    if not root.recording.alive:
        _settle(root)
    x: Any = root
    with _recorded(root):
        for primitive, params in view.chain:
            x = apply(primitive, (x,), params)
    return x


@contextmanager
def _recorded(root: TracedArray) -> Iterator[None]:
    """Record on the root's tapes even where they do not record now.

    For reads that are the library's own, not the user's: they stand for ones that were made in time.
    """
    recordings: list[Any] = []
    x: Any = root
    while isinstance(x, TracedArray) and not isinstance(x.recording, Idle) and x.recording.level:
        if x.recording.alive:
            recordings.insert(0, x.recording)
        x = x._primal
    before, closed = ACTIVE.get(), [r for r in recordings if not r.open]
    try:
        for r in closed:
            r.open = True
        ACTIVE.set(tuple(recordings))
        yield
    finally:
        ACTIVE.set(before)
        for r in closed:
            r.open = False


class IdleView(ViewMixin):
    """A view of an array that holds no traced value yet."""

    __slots__ = ()


Idle.view_type = IdleView
IDLE = Idle()  # of arrays that may come to hold traced values
SETTLED = Idle()  # of values whose tape is gone: plain data, and views of it
SETTLED.level = -2


def container(primal: np.ndarray[Any, Any]) -> TracedArray:
    """Return an array that may come to hold traced values; it owns `primal`."""
    x: TracedArray = object.__new__(TracedArray)
    x._primal, x.recording, x.node, x.link = primal, IDLE, object(), None
    return x


def _remember(root: TracedArray, view: TracedArray) -> None:
    """Let a write to the root find the view: the root's list of live views is pruned as it doubles."""
    if root.link is None:
        root.link = []
    elif type(root.link) is not list:
        return
    views = root.link
    views.append(ref(view))
    if len(views) & (len(views) - 1) == 0 and len(views) > 16:
        views[:] = [r for r in views if r() is not None]


def as_view(x: TracedArray, primitive: Primitive, params: Mapping[str, Any], out: Any) -> Any:
    """Make the result of a view operation a view of its root, where NumPy shares memory; else return it as it is.

    A view of a tape that does not record now is a handle too, with a node of its own that nothing leads to: a write
    through it reaches its root, and as long as there is none it is a constant.
    """
    value = plain(out)
    if not isinstance(value, np.ndarray) or value.base is None:
        return out
    base = plain(x)
    if value is not base and not _shares(value, base):
        return out
    view = x.link
    if not x.recording.alive:
        _settle(view.root if type(view) is View else x)
        x = x._fresh()
    recording = x.recording
    handle = object.__new__(recording.view_type)
    if isinstance(out, TracedArray) and out.recording is recording:
        handle._primal, handle.node = out._primal, out.node
    else:
        handle._primal, handle.node = out, recording.constant(out)
    handle.recording = recording
    if type(view) is View:
        writeable = view.writeable and (value.flags.writeable or not base.flags.writeable)
        handle.link = View(view.root, (*view.chain, (primitive, params)), view.seen, writeable)
        _remember(view.root, handle)
    else:
        # Where the root's memory can't be written a write copies it; what NumPy gives for reading only stays so.
        handle.link = View(x, ((primitive, params),), x.node, value.flags.writeable or not base.flags.writeable)
        _remember(x, handle)
    return handle


def _shares(value: np.ndarray[Any, Any], base: Any) -> bool:
    # NumPy collapses chains of views to the owner of the memory.
    owner = value.base
    return owner is not None and (owner is base or owner is getattr(base, "base", None))


def _locate(root: TracedArray, chain: Chain, key: Any) -> Place:
    """Find where a key into a view lies in the view's root."""
    parts, repeats, shift = parse_key(key)
    if not chain:
        return Place(parts, None, repeats, shift)
    shape = root.shape
    marks = np.empty(shape, np.int8)
    lies = marks
    for primitive, params in chain:
        lies = primitive.call(lies, **params)
    if not any(isinstance(k, (np.ndarray, bool, np.bool_)) for k in parts):
        lies = lies[parts if Ellipsis in parts else (*parts, ...)]  # a basic key gives a region of its own
        parts = ()
    if lies.size == 0:
        return Place(parts, (0, lies.shape, (0,) * lies.ndim, shape), repeats, shift)
    if _shares(lies, marks) or lies is marks:
        offset = lies.__array_interface__["data"][0] - marks.__array_interface__["data"][0]
        return Place(parts, (offset, lies.shape, lies.strides, shape), repeats, shift)
    # The root's own memory order decides that this is a view (a reshape of a transposed array): walk that order.
    numbers: Any = np.empty_like(plain(root), np.intp)
    numbers[...] = np.arange(numbers.size).reshape(shape)
    for primitive, params in chain:
        numbers = primitive.call(numbers, **params)
    return Place(np.unravel_index(numbers[parse_key(key)[0]], shape), None, repeats, 0)


# --- writing ----------------------------------------------------------------------------------------------------


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


def _settle(root: TracedArray) -> None:
    """Give a root whose tape is gone the level of its primal."""
    while not root.recording.alive:
        inner = root._primal
        if isinstance(inner, TracedArray):
            inner = inner._fresh()
            root._primal, root.recording, root.node = inner._primal, inner.recording, inner.node
        else:
            root.recording, root.node = SETTLED, object()
        object.__dict__["__class__"].__set__(root, root.recording.array_type)


def watch(x: TracedArray, recording: Any) -> Any:
    """Make the value of a handle a source of a recording from here on, and return its node.

    What is computed from the handle, and from the array that it is a view of, depends on the source. A handle of an
    older recording becomes one of this; in a handle of a younger one the source is its primal.
    """
    view = x.link if type(x.link) is View else None
    root = view.root if view else x
    if not root.recording.alive:
        _settle(root)
    x._fresh()
    if x.recording is recording:
        node = recording.extend(x)
    elif x.recording.level > recording.level:
        if view:
            raise TapeError("a view of an array that a younger tape records can't be watched: watch a copy, x.copy()")
        _drop_views(x)
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
        _drop_views(root)
        root.node = recording.write(root, _locate(root, view.chain, ...), written, value, False)
        x._primal, x.node, view.seen = value, written, root.node
        _remember(root, x)
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
        _settle(root)
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
    place = _locate(root, chain, key)
    if type(value) is np.ndarray and value.base is not None:
        value = value.copy()
    _drop_views(root)
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
    with _recorded(root):
        whole: Any = root
        for primitive, params in chain:
            if primitive.name != part:
                whole = apply(primitive, (whole,), params)
        if not add:
            old = whole[key]
            value = value + (1j * np.imag(old) if part == "real" else np.real(old))
        write(whole, key, value, add)


def _drop_views(root: TracedArray) -> None:
    """Make the live views of a root read anew: what they hold would keep the root from being the sole owner."""
    if type(root.link) is list:
        for r in root.link:
            live = r()
            if live is not None:
                live._primal = live.node = live.link.seen = None  # a forward node holds the tangents
        root.link = None


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


WRITING.as_view, WRITING.container, WRITING.update, WRITING.write = as_view, container, update, write
