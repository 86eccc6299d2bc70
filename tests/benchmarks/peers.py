"""The peers: how each computes a value and its gradient. One that is not installed is left out and named."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from cases import Case, Run


def autograd(case: Case, mode: str) -> Run:
    """HIPS autograd: `value_and_grad` in reverse, a `make_jvp` for each parameter in forward mode."""
    import autograd.numpy as anp
    from autograd import make_jvp, value_and_grad

    count = len(case.parameters)
    if mode == "reverse":
        both = value_and_grad(lambda *p: case.function(anp, *p), argnum=tuple(range(count)))
        return lambda: both(*case.parameters)

    def forward() -> Any:
        slopes = []
        for i in range(count):
            others = list(case.parameters)

            def along(p: Any, i: int = i, others: list[Any] = others) -> Any:
                return case.function(anp, *others[:i], p, *others[i + 1 :])

            slope = np.zeros(np.shape(others[i]))
            for index in np.ndindex(slope.shape):
                seed = np.zeros_like(slope)
                seed[index] = 1.0
                value, slope[index] = make_jvp(along)(others[i])(seed)
            slopes.append(slope)
        return value, slopes

    return forward


def torch(case: Case, mode: str) -> Run:
    """PyTorch, eager, reverse."""
    import torch as t

    if mode != "reverse":
        raise ImportError("PyTorch is measured in reverse mode")
    t.set_num_threads(1)

    class Namespace:
        """PyTorch's functions by NumPy's names; plain arrays in the cases become tensors where they meet one."""

        sum, square, sin, tanh = t.sum, t.square, t.sin, t.tanh

    def run() -> Any:
        parameters = [t.tensor(p, dtype=t.float64, requires_grad=True) for p in case.parameters]
        value = case.function(Namespace, *parameters)
        return value, t.autograd.grad(value, parameters)

    return run


def mygrad(case: Case, mode: str) -> Run:
    """MyGrad, reverse."""
    import mygrad as mg

    if mode != "reverse":
        raise ImportError("MyGrad has no forward mode")

    def run() -> Any:
        parameters = [mg.tensor(p) for p in case.parameters]
        value = case.function(mg, *parameters)
        value.backward()
        return value, [p.grad for p in parameters]

    return run


PEERS: dict[str, Callable[[Case, str], Run]] = {"autograd": autograd, "mygrad": mygrad, "torch": torch}
