"""What can't be done with a traced value: functions and attributes that say why, and what to write instead."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.array import ACTIVE, TracedArray
from dualtape.errors import NoRuleError, TracedConversionError
from dualtape.ops.protocol import attribute, function, is_traced, strip

__all__ = ["REFUSED"]

# Operands are arrays, scalars, lists or handles: `Any` in this file says that.

FILES = "a file holds no derivative: write {name}(..., x.primal)"
DATES = "dates have no derivative: {name} takes plain dates and whole numbers"


class HiddenMemoryError(TracedConversionError, AttributeError):
    """An attribute that would show the memory; code that asks by `hasattr` is told that there is none."""


REFUSED: dict[Callable[..., Any], str] = {
    **dict.fromkeys((np.save, np.savez, np.savez_compressed, np.savetxt), FILES),
    **dict.fromkeys((np.busday_count, np.busday_offset, np.is_busday, np.datetime_as_string), DATES),
}  # what each function that is refused says; all of them take what no tape records


def _refuse(numpy_function: Any, reason: str) -> None:
    error = TracedConversionError if reason is FILES else NoRuleError
    message = reason.format(name=f"np.{numpy_function.__name__}")

    def call(*args: Any, **kwargs: Any) -> Any:
        if is_traced((args, kwargs)):
            raise error(message)
        return numpy_function(*strip(args), **strip(kwargs))

    function(numpy_function)(call)


for _function, _reason in REFUSED.items():
    _refuse(_function, _reason)


# --- the memory of an array ---------------------------------------------------------------------------------------


def _memory(name: str) -> Callable[[Any], Any]:
    def get(self: Any) -> Any:
        live = self._resolve(ACTIVE.get())
        if isinstance(live, TracedArray):
            raise HiddenMemoryError(
                f"{name} would give away the memory of a traced array, which holds no derivative: pass "
                f"x.primal.{name}, or the plain array x.primal"
            )
        return getattr(strip(self), name)

    return get


for _name in ("ctypes", "data"):
    attribute(_name)(_memory(_name))
for _name in ("__dlpack__", "__dlpack_device__"):
    attribute(_name)(_memory(_name))


# --- what is set in place -----------------------------------------------------------------------------------------


def _fixed(name: str, instead: str) -> None:
    def refuse(_x: Any, _value: Any) -> None:
        raise NoRuleError(f"the {name} of a traced array can't be set in place: write {instead}")

    holder = next(kind for kind in TracedArray.__mro__ if name in vars(kind))
    setattr(TracedArray, name, vars(holder)[name].setter(refuse))


_fixed("shape", "x = x.reshape(shape)")
_fixed("dtype", "x = x.astype(dtype)")


# --- shuffling ----------------------------------------------------------------------------------------------------

# NumPy's shuffle exchanges x[i] and x[j] as if they were copies. Rows are views: one of them would be there twice, the
# other not at all. NumPy warns of what it doesn't know the class of; of a traced array that is an error.
warnings.filterwarnings("error", r"you are shuffling a '(Dual|Tape|Traced)\w*'", UserWarning)
