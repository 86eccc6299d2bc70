"""Containers: what is one, in what order its leaves come, and how it is made anew."""

from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from dataclasses import InitVar, dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pytest

import dualtape as dt
from dualtape import pytree
from dualtape.pytree import aligned, construct, leaves, path, rebuild


class Point(NamedTuple):
    x: Any
    y: Any


@dataclass
class Layer:
    w: Any
    b: Any = None


@dataclass(frozen=True, slots=True)
class Frozen:
    a: Any
    parts: tuple[Any, ...] = ()


@dataclass
class Normal:
    """Checks its parameters, and computes something of them."""

    sigma: Any
    precision: Any = field(init=False)

    def __post_init__(self) -> None:
        if self.sigma <= 0:
            raise ValueError("sigma is positive")
        self.precision = 1 / self.sigma**2


class Line:
    def __init__(self, slope: Any, offset: Any, name: str) -> None:
        self.slope, self.offset, self.name = slope, offset, name


@pytest.fixture
def line() -> Iterator[type[Line]]:
    dt.register_pytree_node(Line, lambda x: ((x.slope, x.offset), x.name), lambda name, parts: Line(*parts, name))
    yield Line
    del pytree._REGISTERED[Line]


TREES: list[tuple[Any, list[str]]] = [
    (1, [""]),
    (None, [""]),
    ([], []),
    ([1, (2, [3])], ["[0]", "[1][0]", "[1][1][0]"]),
    ({"a": 1, "b": {"c": 2}}, ["['a']", "['b']['c']"]),
    (OrderedDict(z=1, a=2), ["['z']", "['a']"]),
    (defaultdict(list, a=1), ["['a']"]),
    (Point(1, Point(2, 3)), [".x", ".y.x", ".y.y"]),
    (Layer(1), [".w", ".b"]),
    (Frozen(1, (2, Layer(3, 4))), [".a", ".parts[0]", ".parts[1].w", ".parts[1].b"]),
]


@pytest.mark.parametrize(("tree", "ways"), TREES)
def test_leaves_and_their_paths(tree: Any, ways: list[str]) -> None:
    found = leaves(tree)
    assert [path(tree, number) for number in range(len(found))] == ways
    assert found == aligned(tree, tree, "the tree")
    for make in (rebuild, construct):
        made = make(tree, list(found))
        assert type(made) is type(tree)
        assert leaves(made) == found


def test_kinds_of_dicts_stay() -> None:
    made = rebuild(defaultdict(list, a=1), [2])
    assert made["new"] == []
    assert list(rebuild(OrderedDict(z=1, a=2), [3, 4]).items()) == [("z", 3), ("a", 4)]


def test_arrays_and_variables_are_leaves() -> None:
    for x in (np.ones(2), np.float32(1.0), dt.Variable([1.0]), dt.constant(2.0), "text", object()):
        assert leaves(x) == [x] if not hasattr(x, "shape") else leaves(x)[0] is x
    with dt.GradientTape() as tape:
        x = dt.constant([1.0, 2.0])
        tape.watch(x)
        y = x * 2.0
        assert [type(leaf) for leaf in leaves((y, {"a": y}))] == [type(y), type(y)]


def test_a_dataclass_that_checks_and_computes(mode: str) -> None:
    """Parameters pass through the constructor, so what it computes has a derivative; derivatives do not."""
    g = dt.grad(lambda p: -p.precision * p.sigma, mode=mode)(Normal(2.0))
    np.testing.assert_allclose(g.sigma, 0.25)
    assert g.precision is None
    g = dt.grad(lambda p: -p.sigma, mode=mode)(Normal(2.0))
    assert g.sigma == -1.0
    out, tangent = dt.jvp(lambda s: Normal(s), (2.0,), (1.0,), mode=mode)  # noqa: PLW0108  # the class has no signature
    assert out.precision == 0.25
    assert tangent.sigma == 1.0


@dataclass
class Fit:
    slope: Any
    unit: InitVar[float] = 1.0
    steps: int = field(default=0, init=False)
    cache: dict[str, Any] = field(default_factory=dict, init=False, compare=False)

    def __post_init__(self, unit: float) -> None:
        self.scaled = self.slope * unit


@dataclass
class Logarithm:
    value: Any

    def __post_init__(self) -> None:
        self.value = np.log(self.value)


