"""Transforms, overload by overload: each `argnums` with a type of its own, with and without `has_aux`."""

from dataclasses import dataclass
from typing import Any, assert_type

import numpy as np
from numpy.typing import ArrayLike, NDArray

import dualtape as dt

F4 = NDArray[np.float32]
F8 = NDArray[np.float64]
D = np.float64


@dataclass
class Model:
    w: F8


def one(x: F8) -> D:
    total: D = np.square(x).sum()
    return total


def two(x: F8, y: F4) -> D:
    total: D = one(x) * np.square(y).sum()
    return total


def three(x: F8, y: F4, z: F8) -> D:
    return two(x, y) * one(z)


def four(x: F8, y: F4, z: F8, w: F4) -> D:
    return two(x, y) * two(z, w)


def five(x: F8, y: F4, z: F8, w: F4, v: F8) -> D:
    return four(x, y, z, w) * one(v)


def one_aux(x: F8) -> tuple[D, str]:
    return one(x), "aux"


def two_aux(x: F8, y: F4) -> tuple[D, str]:
    return two(x, y), "aux"


def three_aux(x: F8, y: F4, z: F8) -> tuple[D, str]:
    return three(x, y, z), "aux"


def four_aux(x: F8, y: F4, z: F8, w: F4) -> tuple[D, str]:
    return four(x, y, z, w), "aux"


def five_aux(x: F8, y: F4, z: F8, w: F4, v: F8) -> tuple[D, str]:
    return five(x, y, z, w, v), "aux"


def number_first(x: float) -> float:
    return x**3


def number_second(x: F8, y: float) -> D:
    return one(x) * y**3


def number_third(x: F8, y: F4, z: float) -> D:
    return two(x, y) * z**3


def number_first_aux(x: float) -> tuple[float, str]:
    return x**3, "aux"


def number_second_aux(x: F8, y: float) -> tuple[D, str]:
    return number_second(x, y), "aux"


def number_third_aux(x: F8, y: F4, z: float) -> tuple[D, str]:
    return number_third(x, y, z), "aux"


def array_of_first(x: float, y: F8) -> F8:
    return np.multiply(x, y)


def array_of_second(x: F8, y: float) -> F8:
    return np.multiply(x, y)


def array_of_third(x: F8, y: F4, z: float) -> F8:
    return np.multiply(x * y, z)


def array_of_first_aux(x: float, y: F8) -> tuple[F8, str]:
    return array_of_first(x, y), "aux"


def array_of_second_aux(x: F8, y: float) -> tuple[F8, str]:
    return array_of_second(x, y), "aux"


def array_of_third_aux(x: F8, y: F4, z: float) -> tuple[F8, str]:
    return array_of_third(x, y, z), "aux"


def model_first(m: Model) -> D:
    return one(m.w)


def model_second(x: F8, m: Model) -> D:
    return one(x) * one(m.w)


def model_third(x: F8, y: F4, m: Model) -> D:
    return two(x, y) * one(m.w)


def model_first_aux(m: Model) -> tuple[D, str]:
    return one(m.w), "aux"


def model_second_aux(x: F8, m: Model) -> tuple[D, str]:
    return model_second(x, m), "aux"


def model_third_aux(x: F8, y: F4, m: Model) -> tuple[D, str]:
    return model_third(x, y, m), "aux"


def dict_of_first(x: F8) -> dict[str, F8]:
    return {"a": x}


def dict_of_second(x: F8, y: F4) -> dict[str, F4]:
    return {"a": y}


def dict_of_third(x: F8, y: F4, z: F8) -> dict[str, F8]:
    return {"a": z}


def dict_of_first_aux(x: F8) -> tuple[dict[str, F8], str]:
    return {"a": x}, "aux"


def dict_of_second_aux(x: F8, y: F4) -> tuple[dict[str, F4], str]:
    return {"a": y}, "aux"


def dict_of_third_aux(x: F8, y: F4, z: F8) -> tuple[dict[str, F8], str]:
    return {"a": z}, "aux"


