"""JAX, compiled: `jax.jit` of `value_and_grad`, `vjp`, `jvp` and `jacfwd`."""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import numpy as np

# JAX has no setting for its number of threads; it counts the cores that it may use when it is imported.
if hasattr(os, "sched_setaffinity"):
    _allowed = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, _allowed[: int(os.environ.get("OMP_NUM_THREADS", str(len(_allowed))))])
os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp

from benchmarks.case import Case, Result, Run, named

jax.config.update("jax_enable_x64", True)


def _loop(count: int, step: Any, state: tuple[Any, ...]) -> Any:
    # Unrolled, thousands of operations would take minutes to compile.
    start = tuple(jnp.asarray(x, jnp.float64) for x in state)
    return jax.lax.fori_loop(0, count, lambda _, carried: step(*carried), start)


NAMES = named(
    jnp,
    einsum=jnp.einsum,
    solve=jnp.linalg.solve,
    logdet=lambda a: jnp.linalg.slogdet(a)[1],
    logsumexp=lambda x, axis: logsumexp(x, axis=axis),
    loop=_loop,
)


def prepare(case: Case, threads: int) -> Run:
    """Return what computes value and derivatives, compiled; parameters and constants are arrays, made beforehand."""
    count = len(case.parameters)
    argnums = tuple(range(count))
    arrays = tuple(jnp.asarray(x) for x in (*case.parameters, *case.constants))
    tangents = tuple(jnp.asarray(t) for t in case.tangents)

    def function(*arrays: Any) -> Any:
        return case.function(NAMES, *arrays)

    def twice(*arrays: Any) -> Any:
        value = function(*arrays)
        return value, value

    def batch_jacobian(*arrays: Any) -> Any:
        value, pull = jax.vjp(lambda *p: function(*p, *arrays[count:]), *arrays[:count])
        rows = [pull(jnp.zeros_like(value).at[:, i].set(1.0)) for i in range(value.shape[1])]
        return value, [jnp.stack(found, axis=1) for found in zip(*rows, strict=True)]

    def jvp(tangents: Any, *arrays: Any) -> Any:
        value, tangent = jax.jvp(lambda *p: function(*p, *arrays[count:]), arrays[:count], tangents)
        return value, [tangent]

    def jacobian(*arrays: Any) -> Any:
        found, value = jax.jacfwd(twice, argnums=argnums, has_aux=True)(*arrays)
        return value, list(found)

    if case.kind == "jvp":
        compiled = partial(jax.jit(jvp), tangents)
    elif case.mode == "forward":
        compiled = jax.jit(jacobian)
    elif case.kind == "batch jacobian":
        compiled = jax.jit(batch_jacobian)
    else:
        compiled = jax.jit(jax.value_and_grad(function, argnums=argnums))

    def run() -> Result:
        value, found = jax.block_until_ready(compiled(*arrays))
        return value, list(found)

    return run


def to_numpy(x: Any) -> Any:
    """Return a result as NumPy's array."""
    return np.asarray(x)
