"""Samples of the operations of ops/linalg.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dualtape.ops.linalg import solve_large
from dualtape.testing.sample import Sample
from dualtape.testing.samples.elementwise import Array, spread

Call = Callable[..., Any]


def entries(*shape: int, dtype: Any = float, start: float = 0.35) -> Array:
    """Return different values between -2 and 2."""
    return spread((-2, 2), shape, dtype, start)


def regular(*shape: int, dtype: Any = float, start: float = 0.35) -> Array:
    """Return square matrices that are far from singular, with eigenvalues and singular values far from each other."""
    n = shape[-1]
    diagonal: Array = np.diag(3.0 * np.arange(1, n + 1)).astype(dtype)
    return entries(*shape, dtype=dtype, start=start) + diagonal


def read_only(x: Array) -> Array:
    """Return a copy that can't be written."""
    x = x.copy()
    x.flags.writeable = False
    return x


def of_matrices(operation: str, call: Call, label: str = "", complex_: bool = True) -> Iterator[Sample]:
    """Calls with square matrices of several shapes, dtypes and memory layouts."""
    label = f"{label} " if label else ""
    x = regular(3, 3)
    yield Sample(operation, call, (x,), f"{label}2-d")
    yield Sample(operation, call, (regular(2, 2, 2),), f"{label}batch")
    yield Sample(operation, call, (regular(1, 1),), f"{label}of order 1")
    yield Sample(operation, call, (np.zeros((0, 2, 2)),), f"{label}empty batch")
    yield Sample(operation, call, (np.zeros((0, 0)),), f"{label}of order 0")
    yield Sample(operation, call, (x.astype(np.float32),), f"{label}float32")
    yield Sample(operation, call, (read_only(x),), f"{label}read-only")
    yield Sample(operation, call, (regular(2, 4, 4)[:, ::2, ::-2],), f"{label}not contiguous")
    yield Sample(operation, call, (np.asfortranarray(x),), f"{label}Fortran order")
    if complex_:
        yield Sample(operation, call, (regular(2, 2, dtype=complex),), f"{label}complex")
        yield Sample(operation, call, (regular(2, 2, 2, dtype=complex),), f"{label}complex batch")
        yield Sample(operation, call, (regular(2, 2, dtype=np.complex64),), f"{label}complex64")


def _solves() -> Iterator[Sample]:
    pairs: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
        ((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 2), (3, 2, 1)), ((2, 2, 2), (2,)), ((2, 2, 2), (2, 3)),
        ((2, 1, 2, 2), (2, 2, 1)), ((1, 1), (1,)), ((0, 0), (0,)), ((0, 0), (0, 2)), ((2, 2), (2, 0)),
        ((0, 2, 2), (2,)), ((0, 2, 2), (2, 1)),
    ]  # fmt: skip
    for first, second in pairs:
        label = f"{first} with {second}"
        yield Sample("solve", np.linalg.solve, (regular(*first), entries(*second)), label)
        z, w = regular(*first, dtype=complex), entries(*second, dtype=complex)
        yield Sample("solve", np.linalg.solve, (z, w), f"{label}, complex")
        yield Sample("solution", solve_large, (regular(*first), entries(*second)), label)
        yield Sample("right side", solve_large, (z, w), f"{label}, complex")
        yield Sample("right side", solve_large, (regular(*first), w), f"{label}, complex right side")
        yield Sample("solution", solve_large, (z, entries(*second)), f"{label}, complex matrix")
    a, b = regular(3, 3), entries(3, 2)
    z, w = regular(2, 2, dtype=complex), entries(2, dtype=complex)
    yield Sample("solve", lambda b: np.linalg.solve(a, b), (b,), "constant matrix")
    yield Sample("solve", lambda a: np.linalg.solve(a, b), (a,), "constant right side")
    yield Sample("solve", lambda b: np.linalg.solve(z, b), (w.real,), "constant complex matrix, real right side")
    yield Sample("solve", lambda a: np.linalg.solve(a, w), (z.real,), "real matrix, constant complex right side")
    yield Sample("solve", lambda b: np.linalg.solve([[2, 1], [1, 3]], b), (entries(2),), "list of integers")
    yield Sample("solve", lambda a: np.linalg.solve(a, [1, 2]), (regular(2, 2),), "list second")
    yield Sample("solve", lambda a: np.linalg.solve(a, a), (regular(2, 2),), "one argument twice")
    yield Sample("solve", np.linalg.solve, (a.astype(np.float32), b.astype(np.float32)), "float32")
    yield Sample("solve", np.linalg.solve, (a.astype(np.float32), b), "float32 with float64")
    yield Sample("solution", solve_large, (a.astype(np.float32), b.astype(np.float32)), "float32")
    yield Sample("right side", solve_large, (a, b.astype(np.float32)), "float64 with float32")
    yield Sample("right side", lambda a: solve_large(a, a), (regular(2, 2),), "one argument twice")
    yield Sample("solve", np.linalg.solve, (read_only(a), entries(4, 6)[::-1, ::2][:3]), "read-only, not contiguous")
    yield from of_matrices("inv", np.linalg.inv)
    tensor = regular(6, 6).reshape(2, 3, 3, 2)
    yield Sample("solve", np.linalg.tensorsolve, (tensor, entries(2, 3)), "tensorsolve", second=False)
    call: Call = lambda a, b: np.linalg.tensorsolve(a, b, axes=(0,))  # noqa: E731
    yield Sample("solve", call, (regular(4, 4).reshape(2, 2, 4).transpose(2, 0, 1), entries(2, 2)), "tensorsolve, axes")
    yield Sample("inv", np.linalg.tensorinv, (regular(4, 4).reshape(2, 2, 4, 1),), "tensorinv")
    yield Sample("inv", lambda a: np.linalg.tensorinv(a, ind=1), (regular(4, 4).reshape(4, 2, 2),), "tensorinv, ind=1")


