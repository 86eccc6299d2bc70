"""checkpoint: a function that is computed anew in the backward pass, so that its inner values need no memory."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np

from dualtape.array import ACTIVE, TracedArray, apply, resolve
from dualtape.pytree import construct, leaves

__all__ = ["checkpoint"]

# Arguments and results are whatever the user's function takes and returns: `Any` in this file says that.
P = ParamSpec("P")
R = TypeVar("R")


def checkpoint(f: Callable[P, R]) -> Callable[P, R]:
    """Return a function like `f` of which a reverse tape keeps only the arguments.

    The backward pass computes the function again and pulls the cotangents through it: memory for time. In forward mode,
    which keeps nothing, it is `f` itself. Its arguments and its value are copies: what it writes stays with it.

    Args:
        f: a function of arrays, or of nested lists, tuples and dicts of them. It gives the same value each time, and
            takes all that is differentiated as arguments.

    Returns:
        A function with f's signature.

    Raises:
        TracedConversionError: when it is called, if its value depends on a traced value that is not an argument.
        RuleError: in the backward pass, if it gives another value than the first time, as far as a sample tells.

    Example:
        >>> import numpy as np
        >>> import dualtape as dt
        >>> block = dt.checkpoint(lambda x, w: np.tanh(np.tanh(x @ w) @ w))
        >>> w = dt.Variable([[0.5, 0.0], [0.0, 0.5]])
        >>> with dt.GradientTape() as tape:
        ...     y = block(np.ones(2), w)
        >>> print(tape.gradient(y, w).round(3))
        [[0.811 0.811]
         [0.811 0.811]]
    """
    from dualtape.inner import is_forward, own
    from dualtape.ops.checkpoint import Block
    from dualtape.ops.checkpoint import checkpoint as checkpoint_
    from dualtape.packing import Packed

    @functools.wraps(f)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        function: Any = f
        active, tree = ACTIVE.get(), (args, kwargs)
        found = [resolve(x, active) for x in leaves(tree)]
        spots = [i for i, x in enumerate(found) if isinstance(x, TracedArray)]
        if all(is_forward(found[i]) for i in spots):
            args, kwargs = construct(tree, [own(x) for x in found])
            result = function(*args, **kwargs)
            copied: R = construct(result, [own(y) for y in leaves(result)])
            return copied
        arrays = [i for i, x in enumerate(found) if i not in set(spots) and isinstance(x, np.ndarray)]
        order = [*spots, *arrays]
        block = Block(function, Packed(tree, found, order), len(spots))
        packed = apply(checkpoint_, tuple([found[i] for i in order]), {"block": block})
        outputs = block.outputs
        value: R = construct(outputs.tree, outputs.fill(outputs.layout.unpack(packed) if outputs.spots else []))
        return value

    return call
