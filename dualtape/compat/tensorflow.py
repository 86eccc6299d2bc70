"""The names that a TensorFlow tutorial uses: change the import line, and its cells run.

Write `import dualtape.compat.tensorflow as tf`. What is not here has its NumPy name: traced values go through NumPy's
functions and operators. Differences from TensorFlow:

- Floats are float64 unless a dtype says otherwise, as in NumPy.
- A variable of integers is a `TypeError`: write `3.0`, or pass a dtype.
- A tape is of the default mode (see `dualtape.set_default_mode`) unless `GradientTape(mode=...)` names one.

Example:
    >>> import dualtape.compat.tensorflow as tf
    >>> x = tf.Variable(initial_value=3.0)
    >>> with tf.GradientTape() as tape:
    ...     y = tf.square(x)
    >>> print(y.numpy(), tape.gradient(y, x).numpy())
    9.0 6.0
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, TypeAlias

import numpy as np

from dualtape import custom as _custom
from dualtape import optimizers as _optimizers
from dualtape import stopping as _stopping
from dualtape import tape as _tape
from dualtape import variable as _variable
from dualtape.array import ACTIVE, Operand, TracedArray, plain, resolve
from dualtape.checkpoint import checkpoint as _checkpoint
from dualtape.held import Held
from dualtape.mode import ModeName

# Operands are arrays, scalars, nested lists, variables or traced arrays: `Any` in this file says that.

Operation: TypeAlias = Callable[..., Any]

float16 = np.float16
float32 = np.float32
float64 = np.float64
complex64 = np.complex64
complex128 = np.complex128
int32 = np.int32
int64 = np.int64


class Tensor(np.ndarray[Any, np.dtype[Any]]):
    """An array with TensorFlow's `numpy` method: what the functions here return where no tape records."""

    def numpy(self) -> Any:
        """Return the value as a new array, or as a scalar where it is 0-d."""
        return np.array(self)[()]


def _traced_numpy(self: TracedArray) -> Any:
    """Return the value without its derivative as a new array, or as a scalar where it is 0-d."""
    return np.array(plain(self))[()]


# Tutorials print `loss.numpy()`. Only who speaks TensorFlow's language gets the method.
TracedArray.numpy = _traced_numpy  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]


def _tensor(x: Any) -> Any:
    """Return plain data as a `Tensor`, a traced value as it is."""
    if isinstance(x, Operand):
        return x
    if isinstance(x, dict):
        return {key: _tensor(part) for key, part in x.items()}
    if isinstance(x, (list, tuple)):
        return type(x)(map(_tensor, x))
    return None if x is None else np.asarray(x).view(Tensor)


def _operand(x: Any) -> Any:
    """Stack a list of values into one, as TensorFlow does."""
    return resolve(x, ACTIVE.get()) if isinstance(x, (list, tuple)) else x


def _check_name(name: object, function: str) -> None:
    """Warn where a value stands in the place of the operation's name."""
    if name is not None and not isinstance(name, str):
        warnings.warn(
            f"the last argument of {function} is a name for the operation, not a value, and is ignored: "
            f"did you mean {function}(y_hat - y)?",
            UserWarning,
            stacklevel=3,
        )


# --- variables and tapes ------------------------------------------------------------------------------------------


class Variable(_variable.Variable[Any]):
    """A variable with TensorFlow's order of arguments; see `dualtape.Variable`.

    Args:
        initial_value: the value, or a function without arguments that returns it.
        trainable: whether a tape watches it when it is read.
        name: its name.
        dtype: an inexact dtype to convert the value to; that of the value unless given.
    """

    __slots__ = ()

    def __init__(
        self, initial_value: Any, trainable: bool = True, *, name: str | None = "Variable", dtype: Any = None
    ) -> None:
        """Copy the initial value."""
        value = initial_value() if callable(initial_value) else initial_value
        super().__init__(value, name=name, trainable=trainable, dtype=dtype)


def constant(value: Any, dtype: Any = None, shape: Sequence[int] | None = None, name: str | None = "Const") -> Any:
    """Make a constant, which a tape watches on request; integers and booleans become a plain `Tensor`.

    Args:
        value: the value.
        dtype: its dtype.
        shape: its shape: one value fills it, as many as it has entries are reshaped to it.
        name: its name.

    Returns:
        A `dualtape.constant`, or a `Tensor`.
    """
    _check_name(name, "constant")
    array = np.array(value.numpy() if isinstance(value, Held) else value, dtype=dtype)
    if shape is not None:
        array = np.full(tuple(shape), array) if array.size == 1 else array.reshape(tuple(shape))
    if array.dtype.kind in "biu":
        return _tensor(array)
    return _variable.constant(array, name=name)


