"""MyGrad: reverse mode, which it has alone."""

from __future__ import annotations

from typing import Any

import mygrad as mg
import numpy as np

from benchmarks.case import Case, Result, Run, named


def _logsumexp(x: Any, axis: int) -> Any:
    top = np.max(x.data, axis=axis, keepdims=True)
    return np.squeeze(top, axis) + mg.log(mg.sum(mg.exp(x - top), axis=axis))


NAMES = named(
    mg,
    einsum=lambda subscripts, *operands: mg.einsum(subscripts, *operands, optimize=True),
    logsumexp=_logsumexp,
)


def prepare(case: Case, threads: int) -> Run:
    """Return what computes value and derivatives; the parameters are tensors, made beforehand."""
    parameters = [mg.tensor(p) for p in case.parameters]

    def forward() -> Any:
        return case.function(NAMES, *parameters, *case.constants)

    def gradient() -> Result:
        value = forward()
        value.backward()
        return value, [p.grad for p in parameters]

    def batch_jacobian() -> Result:
        rows = []
        for i in range(2):
            value = forward()  # a graph can be pulled back through once
            cotangent = np.zeros(value.shape)
            cotangent[:, i] = 1.0
            value.backward(cotangent)
            rows.append([p.grad for p in parameters])
        return value, [np.stack(found, axis=1) for found in zip(*rows, strict=True)]

    return batch_jacobian if case.kind == "batch jacobian" else gradient


def to_numpy(x: Any) -> Any:
    """Return a result as NumPy's array."""
    return x.data if isinstance(x, mg.Tensor) else np.asarray(x)
