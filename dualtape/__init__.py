"""dualtape: derivatives of NumPy code, forward and reverse, behind one tape."""

from dualtape import dual as _dual
from dualtape import ops as _ops  # noqa: F401
from dualtape import optimizers
from dualtape.backend import Backend, Recording, modes, provide, register_backend
from dualtape.dual import DualArray, ForwardBackend, set_forward_memory_limit
from dualtape.ops.creation import empty, full, zeros
from dualtape.tape import GradientTape, set_default_mode
from dualtape.variable import Variable, constant

__version__ = "0.1.0"
provide("forward", ForwardBackend(), "dualtape", __version__)
