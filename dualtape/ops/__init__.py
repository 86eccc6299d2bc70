"""The operations, one file a family; importing this package registers those that most programs use.

The others, in `later`, register themselves at the first call of a NumPy function that has no entry by then.
"""

from dualtape.operators import install_operators
from dualtape.ops import (
    accumulation,
    constant,
    contraction,
    creation,
    elementwise,
    indexing,
    joining,
    pinning,
    protocol,
    reduction,
    refusals,
    segments,
    selection,
    shaping,
    special,
)

__all__ = [
    "accumulation",
    "constant",
    "contraction",
    "creation",
    "elementwise",
    "indexing",
    "install_operators",
    "joining",
    "pinning",
    "protocol",
    "reduction",
    "refusals",
    "segments",
    "selection",
    "shaping",
    "special",
]
