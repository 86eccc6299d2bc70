"""How dualtape computes a case, as its users would write it."""

from __future__ import annotations

from typing import Any

import numpy as np

import dualtape as dt

from .case import NUMPY, Case, Result, Run, named


def _logsumexp(x: Any, axis: int) -> Any:
    # What is subtracted and added again has no derivative.
    top = dt.stop_gradient(np.max(x, axis=axis, keepdims=True))
    return np.squeeze(top, axis) + np.log(np.sum(np.exp(x - top), axis=axis))


NAMES = named(NUMPY, logsumexp=_logsumexp, solve=NUMPY.solve, logdet=NUMPY.logdet)


def prepare(case: Case) -> Run:
    """Return what computes value and derivatives; the parameters are variables, made beforehand."""
    variables = [dt.Variable(p) for p in case.parameters]

    def function(*parameters: Any) -> Any:
        return case.function(NAMES, *parameters, *case.constants)

    def gradient() -> Result:
        with dt.GradientTape(case.mode) as tape:
            value = function(*variables)
        return value, tape.gradient(value, variables)

    def batch_jacobian() -> Result:
        with dt.GradientTape(case.mode) as tape:
            value = function(*variables)
        return value, [tape.batch_jacobian(value, *variables)]

    def jacobian() -> Result:
        with dt.GradientTape(case.mode) as tape:
            value = function(*variables)
        return value, tape.jacobian(value, variables)

    def jvp() -> Result:
        value, tangent = dt.jvp(function, case.parameters, case.tangents)
        return value, [tangent]

    return {"gradient": gradient, "batch jacobian": batch_jacobian, "jacobian": jacobian, "jvp": jvp}[case.kind]


def to_numpy(x: Any) -> Any:
    """Return a result as NumPy's array."""
    return np.asarray(x)
