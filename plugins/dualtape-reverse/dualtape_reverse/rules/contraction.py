"""VJP rules of products."""
import numpy as np
from dualtape.primitive import PRIMITIVES
PRIMITIVES["matmul"].vjp = (
    lambda g, _out, _x, y: np.matmul(g, np.conj(y).swapaxes(-1,-2)),
    lambda g, _out, x, _y: np.matmul(np.conj(x).swapaxes(-1,-2), g),
)
