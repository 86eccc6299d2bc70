"""Transforms: the result is typed by the argument that `argnums` names."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypedDict, TypeVar, assert_type

import numpy as np
from numpy.typing import ArrayLike, NDArray

import dualtape as dt

F4 = NDArray[np.float32]
F8 = NDArray[np.float64]
T = TypeVar("T", bound=np.floating[Any])


@dataclass
class Model:
    w: F8
    b: F8


class Pair(NamedTuple):
    a: F8
    b: F8


class Settings(TypedDict):
    a: F8


class Registered:
    def __init__(self, *parts: F8) -> None:
        self.parts = parts


def loss(x: F8) -> np.float64:
    return np.sum(x)


def scalar(x: float) -> float:
    return x


def fit(model: Model, x: F8, *, rate: int = 2) -> float:
    total: float = np.square(model.w).sum() + rate * np.square(model.b).sum() + x.sum()
    return total


def three(x: F8, y: F4, n: int = 3) -> F8:
    total: F8 = np.square(x).sum() + n * np.square(y).sum()
    return total


def four(a: F8, b: F4, c: F8, d: F4, *, n: int = 1) -> np.float64:
    total: np.float64 = np.square(a).sum() + np.square(b).sum() + np.square(c).sum() + n * np.square(d).sum()
    return total


def four_and_aux(a: F8, b: F4, c: F8, d: F4) -> tuple[np.float64, str]:
    return four(a, b, c, d), "aux"


def scaled(x: float, y: F8) -> F8:
    return np.multiply(x, y)


def generic(x: NDArray[T]) -> T:
    total: T = np.square(x).sum()
    return total


def generic_of_two(x: NDArray[T], y: NDArray[T]) -> T:
    total: T = np.multiply(x, y).sum()
    return total


def both(x: F8) -> tuple[float, str]:
    total: float = np.square(x).sum()
    return total, "aux"


def of_pair(p: Pair) -> float:
    total: float = p.a.sum()
    return total


def of_dict(p: dict[str, F8]) -> float:
    total: float = p["a"].sum()
    return total


def of_settings(p: Settings) -> float:
    total: float = p["a"].sum()
    return total


def of_list(p: list[F8]) -> float:
    total: float = p[0].sum()
    return total


def of_registered(p: Registered) -> float:
    total: float = p.parts[0].sum()
    return total


def of_anything(p: ArrayLike) -> float:
    total: float = np.sum(p)
    return total


def gradients(x: F8, y: F4, model: Model) -> None:
    assert_type(dt.grad(loss)(x), F8)
    assert_type(dt.grad(scalar)(2.0), float)
    assert_type(dt.grad(dt.grad(scalar))(2.0), float)
    assert_type(dt.grad(dt.grad(dt.grad(scalar)))(2.0), float)
    assert_type(dt.grad(fit)(model, x, rate=3), Model)
    assert_type(dt.grad(fit)(model, x=x), Model)
    assert_type(dt.grad(fit, 1)(model, x, rate=3), F8)
    assert_type(dt.grad(three, argnums=1)(x, y, n=2), F4)
    assert_type(dt.grad(three, argnums=(0,))(x, y), tuple[F8])
    assert_type(dt.grad(three, argnums=(0, 1))(x, y), tuple[F8, F4])
    assert_type(dt.grad(three, argnums=(1, 0))(x, y), tuple[Any, ...])
    assert_type(dt.grad(three, argnums=-2)(x, y, 3), Any)
    assert_type(dt.grad(four, argnums=3)(x, y, x, y, n=2), Any)
    assert_type(dt.grad(four_and_aux, argnums=(3, 1), has_aux=True)(x, y, x, y), tuple[tuple[Any, ...], str])
    assert_type(dt.grad(generic)(y), F4)
    dt.grad(generic_of_two, argnums=(0, 1))(x, x)
    assert_type(dt.grad(both, has_aux=True)(x), tuple[F8, str])
    assert_type(dt.grad(loss, mode="reverse", chunk_size=3)(x), F8)
    assert_type(dt.grad(loss, mode="auto")(x), F8)
    assert_type(dt.grad(loss, mode=dt.Mode("forward"))(x), F8)
    assert_type(dt.grad(of_pair)(Pair(x, x)), Pair)
    assert_type(dt.grad(of_dict)({"a": x}), dict[str, F8])
    assert_type(dt.grad(of_settings)({"a": x}), Settings)
    assert_type(dt.grad(of_list)([x]), list[F8])
    assert_type(dt.grad(of_registered)(Registered(x)), Registered)
    assert_type(dt.grad(dt.checkpoint(loss))(x), F8)
    dt.grad(of_anything)(x)
    dt.grad(lambda x: np.sum(x * x))(x)
    slope: Callable[[F8], F8] = dt.grad(loss)
    slope(x)
    assert_type(dt.value_and_grad(loss)(x), tuple[np.float64, F8])
    assert_type(dt.value_and_grad(fit)(model, x), tuple[float, Model])
    assert_type(dt.value_and_grad(three, (0, 1))(x, y), tuple[F8, tuple[F8, F4]])
    assert_type(dt.value_and_grad(both, has_aux=True)(x), tuple[tuple[float, str], F8])


def matrices(x: F8, y: F4, model: Model) -> None:
    assert_type(dt.jacobian(loss)(x), F8)
    assert_type(dt.jacobian(three, argnums=1)(x, y), F4)
    assert_type(dt.jacobian(three, argnums=(0, 1))(x, y), tuple[F8, F4])
    assert_type(dt.jacobian(scaled)(2.0, x), F8)
    assert_type(dt.jacobian(scaled, argnums=(0, 1))(2.0, x), tuple[Any, ...])
    assert_type(dt.jacobian(scalar)(2.0), float)
    assert_type(dt.jacobian(dt.grad(loss))(x), F8)
    assert_type(dt.jacobian(fit)(model, x), Model)
    assert_type(dt.jacobian(both, has_aux=True)(x), tuple[F8, str])
    assert_type(dt.hessian(loss)(x), F8)
    assert_type(dt.hessian(generic)(y), F4)
    assert_type(dt.hessian(scalar)(2.0), float)
    assert_type(dt.hessian(fit)(model, x), Any)
    assert_type(dt.hessian(both, has_aux=True)(x), tuple[F8, str])


def products(x: F8, y: F4, model: Model) -> None:
    assert_type(dt.jvp(loss, (x,), (x,)), tuple[np.float64, np.float64])
    assert_type(dt.jvp(both, (x,), (x,), has_aux=True), tuple[float, float, str])
    value, pull = dt.vjp(three, x, y, 3, argnums=(0, 1))
    assert_type(value, F8)
    assert_type(pull(value), tuple[Any, ...])
    total, pull_one = dt.vjp(loss, x)
    assert_type(total, np.float64)
    assert_type(pull_one(total), tuple[F8])
    total, push = dt.linearize(loss, x)
    assert_type(push(x), np.float64)
    assert_type(dt.hvp(loss, (x,), (x,)), F8)


@dt.custom_jvp
def damped(x: F8, rate: float = 2.0) -> F8:
    return np.asarray(np.exp(np.multiply(-rate, x)), np.float64)


@damped.defjvp
def damped_rule(primals: tuple[F8, float], tangents: tuple[F8, float]) -> tuple[F8, F8]:
    out = damped(*primals)
    return out, np.asarray(np.multiply(out, tangents[0]), np.float64)


@dt.custom_vjp
def clipped(x: F8) -> F8:
    return x


def clipped_forward(x: F8) -> tuple[F8, None]:
    return x, None


def clipped_backward(_: None, cotangent: F8) -> tuple[F8]:
    return (cotangent,)


clipped.defvjp(clipped_forward, clipped_backward)


@dt.custom_gradient
def doubled(x: F8) -> tuple[F8, Callable[[F8], F8]]:
    def pullback(cotangent: F8) -> F8:
        return cotangent

    return x, pullback


@dt.checkpoint
def block(x: F8, *, n: int = 1) -> F8:
    return x


def squared(x: F8) -> F8:
    return np.asarray(np.square(x), np.float64)


def partial_of_squared(_out: Any, x: Any) -> Any:
    return 2.0 * x


def twice(x: F8) -> F8:
    return np.multiply(2.0, x)


def push_twice(tangent: Any, _out: Any, _x: Any) -> Any:
    return 2.0 * tangent


twice_of_rules = dt.primitive(twice, push_twice, push_twice)


def flatten(line: Registered) -> tuple[tuple[F8, ...], None]:
    return line.parts, None


def unflatten(_: None, parts: tuple[Any, ...]) -> Registered:
    return Registered(*parts)


dt.register_pytree_node(Registered, flatten, unflatten)


def rules(x: F8) -> None:
    assert_type(damped(x, rate=3.0), F8)
    assert_type(clipped(x), F8)
    assert_type(doubled(x), F8)
    assert_type(block(x, n=2), F8)
    assert_type(twice_of_rules(x), F8)
    rules_of_one: dt.CustomFunction[[F8], F8] = clipped
    rules_of_one.defjvps(None)
    assert_type(rules_of_one(x), F8)
    assert_type(dt.elementwise(squared, partial_of_squared)(x), F8)
