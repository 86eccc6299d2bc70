"""Samples of the operations of ops/windows.py."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dualtape.testing.sample import Sample
from dualtape.testing.samples.shaping import READ_ONLY, M, V, X, Z, square

SAMPLES: list[Sample] = [
    Sample(
        "sliding_window_view",
        lambda x, w=_window, a=_axis: square(sliding_window_view(x, w, a)),
        (_x,),
        _label,
        analytic=True,
    )
    for _label, _x, _window, _axis in (
        ("1-d", V, 3, None), ("2-d", M, (2, 3), None), ("one axis", M, 2, 1), ("negative axis", X, 2, -2),
        ("one axis twice", V, (2, 2), (0, 0)), ("other order", X, (2, 2), (2, 0)), ("one entry", M, (1, 1), None),
        ("the whole", M, (3, 4), (0, 1)), ("length 0", V, 0, 0), ("empty", M[:0], 2, 1),
        ("complex", Z, (3, 2), (-1, 1)),
        ("float32", M.astype("f"), 3, 0), ("not contiguous", X.T[::2], 2, 1), ("read-only", READ_ONLY, 2, 1),
        ("no axes", M, (), ()),
    )
]  # fmt: skip
SAMPLES.append(
    Sample(
        "sliding_window_view",
        lambda x: np.sum(sliding_window_view(x, 2, 1) * sliding_window_view(x, 2, 1)[:, ::-1], axis=-1),
        (M,),
        "a moving sum",
        analytic=True,
    )
)