def like_first(x: ArrayLike) -> float:
    total: float = np.sum(x)
    return total


def like_second(x: F8, y: ArrayLike) -> float:
    total: float = np.sum(y)
    return total


def like_third(x: F8, y: F4, z: ArrayLike) -> float:
    total: float = np.sum(z)
    return total


def gradients(x: F8, y: F4) -> None:
    assert_type(dt.grad(one)(x), F8)
    assert_type(dt.grad(two, argnums=1)(x, y), F4)
    assert_type(dt.grad(three, argnums=2)(x, y, x), F8)
    assert_type(dt.grad(one, argnums=(0,))(x), tuple[F8])
    assert_type(dt.grad(two, argnums=(0, 1))(x, y), tuple[F8, F4])
    assert_type(dt.grad(three, argnums=(0, 1, 2))(x, y, x), tuple[F8, F4, F8])
    assert_type(dt.grad(four, argnums=(0, 1, 2, 3))(x, y, x, y), tuple[F8, F4, F8, F4])
    assert_type(dt.grad(three, argnums=(1, 2))(x, y, x), tuple[F4, F8])
    assert_type(dt.grad(four, argnums=3)(x, y, x, y), Any)
    assert_type(dt.grad(four, argnums=(0, 3))(x, y, x, y), tuple[Any, ...])
    assert_type(dt.grad(one_aux, has_aux=True)(x), tuple[F8, str])
    assert_type(dt.grad(two_aux, argnums=1, has_aux=True)(x, y), tuple[F4, str])
    assert_type(dt.grad(three_aux, argnums=2, has_aux=True)(x, y, x), tuple[F8, str])
    assert_type(dt.grad(one_aux, argnums=(0,), has_aux=True)(x), tuple[tuple[F8], str])
    assert_type(dt.grad(two_aux, argnums=(0, 1), has_aux=True)(x, y), tuple[tuple[F8, F4], str])
    assert_type(dt.grad(three_aux, argnums=(0, 1, 2), has_aux=True)(x, y, x), tuple[tuple[F8, F4, F8], str])
    assert_type(dt.grad(four_aux, argnums=(0, 1, 2, 3), has_aux=True)(x, y, x, y), tuple[tuple[F8, F4, F8, F4], str])
    assert_type(dt.grad(three_aux, argnums=(1, 2), has_aux=True)(x, y, x), tuple[tuple[F4, F8], str])
    assert_type(dt.grad(four_aux, argnums=3, has_aux=True)(x, y, x, y), tuple[Any, str])
    assert_type(dt.grad(four_aux, argnums=(0, 3), has_aux=True)(x, y, x, y), tuple[tuple[Any, ...], str])
    dt.grad(like_first)(x)
    dt.grad(like_second, argnums=1)(x, y)
    dt.grad(like_third, argnums=2)(x, y, x)


