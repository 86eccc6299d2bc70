"""HIPS autograd: `value_and_grad` and `make_vjp` in reverse, `make_jvp` in forward mode."""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd import make_jvp, make_vjp, value_and_grad
from autograd.scipy.special import logsumexp

from benchmarks.case import Case, Result, Run, named

NAMES = named(
    anp,
    einsum=lambda subscripts, *operands: anp.einsum(subscripts, *operands, optimize=True),
    solve=anp.linalg.solve,
    logdet=lambda a: anp.linalg.slogdet(a)[1],
    logsumexp=lambda x, axis: logsumexp(x, axis=axis),
)


def prepare(case: Case, threads: int) -> Run:
    """Return what computes value and derivatives."""
    count = len(case.parameters)
    argnums = tuple(range(count))

    def function(*parameters: Any) -> Any:
        return case.function(NAMES, *parameters, *case.constants)

    value_and_gradient = value_and_grad(function, argnum=argnums)

    def batch_jacobian() -> Result:
        pull, value = make_vjp(function, argnum=argnums)(*case.parameters)
        rows = []
        for i in range(value.shape[1]):
            cotangent = np.zeros(value.shape)
            cotangent[:, i] = 1.0
            rows.append(pull(cotangent))
        return value, [np.stack(found, axis=1) for found in zip(*rows, strict=True)]

    def along(i: int, tangent: Any) -> Any:
        def of_one(p: Any) -> Any:
            return function(*case.parameters[:i], p, *case.parameters[i + 1 :])

        return make_jvp(of_one)(case.parameters[i])(tangent)

    def forward() -> Result:
        value, found = None, []
        for i, p in enumerate(case.parameters):
            columns = []
            for index in np.ndindex(np.shape(p)):
                tangent = np.zeros(np.shape(p))
                tangent[index] = 1.0
                value, column = along(i, tangent)
                columns.append(column)
            found.append(np.stack(columns, axis=-1).reshape(np.shape(value) + np.shape(p)))
        return value, found

    def jvp() -> Result:
        value, tangent = along(0, case.tangents[0])
        return value, [tangent]

    if case.kind == "jvp":
        return jvp
    if case.mode == "forward":
        return forward
    return batch_jacobian if case.kind == "batch jacobian" else lambda: value_and_gradient(*case.parameters)


def to_numpy(x: Any) -> Any:
    """Return a result as NumPy's array."""
    return np.asarray(x)
