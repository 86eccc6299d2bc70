"""NumPy's own Python code, run on traced operands."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, resolve
from dualtape.ops import creation as _creation  # noqa: F401  # it fills the table that is read below
from dualtape.ops.protocol import function, is_traced, strip
from dualtape.ops.shaping import current
from dualtape.primitive import FUNCTIONS

__all__ = ["as_container", "borrow", "borrowed"]

# Many of NumPy's functions are Python code made of operators and of functions that ask traced operands. Run on handles,
# that code gives NumPy's values bit for bit, NumPy's warnings and errors, and the derivative by the chain rule: nothing
# is written twice, and a later NumPy's code is what runs on a later NumPy. What stands in the way is that it begins
# with `asarray(x)`, which asks nobody, and that it writes into arrays from `empty`, which can't hold traced values.
# So the borrowed code runs with other globals, in which those few names stand for dualtape's own.

NAMES = ("asarray", "asanyarray", "array", "empty", "zeros", "ones", "empty_like", "zeros_like", "ones_like")
OWN: dict[str, Any] = {name: FUNCTIONS[getattr(np, name)] for name in NAMES}

# Of floating-point numbers, arrays that may come to hold traced values; whole numbers and handles as they are.
as_container: Callable[..., Any] = OWN["asarray"]


class Module:
    """A module of NumPy, but for a few names."""

    def __init__(self, module: ModuleType) -> None:
        """Stand for `module`."""
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return OWN[name] if name in OWN else getattr(self._module, name)


def _rebuilt(code: FunctionType, scope: dict[str, Any]) -> FunctionType:
    found = FunctionType(code.__code__, scope, code.__name__, code.__defaults__, code.__closure__)
    found.__kwdefaults__ = code.__kwdefaults__
    return found


def _scope(code: FunctionType, names: dict[str, Any]) -> dict[str, Any]:
    """Return the globals in which borrowed code runs; helpers from the same file run in them too."""
    original = code.__globals__
    found: dict[str, Any] = {}
    for name, value in original.items():
        if isinstance(value, ModuleType) and value.__name__.startswith("numpy"):
            found[name] = Module(value)
        elif isinstance(value, FunctionType) and value.__globals__ is original:
            found[name] = _rebuilt(value, found)
        else:
            found[name] = OWN.get(name, value)
    found.update(names)
    return found


def borrowed(code: FunctionType, **names: Any) -> FunctionType:
    """Return code of NumPy that runs on traced operands, with further globals and what they stand for."""
    return _rebuilt(code, _scope(code, names))


def borrow(*functions: Callable[..., Any], **names: Any) -> None:
    """Make NumPy's own code of functions, all from one file, what they do with traced operands.

    Args:
        *functions: functions of NumPy that ask their operands.
        **names: further globals of that code, and what they stand for.
    """
    originals: list[Any] = [f.__wrapped__ for f in functions]  # type: ignore[attr-defined]  # what NumPy has wrapped
    scope = _scope(originals[0], names)
    for numpy_function, original in zip(functions, originals, strict=True):
        function(numpy_function)(_handler(numpy_function, _rebuilt(original, scope)))


def _handler(numpy_function: Callable[..., Any], code: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        if not is_traced((args, kwargs)):
            return numpy_function(*strip(args), **strip(kwargs))
        # It asks isinstance(x, np.ndarray) too, which a variable is not, and its value is.
        found = code(*map(current, args), **{name: current(x) for name, x in kwargs.items()})
        return tuple(map(_whole, found)) if type(found) is tuple else _whole(found)

    return call


def _whole(x: Any) -> Any:
    """Stack an object array of handles, if the code has made one."""
    return resolve(x, ACTIVE.get()) if type(x) is np.ndarray else x
