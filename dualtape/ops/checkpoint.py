"""Calls of checkpointed functions, as operations that are computed again in the backward pass."""

from __future__ import annotations

from collections.abc import Callable
from operator import is_not
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, TracedArray, apply, plain, resolve
from dualtape.errors import RuleError, TracedConversionError
from dualtape.inner import is_forward, own, pull, push
from dualtape.packing import Packed, is_inexact
from dualtape.primitive import Primitive, structural
from dualtape.pytree import construct, leaves
from dualtape.repeating import alike, sample

__all__ = ["Block", "checkpoint"]

# Arguments and results are whatever the user's function takes and returns: `Any` in this file says that.


class Block:
    """A function and the structure of its arguments, for records that hold the arguments."""

    __slots__ = ("_outputs", "count", "function", "inputs", "memo", "rank", "sample")

    def __init__(self, function: Callable[..., Any], inputs: Packed, count: int) -> None:
        self.function: Callable[..., Any] = function
        self.inputs: Packed = inputs  # the arrays of the arguments
        self.count: int = count  # how many of them, the first, are differentiated
        self.rank: int = 0  # of the packed value
        self.sample: Any = None
        self.memo: tuple[Any, Any, list[Any], set[int]] | None = None
        self._outputs: Packed | None = None

    @property
    def outputs(self) -> Packed:
        """The structure of the value."""
        assert self._outputs is not None
        return self._outputs

    def value(self, *operands: Any) -> Any:
        """Return the packed value."""
        args, kwargs = construct(self.inputs.tree, self.inputs.fill([own(x) for x in operands]))
        value = self.function(*args, **kwargs)
        active = ACTIVE.get()
        found = [resolve(y, active) for y in leaves(value)]
        level = max((x.recording.level for x in operands if isinstance(x, TracedArray)), default=-1)
        if any(isinstance(y, TracedArray) and y.recording.level > level for y in found):
            raise TracedConversionError(
                f"the checkpoint of {_name(self.function)} depends on a variable or traced value that is not among its "
                f"arguments: its derivative would be lost; make it an argument, or read x.primal of it"
            )
        spots = [i for i, y in enumerate(found) if is_inexact(y)]
        if self._outputs is None:
            plains = [np.asarray(plain(y))[()] if i in set(spots) else plain(y) for i, y in enumerate(found)]
            self._outputs = Packed(value, plains, spots)
        packed = self.outputs.layout.pack([found[i] for i in spots]) if spots else np.zeros(0, np.intp)
        self._check(packed)
        self._computed(packed)
        # Another name of the function's may hold what it returned.
        return own(packed) if isinstance(packed, (TracedArray, np.ndarray)) else np.asarray(packed)[()]

    def _computed(self, packed: Any) -> None:
        self.rank = np.ndim(plain(packed))

    def _check(self, packed: Any) -> None:
        """Raise if the value is another than the first time, as far as a sample of its entries tells."""
        entries = sample(packed)
        if self.sample is None:
            self.sample = entries
        elif not alike(self.sample, entries, 1e-3):  # random numbers differ more than rounding does
            raise RuleError(
                f"the checkpoint of {_name(self.function)} gives another value when it is computed again: it reads "
                f"random numbers, or what has changed in between; make them arguments"
            )


class Tangents(Block):
    """The tangents of a block: what an outer reverse tape keeps of a forward tape's pass through it."""

    __slots__ = ("block", "spots")

    def __init__(self, block: Block, spots: list[int]) -> None:
        super().__init__(block.function, block.inputs, block.count + len(spots))
        self.block: Block = block
        self.spots: list[int] = spots  # of the operands that have tangents

    def value(self, *operands: Any) -> Any:
        """Return the tangents of the block's value; the operands' tangents follow on those that are differentiated."""
        at = (*operands[: self.block.count], *operands[self.count :])
        rows: list[Any] = [None] * len(at)
        for i, t in zip(self.spots, operands[self.block.count : self.count], strict=True):
            rows[i] = t
        pushed = push(self.block.value, at, rows)[1]
        self._computed(pushed)
        return pushed


def _evaluate(*operands: Any, block: Block) -> Any:
    active = ACTIVE.get()
    operands = tuple([resolve(x, active) for x in operands])
    if all(map(is_forward, operands)):
        return block.value(*operands)
    return apply(checkpoint, operands, {"block": block})


def _jvp(tangents: Any, out: Any, *operands: Any, block: Block) -> Any:
    spots = [i for i, t in enumerate(tangents) if t is not None]
    if len(tangents[spots[0]]) == 0:
        return np.zeros((0, *out.shape), out.dtype)
    given = (*operands[: block.count], *(tangents[i] for i in spots), *operands[block.count :])
    return apply(checkpoint, given, {"block": Tangents(block, spots)})


def _vjp(position: int, g: Any, _out: Any, *operands: Any, block: Block) -> Any:
    memo = block.memo
    # A walk asks for each operand in turn, with one cotangent: the function is computed again at the first.
    if memo is None or memo[0] is not g or position in memo[3] or any(map(is_not, memo[1], operands)):
        single = g.ndim == block.rank
        at, constants = operands[: block.count], operands[block.count :]
        found = pull(lambda *at: block.value(*at, *constants), at, g[None] if single else g)
        block.memo = memo = (g, operands, [x[0] for x in found] if single else found, set())
    memo[3].add(position)
    if len(memo[3]) == block.count:
        block.memo = None
    return memo[2][position]


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__name__", repr(function))


checkpoint: Primitive = structural("checkpoint", _evaluate, _jvp)
# It needs nothing of a plugin but that there is one: so it stands here.
checkpoint.vjp = _vjp
