"""Operations of the user's own: a function with its partials, or with its JVP and VJP rules."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar

import numpy as np

from dualtape.array import apply
from dualtape.primitive import PRIMITIVES, UFUNCS, Primitive
from dualtape.primitive import elementwise as register_elementwise
from dualtape.primitive import structural as register_structural
from dualtape.reading import Rule, reads

__all__ = ["Operation", "elementwise", "primitive"]

P = ParamSpec("P")
R = TypeVar("R")
Rules = tuple[Rule | None, ...] | Rule | None

_MADE: set[str] = set()  # names that are given here: a cell of a notebook that runs again replaces its operation


class Operation(Generic[P, R]):
    """A function that dualtape differentiates by its own rules; made by `elementwise` and `primitive`.

    It is called as the function is: with arrays, scalars, variables or traced arrays by position, and with settings
    by keyword.
    """

    def __init__(self, call: Callable[P, R], made: Primitive, defaults: dict[str, Any]) -> None:
        """Stand for `call`, which the primitive evaluates; `defaults` are the settings that may be left out."""
        functools.update_wrapper(self, call)
        self.primitive: Primitive = made
        self._defaults: dict[str, Any] = defaults

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Evaluate, on the youngest tape that records one of the operands."""
        return apply(self.primitive, args, {**self._defaults, **kwargs})  # type: ignore[no-any-return]  # as the function

    def __repr__(self) -> str:
        """Show the operation by its name."""
        return f"<operation {self.primitive.name}>"


def _defaults(call: Callable[..., Any]) -> dict[str, Any]:
    """Return the settings that a call leaves out: rules get all of them."""
    if isinstance(call, np.ufunc):
        return {}
    from inspect import signature  # here, since few programs need it, and it is slow to load

    parameters = signature(call).parameters.values()
    wrong = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD and p.default is not p.empty]
    if wrong:
        raise TypeError(
            f"{', '.join(wrong)}: operands come by position and have no default; write settings behind a star, "
            f"as in f(x, *, {wrong[0]}=...)"
        )
    return {p.name: p.default for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is not p.empty}


def _operands(call: Callable[..., Any]) -> list[str] | None:
    """Return the names of a call's operands, or `None` where it takes any number of them."""
    if isinstance(call, np.ufunc):
        return [f"x{i + 1}" for i in range(call.nin)]
    from inspect import signature

    given = [p for p in signature(call).parameters.values() if p.kind not in (p.KEYWORD_ONLY, p.VAR_KEYWORD)]
    return None if any(p.kind is p.VAR_POSITIONAL for p in given) else [p.name for p in given]


def _checked(rules: Rules, kind: str, before: str, call: Callable[..., Any], name: str) -> Rules:
    """Return rules as a primitive takes them; their names say what they read, so each names what it is given."""
    if rules is None or callable(rules):
        return rules
    rules = tuple(rules)
    operands = _operands(call) or [f"x{i + 1}" for i in range(len(rules))]
    if len(rules) != len(operands):
        raise TypeError(
            f"{name} has operands {', '.join(operands)}, and {len(rules)} {kind}s: give one for each of them"
        )
    for rule in rules:
        if isinstance(rule, np.ufunc) or len(reads(rule, len(rules), len(before.split()))) != len(rules) + 1:
            raise TypeError(
                f"a {kind} of {name} names what it is given by position, "
                f"({', '.join([*before.split(), 'out', *operands])}), and no more: {rule} does not"
            )
    return rules


def _shaped(rules: Rules) -> Rules:
    """Return JVP rules that check what they yield: tangents of another shape could be broadcast to a wrong one."""
    if isinstance(rules, tuple):
        return tuple(None if rule is None else _shaped_rule(rule) for rule in rules)
    return None if rules is None else _shaped_rule(rules)


def _shaped_rule(rule: Rule) -> Rule:
    @functools.wraps(rule)
    def checked(tangents: Any, out: Any, *operands: Any, **settings: Any) -> Any:
        found = rule(tangents, out, *operands, **settings)
        given = next(t for t in tangents if t is not None) if isinstance(tangents, list) else tangents
        expected = (len(given), *out.shape)
        if np.shape(found) != expected:
            raise ValueError(f"it yields tangents of shape {np.shape(found)}, and {expected} is that of the output's")
        return found

    return checked


