"""dualtape: derivatives of NumPy code, forward and reverse, behind one tape."""

from typing import TYPE_CHECKING

from dualtape import errors
from dualtape import ops as _ops  # the operations enter themselves in the registry
from dualtape.backend import Backend, Recording, TapeOptions
from dualtape.checkpoint import checkpoint
from dualtape.dual import DualArray
from dualtape.extending import elementwise, primitive  # the function: the module stays importable by its name
from dualtape.forward import ForwardBackend, set_forward_memory_limit
from dualtape.mode import Mode
from dualtape.numerics import numerics
from dualtape.ops.creation import empty, full, ones, zeros
from dualtape.pytree import register_pytree_node
from dualtape.recording import BaseRecording
from dualtape.registry import provide, register_backend, set_default_mode
from dualtape.tape import GradientTape
from dualtape.variable import Constant, Variable, constant

if TYPE_CHECKING:
    from dualtape import optimizers
    from dualtape.custom import CustomFunction, custom_gradient, custom_jvp, custom_vjp
    from dualtape.overview import ModeInfo, modes
    from dualtape.stopping import stop_gradient
    from dualtape.transforms import grad, hessian, hvp, jacobian, jvp, linearize, value_and_grad, vjp

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

# What many programs don't use is loaded when it is first asked for. Type checkers see it above.
_MODULES = {
    "arguments",
    "custom",
    "differentiation",
    "inner",
    "jacobians",
    "optimizers",
    "packing",
    "passes",
    "stopping",
    "transforms",
}
_LATER = {
    **dict.fromkeys(("CustomFunction", "custom_gradient", "custom_jvp", "custom_vjp"), "custom"),
    **dict.fromkeys(("grad", "hessian", "hvp", "jacobian", "jvp", "linearize", "value_and_grad", "vjp"), "transforms"),
    "ModeInfo": "overview",
    "modes": "overview",
    "stop_gradient": "stopping",
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        from importlib import import_module

        if name in _MODULES:
            return import_module(f"dualtape.{name}")  # which sets the attribute
        if name not in _LATER:
            raise AttributeError(f"module 'dualtape' has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(f"dualtape.{_LATER[name]}"), name)
        return found

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__, *_MODULES})