class UnconnectedGradients:
    """What stands for the gradient in a source that the target does not depend on."""

    NONE = "none"
    ZERO = "zero"


class GradientTape(_tape.GradientTape):
    """A tape with TensorFlow's order of arguments; see `dualtape.GradientTape`.

    Args:
        persistent: whether more than one gradient may be asked.
        watch_accessed_variables: whether trainable variables are watched when they are read.
        mode: the mode, the default mode unless given.
    """

    def __init__(
        self, persistent: bool = False, watch_accessed_variables: bool = True, *, mode: ModeName | None = None
    ) -> None:
        """Find the mode's backend."""
        super().__init__(mode, persistent=persistent, watch_accessed_variables=watch_accessed_variables)

    # The default for what is unconnected is TensorFlow's, so the overloads of dualtape's tape do not hold.
    def gradient(  # pyright: ignore[reportIncompatibleVariableOverride]
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: Any = "none"
    ) -> Any:
        """Return the gradients as tensors, `None` for what is unconnected; see `dualtape.GradientTape.gradient`."""
        return _tensor(super().gradient(target, sources, output_gradients, unconnected_gradients))

    def jacobian(  # type: ignore[override]  # as above  # pyright: ignore[reportIncompatibleVariableOverride]
        self,
        target: Any,
        sources: Any,
        unconnected_gradients: Any = "none",
        parallel_iterations: Any = None,
        experimental_use_pfor: bool = True,
        *,
        holomorphic: bool = False,
    ) -> Any:
        """Return the Jacobians as tensors; TensorFlow's last two settings say how it computes them, and are ignored."""
        return _tensor(super().jacobian(target, sources, unconnected_gradients, holomorphic=holomorphic))

    def batch_jacobian(  # type: ignore[override]  # as above  # pyright: ignore[reportIncompatibleVariableOverride]
        self,
        target: Any,
        source: Any,
        unconnected_gradients: Any = "none",
        parallel_iterations: Any = None,
        experimental_use_pfor: bool = True,
        *,
        holomorphic: bool = False,
    ) -> Any:
        """Return the Jacobian of each row as a tensor; the last two settings are ignored, as in `jacobian`."""
        return _tensor(super().batch_jacobian(target, source, unconnected_gradients, holomorphic=holomorphic))


# --- elementwise --------------------------------------------------------------------------------------------------


def _unary(name: str, function: Callable[..., Any]) -> Operation:
    label = name

    def call(x: Any, name: Any = None) -> Any:
        _check_name(name, label)
        return _tensor(function(_operand(x)))

    return _described(call, name, function)


def _binary(name: str, function: Callable[..., Any]) -> Operation:
    label = name

    def call(x: Any, y: Any, name: Any = None) -> Any:
        _check_name(name, label)
        return _tensor(function(_operand(x), _operand(y)))

    return _described(call, name, function)


def _described(call: Callable[..., Any], name: str, function: Callable[..., Any]) -> Operation:
    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"Apply NumPy's `{function.__name__.strip('_')}`; `name` is TensorFlow's name for the operation."
    return call


def _sigmoid(x: Any) -> Any:
    """Return 1 / (1 + exp(-x)), in a form that does not overflow."""
    return 0.5 * np.tanh(0.5 * x) + 0.5


abs: Operation = _unary("abs", np.abs)  # noqa: A001  # TensorFlow's names are Python's here and below
acos: Operation = _unary("acos", np.arccos)
acosh: Operation = _unary("acosh", np.arccosh)
asin: Operation = _unary("asin", np.arcsin)
asinh: Operation = _unary("asinh", np.arcsinh)
atan: Operation = _unary("atan", np.arctan)
atanh: Operation = _unary("atanh", np.arctanh)
ceil: Operation = _unary("ceil", np.ceil)
cos: Operation = _unary("cos", np.cos)
cosh: Operation = _unary("cosh", np.cosh)
exp: Operation = _unary("exp", np.exp)
expm1: Operation = _unary("expm1", np.expm1)
floor: Operation = _unary("floor", np.floor)
log: Operation = _unary("log", np.log)
log1p: Operation = _unary("log1p", np.log1p)
negative: Operation = _unary("negative", np.negative)
reciprocal: Operation = _unary("reciprocal", np.reciprocal)
sigmoid: Operation = _unary("sigmoid", _sigmoid)
sign: Operation = _unary("sign", np.sign)
sin: Operation = _unary("sin", np.sin)
sinh: Operation = _unary("sinh", np.sinh)
sqrt: Operation = _unary("sqrt", np.sqrt)
square: Operation = _unary("square", np.square)
tan: Operation = _unary("tan", np.tan)
tanh: Operation = _unary("tanh", np.tanh)

