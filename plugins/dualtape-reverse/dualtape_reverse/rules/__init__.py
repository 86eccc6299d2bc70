"""The VJP rules, one file a family, mirroring dualtape/ops."""

from dualtape_reverse.rules import contraction, indexing, reduction, shaping  # noqa: F401