def _returning_arrays(call: Callable[..., Any], name: str) -> Callable[..., Any]:
    """Return a call that says what is wrong where Python's numbers come back: they have neither dtype nor shape."""
    if isinstance(call, np.ufunc):
        return call

    @functools.wraps(call)
    def checked(*operands: Any, **settings: Any) -> Any:
        out = call(*operands, **settings)
        if not hasattr(out, "dtype") and any(hasattr(x, "dtype") for x in operands):
            raise TypeError(
                f"{name} returned a {type(out).__name__}: an operation returns an array or a NumPy scalar; end it with "
                f"np.float64(...), or leave float(...) away"
            )
        return out

    return checked


def _name(call: Callable[..., Any], name: str | None) -> str:
    own = getattr(call, "__qualname__", call.__name__)
    return name or f"{getattr(call, '__module__', None) or 'user'}.{own}"


def _register(register: Callable[[str], Primitive], name: str) -> Primitive:
    """Make a primitive; one of that name that was made here before goes."""
    if name in PRIMITIVES and name in _MADE:  # to ask the table makes it whole: no name may be given twice
        PRIMITIVES.pop(name, None)
    made = register(name)
    _MADE.add(name)
    return made


def elementwise(
    call: Callable[P, R],
    *partials: Rule | None,
    conjugates: tuple[Rule | None, ...] | None = None,
    name: str | None = None,
) -> Operation[P, R]:
    """Make an operation that works entry by entry, from its partial derivatives; all modes have it then.

    Args:
        call: computes it from arrays, broadcasting as NumPy does. If it is a ufunc, of SciPy's for instance, the ufunc
            itself takes traced arrays from now on.
        *partials: one for each operand, `partial(out, *operands)`; `None` is the partial 1. An argument that a partial
            does not read has a name that begins with an underscore: it gets `None`, and no tape keeps it.
        conjugates: for a function that is not holomorphic, the derivatives in the conjugates of the operands.
        name: its name in messages; that of `call` unless given.

    Returns:
        The operation, to be called as `call` is.

    Raises:
        ValueError: if an operation of dualtape's own has the name.
        TypeError: if a partial does not take what it will be given, or a parameter of `call` that is no setting has a
            default.

    Example:
        >>> import numpy as np
        >>> import dualtape as dt
        >>> def softplus(x):
        ...     return np.logaddexp(x, 0.0)
        >>> softplus = dt.elementwise(softplus, lambda out, _x: 1.0 - np.exp(-out))
        >>> x = dt.Variable([0.0, 1.0])
        >>> with dt.GradientTape() as tape:
        ...     y = softplus(x)
        >>> tape.gradient(y, x)
        array([0.5       , 0.73105858])
    """
    if len(partials) == 0:
        raise TypeError("an elementwise operation needs one partial for each operand; None is the partial 1")
    known = UFUNCS.get(call) if isinstance(call, np.ufunc) else None
    if known is not None and known.name not in _MADE:
        raise ValueError(f"dualtape has rules for the ufunc {call.__name__} of its own")

    own, defaults = _name(call, name), _defaults(call)
    _checked(partials, "partial", "", call, own)
    _checked(conjugates, "conjugate partial", "", call, own)
    evaluate = _returning_arrays(call, own)
    made = _register(lambda name: register_elementwise(evaluate, *partials, conjugates=conjugates, name=name), own)
    return Operation(call, made, defaults)


def primitive(
    call: Callable[P, R], jvp: Rules, vjp: Rules = None, *, view: bool = False, name: str | None = None
) -> Operation[P, R]:
    """Make an operation from its rules: a reduction, a product, a solver, whatever is not entry by entry.

    Args:
        call: computes it: `call(*operands, **settings)`. Settings are plain data, and come by keyword.
        jvp: the rules of forward mode, one for each operand: `rule(tangent, out, *operands, **settings)`, where a
            tangent has one batch axis in front; or one callable for all operands, which gets the list of tangents.
        vjp: the rules of reverse mode, one for each operand: `rule(cotangent, out, *operands, **settings)`, where a
            cotangent has none or more batch axes in front; or one callable,
            `rule(position, cotangent, out, *operands, **settings)`. Without them it works in forward mode alone.
        view: whether `call` may answer with a view of its first operand; nothing else may share memory with operands.
        name: its name in messages; that of `call` unless given.

    Returns:
        The operation, to be called as `call` is.

    Raises:
        ValueError: if an operation of dualtape's own has the name.
        TypeError: if a rule does not take what it will be given, or a parameter of `call` that is no setting has a
            default.
    """
    own, defaults = _name(call, name), _defaults(call)
    jvp = _shaped(_checked(jvp, "JVP rule", "t", call, own))
    vjp = _checked(vjp, "VJP rule", "g", call, own)
    made = _register(lambda name: register_structural(name, _returning_arrays(call, own), jvp, view=view), own)
    made.vjp = vjp
    return Operation(call, made, defaults)
