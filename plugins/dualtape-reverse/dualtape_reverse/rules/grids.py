"""VJP rules of grids."""

from __future__ import annotations

import numpy as np

from dualtape.primitive import PRIMITIVES
from dualtape_reverse.rules.creation import weighted

PRIMITIVES["geomspace"].vjp = (
    lambda g, out, start, _stop, *, num, endpoint, dtype, axis: (
        weighted(g * np.conj(out), True, num, endpoint, axis) / np.conj(start)
    ),
    lambda g, out, _start, stop, *, num, endpoint, dtype, axis: (
        weighted(g * np.conj(out), False, num, endpoint, axis) / np.conj(stop)
    ),
)
