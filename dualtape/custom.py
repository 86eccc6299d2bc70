"""Custom rules: functions whose derivative is the user's, in TensorFlow's form and in JAX's forms."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any, Generic, ParamSpec, TypeVar

import numpy as np

from dualtape.arguments import argument_numbers
from dualtape.array import ACTIVE, TracedArray, resolve
from dualtape.errors import TracedConversionError
from dualtape.inner import own
from dualtape.ops.custom import Call, pair
from dualtape.packing import Packed
from dualtape.pytree import construct, leaves, rebuild

__all__ = ["CustomFunction", "custom_gradient", "custom_jvp", "custom_vjp"]

# Arguments and results are whatever the user's function takes and returns: `Any` in this file says that.
P = ParamSpec("P")
R = TypeVar("R")
J = TypeVar("J", bound=Callable[..., Any])


class CustomFunction(Generic[P, R]):
    """A function with derivative rules of its own; made by `custom_jvp`, `custom_vjp` and `custom_gradient`.

    It is called as the function is. Where a tape records one of its arguments, the function is evaluated on plain
    copies of them, and the tape uses the rules. A function may have a rule for each mode: `defjvp` and `defvjp`.
    """

    def __init__(self, fun: Callable[P, R], nondiff_argnums: Sequence[int] = ()) -> None:
        """Give a function its rules later, by `defjvp` and `defvjp`."""
        functools.update_wrapper(self, fun)
        self.fun: Callable[P, R] = fun
        self.nondiff_argnums: tuple[int, ...] = _positions(nondiff_argnums)
        self._signature = _signature_of(fun)
        self._jvp: Callable[..., Any] | None = None
        self._fwd: Callable[..., Any] | None = None
        self._bwd: Callable[..., Any] | None = None

    def defjvp(self, jvp: J) -> J:
        """Set the JVP rule: `jvp(*nondiff_args, primals, tangents) -> (value, tangent)`.

        Args:
            jvp: gets the arguments and one tangent of each, both as tuples, after the arguments of `nondiff_argnums`.
                It is linear in the tangents. The tangent that it returns has the structure of the value.

        Returns:
            The rule, so that this can be a decorator.
        """
        self._jvp = jvp
        return jvp

    def defjvps(self, *jvps: Callable[..., Any] | None) -> None:
        """Set the JVP rule argument by argument: the tangent of the value is the sum of what the rules return.

        Args:
            *jvps: one for each argument, `jvp(tangent, value, *args)`; `None` where the derivative is zero.

        Raises:
            TypeError: if the function has `nondiff_argnums`.
        """
        if self.nondiff_argnums:
            raise TypeError("defjvps has no place for nondiff_argnums: use defjvp")

        def jvp(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> Any:
            if len(jvps) != len(primals):
                raise TypeError(f"{self} has {len(jvps)} JVP rules for {len(primals)} arguments")
            value = self(*primals)  # type: ignore[call-arg]  # whatever the user's function takes
            parts = [rule(t, value, *primals) for rule, t in zip(jvps, tangents, strict=True) if rule is not None]
            columns = zip(*map(leaves, parts), strict=True)
            total = [functools.reduce(np.add, column) for column in columns]
            return value, rebuild(value, total or [np.zeros_like(y) for y in leaves(value)])

        self._jvp = jvp

    def defvjp(self, fwd: Callable[..., Any], bwd: Callable[..., Any]) -> None:
        """Set the VJP rule: `fwd(*args) -> (value, residuals)`, `bwd(*nondiff_args, residuals, cotangent) -> tuple`.

        Args:
            fwd: takes what the function takes; the residuals are what `bwd` needs of it.
            bwd: returns a cotangent for each argument that is not in `nondiff_argnums`, in the argument's structure;
                `None` stands for zero. A cotangent follows the gradient's convention: for a real loss L and a complex
                y it is ∂L/∂Re y + i ∂L/∂Im y.
        """
        self._fwd, self._bwd = fwd, bwd

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function."""
        positional, keywords = self._bind(args, kwargs)
        if self.nondiff_argnums and self.nondiff_argnums[-1] >= len(positional):
            raise TypeError(
                f"nondiff_argnums names argument {self.nondiff_argnums[-1]} (the first is 0), and {self} is called "
                f"with {len(positional)}"
            )
        static = [own(_untraced(self, i, positional[i])) for i in self.nondiff_argnums]
        tree = tuple([x for i, x in enumerate(positional) if i not in self.nondiff_argnums])
        active = ACTIVE.get()
        found = [resolve(x, active) for x in leaves(tree)]
        spots = [i for i, x in enumerate(found) if isinstance(x, TracedArray)]
        if spots:
            result: R = Call(self, Packed(tree, found, spots), static, keywords).record(found)
            return result
        function: Any = self.fun
        value = function(*self._together(static, construct(tree, [own(x) for x in found])), **keywords)
        self._check_closure(value)
        copied: R = construct(value, [own(y) for y in leaves(value)])
        return copied

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments by position, and those that stay keywords."""
        if self._signature is None:
            return args, kwargs
        bound = self._signature.bind(*args, **kwargs)
        bound.apply_defaults()
        if bound.kwargs:
            raise TypeError(f"{self} has custom rules, which take arguments by position, not {[*bound.kwargs]}")
        return bound.args, {}

    def _together(self, static: Sequence[Any], rest: Sequence[Any]) -> list[Any]:
        """Return all arguments in their order."""
        parts = list(rest)
        for i, x in zip(self.nondiff_argnums, static, strict=True):
            parts.insert(i, x)
        return parts

    def _check_closure(self, value: Any) -> None:
        """Raise if a value that was computed from plain arguments is traced."""
        active = ACTIVE.get()
        if any(isinstance(resolve(y, active), TracedArray) for y in leaves(value)):
            raise TracedConversionError(
                f"{self} has custom rules and depends on a variable or traced value that is not among its arguments: "
                f"its derivative would be lost; make it an argument, or read x.primal of it"
            )

    def _forward(self, call: Call, args: Sequence[Any]) -> tuple[Any, Callable[[Any], Any]]:
        """Evaluate the function for reverse mode: the value, and what takes a cotangent of it to the arguments'."""
        assert self._fwd is not None
        assert self._bwd is not None
        value, residuals = pair(self, "fwd", self._fwd(*args))
        return value, functools.partial(self._bwd, *call.static, residuals)

    def _has_vjp(self) -> bool:
        return self._bwd is not None

    def __get__(self, instance: object, owner: type | None = None) -> Callable[..., R]:
        """Bind to an instance, as a function does."""
        return self if instance is None else MethodType(self, instance)

    def __reduce__(self) -> str:
        """Pickle by name, as functions are."""
        return str(getattr(self, "__qualname__", self))

    def __repr__(self) -> str:
        """Show the function's name."""
        return getattr(self, "__name__", repr(self.fun))