def values_and_gradients(x: F8, y: F4) -> None:
    assert_type(dt.value_and_grad(one)(x), tuple[D, F8])
    assert_type(dt.value_and_grad(two, argnums=1)(x, y), tuple[D, F4])
    assert_type(dt.value_and_grad(three, argnums=2)(x, y, x), tuple[D, F8])
    assert_type(dt.value_and_grad(one, argnums=(0,))(x), tuple[D, tuple[F8]])
    assert_type(dt.value_and_grad(two, argnums=(0, 1))(x, y), tuple[D, tuple[F8, F4]])
    assert_type(dt.value_and_grad(three, argnums=(0, 1, 2))(x, y, x), tuple[D, tuple[F8, F4, F8]])
    assert_type(dt.value_and_grad(four, argnums=(0, 1, 2, 3))(x, y, x, y), tuple[D, tuple[F8, F4, F8, F4]])
    assert_type(dt.value_and_grad(three, argnums=(1, 2))(x, y, x), tuple[D, tuple[F4, F8]])
    assert_type(dt.value_and_grad(four, argnums=3)(x, y, x, y), tuple[D, Any])
    assert_type(dt.value_and_grad(four, argnums=(0, 3))(x, y, x, y), tuple[D, tuple[Any, ...]])
    assert_type(dt.value_and_grad(one_aux, has_aux=True)(x), tuple[tuple[D, str], F8])
    assert_type(dt.value_and_grad(two_aux, argnums=1, has_aux=True)(x, y), tuple[tuple[D, str], F4])
    assert_type(dt.value_and_grad(three_aux, argnums=2, has_aux=True)(x, y, x), tuple[tuple[D, str], F8])
    assert_type(dt.value_and_grad(one_aux, argnums=(0,), has_aux=True)(x), tuple[tuple[D, str], tuple[F8]])
    assert_type(dt.value_and_grad(two_aux, argnums=(0, 1), has_aux=True)(x, y), tuple[tuple[D, str], tuple[F8, F4]])
    assert_type(
        dt.value_and_grad(three_aux, argnums=(0, 1, 2), has_aux=True)(x, y, x), tuple[tuple[D, str], tuple[F8, F4, F8]]
    )
    assert_type(
        dt.value_and_grad(four_aux, argnums=(0, 1, 2, 3), has_aux=True)(x, y, x, y),
        tuple[tuple[D, str], tuple[F8, F4, F8, F4]],
    )
    assert_type(
        dt.value_and_grad(three_aux, argnums=(1, 2), has_aux=True)(x, y, x), tuple[tuple[D, str], tuple[F4, F8]]
    )
    assert_type(dt.value_and_grad(four_aux, argnums=3, has_aux=True)(x, y, x, y), tuple[tuple[D, str], Any])
    assert_type(
        dt.value_and_grad(four_aux, argnums=(0, 3), has_aux=True)(x, y, x, y), tuple[tuple[D, str], tuple[Any, ...]]
    )
    dt.value_and_grad(like_first)(x)
    dt.value_and_grad(like_second, argnums=1)(x, y)
    dt.value_and_grad(like_third, argnums=2)(x, y, x)


