"""Optimizers: they change variables along their gradients."""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, TypeAlias
from weakref import ReferenceType, ref

import numpy as np

from dualtape.array import ACTIVE, TracedArray, resolve
from dualtape.errors import TracedConversionError
from dualtape.variable import Variable

__all__ = ["SGD", "Adam", "Optimizer"]

# Variables and gradients have any inexact dtype: `Any` says that here.
Array: TypeAlias = np.ndarray[Any, Any]


class _ByVariable(dict[int, tuple[ReferenceType[Variable[Any]], list[Array]]]):
    """A list of arrays for each variable, forgotten when the variable dies.

    By identity: a variable compares by its entries, and so has no hash for a `WeakKeyDictionary`.
    """

    __slots__ = ("__weakref__",)

    def of(self, variable: Variable[Any]) -> list[Array]:
        """Return the variable's list, empty at first."""
        key = id(variable)
        if key not in self:
            table = ref(self)  # weak too: a cycle would keep the arrays for the collector

            def forget(_: object) -> None:
                alive = table()
                if alive is not None:
                    alive.pop(key, None)

            self[key] = (ref(variable, forget), [])
        return self[key][1]


class Optimizer(ABC):
    """What optimizers share: pairing, checks, and a state for each variable that lives as long as the variable.

    Attributes:
        learning_rate: the size of a step; may be set between steps.
    """

    learning_rate: float

    def __init__(self, learning_rate: float) -> None:
        """Start with no steps done."""
        self.learning_rate = _at_least_zero("learning_rate", learning_rate)
        self._iterations = 0
        self._states = _ByVariable()
        self._warned = _ByVariable()

    @property
    def iterations(self) -> int:
        """How many times gradients were applied."""
        return self._iterations

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable[Any]]]) -> None:
        """Change each variable along its gradient, in the variable's dtype.

        Nothing changes where one of the pairs is refused.

        Args:
            grads_and_vars: pairs of a gradient, as `tape.gradient` returns it, and its variable. Where the gradient is
                `None` the variable stays as it is, and a warning says so once.

        Raises:
            TypeError: if a pair holds no variable, a gradient that a tape still records, or a complex gradient of a
                real variable.
            ValueError: if a gradient has not its variable's shape, or all gradients are `None`.

        Example:
            >>> import dualtape as dt
            >>> w = dt.Variable([1.0, 2.0])
            >>> with dt.GradientTape() as tape:
            ...     loss = w @ w
            >>> dt.optimizers.SGD(learning_rate=0.25).apply_gradients([(tape.gradient(loss, w), w)])
            >>> w.numpy()
            array([0.5, 1. ])
        """
        pairs = [_pair(item) for item in grads_and_vars]
        if not pairs:
            return
        missing = [variable for gradient, variable in pairs if gradient is None]
        if len(missing) == len(pairs):
            raise ValueError(f"no gradient for any variable ({_names(missing)}): does the target depend on them?")
        self._warn_of(missing)
        steps = [(_checked(gradient, variable), variable) for gradient, variable in pairs if gradient is not None]
        self._iterations += 1
        for gradient, variable in steps:
            variable.assign_add(self._step(gradient, self._states.of(variable)))

    @abstractmethod
    def _step(self, gradient: Array, state: list[Array]) -> Array:
        """Return what is added to a variable with this gradient; `state` is the variable's, empty at first."""

    def _warn_of(self, missing: list[Variable[Any]]) -> None:
        new = [variable for variable in missing if id(variable) not in self._warned]
        for variable in new:
            self._warned.of(variable)
        if new:
            warnings.warn(
                f"no gradient for {_names(new)}: the target does not depend on it, and it is left as it is",
                UserWarning,
                stacklevel=3,
            )


class SGD(Optimizer):
    """Stochastic gradient descent: `w -= learning_rate * g`, with momentum where it is asked for.

    With momentum, `v = momentum * v - learning_rate * g` and `w += v`; Nesterov's form adds
    `momentum * v - learning_rate * g` with the new `v`. This is Keras's form of both, in which the learning rate is in
    the velocity.

    Args:
        learning_rate: the size of a step, not negative.
        momentum: how much of the last step is kept, from 0 to 1.
        nesterov: whether the momentum is Nesterov's.

    Raises:
        TypeError: if an argument is no number.
        ValueError: if it is out of its range.

    Example:
        >>> import dualtape as dt
        >>> w = dt.Variable(1.0)
        >>> sgd = dt.optimizers.SGD(learning_rate=0.1, momentum=0.5)
        >>> for _ in range(2):
        ...     sgd.apply_gradients([(1.0, w)])
        >>> w.numpy()
        array(0.75)
    """

    def __init__(self, learning_rate: float = 0.01, momentum: float = 0.0, nesterov: bool = False) -> None:
        """Check the settings."""
        super().__init__(learning_rate)
        self.momentum: float = _fraction("momentum", momentum, closed=True)
        self.nesterov: bool = bool(nesterov)

    def _step(self, gradient: Array, state: list[Array]) -> Array:
        step = gradient * -self.learning_rate
        if self.momentum == 0.0:
            return step
        if not state:
            state.append(np.zeros_like(gradient))
        state[0] = velocity = self.momentum * state[0] + step
        return self.momentum * velocity + step if self.nesterov else velocity

    def __repr__(self) -> str:
        """Show the settings."""
        return f"SGD(learning_rate={self.learning_rate}, momentum={self.momentum}, nesterov={self.nesterov})"


