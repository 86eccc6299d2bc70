"""Samples of the operations of ops/norms.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dualtape.testing.sample import Sample
from dualtape.testing.samples.linalg import entries, read_only

Call = Callable[..., Any]
VECTOR = (None, 1, 2, 3, 2.5, 1.5, 0.5, 0, -1, -2, np.inf, -np.inf)
MATRIX: tuple[Any, ...] = (None, "fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)


def _vectors() -> Iterator[Sample]:
    for order in VECTOR:
        for keepdims in (False, True):
            settings: dict[str, Any] = {"ord": order, "keepdims": keepdims, "axis": -1}
            call: Call = lambda x, s=settings: np.linalg.norm(x, **s)  # noqa: E731
            label = f"ord={order}{', keepdims' * keepdims}"
            yield Sample("norm", call, (entries(2, 3),), f"vectors, {label}")
            yield Sample("norm", call, (entries(2, 2, dtype=complex),), f"vectors, {label}, complex")
        settings = {"ord": 2 if order is None else order}
        call = lambda x, s=settings: np.linalg.vector_norm(x, **s)  # noqa: E731
        yield Sample("norm", call, (entries(2, 2),), f"vector_norm, ord={order}")
        yield Sample("norm", call, (entries(3).astype(np.float32),), f"vector_norm, ord={order}, float32")
        call = lambda x, s=settings: np.linalg.vector_norm(x, axis=(0, 2), keepdims=True, **s)  # noqa: E731
        yield Sample("norm", call, (entries(2, 2, 2),), f"vector_norm, ord={order}, axes 0 and 2")
    for axis in (None, 0, -1, (0,), (1,)):
        call = lambda x, a=axis: np.linalg.norm(x, axis=a)  # noqa: E731
        yield Sample("norm", call, (entries(2, 3),), f"axis={axis}")
        call = lambda x, a=axis: np.linalg.norm(x, axis=a, keepdims=True)  # noqa: E731
        yield Sample("norm", call, (entries(2, 3),), f"axis={axis}, keepdims")
        call = lambda x, a=axis: np.linalg.vector_norm(x, axis=a)  # noqa: E731
        yield Sample("norm", call, (entries(2, 3),), f"vector_norm, axis={axis}")
    for x in (np.array(-1.5), np.float64(2.0), entries(3), entries(2, 2, 2), np.zeros(0), np.zeros((0, 2))):
        yield Sample("norm", np.linalg.norm, (x,), f"{x.dtype} {x.shape}, {type(x).__name__}")
        yield Sample("norm", np.linalg.vector_norm, (x,), f"vector_norm, {x.dtype} {x.shape}, {type(x).__name__}")
        keeping: Call = lambda x: np.linalg.norm(x, axis=None, keepdims=True)  # noqa: E731
        yield Sample("norm", keeping, (x,), f"{x.dtype} {x.shape}, keepdims, {type(x).__name__}")
    yield Sample("norm", np.linalg.norm, (np.asfortranarray(entries(2, 3)),), "Fortran order")
    yield Sample("norm", np.linalg.norm, (read_only(entries(2, 3)),), "read-only")
    yield Sample("norm", np.linalg.norm, (entries(2, 6)[:, ::-2],), "not contiguous")
    yield Sample("norm", lambda x: np.linalg.norm([x, 2 * x]), (np.float64(0.7),), "list")
    # A zero among other entries is no kink of these.
    gap = np.array([0.0, 1.5, -0.5])
    for order in (2, 4):
        call = lambda x, o=order: np.linalg.norm(x, o)  # noqa: E731
        yield Sample("norm", call, (gap,), f"ord={order}, an entry 0")


def _kinks() -> Iterator[Sample]:
    cases: list[tuple[Any, list[float], list[float]]] = [
        (None, [0, 0], [0, 0]), (1, [0, -2], [0, -1]), (3, [0, 0], [0, 0]), (1.5, [0, 0], [0, 0]),
        (0.5, [0, 0], [0, 0]), (0.5, [0, 4], [0, 1]), (0, [0, 2], [0, 0]), (-1, [0, 2], [0, 0]),
        (np.inf, [1, -1], [0.5, -0.5]), (np.inf, [0, 0], [0, 0]), (-np.inf, [3, -3], [0.5, -0.5]),
    ]  # fmt: skip
    for order, x, expected in cases:
        call: Call = lambda x, o=order: np.linalg.norm(x, o)  # noqa: E731
        args = (np.array(x, float),)
        yield Sample("norm", call, args, f"ord={order} at {x}", kink=True, expected=(np.array(expected),))
    matrices: list[tuple[Any, Any]] = [
        (1, [[0.5, 0.5], [0.5, 0.5]]), (-np.inf, [[0.5, 0.5], [0.5, 0.5]]), ("fro", [[0.5, 0.5], [0.5, 0.5]]),
    ]  # fmt: skip
    for order, expected in matrices:
        call = lambda x, o=order: np.linalg.norm(x, o)  # noqa: E731
        point = (np.ones((2, 2)),)
        yield Sample("norm", call, point, f"ord={order} of ones", kink=order != "fro", expected=(np.array(expected),))
    for order in MATRIX:
        if order not in {-1, -np.inf}:
            call = lambda x, o=order: np.linalg.norm(x, o)  # noqa: E731
            zero = np.zeros((2, 2))
            label = f"ord={order} of a zero matrix"
            yield Sample("norm", call, (zero,), label, kink=True, expected=(zero,), second=False)


def _matrices() -> Iterator[Sample]:
    for order in MATRIX:
        settings: dict[str, Any] = {"ord": order}
        call: Call = lambda x, s=settings: np.linalg.norm(x, axis=(0, 1), **s)  # noqa: E731
        yield Sample("norm", call, (entries(2, 3),), f"matrix, ord={order}")
        yield Sample("norm", call, (entries(3, 2, dtype=complex),), f"matrix, ord={order}, complex")
        yield Sample("norm", call, (entries(3, 2).astype(np.float32),), f"matrix, ord={order}, float32")
        call = lambda x, s=settings: np.linalg.norm(x, axis=(2, 0), keepdims=True, **s)  # noqa: E731
        yield Sample("norm", call, (entries(2, 1, 3),), f"matrix, ord={order}, axes 2 and 0, keepdims")
        call = lambda x, s=settings: np.linalg.norm(x, axis=(-3, -1), **s)  # noqa: E731
        yield Sample("norm", call, (entries(2, 2, 2) ** 3,), f"matrix, ord={order}, axes -3 and -1")
        settings = {"ord": "fro" if order is None else order}
        call = lambda x, s=settings: np.linalg.matrix_norm(x, **s)  # noqa: E731
        yield Sample("norm", call, (entries(2, 2, 3),), f"matrix_norm, ord={order}")
        call = lambda x, s=settings: np.linalg.matrix_norm(x, keepdims=True, **s)  # noqa: E731
        yield Sample("norm", call, (entries(0, 2, 3),), f"matrix_norm, ord={order}, keepdims, empty batch")


SAMPLES: list[Sample] = [*_vectors(), *_kinks(), *_matrices()]