def _determinants() -> Iterator[Sample]:
    yield from of_matrices("det", np.linalg.det)
    line = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [0.5, -1.0, 2.0]])
    yield Sample("det", np.linalg.det, (line,), "singular")
    yield Sample("det", np.linalg.det, (line + 1j * line,), "singular, complex")
    yield Sample("det", np.linalg.det, (np.arange(9.0).reshape(3, 3),), "nearly singular")
    yield Sample("det", np.linalg.det, (np.stack([regular(3, 3), line]),), "one of a batch singular")
    yield Sample("det", np.linalg.det, (np.zeros((2, 2)),), "zero")
    yield Sample("det", np.linalg.det, (np.zeros((1, 1)),), "zero of order 1")
    yield Sample("det", np.linalg.det, (np.outer([1.0, 2.0, -1.0], [0.5, 1.0, 2.0]),), "of rank 1")
    yield from of_matrices("logabsdet", lambda x: np.linalg.slogdet(x)[1])
    yield from of_matrices("sign of det", lambda x: np.linalg.slogdet(x)[0])
    yield Sample("logabsdet", np.linalg.slogdet, (-regular(3, 3),), "both")
    yield Sample("sign of det", np.linalg.slogdet, (regular(2, 2, dtype=complex),), "both")


def _products() -> Iterator[Sample]:
    for n in (-3, -1, 0, 1, 2, 3, 4, 7):
        power: Call = lambda x, n=n: np.linalg.matrix_power(x, n)  # noqa: E731
        # Small entries: a seventh power of large ones would have derivatives too large to compare.
        yield Sample("matrix_power", power, (0.3 * regular(2, 2),), f"{n}")
        yield Sample("matrix_power", power, (0.3 * regular(2, 2, dtype=complex),), f"{n}, complex")
    yield from of_matrices("matrix_power", lambda x: np.linalg.matrix_power(0.2 * x, 3), "cube")
    chains: list[list[tuple[int, ...]]] = [
        [(2, 3), (3, 2)], [(3,), (3, 2)], [(2, 3), (3, 2), (2, 1)], [(1, 2), (2, 3), (3, 2)], [(3,), (3, 2), (2,)],
        [(2, 2), (2, 2), (2, 2), (2, 2)], [(3,), (3, 2), (2, 1), (1, 2)], [(2, 1), (1, 3), (3, 1), (1, 2), (2,)],
        [(0, 2), (2, 1), (1, 2)], [(2,), (2, 0), (0, 2), (2,)],
    ]  # fmt: skip
    for shapes in chains:
        args = tuple(entries(*shape, start=0.2 + 0.3 * i) for i, shape in enumerate(shapes))
        yield Sample("multi_dot", lambda *xs: np.linalg.multi_dot(xs), args, " ".join(map(str, shapes)))
    z = entries(2, 2, dtype=complex)
    yield Sample("multi_dot", lambda x, y: np.linalg.multi_dot([x, y, z, x]), (z, z.real), "complex, twice, constant")


SAMPLES: list[Sample] = [*_solves(), *_determinants(), *_products()]