class Adam(Optimizer):
    """Adam: steps scaled by running moments of the gradient.

    The formulation "just before section 2.1" of Kingma and Ba, "Adam: a method for stochastic optimization" (2015), as
    in Keras: `epsilon` is that paper's epsilon hat. Of a complex gradient the second moment is that of its modulus.

    Args:
        learning_rate: the size of a step, not negative.
        beta_1: the decay of the first moment, at least 0 and less than 1.
        beta_2: the decay of the second moment, at least 0 and less than 1.
        epsilon: what keeps the division from being one by zero.

    Raises:
        TypeError: if an argument is no number.
        ValueError: if it is out of its range.

    Example:
        >>> import dualtape as dt
        >>> w = dt.Variable([1.0, 2.0])
        >>> dt.optimizers.Adam(learning_rate=0.5).apply_gradients([([100.0, -0.01], w)])
        >>> w.numpy().round(3)
        array([0.5, 2.5])
    """

    def __init__(
        self, learning_rate: float = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7
    ) -> None:
        """Check the settings."""
        super().__init__(learning_rate)
        self.beta_1: float = _fraction("beta_1", beta_1)
        self.beta_2: float = _fraction("beta_2", beta_2)
        self.epsilon: float = _at_least_zero("epsilon", epsilon)

    def _step(self, gradient: Array, state: list[Array]) -> Array:
        if not state:
            # The number of steps is the variable's own: one that joins late starts with its own bias correction.
            state[:] = [np.zeros_like(gradient), np.zeros_like(gradient.real), np.zeros((), np.int64)]
        first = self.beta_1 * state[0] + (1.0 - self.beta_1) * gradient
        second = self.beta_2 * state[1] + (1.0 - self.beta_2) * np.real(gradient * np.conj(gradient))
        steps = int(state[2]) + 1
        state[:] = [first, second, np.asarray(steps)]
        rate = self.learning_rate * math.sqrt(1.0 - self.beta_2**steps) / (1.0 - self.beta_1**steps)
        return -rate * first / (np.sqrt(second) + self.epsilon)

    def __repr__(self) -> str:
        """Show the settings."""
        return (
            f"Adam(learning_rate={self.learning_rate}, beta_1={self.beta_1}, beta_2={self.beta_2}, "
            f"epsilon={self.epsilon})"
        )


def _pair(item: Any) -> tuple[Any, Variable[Any]]:
    try:
        gradient, variable = item
    except (TypeError, ValueError):
        raise TypeError(
            f"apply_gradients takes pairs of a gradient and a variable, not {type(item).__name__}: "
            f"zip(gradients, variables)"
        ) from None
    if not isinstance(variable, Variable):
        swapped = "; the gradient stands first in a pair" if isinstance(gradient, Variable) else ""
        raise TypeError(f"an optimizer changes variables, not {type(variable).__name__}{swapped}")
    return gradient, variable


def _checked(gradient: Any, variable: Variable[Any]) -> Array:
    """Return a gradient as a plain array of the variable's shape and dtype."""
    value = resolve(gradient, ACTIVE.get())
    if isinstance(value, TracedArray):
        raise TracedConversionError(
            f"the gradient for {_names([variable])} is recorded by an open tape, and would lose its derivative here: "
            f"apply it after the tape's block"
        )
    array = np.asarray(value)
    if array.shape != variable.shape:
        raise ValueError(f"the gradient for {_names([variable])} has shape {array.shape}, not {variable.shape}")
    if not np.can_cast(array.dtype, variable.dtype, "same_kind"):
        raise TypeError(f"the gradient for {_names([variable])} has dtype {array.dtype}, not {variable.dtype}")
    return array.astype(variable.dtype, copy=False)


def _names(variables: list[Variable[Any]]) -> str:
    return ", ".join(f"variable {v.name!r}" if v.name else f"a variable of shape {v.shape}" for v in variables)


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise TypeError(f"{name} is a number, not {type(value).__name__}") from None
    return number


def _at_least_zero(name: str, value: Any) -> float:
    number = _number(name, value)
    if not 0.0 <= number < math.inf:
        raise ValueError(f"{name} is finite and not negative, not {value!r}")
    return number


def _fraction(name: str, value: Any, *, closed: bool = False) -> float:
    number = _number(name, value)
    if not (0.0 <= number < 1.0 or (closed and number == 1.0)):
        raise ValueError(f"{name} is at least 0 and {'at most' if closed else 'less than'} 1, not {value!r}")
    return number