def jacobians(x: F8, y: F4, m: Model) -> None:
    assert_type(dt.jacobian(one)(x), F8)
    assert_type(dt.jacobian(two, argnums=1)(x, y), F4)
    assert_type(dt.jacobian(three, argnums=2)(x, y, x), F8)
    assert_type(dt.jacobian(one, argnums=(0,))(x), tuple[F8])
    assert_type(dt.jacobian(two, argnums=(0, 1))(x, y), tuple[F8, F4])
    assert_type(dt.jacobian(three, argnums=(0, 1, 2))(x, y, x), tuple[F8, F4, F8])
    assert_type(dt.jacobian(four, argnums=(0, 1, 2, 3))(x, y, x, y), tuple[F8, F4, F8, F4])
    assert_type(dt.jacobian(three, argnums=(1, 2))(x, y, x), tuple[F4, F8])
    assert_type(dt.jacobian(array_of_first)(2.0, x), F8)
    assert_type(dt.jacobian(array_of_second, argnums=1)(x, 2.0), F8)
    assert_type(dt.jacobian(array_of_third, argnums=2)(x, y, 2.0), F8)
    assert_type(dt.jacobian(number_first)(2.0), float)
    assert_type(dt.jacobian(model_first)(m), Model)
    assert_type(dt.jacobian(model_second, argnums=1)(x, m), Model)
    assert_type(dt.jacobian(model_third, argnums=2)(x, y, m), Model)
    assert_type(dt.jacobian(dict_of_first)(x), Any)
    assert_type(dt.jacobian(dict_of_second, argnums=1)(x, y), Any)
    assert_type(dt.jacobian(dict_of_third, argnums=2)(x, y, x), Any)
    assert_type(dt.jacobian(four, argnums=3)(x, y, x, y), Any)
    assert_type(dt.jacobian(four, argnums=(0, 3))(x, y, x, y), tuple[Any, ...])
    assert_type(dt.jacobian(one_aux, has_aux=True)(x), tuple[F8, str])
    assert_type(dt.jacobian(two_aux, argnums=1, has_aux=True)(x, y), tuple[F4, str])
    assert_type(dt.jacobian(three_aux, argnums=2, has_aux=True)(x, y, x), tuple[F8, str])
    assert_type(dt.jacobian(one_aux, argnums=(0,), has_aux=True)(x), tuple[tuple[F8], str])
    assert_type(dt.jacobian(two_aux, argnums=(0, 1), has_aux=True)(x, y), tuple[tuple[F8, F4], str])
    assert_type(dt.jacobian(three_aux, argnums=(0, 1, 2), has_aux=True)(x, y, x), tuple[tuple[F8, F4, F8], str])
    assert_type(
        dt.jacobian(four_aux, argnums=(0, 1, 2, 3), has_aux=True)(x, y, x, y), tuple[tuple[F8, F4, F8, F4], str]
    )
    assert_type(dt.jacobian(three_aux, argnums=(1, 2), has_aux=True)(x, y, x), tuple[tuple[F4, F8], str])
    assert_type(dt.jacobian(array_of_first_aux, has_aux=True)(2.0, x), tuple[F8, str])
    assert_type(dt.jacobian(array_of_second_aux, argnums=1, has_aux=True)(x, 2.0), tuple[F8, str])
    assert_type(dt.jacobian(array_of_third_aux, argnums=2, has_aux=True)(x, y, 2.0), tuple[F8, str])
    assert_type(dt.jacobian(number_first_aux, has_aux=True)(2.0), tuple[float, str])
    assert_type(dt.jacobian(model_first_aux, has_aux=True)(m), tuple[Model, str])
    assert_type(dt.jacobian(model_second_aux, argnums=1, has_aux=True)(x, m), tuple[Model, str])
    assert_type(dt.jacobian(model_third_aux, argnums=2, has_aux=True)(x, y, m), tuple[Model, str])
    assert_type(dt.jacobian(dict_of_first_aux, has_aux=True)(x), tuple[Any, str])
    assert_type(dt.jacobian(dict_of_second_aux, argnums=1, has_aux=True)(x, y), tuple[Any, str])
    assert_type(dt.jacobian(dict_of_third_aux, argnums=2, has_aux=True)(x, y, x), tuple[Any, str])
    assert_type(dt.jacobian(four_aux, argnums=3, has_aux=True)(x, y, x, y), tuple[Any, str])
    assert_type(dt.jacobian(four_aux, argnums=(0, 3), has_aux=True)(x, y, x, y), tuple[tuple[Any, ...], str])
    dt.jacobian(like_first)(x)
    dt.jacobian(like_second, argnums=1)(x, y)
    dt.jacobian(like_third, argnums=2)(x, y, x)


