"""Nested containers of arrays: lists, tuples, dicts, named tuples, dataclasses, and what is registered."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np

from dualtape.array import Operand, plain

__all__ = ["aligned", "construct", "emptied", "leaves", "path", "rebuild", "register_pytree_node"]

# `Any`: a tree is an operand or any nesting of containers of them, and comes back as the same.

C = TypeVar("C")
A = TypeVar("A")

_REGISTERED: dict[type, tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]] = {}
_LEAVES: set[type] = {np.ndarray, float, complex, int, bool, str, type(None)}  # and what was met of arrays and operands
_DICTS = (OrderedDict, defaultdict)


def register_pytree_node(
    kind: type[C], flatten: Callable[[C], tuple[Iterable[Any], A]], unflatten: Callable[[A, tuple[Any, ...]], C]
) -> None:
    """Make a class a container, as lists, tuples, named tuples, dicts and dataclasses are from the start.

    Args:
        kind: the class; its subclasses are not meant.
        flatten: takes an object apart: its children, which may be containers again, and what else it consists of.
        unflatten: puts one together from what else it consists of and the children, which may be anything: traced
            arrays, derivatives, containers of them.

    Raises:
        ValueError: if the class is registered already.
        TypeError: if it is no class, or one of arrays or built-in containers.

    Example:
        >>> import dualtape as dt
        >>> class Line:
        ...     def __init__(self, slope, offset, name):
        ...         self.slope, self.offset, self.name = slope, offset, name
        >>> dt.register_pytree_node(
        ...     Line, lambda line: ((line.slope, line.offset), line.name), lambda name, parts: Line(*parts, name)
        ... )
        >>> g = dt.grad(lambda line: line.slope * 3.0 + line.offset)(Line(2.0, 1.0, "fit"))
        >>> float(g.slope), float(g.offset), g.name
        (3.0, 1.0, 'fit')
    """
    if not isinstance(kind, type):
        raise TypeError(f"a class is registered, not {kind!r}")
    if kind in _REGISTERED:
        raise ValueError(f"{kind.__qualname__} is registered already")
    if kind in {list, tuple, dict, *_DICTS, *_LEAVES} or issubclass(kind, (Operand, np.ndarray, np.generic)):
        raise TypeError(f"{kind.__qualname__} has its meaning already, and can't be registered")
    _REGISTERED[kind] = (flatten, unflatten)


def leaves(tree: Any) -> list[Any]:
    """Return the leaves of a tree, in order; `None` is one."""
    kind = type(tree)
    if kind in _LEAVES:
        return [tree]
    if kind is list or kind is tuple:
        parts = tree
    elif kind is dict:
        parts = tree.values()
    else:
        parts = _parts(tree, kind)
        if parts is None:
            return [tree]
    found: list[Any] = []
    for part in parts:
        if isinstance(part, Operand):
            found.append(part)
        else:
            found += leaves(part)
    return found


def _parts(tree: Any, kind: type) -> Any:
    """Return the children of a container of any kind but the plainest, `None` for a leaf."""
    if issubclass(kind, (Operand, np.ndarray, np.generic)):
        _LEAVES.add(kind)
        return None
    if kind in _REGISTERED:
        return tuple(_REGISTERED[kind][0](tree)[0])
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return tree
    if issubclass(kind, _DICTS):
        return tree.values()
    if hasattr(kind, "__dataclass_fields__"):  # a dataclass; the module is slow to load
        return [getattr(tree, name) for name in _fields(kind)]
    return None


def _fields(kind: Any) -> list[str]:
    """Return the fields of a dataclass that its constructor takes; the others follow from them."""
    from dataclasses import fields

    return [field.name for field in fields(kind) if field.init]


def rebuild(like: Any, values: list[Any]) -> Any:
    """Return a tree shaped as `like` with these leaves.

    They may be anything, so a dataclass is made without its constructor, which may check what parameters must be;
    what its constructor would compute is `None`.
    """
    kind = type(like)
    if kind is list:
        for part in like:
            if type(part) not in _LEAVES:
                break
        else:
            return values
    return _rebuilt(like, iter(values), _bare)


def construct(like: Any, values: list[Any]) -> Any:
    """Return a tree shaped as `like` with these leaves, values as its own were: a dataclass is made as always.

    Raises:
        TypeError: if the constructor of a dataclass does not make again what stands in `like`.
    """
    return _rebuilt(like, iter(values), _made)


def emptied(like: Any, count: int) -> Any:
    """Return the structure of a tree that `construct` will fill later, without its leaves.

    Raises:
        TypeError: as `construct`, which has nothing to compare with then.
    """
    return _rebuilt(like, iter([0.0] * count), _emptied)


def _rebuilt(like: Any, values: Iterator[Any], make: Callable[..., Any]) -> Any:
    kind = type(like)
    if kind in _LEAVES:
        return next(values)
    if kind is list or kind is tuple:
        return kind([_rebuilt(part, values, make) for part in like])
    if kind is dict:
        return {key: _rebuilt(part, values, make) for key, part in like.items()}
    parts = _parts(like, kind)
    if parts is None:
        return next(values)
    made = [_rebuilt(part, values, make) for part in parts]
    if kind in _REGISTERED:
        flatten, unflatten = _REGISTERED[kind]
        return unflatten(flatten(like)[1], tuple(made))
    if issubclass(kind, tuple):
        return tuple.__new__(kind, made)
    if issubclass(kind, _DICTS):
        from copy import copy

        new: Any = copy(like)
        new.update(zip(like, made, strict=True))
        return new
    return make(like, **dict(zip(_fields(kind), made, strict=True)))


def _bare(like: Any, **parts: Any) -> Any:
    """Return a dataclass of the kind of `like` without calling its constructor."""
    from dataclasses import fields

    new: Any = object.__new__(type(like))
    for field in fields(like):
        object.__setattr__(new, field.name, parts.get(field.name))
    return new


def _made(like: Any, **parts: Any) -> Any:
    """Return a dataclass of the kind of `like` as its constructor makes it, which must be `like` but for the parts.

    An object that was changed after it was made, or made of what it does not keep, can't be had so: a function would be
    differentiated at another point than the one that was given.
    """
    from dataclasses import fields, replace

    new = replace(like, **parts)
    before, apart = _state(like), {field.name for field in fields(like) if not field.compare}
    for name, now in _state(new).items():
        was = parts.get(name, before.get(name))
        if was is not now and was is not None and name not in apart and not _same(was, now):
            raise TypeError(
                f"{type(like).__qualname__}.{name} is not what the constructor makes of the fields that it takes: it "
                f"was changed later, or depends on something else; compute it from them in __post_init__, or register "
                f"the class with dualtape.register_pytree_node"
            )
    return new


def _emptied(like: Any, **parts: Any) -> Any:
    _made(like, **{name: construct(x := getattr(like, name), [plain(leaf) for leaf in leaves(x)]) for name in parts})
    return _bare(like, **parts)


def _state(x: Any) -> dict[str, Any]:
    return {name: getattr(x, name, None) for name in x.__dataclass_fields__} | getattr(x, "__dict__", {})


def _same(was: Any, now: Any) -> bool:
    """Tell whether numbers, arrays and strings are the same up to rounding; of other objects nobody can tell."""
    old, new = leaves(was), leaves(now)
    if len(old) != len(new):
        return False
    for x, y in zip(map(plain, old), map(plain, new), strict=True):
        if x is y or not isinstance(x, (np.ndarray, np.generic, float, complex, int, str)):
            continue
        a, b = np.asarray(x), np.asarray(y)
        if a.dtype.kind == "O" or b.dtype.kind == "O":
            continue
        if a.shape != b.shape:
            return False
        if a.dtype.kind in "fc" and b.dtype.kind in "fc":
            scale = np.max(np.abs(a), initial=0.0, where=np.isfinite(a))
            if not np.allclose(a, b, rtol=1e-4, atol=1e-6 * scale, equal_nan=True):
                return False
        elif not np.array_equal(a, b):
            return False
    return True


def _opened(tree: Any) -> dict[str, Any] | None:
    """Return the children of a container by the way in which they are reached, `None` for a leaf."""
    kind: Any = type(tree)
    if kind is dict or issubclass(kind, _DICTS):
        return {f"[{key!r}]": part for key, part in tree.items()}
    parts = tree if kind is list or kind is tuple else None if kind in _LEAVES else _parts(tree, kind)
    if parts is None:
        return None
    if kind is list or kind is tuple or kind in _REGISTERED:
        return {f"[{i}]": part for i, part in enumerate(parts)}
    names = tree._fields if issubclass(kind, tuple) else _fields(kind)
    return {f".{name}": part for name, part in zip(names, parts, strict=True)}


def path(tree: Any, number: int) -> str:
    """Return how the leaf of that number is reached, `.w[0]` or `['rate']`; empty where the tree is a leaf."""
    found = list(_paths(tree))
    return found[number]


def _paths(tree: Any) -> Iterator[str]:
    children = _opened(tree)
    if children is None:
        yield ""
        return
    for way, part in children.items():
        for rest in _paths(part):
            yield way + rest


def aligned(like: Any, tree: Any, what: str) -> list[Any]:
    """Return the leaves of a tree in the order of those of `like`, which it must resemble.

    Raises:
        TypeError: if it does not; `what` names it.
    """
    parts = _opened(like)
    if parts is None:
        if type(tree) in (list, tuple, dict):
            raise TypeError(f"{what} is a {type(tree).__name__}, where an array belongs")
        return [tree]
    if type(tree) is not type(like):
        raise TypeError(f"{what} is of {type(tree).__name__}, where {type(like).__name__} belongs")
    own = _opened(tree)
    assert own is not None
    if own.keys() != parts.keys():
        raise TypeError(f"{what} has the parts {', '.join(own) or 'none'}, where {', '.join(parts) or 'none'} belong")
    return [leaf for way, part in parts.items() for leaf in aligned(part, own[way], what + way)]
