"""Operations without a derivative: comparisons, predicates, rounding, indices. Their results are plain."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from dualtape.array import Operand, TracedArray, plain
from dualtape.ops.protocol import PLAIN_UFUNCS, function, store, strip

__all__: list[str] = []

PLAIN_UFUNCS |= {
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.logical_and, np.logical_or, np.logical_xor, np.logical_not,
    np.isfinite, np.isinf, np.isnan, np.isnat, np.signbit,
    np.floor, np.ceil, np.trunc, np.rint, np.floor_divide, np.spacing,
    np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift, np.bitwise_count,
    np.gcd, np.lcm,
}  # fmt: skip


def _plain(numpy_function: Any) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        out = kwargs.pop("out", None)
        if out is not None and not isinstance(out, Operand):
            kwargs["out"] = out
        result = numpy_function(*map(strip, args), **{key: strip(value) for key, value in kwargs.items()})
        return store(out, result) if isinstance(out, Operand) else result

    return call


for _function in (
    # shapes and dtypes
    np.shape, np.ndim, np.size, np.result_type, np.can_cast, np.common_type, np.min_scalar_type, np.einsum_path,
    np.may_share_memory, np.shares_memory, np.diag_indices_from, np.tril_indices_from, np.triu_indices_from,
    # truth
    np.all, np.any, np.allclose, np.isclose, np.array_equal, np.array_equiv, np.isin, np.isneginf, np.isposinf,
    np.isreal, np.iscomplex, np.iscomplexobj, np.isrealobj,
    # indices and counts
    np.argmax, np.argmin, np.nanargmax, np.nanargmin, np.argsort, np.argpartition, np.lexsort, np.argwhere, np.nonzero,
    np.flatnonzero, np.count_nonzero, np.searchsorted, np.digitize, np.ravel_multi_index, np.unravel_index,
    # whole numbers
    np.round, np.around, np.fix, np.packbits, np.unpackbits,
    # text
    np.array2string, np.array_repr, np.array_str,
):  # fmt: skip
    if not isinstance(_function, np.ufunc):  # as some of them came to be in later versions
        function(_function)(_plain(_function))

if hasattr(np, "in1d"):  # until NumPy 2.3
    _in1d: Any = getattr(np, "in1d")  # noqa: B009  # for the code that still calls it; the newest stubs have none
    function(_in1d)(_plain(_in1d))


def _method(name: str) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        return _plain(lambda x, *args, **kwargs: getattr(x, name)(*args, **kwargs))(self, *args, **kwargs)

    return call


for _name in ("argmax", "argmin", "argsort", "argpartition", "nonzero", "searchsorted", "round"):
    setattr(Operand, _name, _method(_name))


def _scalar_method(call: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, *args: call(plain(self), *args)


# What round(x), math.floor(x) and their kin call, and NumPy's loops over object arrays.
_calls: dict[str, Callable[..., Any]] = {
    "__round__": round, "__floor__": math.floor, "__ceil__": math.ceil, "__trunc__": math.trunc, "rint": np.rint,
}  # fmt: skip
for _name, _call in _calls.items():
    setattr(Operand, _name, _scalar_method(_call))


def _in_place(call: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self, other: store(self, call(plain(self), plain(other)))


for _call in (operator.floordiv, operator.lshift, operator.rshift, operator.and_, operator.or_, operator.xor):
    setattr(TracedArray, f"__i{_call.__name__.rstrip('_')}__", _in_place(_call))
