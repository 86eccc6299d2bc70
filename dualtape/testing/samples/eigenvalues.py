"""Samples of the operations of ops/eigenvalues.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from dualtape.array import plain
from dualtape.testing.sample import Sample
from dualtape.testing.samples.leastsquares import hermitian
from dualtape.testing.samples.linalg import entries, of_matrices, regular

Call = Callable[..., Any]


def with_phases(v: Any) -> Any:
    """Return vectors with their first entries made positive, whatever sign or phase LAPACK gave them."""
    if v.dtype.kind != "c":
        return v * np.sign(plain(v)[..., :1, :])
    first = v[..., :1, :]
    return v * (np.conj(first) / np.abs(first))


def _eighs() -> Iterator[Sample]:
    vectors: Call = lambda x: with_phases(np.linalg.eigh(hermitian(x))[1])  # noqa: E731
    values: Call = lambda x: np.linalg.eigh(hermitian(x))[0]  # noqa: E731
    only_values: Call = lambda x: np.linalg.eigvalsh(hermitian(x))  # noqa: E731
    yield from of_matrices("eigh.vectors", vectors)
    yield from of_matrices("eigh.values", values)
    yield from of_matrices("eigvalsh", only_values)
    for x in (regular(3, 3), regular(2, 2, dtype=complex)):
        upper: Call = lambda x: np.linalg.eigvalsh(hermitian(x), UPLO="U")  # noqa: E731
        yield Sample("eigvalsh", upper, (x,), f"upper, {x.dtype}")
        both: Call = lambda x: with_phases(np.linalg.eigh(hermitian(x), "U")[1])  # noqa: E731
        yield Sample("eigh.vectors", both, (x,), f"upper, {x.dtype}")

        def root(x: Any) -> Any:
            w, v = np.linalg.eigh(x @ np.conj(x.T))
            return (v * np.sqrt(w)) @ np.conj(v.T)

        yield Sample("eigh.vectors", root, (x,), f"square root of a matrix, {x.dtype}")
    equal = np.eye(2)
    # Of equal eigenvalues each gets an equal part of the derivative of their sum.
    yield Sample("eigvalsh", np.linalg.eigvalsh, (equal,), "equal", kink=True, expected=(equal,), second=False)
    largest: Call = lambda x: np.linalg.eigvalsh(x)[-1]  # noqa: E731
    yield Sample("eigvalsh", largest, (equal,), "largest", kink=True, expected=(0.5 * equal,), second=False)
    yield Sample(
        "eigvalsh", lambda x: np.sum(np.linalg.eigvalsh(hermitian(x)) ** 2), (equal,), "squares of equal", second=False
    )


def apart(x: Any) -> Any:
    """Return matrices with real eigenvalues that stay real as the entries move."""
    return x + np.diag(4.0 * np.arange(x.shape[-1])).astype(x.dtype)


def _eigs() -> Iterator[Sample]:
    yield from of_matrices("eig.vectors", lambda x: np.linalg.eig(apart(x))[1])
    yield from of_matrices("eig.values", lambda x: np.linalg.eig(apart(x))[0])
    yield from of_matrices("eigvals", lambda x: np.linalg.eigvals(apart(x)))
    turning = np.array([[0.3, -1.2, 0.1], [0.9, 0.5, 0.4], [0.2, -0.3, 2.0]])
    yield Sample("eig.vectors", np.linalg.eig, (turning,), "complex eigenvalues of a real matrix")
    yield Sample("eigvals", np.linalg.eigvals, (np.stack([turning, turning.T]),), "complex, batch")
    yield Sample("eig.vectors", np.linalg.eig, (entries(3, 3, dtype=complex),), "both, complex")

    def exponential(x: Any) -> Any:
        w, v = np.linalg.eig(x)
        return (v * np.exp(0.2 * w)) @ np.linalg.inv(v)

    yield Sample("eig.vectors", exponential, (turning,), "exponential of a matrix")
    equal = 2.0 * np.eye(2)
    yield Sample("eigvals", lambda x: np.sum(np.linalg.eigvals(x)), (equal,), "sum of equal", second=False)


SAMPLES: list[Sample] = [*_eighs(), *_eigs()]
