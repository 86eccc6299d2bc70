"""Samples of the operations of ops/contraction.py."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dualtape.testing.sample import Sample
from dualtape.testing.samples.elementwise import Array, spread

Shape = tuple[int, ...]
VECDOT: Any = np.linalg.vecdot  # whose stubs lack its axis


def values(*shape: int, dtype: Any = float, start: float = 0.35) -> Array:
    """Return different values between -2 and 2."""
    return spread((-2, 2), shape, dtype, start)


def variants(name: str, call: Callable[..., Any], first: Shape, second: Shape, label: str = "") -> Iterator[Sample]:
    """Calls with two operands of some shapes: both or one of them differentiated, real and complex."""
    label = f"{label} {first} with {second}".strip()
    x, y = values(*first), values(*second, start=1.9)
    yield Sample(name, call, (x, y), label, analytic="v" not in name)
    z, w = values(*first, dtype=complex), values(*second, dtype=complex, start=1.9)
    yield Sample(name, call, (z, w), f"{label}, complex")
    yield Sample(name, lambda y: call(z, y), (y,), f"{label}, constant complex first")
    yield Sample(name, lambda z: call(z, y), (z,), f"{label}, constant real second")


def settings(name: str, call: Callable[..., Any], first: Shape, second: Shape) -> Iterator[Sample]:
    """Calls with two operands of the dtypes and memory layouts that differ from the usual ones."""
    x, y = values(*first), values(*second, start=1.9)
    yield Sample(name, call, (x.astype(np.float32), y.astype(np.float32)), "float32")
    yield Sample(name, call, (x.astype(np.float32), y), "float32 with float64")
    yield Sample(name, call, (x, y.astype(np.complex64)), "real with complex64", second=False)
    yield Sample(name, lambda x: call(x, np.ones(second, int)), (x,), "constant integers")
    # Sums of such numbers are exact, in whatever order the memory layout suggests.
    wide, reverse = (np.round(8 * x) / 8 for x in (values(*first[:-1], 2 * first[-1]), values(*second, start=1.9)))
    wide, reverse = wide[..., ::2], reverse[::-1]
    yield Sample(name, call, (wide, reverse), "not contiguous")
    fixed = values(*first)
    fixed.flags.writeable = False
    yield Sample(name, call, (fixed, y), "read-only")


def _ufuncs() -> Iterator[Sample]:
    shapes: dict[np.ufunc, list[tuple[Shape, Shape]]] = {
        np.matmul: [
            ((3,), (3,)), ((3,), (3, 2)), ((3,), (2, 3, 2)), ((3,), (2, 1, 3, 2)),
            ((2, 3), (3,)), ((2, 3), (3, 2)), ((2, 3), (2, 3, 1)), ((2, 3), (2, 1, 3, 1)),
            ((2, 1, 3), (3,)), ((2, 1, 3), (3, 2)), ((2, 1, 3), (2, 3, 1)), ((1, 2, 3), (2, 3, 1)),
            ((2, 1, 1, 3), (3,)), ((2, 1, 1, 3), (3, 2)), ((2, 1, 2, 3), (3, 3, 1)),
            ((0, 3), (3, 2)), ((2, 0), (0, 2)), ((0,), (0,)), ((0, 2, 3), (3,)),
        ],
        np.vecdot: [((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 1, 3), (2, 3)), ((2, 0), (0,))],
        np.matvec: [((2, 3), (3,)), ((2, 3), (2, 3)), ((2, 2, 3), (3,)), ((2, 1, 2, 3), (2, 3)), ((0, 3), (3,))],
        np.vecmat: [((3,), (3, 2)), ((2, 3), (3, 2)), ((3,), (2, 3, 2)), ((2, 1, 3), (2, 3, 1)), ((0,), (0, 2))],
    }  # fmt: skip
    for ufunc, several in shapes.items():
        name = ufunc.__name__
        for first, second in several:
            yield from variants(name, ufunc, first, second)
        yield from settings(name, ufunc, *several[1])
        x = values(2, 2)
        yield (
            Sample(name, lambda x, u=ufunc: u(x, x), (x,), "one argument twice")
            if ufunc is np.matmul
            else Sample(
                name, lambda x, u=ufunc: u(x, x[0]) if u is not np.vecmat else u(x[0], x), (x,), "one argument twice"
            )
        )
    yield from variants("matmul", operator.matmul, (2, 3), (3, 2), "operator")
    yield Sample("matmul", lambda y: [[1.0, 2.0]] @ y, (values(2, 2),), "list first")
    yield Sample("matmul", lambda x: x @ [1, 2], (values(2, 2),), "list second")
    yield from variants("matmul", np.linalg.matmul, (2, 3), (3, 2), "linalg.matmul")
    yield from variants("vecdot", np.linalg.vecdot, (2, 3), (3,), "linalg.vecdot")
    yield Sample("vecdot", lambda x, y: VECDOT(x, y, axis=0), (values(2, 3), values(2, 1)), "axis 0")
    yield from _along()
    # Products large enough for the fast ways.
    a, b = values(30, 40), values(40, 2)
    yield Sample("matmul", lambda b: a @ b, (b,), "large constant", second=False)
    yield Sample("matmul", lambda b: np.reshape(a, (5, 6, 40)) @ b, (b,), "large batch", second=False)


def _along() -> Iterator[Sample]:
    """Vectors and matrices that lie along other axes than the last ones, or whose axis is kept."""
    shapes: dict[np.ufunc, list[tuple[Shape, Shape, dict[str, Any]]]] = {
        np.matmul: [
            ((3, 2), (3, 2), {"axes": [(1, 0), (0, 1), (1, 0)]}),
            ((2, 3, 2), (3, 2), {"axes": [(0, 1), (0, 1), (-1, -3)]}),
            ((3, 2), (3,), {"axes": [(-1, -2), (0,), (0,)]}),
        ],
        np.vecdot: [
            ((2, 3), (2, 1), {"axis": 0}), ((2, 3), (3,), {"keepdims": True}), ((2, 3), (2,), {"axes": [0, 0]}),
            ((2, 3), (2, 3), {"axis": 0, "keepdims": True}), ((2, 3), (3, 2), {"axes": [0, 1, 1], "keepdims": True}),
            ((2, 3), (3, 2), {"axes": [(0,), (1,)], "keepdims": True}),
        ],
        np.matvec: [((3, 2, 2), (2, 2), {"axes": [(0, 2), 0, 0]})],
        np.vecmat: [((3, 2), (2, 3, 2), {"axes": [0, (1, 0), 0]})],
    }  # fmt: skip
    for ufunc, cases in shapes.items():
        for first, second, keywords in cases:
            label = ", ".join(f"{name}={value}" for name, value in keywords.items())
            yield from variants(ufunc.__name__, lambda x, y, u=ufunc, k=keywords: u(x, y, **k), first, second, label)


def _dots() -> Iterator[Sample]:
    shapes: list[tuple[Shape, Shape]] = [
        ((), ()), ((), (2, 3)), ((2, 3), ()), ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 3), (3, 2)),
        ((3,), (2, 3, 2)), ((2, 1, 3), (3,)), ((2, 1, 3), (3, 2)), ((2, 3), (2, 3, 1)), ((2, 1, 3), (2, 3, 1)),
        ((0, 3), (3, 2)), ((2, 0), (0, 2)), ((0,), (0,)), ((2, 3), (0, 3, 2)),
    ]  # fmt: skip
    for first, second in shapes:
        yield from variants("dot", np.dot, first, second)
        turned = (*second[:-2], second[-1], second[-2]) if len(second) > 1 and first else second
        yield from variants("inner", np.inner, first, turned)
    yield from settings("dot", np.dot, (2, 3), (3, 2))
    yield from settings("inner", np.inner, (2, 3), (2, 3))
    yield Sample("dot", lambda x, y: x.dot(y), (values(2, 3), values(3)), "method")
    yield Sample("dot", lambda x: x.dot(2.0), (values(2, 3, dtype=np.float32),), "method, number")
    yield Sample("dot", lambda x: np.dot([1.0, 2.0], x), (values(2, 3),), "list first")
    yield Sample("inner", lambda x: np.inner(x, 3), (values(2, 3, dtype=np.float32),), "number")
    yield Sample("dot", lambda x: np.dot(x, x), (values(3),), "one argument twice")
    flat: list[tuple[Shape, Shape]] = [((), ()), ((3,), (3,)), ((2, 3), (3, 2)), ((2, 3), (6,)), ((0,), (0, 2))]
    for first, second in flat:
        yield from variants("vdot", np.vdot, first, second)
    yield from settings("vdot", np.vdot, (2, 3), (3, 2))


def _tensordots() -> Iterator[Sample]:
    cases: list[tuple[Shape, Shape, Any]] = [
        ((2, 3), (3, 2), 1), ((2, 3), (2, 3), 2), ((2,), (3,), 0), ((), (3,), 0), ((2, 1, 3), (3, 2), 1),
        ((2, 3), (3, 2), (1, 0)), ((2, 3), (3, 2), (-1, -2)), ((2, 3), (3, 2), ([0, 1], [1, 0])),
        ((2, 3, 1), (3, 2, 2), ((0, 1), (2, 0))), ((2, 3, 4), (4, 2), ([2, 0], [0, 1])), ((2, 3), (2,), ([0], [0])),
        ((2, 3), (3,), ([], [])), ((0, 3), (3, 2), 1), ((2, 0), (0, 2), 1),
    ]  # fmt: skip
    for first, second, axes in cases:
        label = f"axes {axes}"
        yield from variants("tensordot", lambda x, y, a=axes: np.tensordot(x, y, a), first, second, label)
    yield from variants("tensordot", np.tensordot, (2, 3, 2), (3, 2, 1), "default axes")
    yield from variants("tensordot", lambda x, y: np.linalg.tensordot(x, y, axes=1), (2, 3), (3, 2), "linalg.tensordot")
    yield from settings("tensordot", lambda x, y: np.tensordot(x, y, 1), (2, 3), (3, 2))


def _outers() -> Iterator[Sample]:
    flat: list[tuple[Shape, Shape]] = [((), ()), ((3,), (2,)), ((2, 2), (3,)), ((0,), (2,))]
    for first, second in flat:
        yield from variants("outer", np.outer, first, second)
    yield from settings("outer", np.outer, (3,), (2,))
    yield Sample("outer", lambda x: np.outer(x, [1, 2]), (values(2, 2),), "list")
    yield from variants("outer", np.linalg.outer, (3,), (2,), "linalg.outer")
    shapes: list[tuple[Shape, Shape]] = [
        ((), (2,)), ((2,), ()), ((3,), (2,)), ((2, 2), (1, 3)), ((2,), (2, 2)), ((2, 1, 2), (2, 1)), ((0, 2), (2, 2)),
    ]  # fmt: skip
    for first, second in shapes:
        yield from variants("kron", np.kron, first, second)
    yield from settings("kron", np.kron, (2, 2), (1, 3))


def _traces() -> Iterator[Sample]:
    square, deep = values(3, 3), values(2, 3, 2)
    for offset in (0, 1, -2, 5):
        yield Sample("trace", lambda x, k=offset: np.trace(x, k), (values(3, 2),), f"offset {offset}", analytic=True)
    for axes in ((0, 1), (1, 0), (-1, 0), (2, 1), (0, -1)):
        yield Sample("trace", lambda x, a=axes: np.trace(x, axis1=a[0], axis2=a[1]), (deep,), f"axes {axes}")
        yield Sample("trace", lambda x, a=axes: x.trace(1, *a), (deep + 1j * deep,), f"method, axes {axes}, complex")
    yield Sample("trace", np.trace, (square.astype(np.float32),), "float32")
    yield Sample("trace", lambda x: np.trace(x, dtype=np.float64), (square.astype(np.float32),), "dtype")
    yield Sample("trace", lambda x: np.linalg.trace(x, offset=1), (deep,), "linalg.trace")
    yield Sample("trace", np.trace, (np.zeros((0, 3)),), "empty")
    yield Sample("trace", np.trace, (values(4, 6)[::2, ::-2],), "not contiguous")


def _einsums() -> Iterator[Sample]:
    one: list[tuple[str, Shape]] = [
        ("", ()), ("->", ()), ("i", (3,)), ("i->", (3,)), ("ij->ji", (2, 3)), ("ji", (2, 3)), ("ii", (3, 3)),
        ("ii->i", (3, 3)), ("iij->ji", (2, 2, 3)), ("iii->i", (2, 2, 2)), ("ij->", (2, 3)), ("ij->j", (2, 3)),
        ("ijk->ki", (2, 3, 2)), ("...", (2, 3)), ("...i->...", (2, 3)), ("i...->...i", (2, 3, 2)),
        ("...ii->...i", (2, 3, 3)), ("a...b->b...", (2, 1, 3)), ("ij->ji", (0, 2)), ("ij->i", (2, 0)),
        ("ii->i", (1, 1)), (" i j -> j i ", (2, 3)),
    ]  # fmt: skip
    for subscripts, shape in one:
        x = values(*shape)
        yield Sample("einsum.one", lambda x, s=subscripts: np.einsum(s, x), (x,), subscripts, analytic=True)
        yield Sample("einsum.one", lambda x, s=subscripts: np.einsum(s, x), (x + 0.5j * x,), f"{subscripts}, complex")
    two: list[tuple[str, Shape, Shape]] = [
        ("ij,jk->ik", (2, 3), (3, 2)), ("ij,jk", (2, 3), (3, 2)), ("ij,kj->ki", (2, 3), (2, 3)), ("i,i", (3,), (3,)),
        ("i,j", (3,), (2,)), ("i,i->i", (3,), (3,)), ("i,i->", (3,), (1,)), ("i,i->i", (1,), (3,)), (",", (), ()),
        ("i,->i", (3,), ()), ("bij,bjk->bik", (2, 1, 3), (2, 3, 2)), ("ii,i->i", (3, 3), (3,)),
        ("ii,jj", (2, 2), (3, 3)), ("iij,j->i", (2, 2, 3), (3,)), ("ij,k->ik", (2, 3), (2,)),
        ("ij,k->", (2, 3), (2,)), ("...ij,...jk->...ik", (2, 1, 2, 3), (2, 3, 1)), ("...i,i...", (2, 3), (3, 2)),
        ("i...,...->...i", (2, 3), (1,)), ("...,...", (2, 3), (3,)), ("ij,ij->ij", (2, 1), (1, 3)),
        ("ab,bC->Ca", (2, 3), (3, 2)), ("ij,jk->ik", (0, 3), (3, 2)), ("ij,jk->ik", (2, 0), (0, 2)),
        ("ba,b", (2, 3), (2,)),
    ]  # fmt: skip
    for subscripts, first, second in two:
        yield from variants("einsum", lambda x, y, s=subscripts: np.einsum(s, x, y), first, second, subscripts)
    x, y, z = values(2, 3), values(3, 2), values(2, 2)
    yield from settings("einsum", lambda x, y: np.einsum("ij,jk->ik", x, y), (2, 3), (3, 2))
    for optimize in (True, "greedy", "optimal", ["einsum_path", (0, 1), (0, 1)]):
        call = lambda x, y, z, o=optimize: np.einsum("ij,jk,kl->il", x, y, z, optimize=o)  # noqa: E731
        yield Sample("einsum", call, (x, y, z), f"optimize={optimize}")
    yield Sample("einsum", lambda x, y, z: np.einsum("ij,jk,kl", x, y, z), (x, y, z), "three operands")
    yield Sample(
        "einsum", lambda x, z: np.einsum("ij,kj,kk,li->l", x, x, z, z), (x, z), "four operands, of two arguments"
    )
    yield Sample("einsum", lambda x, y: np.einsum("ij,ji,k,->k", x, y, np.arange(3), 2.0), (x, y), "constants between")
    yield Sample("einsum.one", lambda x: np.einsum(x, [0, 1], [1, 0]), (x,), "lists")
    yield Sample("einsum", lambda x, y: np.einsum(x, [0, 1], y, [1, 2], [2, 0]), (x, y), "lists")
    yield Sample("einsum", lambda x, y: np.einsum(x, [30, 2], y, [2, 5]), (x, y), "lists, implicit result")
    before: list[Any] = [..., 0]
    behind: list[Any] = [0, ...]
    yield Sample("einsum", lambda x, y: np.einsum(x, before, y, behind), (x, y), "lists, ellipsis")
    large = values(60, 40)
    yield Sample("einsum", lambda y: np.einsum("ij,jk->ik", large, y), (values(40, 2),), "large constant", second=False)
    yield Sample("einsum.one", lambda y: np.einsum("ii->i", y)[:2], (values(50, 50)[:3, :3],), "view of a large one")


SAMPLES: list[Sample] = [*_ufuncs(), *_dots(), *_tensordots(), *_outers(), *_traces(), *_einsums()]
