"""Nested containers of arrays: lists, tuples and dicts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from dualtape.array import Operand

__all__ = ["leaves", "rebuild"]

# `Any`: a tree is an operand or any nesting of containers of them, and comes back as the same.


def leaves(tree: Any) -> list[Any]:
    """Return the leaves of a tree, in order."""
    kind = type(tree)
    if kind is list or kind is tuple:
        parts = tree
    elif kind is dict:
        parts = tree.values()
    else:
        return [tree]
    found: list[Any] = []
    for part in parts:
        if isinstance(part, Operand):
            found.append(part)
        else:
            found += leaves(part)
    return found


def rebuild(like: Any, values: list[Any]) -> Any:
    """Return a tree shaped as `like` with these leaves."""
    kind = type(like)
    if kind is list:
        for part in like:
            if type(part) in (list, tuple, dict):
                break
        else:
            return values
    return _rebuilt(like, iter(values))


def _rebuilt(like: Any, values: Iterator[Any]) -> Any:
    kind = type(like)
    if kind is list or kind is tuple:
        return kind(_rebuilt(part, values) for part in like)
    if kind is dict:
        return {key: _rebuilt(part, values) for key, part in like.items()}
    return next(values)
