"""Samples of the operations of ops/leastsquares.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dualtape.testing.sample import Sample
from dualtape.testing.samples.linalg import entries, of_matrices, read_only, regular

Call = Callable[..., Any]


def hermitian(x: Any) -> Any:
    """Return matrices that are symmetric (Hermitian) wherever the entries of `x` move."""
    return x + np.conj(np.swapaxes(x, -1, -2))


def _pinvs() -> Iterator[Sample]:
    yield from of_matrices("pinv", np.linalg.pinv)
    for shape in ((2, 3), (3, 2), (2, 3, 2), (0, 3), (3, 0), (1, 3)):
        x, z = entries(*shape), entries(*shape, dtype=complex)
        yield Sample("pinv", np.linalg.pinv, (x,), f"{shape}")
        yield Sample("pinv", np.linalg.pinv, (z,), f"{shape}, complex")
    # The rank has to stay what it is.
    deficient: Call = lambda x, y: np.linalg.pinv(x @ y)  # noqa: E731
    yield Sample("pinv", deficient, (entries(3, 1), entries(1, 2, start=1.1)), "of rank 1")
    yield Sample(
        "pinv", deficient, (entries(3, 2, dtype=complex), entries(2, 3, dtype=complex, start=1.1)), "of rank 2, complex"
    )
    settings: list[dict[str, Any]] = [
        {"rcond": 1e-9}, {"rcond": np.array(1e-9)}, {"rtol": 1e-9}, {"rtol": None}, {"rcond": 0.01},
    ]  # fmt: skip
    for given in settings:
        call: Call = lambda x, given=given: np.linalg.pinv(x, **given)  # noqa: E731
        yield Sample("pinv", call, (regular(2, 2),), f"{given}")
    many: Call = lambda x: np.linalg.pinv(x, np.array([1e-9, 1e-8]))  # noqa: E731
    yield Sample("pinv", many, (entries(2, 3, 2),), "a rcond for each matrix")
    symmetric: Call = lambda x: np.linalg.pinv(hermitian(x), hermitian=True)  # noqa: E731
    for x in (regular(3, 3), regular(2, 2, 2), regular(2, 2, dtype=complex), np.zeros((0, 0))):
        yield Sample("pinv", symmetric, (x,), f"hermitian {x.dtype} {x.shape}")
    rank1: Call = lambda x: np.linalg.pinv(x @ np.conj(x.T), hermitian=True)  # noqa: E731
    yield Sample("pinv", rank1, (entries(3, 1, dtype=complex),), "hermitian, of rank 1")


def _lstsqs() -> Iterator[Sample]:
    shapes: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
        ((4, 2), (4,)), ((4, 2), (4, 3)), ((2, 3), (2,)), ((2, 3), (2, 2)), ((2, 2), (2,)), ((3, 1), (3, 1)),
        ((3, 2), (3, 0)), ((0, 2), (0,)), ((3, 0), (3, 2)),
    ]  # fmt: skip
    for first, second in shapes:
        label = f"{first} with {second}"
        yield Sample("lstsq", np.linalg.lstsq, (entries(*first), entries(*second, start=1.1)), label)
        z, w = entries(*first, dtype=complex), entries(*second, dtype=complex, start=1.1)
        yield Sample("lstsq", np.linalg.lstsq, (z, w), f"{label}, complex")
    a, b = entries(4, 2), entries(4, start=1.1)
    for rcond in (None, -1, 1e-6):
        call: Call = lambda a, b, rcond=rcond: np.linalg.lstsq(a, b, rcond)  # noqa: E731
        yield Sample("lstsq", call, (a, b), f"rcond={rcond}")
    yield Sample("lstsq", lambda a: np.linalg.lstsq(a, b), (a,), "constant right side")
    yield Sample("lstsq", lambda b: np.linalg.lstsq(a, b), (b,), "constant matrix")
    yield Sample("lstsq", lambda a: np.linalg.lstsq(a, b + 1j), (a,), "constant complex right side")
    yield Sample("lstsq", lambda a: np.linalg.lstsq(a, [1, 2, 3, 5]), (a,), "list")
    yield Sample("lstsq.residuals", lambda a, b: np.linalg.lstsq(a, b)[1], (a, b), "residuals")
    yield Sample("lstsq.residuals", lambda a, b: np.linalg.lstsq(a, b)[1], (a, entries(4, 2)), "residuals of several")
    yield Sample("lstsq", np.linalg.lstsq, (a.astype(np.float32), b.astype(np.float32)), "float32")
    yield Sample("lstsq", np.linalg.lstsq, (read_only(a), entries(8)[::-2]), "read-only, not contiguous")
    of_rank_1: Call = lambda x, y, b: np.linalg.lstsq(x @ y, b, 1e-10)[0]  # noqa: E731
    yield Sample("lstsq", of_rank_1, (entries(3, 1), entries(1, 2, start=1.1), entries(3)), "of rank 1", second=False)


def _conds() -> Iterator[Sample]:
    norms: tuple[Any, ...] = (None, 2, -2, 1, -1, np.inf, -np.inf, "fro", "nuc")
    for p in norms:
        call: Call = lambda x, p=p: np.linalg.cond(x, p)  # noqa: E731
        yield Sample("cond", call, (regular(3, 3),), f"{p}")
        yield Sample("cond", call, (regular(2, 2, 2, dtype=complex),), f"{p}, complex batch")
        yield Sample("cond", call, (regular(2, 2).astype(np.float32),), f"{p}, float32")
    yield Sample("cond", np.linalg.cond, (entries(2, 3),), "not square")


SAMPLES: list[Sample] = [*_pinvs(), *_lstsqs(), *_conds()]