def hessians(x: F8, y: F4, m: Model) -> None:
    assert_type(dt.hessian(one)(x), F8)
    assert_type(dt.hessian(two, argnums=1)(x, y), F4)
    assert_type(dt.hessian(three, argnums=2)(x, y, x), F8)
    assert_type(dt.hessian(number_first)(2.0), float)
    assert_type(dt.hessian(number_second, argnums=1)(x, 2.0), float)
    assert_type(dt.hessian(number_third, argnums=2)(x, y, 2.0), float)
    assert_type(dt.hessian(model_first)(m), Any)
    assert_type(dt.hessian(model_second, argnums=1)(x, m), Any)
    assert_type(dt.hessian(model_third, argnums=2)(x, y, m), Any)
    assert_type(dt.hessian(four, argnums=3)(x, y, x, y), Any)
    assert_type(dt.hessian(two, argnums=(0, 1))(x, y), tuple[Any, ...])
    assert_type(dt.hessian(one_aux, has_aux=True)(x), tuple[F8, str])
    assert_type(dt.hessian(two_aux, argnums=1, has_aux=True)(x, y), tuple[F4, str])
    assert_type(dt.hessian(three_aux, argnums=2, has_aux=True)(x, y, x), tuple[F8, str])
    assert_type(dt.hessian(number_first_aux, has_aux=True)(2.0), tuple[float, str])
    assert_type(dt.hessian(number_second_aux, argnums=1, has_aux=True)(x, 2.0), tuple[float, str])
    assert_type(dt.hessian(number_third_aux, argnums=2, has_aux=True)(x, y, 2.0), tuple[float, str])
    assert_type(dt.hessian(model_first_aux, has_aux=True)(m), tuple[Any, str])
    assert_type(dt.hessian(model_second_aux, argnums=1, has_aux=True)(x, m), tuple[Any, str])
    assert_type(dt.hessian(model_third_aux, argnums=2, has_aux=True)(x, y, m), tuple[Any, str])
    assert_type(dt.hessian(four_aux, argnums=3, has_aux=True)(x, y, x, y), tuple[Any, str])
    assert_type(dt.hessian(two_aux, argnums=(0, 1), has_aux=True)(x, y), tuple[tuple[Any, ...], str])
    dt.hessian(like_first)(x)
    dt.hessian(like_second, argnums=1)(x, y)
    dt.hessian(like_third, argnums=2)(x, y, x)


def pushed(x: F8, y: F4) -> None:
    assert_type(dt.jvp(one, (x,), (x,)), tuple[D, D])
    assert_type(dt.jvp(two, (x, y), (x, y)), tuple[D, D])
    assert_type(dt.jvp(three, (x, y, x), (x, y, x)), tuple[D, D])
    assert_type(dt.jvp(four, (x, y, x, y), (x, y, x, y)), tuple[D, D])
    assert_type(dt.jvp(five, (x, y, x, y, x), (x, y, x, y, x)), tuple[D, D])
    assert_type(dt.jvp(two, (x, y), (y,), argnums=1), tuple[D, D])
    assert_type(dt.jvp(one_aux, (x,), (x,), has_aux=True), tuple[D, D, str])
    assert_type(dt.jvp(two_aux, (x, y), (x, y), has_aux=True), tuple[D, D, str])
    assert_type(dt.jvp(three_aux, (x, y, x), (x, y, x), has_aux=True), tuple[D, D, str])
    assert_type(dt.jvp(four_aux, (x, y, x, y), (x, y, x, y), has_aux=True), tuple[D, D, str])
    assert_type(dt.jvp(five_aux, (x, y, x, y, x), (x, y, x, y, x), has_aux=True), tuple[D, D, str])
    assert_type(dt.jvp(two_aux, (x, y), (y,), argnums=1, has_aux=True), tuple[D, D, str])


def linearized(x: F8, y: F4) -> None:
    value, push_1 = dt.linearize(one, x)
    assert_type(push_1(x), D)
    value, push_2 = dt.linearize(two, x, y)
    assert_type(push_2(x, y), D)
    value, push_3 = dt.linearize(three, x, y, x)
    assert_type(push_3(x, y, x), D)
    value, push_4 = dt.linearize(four, x, y, x, y)
    assert_type(push_4(x, y, x, y), D)
    value, push_5 = dt.linearize(five, x, y, x, y, x)
    assert_type(push_5(x, y, x, y, x), D)
    value, push_a = dt.linearize(two, x, y, argnums=1)
    assert_type(push_a(y), D)
    assert_type(value, D)
    value, push_1_aux, aux = dt.linearize(one_aux, x, has_aux=True)
    assert_type(push_1_aux(x), D)
    value, push_2_aux, aux = dt.linearize(two_aux, x, y, has_aux=True)
    assert_type(push_2_aux(x, y), D)
    value, push_3_aux, aux = dt.linearize(three_aux, x, y, x, has_aux=True)
    assert_type(push_3_aux(x, y, x), D)
    value, push_4_aux, aux = dt.linearize(four_aux, x, y, x, y, has_aux=True)
    assert_type(push_4_aux(x, y, x, y), D)
    value, push_5_aux, aux = dt.linearize(five_aux, x, y, x, y, x, has_aux=True)
    assert_type(push_5_aux(x, y, x, y, x), D)
    value, push_a_aux, aux = dt.linearize(two_aux, x, y, argnums=1, has_aux=True)
    assert_type(push_a_aux(y), D)
    assert_type(value, D)
    assert_type(aux, str)