add: Operation = _binary("add", np.add)
atan2: Operation = _binary("atan2", np.arctan2)
divide: Operation = _binary("divide", np.divide)
maximum: Operation = _binary("maximum", np.maximum)
minimum: Operation = _binary("minimum", np.minimum)
multiply: Operation = _binary("multiply", np.multiply)
pow: Operation = _binary("pow", np.power)  # noqa: A001
subtract: Operation = _binary("subtract", np.subtract)
truediv: Operation = _binary("truediv", np.true_divide)

# --- reductions, products, shapes ---------------------------------------------------------------------------------


def _reduction(name: str, function: Callable[..., Any]) -> Operation:
    label = name

    def call(input_tensor: Any, axis: Any = None, keepdims: bool = False, name: Any = None) -> Any:
        _check_name(name, label)
        axis = tuple(axis) if isinstance(axis, list) else axis
        return _tensor(function(_operand(input_tensor), axis=axis, keepdims=keepdims))

    return _described(call, name, function)


reduce_max: Operation = _reduction("reduce_max", np.max)
reduce_mean: Operation = _reduction("reduce_mean", np.mean)
reduce_min: Operation = _reduction("reduce_min", np.min)
reduce_prod: Operation = _reduction("reduce_prod", np.prod)
reduce_std: Operation = _reduction("reduce_std", np.std)
reduce_sum: Operation = _reduction("reduce_sum", np.sum)
reduce_variance: Operation = _reduction("reduce_variance", np.var)


def matmul(a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, name: Any = None) -> Any:
    """Multiply matrices, or stacks of matrices; the last two axes of an operand are swapped first where asked for."""
    _check_name(name, "matmul")
    a = np.swapaxes(_operand(a), -1, -2) if transpose_a else _operand(a)
    b = np.swapaxes(_operand(b), -1, -2) if transpose_b else _operand(b)
    return _tensor(np.matmul(a, b))


def tensordot(a: Any, b: Any, axes: Any, name: Any = None) -> Any:
    """Sum products over the axes named, or over as many last axes of `a` and first axes of `b`."""
    _check_name(name, "tensordot")
    return _tensor(np.tensordot(_operand(a), _operand(b), axes))


def transpose(a: Any, perm: Sequence[int] | None = None, conjugate: bool = False, name: Any = None) -> Any:
    """Permute the axes, reversing them where `perm` is `None`."""
    _check_name(name, "transpose")
    result = np.transpose(_operand(a), perm)
    return _tensor(np.conjugate(result) if conjugate else result)


def reshape(tensor: Any, shape: Sequence[int], name: Any = None) -> Any:
    """Give the entries another shape."""
    _check_name(name, "reshape")
    return _tensor(np.reshape(_operand(tensor), tuple(shape)))


def expand_dims(input: Any, axis: int, name: Any = None) -> Any:  # noqa: A002
    """Insert an axis of length 1."""
    _check_name(name, "expand_dims")
    return _tensor(np.expand_dims(_operand(input), axis))


def squeeze(input: Any, axis: Any = None, name: Any = None) -> Any:  # noqa: A002
    """Take axes of length 1 away."""
    _check_name(name, "squeeze")
    return _tensor(np.squeeze(_operand(input), tuple(axis) if isinstance(axis, list) else axis))


def stack(values: Any, axis: int = 0, name: Any = None) -> Any:
    """Join arrays along a new axis."""
    _check_name(name, "stack")
    return _tensor(np.stack(values, axis))


def concat(values: Any, axis: int, name: Any = None) -> Any:
    """Join arrays along an axis that they have."""
    _check_name(name, "concat")
    return _tensor(np.concatenate(values, axis))


def where(condition: Any, x: Any, y: Any, name: Any = None) -> Any:
    """Choose entries of `x` where the condition holds, of `y` elsewhere."""
    _check_name(name, "where")
    return _tensor(np.where(_operand(condition), _operand(x), _operand(y)))


def cast(x: Any, dtype: Any, name: Any = None) -> Any:
    """Convert to another dtype."""
    _check_name(name, "cast")
    operand: Any = _operand(x) if isinstance(x, (Operand, list, tuple)) else np.asarray(x)
    return _tensor(operand.astype(dtype))


