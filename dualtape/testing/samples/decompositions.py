"""Samples of the operations of ops/decompositions.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dualtape.testing.sample import Sample
from dualtape.testing.samples.leastsquares import hermitian
from dualtape.testing.samples.linalg import entries, of_matrices, read_only

Call = Callable[..., Any]


def _choleskys() -> Iterator[Sample]:
    for upper in (False, True):
        # The argument moves among symmetric matrices.
        call: Call = lambda x, upper=upper: np.linalg.cholesky(hermitian(x), upper=upper)  # noqa: E731
        for sample in of_matrices("cholesky", call, f"upper={upper}"):
            x = sample.args[0]
            shifted = x + 2 * np.eye(x.shape[-1], dtype=x.dtype)
            yield Sample("cholesky", call, (read_only(shifted) if "read" in sample.label else shifted,), sample.label)
    square: Call = lambda x: np.linalg.cholesky(x @ np.conj(np.swapaxes(x, -1, -2)))  # noqa: E731
    yield Sample("cholesky", square, (entries(2, 3),), "of a product")
    yield Sample("cholesky", square, (entries(2, 2, 3, dtype=complex),), "of a product, complex batch")


def projector(q: Any) -> Any:
    """Return what does not change as orthonormal columns are turned among themselves."""
    return q @ np.conj(np.swapaxes(q, -1, -2))


def _qrs() -> Iterator[Sample]:
    outputs: dict[str, Call] = {
        "qr.q": lambda x: np.linalg.qr(x)[0],
        "qr.r": lambda x: np.linalg.qr(x, "r"),
    }
    for name, call in outputs.items():
        yield from of_matrices(name, call)
        for shape in ((3, 2), (2, 3), (2, 3, 2), (2, 2, 3), (3, 0), (0, 3), (0, 3, 2)):
            yield Sample(name, call, (entries(*shape),), f"{shape}")
            yield Sample(name, call, (entries(*shape, dtype=complex),), f"{shape}, complex")
    yield Sample("qr.q", np.linalg.qr, (entries(3, 2),), "both")
    yield Sample("qr.r", lambda x: np.linalg.qr(x, mode="complete"), (entries(2, 3),), "complete, wide")

    def complete(x: Any) -> Any:
        q, r = np.linalg.qr(x, mode="complete")
        k = x.shape[-1]
        return q[..., :k], projector(q[..., k:]), r

    for shape in ((3, 2), (4, 2), (2, 3, 1), (3, 0)):
        yield Sample("completion", complete, (entries(*shape),), f"qr {shape}")
        yield Sample("completion", complete, (entries(*shape, dtype=complex),), f"qr {shape}, complex")


SAMPLES: list[Sample] = [*_choleskys(), *_qrs()]