def pulled(x: F8, y: F4) -> None:
    value, pull_1 = dt.vjp(one, x)
    assert_type(pull_1(value), tuple[F8])
    value, pull_2 = dt.vjp(two, x, y)
    assert_type(pull_2(value), tuple[F8, F4])
    value, pull_3 = dt.vjp(three, x, y, x)
    assert_type(pull_3(value), tuple[F8, F4, F8])
    value, pull_4 = dt.vjp(four, x, y, x, y)
    assert_type(pull_4(value), tuple[F8, F4, F8, F4])
    value, pull_5 = dt.vjp(five, x, y, x, y, x)
    assert_type(pull_5(value), tuple[Any, ...])
    value, pull_a = dt.vjp(two, x, y, argnums=1)
    assert_type(pull_a(value), tuple[Any, ...])
    assert_type(value, D)
    value, pull_1_aux, aux = dt.vjp(one_aux, x, has_aux=True)
    assert_type(pull_1_aux(value), tuple[F8])
    value, pull_2_aux, aux = dt.vjp(two_aux, x, y, has_aux=True)
    assert_type(pull_2_aux(value), tuple[F8, F4])
    value, pull_3_aux, aux = dt.vjp(three_aux, x, y, x, has_aux=True)
    assert_type(pull_3_aux(value), tuple[F8, F4, F8])
    value, pull_4_aux, aux = dt.vjp(four_aux, x, y, x, y, has_aux=True)
    assert_type(pull_4_aux(value), tuple[F8, F4, F8, F4])
    value, pull_5_aux, aux = dt.vjp(five_aux, x, y, x, y, x, has_aux=True)
    assert_type(pull_5_aux(value), tuple[Any, ...])
    value, pull_a_aux, aux = dt.vjp(two_aux, x, y, argnums=1, has_aux=True)
    assert_type(pull_a_aux(value), tuple[Any, ...])
    assert_type(value, D)
    assert_type(aux, str)


def curved(x: F8, y: F4) -> None:
    assert_type(dt.hvp(one, (x,), (x,)), F8)
    assert_type(dt.hvp(two, (x, y), (x, y)), F8)
    assert_type(dt.hvp(two, (x, y), (x, y), argnums=1), F4)
    assert_type(dt.hvp(two, (x, y), (x, y), argnums=(0, 1)), tuple[F8, F4])
    assert_type(dt.hvp(three, (x, y, x), (x, y, x)), F8)
    assert_type(dt.hvp(three, (x, y, x), (x, y, x), argnums=1), F4)
    assert_type(dt.hvp(three, (x, y, x), (x, y, x), argnums=2), F8)
    assert_type(dt.hvp(three, (x, y, x), (x, y, x), argnums=(0, 1, 2)), tuple[F8, F4, F8])
    assert_type(dt.hvp(four, (x, y, x, y), (x, y, x, y)), F8)
    assert_type(dt.hvp(four, (x, y, x, y), (x, y, x, y), argnums=1), F4)
    assert_type(dt.hvp(four, (x, y, x, y), (x, y, x, y), argnums=2), F8)
    assert_type(dt.hvp(four, (x, y, x, y), (x, y, x, y), argnums=(0, 1, 2, 3)), tuple[F8, F4, F8, F4])
    assert_type(dt.hvp(three, (x, y, x), (x, y, x), argnums=(0, 2)), tuple[Any, ...])
    assert_type(dt.hvp(five, (x, y, x, y, x), (x, y, x, y, x)), Any)
