"""What the type checkers are told is what comes back: the programs that they accept are run, assertion by assertion."""

import ast
import importlib.util
import inspect
import typing
from collections.abc import Callable
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, is_typeddict

import numpy as np
import pytest

import dualtape as dt
from dualtape import registry

PROGRAMS = Path(__file__).parent / "typing"
RUN = ["accepts_variables", "accepts_tapes", "accepts_transforms", "accepts_overloads"]


def expanded(declared: Any) -> Any:
    """What an alias stands for: from 2.5 on, NumPy declares `NDArray` by a `type` statement."""
    alias = getattr(get_origin(declared), "__value__", None)
    return declared if alias is None else alias[get_args(declared)]


def conforms(value: Any, declared: Any) -> bool:  # noqa: C901, PLR0912  # a row of cases
    """Whether a value is of a declared type: its containers and its dtypes.

    A NumPy scalar passes for an array, as NumPy's own stubs declare it.
    """
    declared = expanded(declared)
    origin, args = get_origin(declared), get_args(declared)
    if declared is Any:
        return True
    if origin in (typing.Union, UnionType):
        return any(conforms(value, one) for one in args)
    if origin is Literal:
        return value in args
    if isinstance(declared, typing.NewType):
        return isinstance(value, str)
    if declared is None or declared is NoneType:
        return value is None
    if origin is np.ndarray:
        scalar = get_args(args[1])[0]
        return isinstance(value, np.ndarray | np.generic) and (scalar is Any or value.dtype.type is scalar)
    if origin is np.dtype:
        return isinstance(value, np.dtype) and (args[0] is Any or value.type is args[0])
    if origin in (dt.Variable, dt.Constant, dt.DualArray):
        return issubclass(type(value), origin) and (args[0] is Any or value.dtype.type is args[0])
    if origin is tuple:
        if args[-1] is Ellipsis:
            return type(value) is tuple and all(conforms(part, args[0]) for part in value)
        return type(value) is tuple and len(value) == len(args) and all(map(conforms, value, args))
    if origin is list:
        return type(value) is list and all(conforms(part, args[0]) for part in value)
    if origin is dict:
        return type(value) is dict and all(conforms(k, args[0]) and conforms(v, args[1]) for k, v in value.items())
    if is_typeddict(declared):
        hints = typing.get_type_hints(declared)
        return type(value) is dict and value.keys() == hints.keys()
    return type(value) is declared or (isinstance(declared, type) and issubclass(type(value), declared))


def check(value: Any, declared: Any) -> Any:
    assert conforms(value, declared), f"{value!r} is not {declared}"
    return value


def argument(declared: Any) -> Any:
    """A value of a declared type: arrays are square, so that they fit each other."""
    declared = expanded(declared)
    origin, args = get_origin(declared), get_args(declared)
    if declared is Any:
        return np.array([[1.0, 2.0], [3.0, 4.0]])
    if origin is np.ndarray:
        return np.array([[1.0, 2.0], [3.0, 4.0]], get_args(args[1])[0])
    if origin is dt.Constant:
        return dt.constant([[1.0, 2.0], [3.0, 4.0]], dtype=args[0])
    if origin is dt.Variable:
        return dt.Variable([[1.0, 2.0], [3.0, 4.0]], dtype=args[0])
    if origin is dt.DualArray:
        return dt.DualArray(*np.array([[[1.0, 2.0], [3.0, 4.0]]] * 2, args[0]))
    return declared(*[argument(hint) for hint in typing.get_type_hints(declared).values()])


def functions() -> list[Any]:
    """The functions of the programs that take what can be made and return nothing."""
    found: list[Any] = []
    for name in RUN:
        spec = importlib.util.spec_from_file_location(name, PROGRAMS / f"{name}.py")
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        for key, function in vars(module).items():
            if callable(function) and getattr(function, "__module__", "") == name and not isinstance(function, type):
                hints = typing.get_type_hints(getattr(function, "fun", function))
                if hints.pop("return", 0) is NoneType:
                    found.append(pytest.param(function, hints, id=f"{name}-{key}"))
    return found


@pytest.mark.reverse
@pytest.mark.parametrize(("function", "hints"), functions())
def test_what_is_declared_is_what_comes_back(
    function: Callable[..., None], hints: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(function.__globals__, "assert_type", check)
    monkeypatch.setattr(registry, "_REGISTERED", dict(registry._REGISTERED))
    function(**{name: argument(hint) for name, hint in hints.items()})


def test_a_wrong_declaration_would_be_seen() -> None:
    assert not conforms(np.ones(2, np.float32), np.ndarray[Any, np.dtype[np.float64]])
    assert not conforms([np.ones(2)], tuple[np.ndarray[Any, np.dtype[np.float64]]])
    assert not conforms(dt.Variable(1.0), dt.Variable[np.float32])


def called() -> set[str]:
    """The names that the programs call or decorate with, without what stands before their last dot."""
    nodes = [node for name in RUN for node in ast.walk(ast.parse((PROGRAMS / f"{name}.py").read_text("utf-8")))]
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    calls += [one for node in nodes if isinstance(node, ast.FunctionDef) for one in node.decorator_list]
    return {node.attr for node in calls if isinstance(node, ast.Attribute)}


def read() -> set[str]:
    """The attributes that the programs read."""
    nodes = [node for name in RUN for node in ast.walk(ast.parse((PROGRAMS / f"{name}.py").read_text("utf-8")))]
    return {node.attr for node in nodes if isinstance(node, ast.Attribute)}


PUBLIC = [getattr(dt, name) for name in dt.__all__] + [getattr(dt.optimizers, name) for name in dt.optimizers.__all__]
WRITTEN = [
    dt.Backend,
    dt.BaseRecording,
    dt.Recording,
    dt.TapeOptions,
]  # by who writes a backend: tests/downstream/stepper
CLASSES = [one for one in PUBLIC if inspect.isclass(one) and one not in WRITTEN]


def declared(owner: type) -> set[str]:
    """The public names that a checker sees in a class: those in its source and in its bases', or in their stub."""
    found: set[str] = set()
    for base in owner.__mro__:
        if base.__module__.startswith("dualtape"):
            source = Path(inspect.getfile(base))
            text = (source.with_suffix(".pyi") if source.with_suffix(".pyi").exists() else source).read_text("utf-8")
            bodies = [
                one.body for one in ast.parse(text).body if isinstance(one, ast.ClassDef) and one.name == base.__name__
            ]
            nodes = [node for body in bodies for node in body]
            found |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
            found |= {
                node.target.id
                for node in nodes
                if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
            }
    return {name for name in found if not name.startswith("_")} - {"link", "node", "recording"}  # for backends


def test_the_programs_call_every_public_function() -> None:
    functions = {one.__name__ for one in PUBLIC if inspect.isfunction(one)}
    made = {dt.Variable, dt.DualArray, dt.GradientTape, dt.custom_jvp, dt.custom_vjp, dt.custom_gradient}
    assert functions | {one.__name__ for one in made} <= called()
    assert {name for name in dt.__all__ if getattr(dt, name) not in WRITTEN} <= read()


@pytest.mark.parametrize("owner", CLASSES, ids=lambda one: one.__name__)
def test_the_programs_use_every_public_method(owner: type) -> None:
    assert declared(owner) <= read()
