"""The VJP rules, one file a family, mirroring dualtape/ops; importing this package enters them in the registry."""

from dualtape_reverse.rules import (
    accumulation,
    contraction,
    creation,
    differences,
    fourier,
    grids,
    indexing,
    joining,
    pinning,
    reduction,
    segments,
    selection,
    shaping,
    windows,
)

__all__ = [
    "accumulation",
    "contraction",
    "creation",
    "differences",
    "fourier",
    "grids",
    "indexing",
    "joining",
    "pinning",
    "reduction",
    "segments",
    "selection",
    "shaping",
    "windows",
]
