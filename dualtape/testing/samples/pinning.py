"""Samples of the operation of ops/pinning.py."""

from __future__ import annotations

import numpy as np

from dualtape.array import NO_PARAMS, apply
from dualtape.ops.pinning import pin_
from dualtape.testing.samples.reduction import Samples, data

__all__ = ["SAMPLES"]

SAMPLES = Samples()
for _label, _x in {
    "2-d": data(2, 3), "0-d": np.float64(1.5), "complex": data(3, dtype=complex), "float32": data(3, dtype=np.float32),
    "empty": data(0),
}.items():  # fmt: skip
    SAMPLES.add(
        "pin", lambda x, v=_x: apply(pin_, (x, v), NO_PARAMS), _x, label=_label, kink=True, expected=(_x * 0 + 1,)
    )
