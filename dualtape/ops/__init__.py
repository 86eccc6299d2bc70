"""The operations, one file a family; importing this package fills the registry."""

from dualtape.operators import install_operators
from dualtape.ops import (
    accumulation,
    constant,
    contraction,
    creation,
    elementwise,
    fourier,
    indexing,
    joining,
    protocol,
    reduction,
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
    "fourier",
    "indexing",
    "install_operators",
    "joining",
    "protocol",
    "reduction",
    "selection",
    "shaping",
    "special",
]
