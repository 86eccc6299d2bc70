"""The operations, one file a family; importing this package fills the registry."""

from dualtape.array import install_operators
from dualtape.ops import elementwise, indexing, protocol, reduction, shaping, contraction, constant, creation  # noqa: F401

install_operators()
