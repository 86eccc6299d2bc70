"""The operators of ndarray, for traced arrays and variables."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from dualtape.array import NO_PARAMS, WRITING, Operand, TracedArray, apply, operate, plain
from dualtape.primitive import PRIMITIVES, Primitive

__all__ = ["BINARY_OPERATORS", "install_operators"]

BINARY_OPERATORS = {
    "add": "add", "sub": "subtract", "mul": "mul", "truediv": "divide",
    "mod": "remainder", "pow": "pow", "matmul": "matmul",
}  # fmt: skip
UNARY_OPERATORS = {"neg": "negative", "pos": "positive", "abs": "abs"}
PLAIN_OPERATORS = ("lt", "le", "gt", "ge", "eq", "ne", "floordiv", "lshift", "rshift", "and_", "or_", "xor", "invert")


def _install_binary(name: str, p: Primitive) -> None:
    setattr(Operand, f"__{name}__", lambda self, other: operate(p, self, other))
    setattr(Operand, f"__r{name}__", lambda self, other: operate(p, other, self))
    setattr(TracedArray, f"__{name}__", lambda self, other: self.recording.binary(p, self, other))
    setattr(TracedArray, f"__r{name}__", lambda self, other: self.recording.binary(p, other, self))
    setattr(TracedArray, f"__i{name}__", lambda self, other: WRITING.update(self, operate(p, self, other)))


def _without_modulus(power: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    return lambda self, other, modulus=None: power(self, other) if modulus is None else NotImplemented


def install_operators() -> None:
    """Give operands the operators of ndarray, each a straight call with its primitive."""
    for name, primitive_name in BINARY_OPERATORS.items():
        _install_binary(name, PRIMITIVES[primitive_name])
    # Python's pow() may come with a modulus, which NumPy does not take.
    for kind, names in ((Operand, ("__pow__", "__rpow__")), (TracedArray, ("__pow__", "__rpow__", "__ipow__"))):
        for name in names:
            setattr(kind, name, _without_modulus(getattr(kind, name)))
    for name, primitive_name in UNARY_OPERATORS.items():
        p = PRIMITIVES[primitive_name]
        setattr(Operand, f"__{name}__", lambda self, p=p: apply(p, (self,), NO_PARAMS))
        setattr(TracedArray, f"__{name}__", lambda self, p=p: self.recording.unary(p, self))
    for name in PLAIN_OPERATORS:
        function = getattr(operator, name)
        name = name.rstrip("_")
        setattr(Operand, f"__{name}__", lambda *operands, f=function: f(*map(plain, operands)))
        setattr(Operand, f"__r{name}__", lambda self, other, f=function: f(plain(other), plain(self)))
