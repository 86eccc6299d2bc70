"""Samples of the operations of ops/singularvalues.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dualtape.array import plain
from dualtape.testing.sample import Sample
from dualtape.testing.samples.decompositions import projector
from dualtape.testing.samples.leastsquares import hermitian
from dualtape.testing.samples.linalg import entries, of_matrices, regular

Call = Callable[..., Any]
SHAPES = ((3, 2), (2, 3), (2, 3, 2), (0, 2, 3), (3, 0), (0, 3), (1, 3))


def with_phases(u: Any, vh: Any) -> tuple[Any, Any]:
    """Return singular vectors with the first entries of the left ones made positive."""
    if not u.size:
        return u, vh
    first = u[..., :1, :]
    phase = np.conj(first) / np.abs(first) if u.dtype.kind == "c" else np.sign(plain(first))
    return u * phase, np.conj(np.swapaxes(phase, -1, -2)) * vh


def vectors(x: Any) -> Any:
    """Return singular vectors."""
    u, _, vh = np.linalg.svd(x, full_matrices=False)
    return with_phases(u, vh)


def completed(x: Any) -> Any:
    """Return singular vectors with those that complete a basis."""
    u, s, vh = np.linalg.svd(x)
    k = s.shape[-1]
    rest = projector(u[..., k:]), projector(np.conj(np.swapaxes(vh[..., k:, :], -1, -2)))
    return *with_phases(u[..., :k], vh[..., :k, :]), *rest


def _svds() -> Iterator[Sample]:
    calls: dict[str, Call] = {
        "svd.vectors": vectors,
        "svd.values": lambda x: np.linalg.svd(x, full_matrices=False)[1],
        "svdvals": np.linalg.svdvals,
    }
    for name, call in calls.items():
        yield from of_matrices(name, call)
        for shape in SHAPES:
            yield Sample(name, call, (entries(*shape),), f"{shape}")
            yield Sample(name, call, (entries(*shape, dtype=complex),), f"{shape}, complex")
    for shape in ((3, 2), (2, 3), (1, 3), (2, 3, 1)):
        yield Sample("completion", completed, (entries(*shape),), f"svd {shape}")
        yield Sample("completion", completed, (entries(*shape, dtype=complex),), f"svd {shape}, complex")
    yield Sample("svdvals", lambda x: np.linalg.svd(x, compute_uv=False), (entries(2, 3),), "compute_uv=False")
    rank_1: Call = lambda x, y: np.linalg.svdvals(x @ y)[0]  # noqa: E731
    yield Sample("svdvals", rank_1, (entries(3, 1), entries(1, 2, start=1.1)), "of rank 1", second=False)
    zero = np.zeros((2, 3))
    yield Sample("svdvals", np.linalg.svdvals, (zero,), "zero", kink=True, expected=(zero,), second=False)
    equal = np.eye(2)
    yield Sample("svdvals", np.linalg.svdvals, (equal,), "equal", kink=True, expected=(equal,), second=False)
    largest: Call = lambda x: np.linalg.svdvals(x)[0]  # noqa: E731
    yield Sample("svdvals", largest, (equal,), "largest", kink=True, expected=(0.5 * equal,), second=False)

    def symmetric(x: Any) -> Any:
        u, s, vh = np.linalg.svd(hermitian(x), hermitian=True)
        return *with_phases(u, vh), s

    call = lambda x: np.linalg.svd(hermitian(x), compute_uv=False, hermitian=True)  # noqa: E731
    for x in (regular(3, 3), -regular(2, 2), entries(2, 2, 2), regular(2, 2, dtype=complex)):
        yield Sample("eigh.vectors", symmetric, (x,), f"svd, hermitian, {x.dtype} {x.shape} {x.flat[0]:.1f}")
        yield Sample("eigvalsh", call, (x,), f"svd, hermitian, values, {x.dtype} {x.shape} {x.flat[0]:.1f}")


SAMPLES: list[Sample] = [*_svds()]
