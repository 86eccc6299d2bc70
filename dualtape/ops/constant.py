"""Operations without a derivative: comparisons, predicates, rounding, indices. Their results are plain."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.ops.protocol import PLAIN_UFUNCS, function, strip

__all__: list[str] = []

PLAIN_UFUNCS |= {
    np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal,
    np.logical_and, np.logical_or, np.logical_xor, np.logical_not,
    np.isfinite, np.isinf, np.isnan, np.signbit,
    np.floor, np.ceil, np.trunc, np.rint, np.floor_divide, np.heaviside, np.spacing,
    np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.invert, np.left_shift, np.right_shift, np.bitwise_count,
    np.gcd, np.lcm, np.isnat, np.nextafter,
}  # fmt: skip


def _plain(numpy_function: Any) -> Any:
    def call(*args: Any, **kwargs: Any) -> Any:
        return numpy_function(*map(strip, args), **{k: strip(v) for k, v in kwargs.items()})

    return call


for _f in (
    np.shape, np.ndim, np.size, np.argmax, np.argmin, np.argsort, np.nonzero, np.flatnonzero, np.count_nonzero,
    np.allclose, np.isclose, np.array_equal, np.isneginf, np.isposinf, np.isreal, np.iscomplex, np.iscomplexobj,
    np.isrealobj, np.all, np.any, np.result_type, np.can_cast, np.may_share_memory, np.shares_memory, np.array2string,
    np.array_repr, np.array_str, np.searchsorted,
):  # fmt: skip
    if not isinstance(_f, np.ufunc):
        function(_f)(_plain(_f))