# --- the decorators -----------------------------------------------------------------------------------------------


class custom_jvp(CustomFunction[P, R]):  # noqa: N801  # JAX's name
    """Make a function whose JVP rule is the user's: `f.defjvp(rule)` or `f.defjvps(...)`, as in JAX.

    Args:
        fun: the function; its arguments and its value may be nested lists, tuples and dicts of arrays.
        nondiff_argnums: the positions of arguments that no derivative is taken in.

    Example:
        >>> import numpy as np
        >>> import dualtape as dt
        >>> @dt.custom_jvp
        ... def log1pexp(x):
        ...     return np.log1p(np.exp(x))
        >>> @log1pexp.defjvp
        ... def rule(primals, tangents):
        ...     (x,), (t,) = primals, tangents
        ...     return log1pexp(x), t / (1.0 + np.exp(-x))
        >>> x = dt.Variable(1000.0)
        >>> with np.errstate(over="ignore"), dt.GradientTape() as tape:
        ...     y = log1pexp(x)
        >>> tape.gradient(y, x)
        array(1.)
    """


class custom_vjp(CustomFunction[P, R]):  # noqa: N801  # JAX's name
    """Make a function whose VJP rule is the user's: `f.defvjp(fwd, bwd)`, as in JAX.

    Args:
        fun: the function; its arguments and its value may be nested lists, tuples and dicts of arrays.
        nondiff_argnums: the positions of arguments that no derivative is taken in.
    """


class custom_gradient(CustomFunction[P, R]):  # noqa: N801  # TensorFlow's name
    """Make a function of one that returns its value and its gradient function, as in TensorFlow.

    Args:
        fun: returns `(value, grad_fn)`. `grad_fn` takes an upstream cotangent for each array of the value, and returns
            the cotangent of the one argument, or a list or tuple of those of all; `None` stands for zero. Keyword
            arguments are settings: no derivative is taken in them.
    """

    def __init__(self, fun: Callable[P, tuple[R, Callable[..., Any]]]) -> None:
        """Take the function."""

        def value(*args: P.args, **kwargs: P.kwargs) -> R:
            return pair(self, "the function", fun(*args, **kwargs))[0]  # type: ignore[no-any-return]  # its value

        super().__init__(functools.wraps(fun)(value))
        self._function: Callable[P, tuple[R, Callable[..., Any]]] = fun

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return args, {key: own(_untraced(self, key, x)) for key, x in kwargs.items()}

    def _has_vjp(self) -> bool:
        return True

    def _forward(self, call: Call, args: Sequence[Any]) -> tuple[Any, Callable[[Any], Any]]:
        function: Any = self._function
        value, grad_fn = pair(self, "the function", function(*args, **call.keywords))

        single = len(args) == 1

        def pullback(cotangent: Any) -> Any:
            found = grad_fn(*leaves(cotangent))
            several = type(found) in (tuple, list) and (not single or len(found) == 1)
            return found if several else (found,)

        return value, pullback


def _positions(nondiff_argnums: Any) -> tuple[int, ...]:
    """Check the positions of the arguments that no derivative is taken in."""
    if not isinstance(nondiff_argnums, (tuple, list)):
        raise TypeError(f"nondiff_argnums is a tuple of ints, (1,) say, not {nondiff_argnums!r}")
    numbers = argument_numbers(nondiff_argnums) if nondiff_argnums else ()
    assert isinstance(numbers, tuple)
    if min(numbers, default=0) < 0:
        raise ValueError(f"nondiff_argnums counts from 0, and names {min(numbers)}")
    return tuple(sorted(numbers))


def _signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except ValueError:  # some of those that are written in C have none
        return None


def _untraced(function: Any, which: int | str, x: Any) -> Any:
    """Return an argument that no derivative is taken in."""
    active = ACTIVE.get()
    found = [resolve(leaf, active) for leaf in leaves(x)]
    if any(isinstance(leaf, TracedArray) for leaf in found):
        raise TracedConversionError(
            f"no derivative of {function} is taken in its argument {which!r}, and a tape records what was given: "
            f"its derivative would be lost; pass x.primal, or dualtape.stop_gradient(x)"
        )
    return construct(x, found)
