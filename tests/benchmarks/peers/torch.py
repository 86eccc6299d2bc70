"""PyTorch, eager: `torch.autograd.grad` in reverse, `torch.func.jvp` and `jacfwd` in forward mode."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from benchmarks.case import Case, Result, Run, named

NAMES = named(
    torch,
    concatenate=lambda parts, axis: torch.cat(parts, dim=axis),
    stack=lambda parts, axis: torch.stack(parts, dim=axis),
    solve=torch.linalg.solve,
    logdet=lambda a: torch.linalg.slogdet(a)[1],
    logsumexp=lambda x, axis: torch.logsumexp(x, dim=axis),
    columns=lambda x: x.unbind(1),
)


def prepare(case: Case, threads: int) -> Run:
    """Return what computes value and derivatives; parameters and constants are tensors, made beforehand."""
    torch.set_num_threads(threads)
    constants = [torch.tensor(c) for c in case.constants]
    plain = [torch.tensor(p) for p in case.parameters]

    def function(*parameters: Any) -> Any:
        return case.function(NAMES, *parameters, *constants)

    if case.mode == "forward":
        return _forward(case, function, plain)
    leaves = [p.requires_grad_() for p in plain]

    def gradient() -> Result:
        value = function(*leaves)
        return value, list(torch.autograd.grad(value, leaves))

    def batch_jacobian() -> Result:
        value = function(*leaves)
        rows = []
        for i in range(value.shape[1]):
            cotangent = torch.zeros_like(value)
            cotangent[:, i] = 1.0
            rows.append(torch.autograd.grad(value, leaves, cotangent, retain_graph=i + 1 < value.shape[1]))
        return value, [torch.stack(found, dim=1) for found in zip(*rows, strict=True)]

    return batch_jacobian if case.kind == "batch jacobian" else gradient


def _forward(case: Case, function: Any, parameters: list[Any]) -> Run:
    if case.kind == "jvp":
        tangents = tuple(torch.tensor(t) for t in case.tangents)

        def jvp() -> Result:
            value, tangent = torch.func.jvp(function, tuple(parameters), tangents)
            return value, [tangent]

        return jvp

    def twice(*parameters: Any) -> Any:
        value = function(*parameters)
        return value, value

    pushed = torch.func.jacfwd(twice, argnums=tuple(range(len(parameters))), has_aux=True)

    def jacobian() -> Result:
        found, value = pushed(*parameters)
        return value, list(found)

    return jacobian


def to_numpy(x: Any) -> Any:
    """Return a result as NumPy's array."""
    return x.detach().numpy() if isinstance(x, torch.Tensor) else np.asarray(x)
