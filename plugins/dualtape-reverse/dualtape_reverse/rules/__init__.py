"""The VJP rules, one file a family, mirroring dualtape/ops; importing this package enters them in the registry."""

from dualtape_reverse.rules import contraction, creation, indexing, joining, reduction, selection, shaping

__all__ = ["contraction", "creation", "indexing", "joining", "reduction", "selection", "shaping"]
