"""What dualtape does with each public callable of NumPy: the classes of the page docs/coverage.md.

`python -m dualtape.testing.coverage` prints that page. Most of the table is derived from the registries; what no
registry knows stands here.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
from numpy.polynomial import chebyshev, hermite, hermite_e, laguerre, legendre, polynomial

from dualtape.ops import later as _later  # noqa: F401  # it fills the tables that are read below
from dualtape.ops.protocol import PLAIN_UFUNCS
from dualtape.primitive import FUNCTIONS, UFUNCS

__all__ = ["CLASSES", "NAMESPACES", "classify", "counts", "names", "page"]

CLASSES = {
    "differentiable": "has derivatives of all orders in both modes, checked against each other and numerically",
    "zero derivative": "is piecewise constant: its result is plain, or carries zeros",
    "plain": "gives shapes, indices, truth values or text: its result is plain",
    "not dispatched": "NumPy asks nobody: traced values come through whole, or there is an error that says what to do",
    "rejected": "is an error that gives the reason",
}

NAMESPACES: dict[str, Any] = {
    "numpy": np,
    "numpy.linalg": np.linalg,
    "numpy.fft": np.fft,
    "numpy.emath": np.emath,
    "numpy.lib.stride_tricks": np.lib.stride_tricks,
    **{f.__name__: f for f in (polynomial, chebyshev, legendre, laguerre, hermite, hermite_e)},
    "numpy.ndarray": np.ndarray,
}
INDEXERS = frozenset({"c_", "index_exp", "mgrid", "ogrid", "r_", "s_"})


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Functions that NumPy dispatches, whose answer is not differentiable by what they are.
ZERO = _words("sign floor ceil trunc rint floor_divide spacing round around fix empty_like ones_like zeros_like")
PLAIN = _words("matrix_rank")
# What NumPy hands over only where it is told like=x.
LIKE = _words(
    "arange array asanyarray asarray ascontiguousarray asfortranarray empty eye frombuffer fromfile fromfunction "
    "fromiter fromstring full genfromtxt identity loadtxt ones require tri zeros"
)
# Attributes of arrays by their class; the others are differentiable.
PLAIN_ATTRIBUTES = _words(
    "all any argmax argmin argpartition argsort device dtype flags itemsize nbytes ndim nonzero searchsorted "
    "shape size strides"
)
REJECTED_ATTRIBUTES = _words("byteswap ctypes data dump dumps getfield item resize setfield setflags tobytes tofile")
# What older NumPy versions keep the name of, to say that it is gone.
REMOVED = _words("itemset newbyteorder ptp tostring")


def names(namespace: str) -> Iterator[tuple[str, Any]]:
    """Yield the public names of a namespace of NumPy that are callable, or attributes of arrays."""
    holder = NAMESPACES[namespace]
    for name in sorted(dir(holder)):
        found = getattr(holder, name, None)
        if name.startswith("_") or isinstance(found, ModuleType) or name == "test":
            continue
        if holder is np.ndarray and name in REMOVED:
            continue
        own = not namespace.startswith("numpy.polynomial") or name in getattr(holder, "__all__", ())
        if own and (callable(found) or holder is np.ndarray or (holder is np and name in INDEXERS)):
            yield name, found


def classify(namespace: str, name: str, found: Any) -> str | None:
    """Return the class of a public name of NumPy; `None` for a function that dualtape does not know."""
    if namespace == "numpy.ndarray":
        if name in PLAIN_ATTRIBUTES:
            return "plain"
        return "rejected" if name in REJECTED_ATTRIBUTES else "zero derivative" if name in ZERO else "differentiable"
    if isinstance(found, np.ufunc):
        known = found in UFUNCS or found in FUNCTIONS
        if found.__name__ in ZERO:
            return "zero derivative"
        return "differentiable" if known else "plain" if found in PLAIN_UFUNCS else None
    if not hasattr(found, "_implementation") or (namespace == "numpy" and name in LIKE):
        return "not dispatched"
    handler: Callable[..., Any] | None = FUNCTIONS.get(found)
    if handler is None:
        return None
    if name in ZERO or name in PLAIN:
        return "zero derivative" if name in ZERO else "plain"
    return {"dualtape.ops.constant": "plain", "dualtape.ops.refusals": "rejected"}.get(
        handler.__module__, "differentiable"
    )


def _table() -> dict[str, dict[str, list[str]]]:
    """Return the names of each namespace by their class, each thing once, under the first of its names."""
    found: dict[str, dict[str, list[str]]] = {}
    seen: set[int] = set()
    for namespace, holder in NAMESPACES.items():
        rows: dict[str, list[str]] = defaultdict(list)
        for name, thing in names(namespace):
            if namespace == "numpy.ndarray" or id(thing) not in seen:
                seen.add(id(thing))
                own = str(getattr(thing, "__name__", name))  # of `abs` and `absolute`, the second
                own = own if getattr(holder, own, None) is thing else name
                rows[classify(namespace, name, thing) or "unknown"].append(own)
        found[namespace] = rows
    return found


def counts() -> dict[str, dict[str, int]]:
    """Return how many distinct things of each namespace are in each class."""
    return {space: {kind: len(rows.get(kind, ())) for kind in CLASSES} for space, rows in _table().items()}


def page() -> str:
    """Return the text of docs/coverage.md, for the NumPy that is installed."""
    version = ".".join(np.__version__.split(".")[:2])
    lines = [
        "# What of NumPy is covered",
        "",
        f"Every public callable of NumPy {version} is in exactly one of these classes; `tests/test_complete.py` holds",
        "them to it, so a function that a later NumPy brings fails that test until someone decides. This page is made",
        "by `python -m dualtape.testing.coverage > docs/coverage.md`.",
        "",
        "| class | what it means |",
        "| --- | --- |",
        *(f"| {kind} | {meaning} |" for kind, meaning in CLASSES.items()),
        "",
        "Distinct functions, aliases counted once:",
        "",
        f"| namespace | {' | '.join(CLASSES)} |",
        f"| --- |{' --- |' * len(CLASSES)}",
    ]
    table = _table()
    for space, numbers in counts().items():
        lines.append(f"| `{space}` | {' | '.join(str(numbers[kind]) for kind in CLASSES)} |")
    for space, rows in table.items():
        lines += ["", f"## {space}"]
        for kind in CLASSES:
            if rows.get(kind):
                lines += ["", f"**{kind}**: {', '.join(f'`{name}`' for name in sorted(rows[kind]))}"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
