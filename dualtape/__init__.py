"""dualtape: derivatives of NumPy code, forward and reverse, behind one tape."""

from dualtape import errors, optimizers
from dualtape import ops as _ops  # the operations enter themselves in the registry
from dualtape.backend import Backend, Recording, TapeOptions
from dualtape.checkpoint import checkpoint
from dualtape.custom import CustomFunction, custom_gradient, custom_jvp, custom_vjp
from dualtape.dual import DualArray
from dualtape.extending import elementwise, primitive  # the function: the module stays importable by its name
from dualtape.forward import ForwardBackend, set_forward_memory_limit
from dualtape.mode import Mode
from dualtape.numerics import numerics
from dualtape.ops.creation import empty, full, ones, zeros
from dualtape.pytree import register_pytree_node
from dualtape.recording import BaseRecording
from dualtape.registry import ModeInfo, modes, provide, register_backend, set_default_mode
from dualtape.stopping import stop_gradient
from dualtape.tape import GradientTape
from dualtape.transforms import grad, hessian, hvp, jacobian, jvp, linearize, value_and_grad, vjp
from dualtape.variable import Constant, Variable, constant

__all__ = [
    "Backend",
    "BaseRecording",
    "Constant",
    "CustomFunction",
    "DualArray",
    "GradientTape",
    "Mode",
    "ModeInfo",
    "Recording",
    "TapeOptions",
    "Variable",
    "checkpoint",
    "constant",
    "custom_gradient",
    "custom_jvp",
    "custom_vjp",
    "elementwise",
    "empty",
    "errors",
    "full",
    "grad",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "linearize",
    "modes",
    "numerics",
    "ones",
    "optimizers",
    "primitive",
    "register_backend",
    "register_pytree_node",
    "set_default_mode",
    "set_forward_memory_limit",
    "stop_gradient",
    "value_and_grad",
    "vjp",
    "zeros",
]

__version__ = "0.1.0"
_ops.install_operators()
provide("forward", ForwardBackend(), "dualtape", __version__)