# --- creation -----------------------------------------------------------------------------------------------------


def stop_gradient(input: Any, name: Any = None) -> Any:  # noqa: A002  # TensorFlow's name
    """Return the value as plain data, a constant to every tape."""
    _check_name(name, "stop_gradient")
    return _tensor(_stopping.stop_gradient(input))


custom_gradient = _custom.custom_gradient
recompute_grad = _checkpoint


def convert_to_tensor(value: Any, dtype: Any = None, name: Any = None) -> Any:
    """Return traced values, variables and constants as they are, and other data as a `Tensor`."""
    _check_name(name, "convert_to_tensor")
    value = _operand(value)
    return value if isinstance(value, Operand) else _tensor(np.asarray(value, dtype))


def zeros(shape: Any, dtype: Any = float64, name: Any = None) -> Any:
    """Make a tensor of zeros."""
    _check_name(name, "zeros")
    return _tensor(np.zeros(shape, dtype))


def ones(shape: Any, dtype: Any = float64, name: Any = None) -> Any:
    """Make a tensor of ones."""
    _check_name(name, "ones")
    return _tensor(np.ones(shape, dtype))


def zeros_like(input: Any, dtype: Any = None, name: Any = None) -> Any:  # noqa: A002
    """Make a tensor of zeros, shaped as another one."""
    _check_name(name, "zeros_like")
    return _tensor(np.zeros_like(plain(input), dtype))


def ones_like(input: Any, dtype: Any = None, name: Any = None) -> Any:  # noqa: A002
    """Make a tensor of ones, shaped as another one."""
    _check_name(name, "ones_like")
    return _tensor(np.ones_like(plain(input), dtype))


# --- what TensorFlow has in modules of its own --------------------------------------------------------------------

_generator = [np.random.default_rng()]


def _source_of(seed: int | None) -> np.random.Generator:
    return _generator[0] if seed is None else np.random.default_rng(seed)


class random:  # noqa: N801  # TensorFlow has it as a module
    """Random tensors."""

    @staticmethod
    def set_seed(seed: int) -> None:
        """Let the numbers that follow be those of this seed. They are not TensorFlow's numbers."""
        _generator[0] = np.random.default_rng(seed)

    @staticmethod
    def uniform(
        shape: Any,
        minval: Any = 0,
        maxval: Any = None,
        dtype: Any = float64,
        seed: int | None = None,
        name: Any = None,
    ) -> Any:
        """Draw from [minval, maxval), maxval being 1 unless given.

        Args:
            shape: the shape.
            minval: the lower end.
            maxval: the upper end; to be given where the dtype is one of integers.
            dtype: float64 unless given.
            seed: a seed for this call alone: each call with the same seed returns the same numbers.
            name: TensorFlow's name for the operation.

        Returns:
            A `Tensor`.
        """
        _check_name(name, "uniform")
        source = _source_of(seed)
        if np.dtype(dtype).kind in "iu":
            if maxval is None:
                raise ValueError("uniform needs a maxval where the dtype is one of integers")
            return _tensor(source.integers(minval, maxval, size=shape, dtype=dtype))
        return _tensor(source.uniform(minval, 1.0 if maxval is None else maxval, size=shape).astype(dtype))

    @staticmethod
    def normal(
        shape: Any,
        mean: Any = 0.0,
        stddev: Any = 1.0,
        dtype: Any = float64,
        seed: int | None = None,
        name: Any = None,
    ) -> Any:
        """Draw from a normal distribution; see `uniform`."""
        _check_name(name, "normal")
        return _tensor(_source_of(seed).normal(mean, stddev, size=shape).astype(dtype))


math: SimpleNamespace = SimpleNamespace(
    **{
        function.__name__: function
        for function in (
            abs, acos, acosh, add, asin, asinh, atan, atan2, atanh, ceil, cos, cosh, divide, exp, expm1, floor, log,
            log1p, maximum, minimum, multiply, negative, pow, reciprocal, reduce_max, reduce_mean, reduce_min,
            reduce_prod, reduce_std, reduce_sum, reduce_variance, sigmoid, sign, sin, sinh, sqrt, square, subtract,
            tan, tanh, truediv,
        )
    }
)  # fmt: skip


class keras:  # noqa: N801  # as for random
    """The part of Keras that the tutorial uses."""

    class optimizers:  # noqa: N801  # as for random
        """Optimizers; see `dualtape.optimizers`."""

        SGD = _optimizers.SGD
        Adam = _optimizers.Adam
