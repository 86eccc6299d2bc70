"""Views: handles that know their root and read anew where it was written since."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from weakref import ref

import numpy as np

from dualtape.array import ACTIVE, NO_PARAMS, WRITING, TracedArray, apply, operate, plain
from dualtape.places import Place, parse_key
from dualtape.primitive import Primitive

__all__ = ["IDLE", "Chain", "Idle", "View", "ViewMixin", "as_view", "container", "drop_views", "locate", "recorded"]
__all__ += ["remember", "settle"]

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


class View:
    """Where a view lies: its root, the operations that lead to it, and the node of the root that it has seen."""

    __slots__ = ("chain", "root", "seen", "writeable")

    def __init__(self, root: TracedArray, chain: Chain, seen: object, writeable: bool) -> None:
        self.root: TracedArray = root
        self.chain: Chain = chain
        self.seen: object = seen
        self.writeable: bool = writeable


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
            remember(view.root, self)
        return self


def _read_anew(view: View) -> Any:
    """Apply a view's chain to its root."""
    root = view.root
    if not root.recording.alive:
        settle(root)
    x: Any = root
    with recorded(root):
        for primitive, params in view.chain:
            x = apply(primitive, (x,), params)
    return x


@contextmanager
def recorded(root: TracedArray) -> Iterator[None]:
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


def remember(root: TracedArray, view: TracedArray) -> None:
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
    is_read_only = not (view is None or type(view) is View or type(view) is list)
    if is_read_only and out is not x and isinstance(out, TracedArray) and out.recording is x.recording:
        out.link = view  # what no write can reach need not be read anew
        return out
    if not x.recording.alive:
        settle(view.root if type(view) is View else x)
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
        remember(view.root, handle)
    else:
        # Where the root's memory can't be written a write copies it; what NumPy gives for reading only stays so.
        handle.link = View(x, ((primitive, params),), x.node, value.flags.writeable or not base.flags.writeable)
        remember(x, handle)
    return handle


def _shares(value: np.ndarray[Any, Any], base: Any) -> bool:
    # NumPy collapses chains of views to the owner of the memory.
    owner = value.base
    return owner is not None and (owner is base or owner is getattr(base, "base", None))


def locate(root: TracedArray, chain: Chain, key: Any) -> Place:
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


def settle(root: TracedArray) -> None:
    """Give a root whose tape is gone the level of its primal."""
    while not root.recording.alive:
        inner = root._primal
        if isinstance(inner, TracedArray):
            inner = inner._fresh()
            root._primal, root.recording, root.node = inner._primal, inner.recording, inner.node
        else:
            root.recording, root.node = SETTLED, object()
        object.__dict__["__class__"].__set__(root, root.recording.array_type)


def drop_views(root: TracedArray) -> None:
    """Make the live views of a root read anew: what they hold would keep the root from being the sole owner."""
    if type(root.link) is list:
        for r in root.link:
            live = r()
            if live is not None:
                live._primal = live.node = live.link.seen = None  # a forward node holds the tangents
        root.link = None


WRITING.as_view, WRITING.container = as_view, container