def test_a_dataclass_that_its_constructor_does_not_make_again(mode: str) -> None:
    """A function would be differentiated at another object than the one that was given."""

    def f(p: Any) -> Any:
        return p.scaled**2 * (1 + p.steps)

    def late(x: Any) -> Any:
        fit = Fit(x)
        fit.steps = 2
        return fit

    fit = Fit(np.array([3.0, 1.0]))
    fit.cache["of no account"] = 1
    g = dt.jacobian(f, mode=mode)(fit)
    np.testing.assert_allclose(g.slope, [[6.0, 0.0], [0.0, 2.0]])
    fit.steps = 2
    with pytest.raises(TypeError, match=r"Fit\.steps is not what the constructor makes.*register_pytree_node"):
        dt.jacobian(f, mode=mode)(fit)
    for wrapped in dt.checkpoint(f), dt.custom_jvp(f):
        with pytest.raises(TypeError, match=r"Fit\.steps is not what"):
            dt.jacobian(lambda x, wrapped=wrapped: wrapped(late(x)), mode=mode)(np.ones(2))
    with pytest.raises(TypeError, match=r"Fit\.scaled is not what"):
        dt.jacobian(f, mode=mode)(Fit(np.array([3.0, 1.0]), 2.0))
    with pytest.raises(TypeError, match=r"Logarithm\.value is not what"):
        dt.grad(lambda p: p.value * 2.0, mode=mode)(Logarithm(3.0))


def test_registered(mode: str, line: type[Line]) -> None:
    g = dt.grad(lambda p: p.slope * 3.0 + p.offset**2, mode=mode)(Line(2.0, 1.0, "fit"))
    assert (g.slope, g.offset, g.name) == (3.0, 2.0, "fit")
    out, tangent = dt.jvp(lambda x: Line(x, [2 * x], "out"), (1.0,), (1.0,), mode=mode)
    assert (out.offset, tangent.slope, tangent.offset, tangent.name) == ([2.0], 1.0, [2.0], "out")
    assert path(Line(1, [2], "x"), 1) == "[1][0]"


def test_register_refuses(line: type[Line]) -> None:
    register: Any = dt.register_pytree_node
    with pytest.raises(ValueError, match="Line is registered already"):
        register(Line, None, None)
    with pytest.raises(TypeError, match="a class is registered"):
        register(Line(1, 2, "x"), None, None)
    for kind in (list, np.ndarray, np.float64, dt.Variable, dict):
        with pytest.raises(TypeError, match="has its meaning already"):
            register(kind, None, None)


def test_unregistered_classes_are_named() -> None:
    with pytest.raises(TypeError, match=r"argument 0 is of Line.*register_pytree_node"):
        dt.grad(lambda p: p.slope)(Line(1.0, 2.0, "x"))


def test_aligned_names_what_differs() -> None:
    for like, tree, message in [
        ([1, 2], [1], r"x has the parts \[0\], where \[0\], \[1\] belong"),
        ({"a": 1}, {"b": 1}, r"x has the parts \['b'\], where \['a'\] belong"),
        ([1, [2]], [1, 2], r"x\[1\] is of int, where list belongs"),
        ([1, 2], (1, 2), "x is of tuple, where list belongs"),
        (Point(1, 2), (1, 2), "x is of tuple, where Point belongs"),
        (1, [1], "x is a list, where an array belongs"),
        ([], [1], r"x has the parts \[0\], where none belong"),
    ]:
        with pytest.raises(TypeError, match=message):
            aligned(like, tree, "x")
    assert aligned({"a": 1, "b": 2}, {"b": 20, "a": 10}, "x") == [10, 20]


def test_the_tape_takes_them_too(mode: str) -> None:
    p = Layer(dt.Variable([1.0, 2.0]), Point(dt.Variable(3.0), [dt.Variable(4.0)]))
    with dt.GradientTape(mode) as tape:
        loss = np.sum(p.w) * p.b.x * p.b.y[0]
    g = tape.gradient(loss, p)  # type: ignore[call-overload]  # declared for lists, tuples and dicts
    assert type(g) is Layer
    assert type(g.b) is Point
    np.testing.assert_allclose(g.w, [12.0, 12.0])
    np.testing.assert_allclose(g.b.y[0], 9.0)
