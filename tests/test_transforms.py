"""The transforms, in every mode: values, call forms, structure, nesting, and what is refused."""

import functools
import gc
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import PerformanceWarning, UnknownModeError

RNG = np.random.default_rng(12)


def close(actual: Any, expected: Any, tolerance: float = 1e-11) -> None:
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def same(a: Any, b: Any) -> None:
    """Two trees are equal to the last bit."""
    assert type(a) is type(b)
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        for key in a:
            same(a[key], b[key])
    elif isinstance(a, (list, tuple)):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            same(x, y)
    else:
        np.testing.assert_array_equal(a, b)


def rosenbrock(x: Any) -> Any:
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def rosenbrock_gradient(x: Any) -> Any:
    g = np.zeros_like(x)
    g[:-1] += -400.0 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2.0 * (1.0 - x[:-1])
    g[1:] += 200.0 * (x[1:] - x[:-1] ** 2)
    return g


def rosenbrock_hessian(x: Any) -> Any:
    n = len(x)
    h = np.zeros((n, n))
    i = np.arange(n - 1)
    h[i, i] += 1200.0 * x[:-1] ** 2 - 400.0 * x[1:] + 2.0
    h[i + 1, i + 1] += 200.0
    h[i, i + 1] = h[i + 1, i] = -400.0 * x[:-1]
    return h


POINT = RNG.normal(size=7)

# --- values -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", [None, 1, 3, 100])
def test_rosenbrock(mode: str, chunk: int | None) -> None:
    close(dt.grad(rosenbrock, mode=mode, chunk_size=chunk)(POINT), rosenbrock_gradient(POINT))
    value, gradient = dt.value_and_grad(rosenbrock, mode=mode, chunk_size=chunk)(POINT)
    assert value == rosenbrock(POINT)
    close(gradient, rosenbrock_gradient(POINT))
    close(dt.hessian(rosenbrock, mode=mode, chunk_size=chunk)(POINT), rosenbrock_hessian(POINT))
    v = RNG.normal(size=7)
    close(dt.hvp(rosenbrock, (POINT,), (v,), mode=mode), rosenbrock_hessian(POINT) @ v)


def test_auto() -> None:
    close(dt.grad(rosenbrock)(POINT), rosenbrock_gradient(POINT))
    close(dt.grad(rosenbrock, mode="auto")(POINT), rosenbrock_gradient(POINT))
    close(dt.hessian(rosenbrock)(POINT), rosenbrock_hessian(POINT))
    v = RNG.normal(size=7)
    close(dt.hvp(rosenbrock, (POINT,), (v,)), rosenbrock_hessian(POINT) @ v)


def sigmoid(x: Any) -> Any:
    return 0.5 * (np.tanh(x / 2) + 1)


def test_logistic_regression(mode: str) -> None:
    """JAX's cookbook: gradients of a logistic regression's loss in its weights and its offset, in several forms."""
    inputs = np.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
    targets = np.array([True, True, False, True])
    w, b = RNG.normal(size=3), 0.3

    def predict(w: Any, b: Any, inputs: Any) -> Any:
        return sigmoid(inputs @ w + b)

    def loss(w: Any, b: Any) -> Any:
        p = predict(w, b, inputs)
        return -np.sum(np.log(p * targets + (1 - p) * (1 - targets)))

    p = 1 / (1 + np.exp(-(inputs @ w + b)))
    in_w, in_b = inputs.T @ (p - targets), np.sum(p - targets)
    close(dt.grad(loss, argnums=0, mode=mode)(w, b), in_w)
    close(dt.grad(loss, argnums=1, mode=mode)(w, b), in_b)
    close(dt.grad(loss, argnums=(0, 1), mode=mode)(w, b)[0], in_w)
    close(dt.grad(loss, (1, 0), mode=mode)(w, b)[0], in_b)
    close(dt.grad(loss, -1, mode=mode)(w, b), in_b)
    found = dt.grad(lambda params: loss(params["W"], params["b"]), mode=mode)({"W": w, "b": b})
    close(found["W"], in_w)
    close(found["b"], in_b)
    # The Jacobian of the predictions, and the Hessian of the loss.
    slope = p * (1 - p)
    close(dt.jacobian(predict, mode=mode)(w, b, inputs), slope[:, None] * inputs)
    close(dt.hessian(loss, mode=mode)(w, b), inputs.T @ (slope[:, None] * inputs))
    cross = dt.hessian(loss, (0, 1), mode=mode)(w, b)
    close(cross[0][1], inputs.T @ slope)
    close(cross[1][1], np.sum(slope))


def test_jacobian_in_a_dict_of_parameters(mode: str) -> None:
    """JAX's cookbook: the Jacobian of a logistic regression's predictions has the structure of its parameters."""
    inputs, params = RNG.normal(size=(4, 3)), {"W": RNG.normal(size=3), "b": 0.3}
    found = dt.jacobian(lambda p: sigmoid(inputs @ p["W"] + p["b"]), mode=mode)(params)
    p = sigmoid(inputs @ params["W"] + params["b"])
    close(found["W"], (p * (1 - p))[:, None] * inputs)
    close(found["b"], p * (1 - p))


def test_hessian_vector_products_by_every_way(mode: str, outer_mode: str) -> None:
    """JAX's cookbook: forward over reverse, reverse over forward and reverse over reverse are one product."""

    def f(x: Any) -> Any:
        return np.sum(np.tanh(x) ** 2)

    X, V = RNG.normal(size=(3, 4)), RNG.normal(size=(3, 4))
    t = np.tanh(X)
    expected = 2 * (1 - t * t) * (1 - 3 * t * t) * V
    close(np.tensordot(dt.hessian(f, mode=mode)(X), V, 2), expected)
    close(dt.jvp(dt.grad(f, mode=mode), (X,), (V,), mode=outer_mode)[1], expected)
    close(dt.grad(lambda x: dt.jvp(f, (x,), (V,), mode=mode)[1], mode=outer_mode)(X), expected)
    close(dt.grad(lambda x: np.vdot(dt.grad(f, mode=mode)(x), V), mode=outer_mode)(X), expected)
    close(dt.hvp(f, (X,), (V,), mode=mode), expected)


@pytest.mark.parametrize("order", range(1, 6))
def test_sine_to_the_fifth_derivative(mode: str, order: int) -> None:
    f: Callable[[Any], Any] = np.sin
    for _ in range(order):
        f = dt.grad(f, mode=mode)
    found = f(0.7)
    close(found, math.sin(0.7 + order * math.pi / 2))
    assert type(found) is np.float64


def test_sine_by_any_mix_of_modes(modes: tuple[str, ...]) -> None:
    f: Callable[[Any], Any] = np.sin
    for order in range(1, 6):
        f = dt.grad(f, mode=modes[order % len(modes)])  # type: ignore[call-overload]  # the names of modes
        close(f(0.7), math.sin(0.7 + order * math.pi / 2))


def test_a_polynomial_and_its_derivatives(mode: str) -> None:
    """JAX's autodiff page: x³ + 2x² - 3x + 1 at 1."""

    def f(x: Any) -> Any:
        return x**3 + 2 * x**2 - 3 * x + 1

    found = []
    for _ in range(4):
        f = dt.grad(f, mode=mode)
        found.append(float(f(1.0)))
    close(found, [4.0, 10.0, 6.0, 0.0])


def test_tanh(mode: str) -> None:
    """JAX's cookbook: the derivatives of tanh at 2."""
    first = dt.grad(np.tanh, mode=mode)
    t = math.tanh(2.0)
    close(first(2.0), 1 - t * t)
    close(dt.grad(first, mode=mode)(2.0), -2 * t * (1 - t * t))


def test_matrix_functions(mode: str) -> None:
    A, B = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 3))
    close(dt.grad(lambda A: np.trace(A @ B), mode=mode)(A), B.T)
    close(dt.grad(lambda A: np.sum(A * A), mode=mode)(A), 2 * A)
    close(dt.grad(lambda A: np.trace(A @ A @ A), mode=mode)(A), 3 * (A @ A).T)
    square = dt.jacobian(lambda A: A @ A, mode=mode)(A)
    eye = np.eye(3)
    close(square, np.einsum("ik,lj->ijkl", eye, A) + np.einsum("ik,jl->ijkl", A, eye))
    x = RNG.normal(size=3)
    close(dt.hessian(lambda x: x @ A @ x, mode=mode)(x), A + A.T)
    inverse = np.linalg.inv(A)
    close(dt.grad(lambda A: np.linalg.slogdet(A)[1], mode=mode)(A), inverse.T)
    close(dt.grad(lambda A: np.trace(np.linalg.inv(A)), mode=mode)(A), -(inverse @ inverse).T, 1e-10)
    bent = dt.hessian(lambda A: np.linalg.slogdet(A)[1], mode=mode)(A)
    close(bent, -np.einsum("jk,li->ijkl", inverse, inverse), 1e-9)
    # Power series of the matrix exponential: d tr(exp(A)) = exp(A)^T.
    small = A / 4

    def exponential(M: Any) -> Any:
        total, term = np.eye(3), np.eye(3)
        for k in range(1, 25):
            term = term @ M / k
            total = total + term
        return total

    close(dt.grad(lambda M: np.trace(exponential(M)), mode=mode)(small), exponential(small).T)


def kepler(start: Any, steps: int = 200) -> Any:
    """Position after a leapfrog integration of the Kepler problem, from (x, y, vx, vy)."""
    x, y, u, v = start[0], start[1], start[2], start[3]
    h = 0.02
    for _ in range(steps):
        u, v = u - h / 2 * x / (x * x + y * y) ** 1.5, v - h / 2 * y / (x * x + y * y) ** 1.5
        x, y = x + h * u, y + h * v
        u, v = u - h / 2 * x / (x * x + y * y) ** 1.5, v - h / 2 * y / (x * x + y * y) ** 1.5
    return np.stack([x, y, u, v])


START = np.array([1.0, 0.1, -0.2, 1.1])


def test_kepler_orbit(modes: tuple[str, ...]) -> None:
    """The adjoint of an integration is the transpose of its tangent map, and a leapfrog's map is symplectic."""
    maps = [dt.jacobian(kepler, mode=mode)(START) for mode in modes]  # type: ignore[call-overload]  # the names of modes
    for found in maps:
        close(found, maps[0])
    J = np.block([[np.zeros((2, 2)), np.eye(2)], [-np.eye(2), np.zeros((2, 2))]])
    close(maps[0].T @ J @ maps[0], J, 1e-9)
    t, w = RNG.normal(size=4), RNG.normal(size=4)
    for mode in modes:
        pushed = dt.jvp(kepler, (START,), (t,), mode=mode)[1]  # type: ignore[call-overload]  # as above
        pulled = dt.vjp(kepler, START, mode=mode)[1](w)[0]  # type: ignore[call-overload]  # as above
        close(w @ pushed, pulled @ t)
        close(pushed, maps[0] @ t)


# --- products -----------------------------------------------------------------------------------------------------


def mixed(x: Any, y: Any) -> Any:
    return {"a": np.sin(x) * y, "b": (np.sum(x * x), y)}


def test_jvp(mode: str) -> None:
    x, y, t = np.arange(3.0), 2.0, np.array([1.0, -1.0, 0.5])
    out, tangent = dt.jvp(mixed, (x, y), (t, 0.25), mode=mode)
    same(out, mixed(x, np.float64(y)))
    close(tangent["a"], np.cos(x) * y * t + np.sin(x) * 0.25)
    close(tangent["b"], (2 * x @ t, 0.25))
    assert type(tangent["b"][0]) is np.float64
    _, partial = dt.jvp(mixed, (x, y), (0.25,), argnums=1, mode=mode)
    close(partial["a"], np.sin(x) * 0.25)
    assert partial["b"][0] == 0.0


def test_vjp(mode: str) -> None:
    x, y, w = np.arange(3.0), 2.0, np.array([1.0, -1.0, 0.5])
    out, pullback = dt.vjp(mixed, x, y, mode=mode)
    same(out, mixed(x, np.float64(y)))
    for scale in 1.0, 10.0:  # usable more than once
        in_x, in_y = pullback({"a": scale * w, "b": (3.0 * scale, scale)})
        close(in_x, scale * (np.cos(x) * y * w + 6 * x))
        close(in_y, scale * (np.sin(x) @ w + 1))
        assert type(in_y) is np.float64
    _, pullback = dt.vjp(mixed, x, y, argnums=1, mode=mode)
    (in_y,) = pullback({"b": (0.0, 1.0), "a": w})
    close(in_y, np.sin(x) @ w + 1)


def test_linearize(mode: str) -> None:
    calls = []

    def f(x: Any, y: Any) -> Any:
        calls.append(1)
        return mixed(x, y)

    x, y, t = np.arange(3.0), 2.0, np.array([1.0, -1.0, 0.5])
    out, pushforward = dt.linearize(f, x, y, mode=mode)
    same(out, mixed(x, np.float64(y)))
    before = len(calls)
    for scale in 1.0, -2.0:
        tangent = pushforward(scale * t, scale)
        close(tangent["a"], scale * (np.cos(x) * y * t + np.sin(x)))
        close(tangent["b"], (scale * 2 * x @ t, scale))
        assert type(tangent["b"][0]) is np.float64
    assert len(calls) == before


@pytest.mark.parametrize("make", [dt.vjp, dt.linearize])
def test_what_a_pullback_holds_is_its_own(mode: str, make: Any) -> None:
    """Writing into the arguments or the output afterwards changes nothing."""
    x = np.array([1.0, 2.0])
    out, linear = make(np.exp, x, mode=mode)
    x[:] = 0.0
    out[:] = 0.0
    found = linear(np.ones(2))
    close(found[0] if make is dt.vjp else found, np.exp([1.0, 2.0]))


def test_hvp_wants_tangents_for_every_primal(mode: str) -> None:
    def f(x: Any, y: Any) -> Any:
        return np.sum(x * x) * y

    x = np.array([1.0, 2.0])
    close(dt.hvp(f, (x, 3.0), (np.ones(2), 0.5), mode=mode), 6.0 * np.ones(2) + x)
    both = dt.hvp(f, (x, 3.0), (np.ones(2), 0.5), (0, 1), mode=mode)
    close(both[1], 2 * x @ np.ones(2))
    with pytest.raises(TypeError, match="2 arguments want 2 tangents"):
        dt.hvp(f, (x, 3.0), (np.ones(2),), mode=mode)


def test_hessian_of_a_vector_function(mode: str) -> None:
    x = np.array([0.3, 0.7])
    found = dt.hessian(lambda x: np.stack([x[0] * x[1], np.sin(x[0])]), mode=mode)(x)
    expected = np.zeros((2, 2, 2))
    expected[0, 0, 1] = expected[0, 1, 0] = 1.0
    expected[1, 0, 0] = -math.sin(0.3)
    close(found, expected)


# --- structure ----------------------------------------------------------------------------------------------------


class Pair(NamedTuple):
    x: Any
    y: Any


@dataclass(frozen=True)
class Params:
    scale: Any
    layers: Any


def test_containers(mode: str) -> None:
    params = Params(2.0, [{"w": np.ones((2, 3)), "b": None}, Pair(np.float32(0.5), (np.arange(3.0),))])

    def f(p: Params) -> Any:
        assert isinstance(p, Params)
        return p.scale * np.sum(p.layers[0]["w"] @ p.layers[1].y[0]) * p.layers[1].x

    g = dt.grad(f, mode=mode)(params)
    assert type(g) is Params
    assert type(g.layers[1]) is Pair
    assert g.layers[0]["b"] is None
    close(g.scale, 3.0)
    close(g.layers[0]["w"], np.tile(np.arange(3.0), (2, 1)))
    close(g.layers[1].x, 12.0)
    assert type(g.layers[1].x) is np.float32
    close(g.layers[1].y[0], [2.0, 2.0, 2.0])


def test_jacobian_nests_the_arguments_in_the_output(mode: str) -> None:
    def f(p: Any, s: Any) -> Any:
        return Pair(p["w"] * s, [np.sum(p["w"])])

    found = dt.jacobian(f, (0, 1), mode=mode)({"w": np.arange(3.0)}, 2.0)
    assert type(found) is Pair
    close(found.x[0]["w"], 2.0 * np.eye(3))
    close(found.x[1], np.arange(3.0))
    close(found.y[0][0]["w"], np.ones(3))
    assert type(found.y[0][1]) is np.float64
    assert found.y[0][1] == 0.0
    second = dt.hessian(lambda p: np.sum(p["a"] * p["b"]), mode=mode)({"a": np.ones(2), "b": np.ones(2)})
    close(second["a"]["b"], np.eye(2))
    close(second["a"]["a"], np.zeros((2, 2)))


def test_kinds_of_results(mode: str) -> None:
    def f(x: Any) -> Any:
        return np.sum(x * x)

    for x, kind, dtype in [
        (2.0, np.float64, np.float64),
        (np.float32(2.0), np.float32, np.float32),
        (np.float64(2.0), np.float64, np.float64),
        (np.array(2.0), np.ndarray, np.float64),
        (np.array([2.0], np.float32), np.ndarray, np.float32),
        (dt.Variable(2.0), np.ndarray, np.float64),
        (dt.constant([2.0]), np.ndarray, np.float64),
    ]:
        g = dt.grad(f, mode=mode)(x)
        assert type(g) is kind
        assert g.dtype == dtype
        assert g.shape == np.shape(x)
        value, _ = dt.value_and_grad(f, mode=mode)(x)
        assert type(value) is dtype


def test_kinds_of_results_that_an_outer_level_differentiates(mode: str, outer_mode: str) -> None:
    def cubed(x: Any) -> Any:
        return x**3

    met = []

    def slope(x: Any) -> Any:
        g = dt.grad(cubed, mode=mode)(x)
        met.append((isinstance(g, np.ndarray), isinstance(g, float)))
        return g

    for x, one, kind, is_kind in [
        (2.0, 1.0, np.float64, (False, True)),
        (np.float32(2.0), np.float32(1.0), np.float32, (False, False)),
        (np.array(2.0), np.array(1.0), np.ndarray, (True, False)),
    ]:
        found = [
            dt.hvp(cubed, (x,), (one,), mode=mode),
            dt.jvp(slope, (x,), (one,), mode=outer_mode)[1],
            dt.linearize(slope, x, mode=outer_mode)[1](one),
            dt.vjp(slope, x, mode=outer_mode)[1](one)[0],
            dt.jacobian(slope, mode=outer_mode)(x),
        ]
        assert [type(y) for y in found] == [kind] * 5
        assert {y.dtype for y in found} == {np.dtype(np.asarray(x).dtype)}
        close(found, [12.0] * 5)
        assert set(met) == {is_kind}
        met.clear()


def test_keywords_and_defaults(mode: str) -> None:
    def f(x: Any, y: Any = 3.0, *, power: int = 2) -> Any:
        return x**power * y

    assert dt.grad(f, mode=mode)(2.0) == 12.0
    assert dt.grad(f, mode=mode)(2.0, power=3) == 36.0
    assert dt.grad(f, mode=mode)(2.0, y=1.0) == 4.0
    assert dt.grad(f, mode=mode)(x=2.0, y=1.0) == 4.0
    assert dt.grad(f, 1, mode=mode)(2.0, y=5.0, power=3) == 8.0
    assert dt.grad(f, mode=mode).__name__ == "f"


@pytest.mark.parametrize("wrap", [lambda f: f, functools.partial])
def test_an_argument_by_keyword_is_the_same_argument(mode: str, wrap: Any) -> None:
    @wrap
    def f(x: Any, y: Any) -> Any:
        return x**3 * y**2

    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
        ((2.0, 5.0), {}),
        ((2.0,), {"y": 5.0}),
        ((), {"y": 5.0, "x": 2.0}),
    ]
    for args, kwargs in calls:
        for argnums, first, second in [(0, 300.0, 300.0), (1, 80.0, 16.0), (-1, 80.0, 16.0), (-2, 300.0, 300.0)]:
            close(dt.grad(f, argnums, mode=mode)(*args, **kwargs), first)
            close(dt.jacobian(dt.grad(f, argnums, mode=mode), argnums, mode=mode)(*args, **kwargs), second)
            close(dt.hessian(f, argnums, mode=mode)(*args, **kwargs), second)
            close(dt.hessian(f, argnums)(*args, **kwargs), second)
        (_, across), _ = dt.hessian(f, (0, 1), mode=mode)(*args, **kwargs)
        close(across, 120.0)
        for transform in dt.grad, dt.hessian:
            with pytest.raises(TypeError, match="argnums names argument 2"):
                transform(f, 2, mode=mode)(*args, **kwargs)


def test_aux_passes_through(mode: str) -> None:
    class Box:
        pass

    box = Box()

    def f(x: Any) -> Any:
        return np.sum(x * x), {"box": box, "y": x * 2.0, "n": 3}

    x = np.arange(5.0)
    g, aux = dt.grad(f, mode=mode, has_aux=True)(x)
    close(g, 2 * x)
    assert aux["box"] is box
    assert type(aux["y"]) is np.ndarray
    close(aux["y"], 2 * x)
    (value, aux), g = dt.value_and_grad(f, mode=mode, has_aux=True)(x)
    assert value == 30.0
    assert aux["n"] == 3
    _, aux = dt.jacobian(f, mode=mode, has_aux=True)(x)
    assert aux["box"] is box
    H, aux = dt.hessian(f, mode=mode, has_aux=True)(x)
    close(H, 2 * np.eye(5))
    assert type(aux["y"]) is np.ndarray
    assert dt.jvp(f, (x,), (x,), mode=mode, has_aux=True)[2]["box"] is box
    assert dt.vjp(f, x, mode=mode, has_aux=True)[2]["box"] is box
    assert dt.linearize(f, x, mode=mode, has_aux=True)[2]["box"] is box
    entries = dt.grad(
        lambda x: (np.sum(x), [np.array([x[0], 2 * x[1]]), np.array([x[0], None])]), mode=mode, has_aux=True
    )
    numbers, objects = entries(np.array([1.0, 2.0]))[1]
    assert numbers.dtype == np.float64
    close(numbers, [1.0, 4.0])
    assert [type(entry) for entry in objects] == [np.float64, type(None)]
    marker = object()
    assert dt.grad(lambda x: (x * x, marker), mode=mode, has_aux=True)(1.0)[1] is marker
    with pytest.raises(TypeError, match=r"\(output, aux\)"):
        dt.grad(np.sin, mode=mode, has_aux=True)(1.0)


def test_the_callers_arrays_stay(mode: str) -> None:
    x, y = np.arange(4.0), np.ones(2)

    def f(x: Any, y: Any) -> Any:
        x[1:] *= x[:-1]
        y[0] = x[3]
        x[0] = 7.0
        return np.sum(x) * y[0] * y[1]

    def by_hand(x: Any, y: Any) -> Any:
        middle = np.array([x[0] * x[1], x[1] * x[2], x[2] * x[3]])
        return (7.0 + np.sum(middle)) * middle[2] * y[1]

    for chunk in None, 1:
        g = dt.grad(f, (0, 1), mode=mode, chunk_size=chunk)(x, y)
        expected = dt.grad(lambda x, y: (7.0 + x[0] * x[1] + x[1] * x[2] + x[2] * x[3]) * x[2] * x[3] * y[1], (0, 1))
        close(g[0], expected(x, y)[0])
        close(g[1], [0.0, by_hand(x, np.ones(2))])
    dt.vjp(f, x, y, mode=mode)[1](1.0)
    dt.jvp(f, (x, y), (x, y), mode=mode)
    dt.hessian(f, (0, 1), mode=mode)(x, y)
    np.testing.assert_array_equal(x, np.arange(4.0))
    np.testing.assert_array_equal(y, np.ones(2))


def test_results_share_no_memory(mode: str) -> None:
    x, t = np.arange(1.0, 4.0), np.array([1.0, 2.0, 3.0])

    def f(x: Any) -> Any:
        return x, x + 0.0, np.broadcast_to(x, (2, 3)), x[::-1]

    for _, tangents in (dt.jvp(f, (x,), (t,), mode=mode), (None, dt.linearize(f, x, mode=mode)[1](t))):
        for i, found in enumerate(tangents):
            found[...] = i
        assert [found.flat[0] for found in tangents] == [0.0, 1.0, 2.0, 3.0]
    _, pullback = dt.vjp(lambda x, y: x + y, x, x, mode=mode)
    first, second = pullback(t)
    first[...] = 7.0
    close(second, [1, 2, 3])
    close(pullback(t)[0], [1, 2, 3])
    first, second = dt.grad(lambda x, y: np.sum(x + y), (0, 1), mode=mode)(x, x)
    first[...] = 7.0
    close(second, np.ones(3))
    first, second = dt.jacobian(lambda x, y: x + y, (0, 1), mode=mode)(x, x)
    first[...] = 7.0
    close(second, np.eye(3))
    close((x, t), ([1, 2, 3], [1, 2, 3]))


def test_variables_that_are_read_are_constants(mode: str) -> None:
    w = dt.Variable(np.full(300, 2.0))
    assert dt.grad(lambda x: x * np.sum(w * w), mode=mode)(1.0) == 1200.0


@pytest.mark.parametrize("chunk", [None, 1])
def test_what_is_written_into_other_arguments_no_other_pass_sees(mode: str, chunk: int | None) -> None:
    """They are left as one call by itself leaves them, however often the function is called for its derivatives."""
    weights, box, frozen = np.zeros(3), {"n": [np.zeros(2)]}, np.ones(3)
    frozen.flags.writeable = False

    def f(x: Any, weights: Any, box: Any, frozen: Any) -> Any:
        weights += 1.0
        box["n"][0] += 2.0
        box["n"].append("seen")
        return weights * x[:3] * box["n"][0][0] * len(box["n"]) * frozen

    x = np.arange(4.0)
    found = dt.jacobian(f, mode=mode, chunk_size=chunk)(x, weights, box, frozen)
    close(found, 4.0 * np.eye(3, 4))
    close(weights, np.ones(3))
    close(box["n"][0], [2.0, 2.0])
    assert len(box["n"]) == 2

    weights, box = np.zeros(3), {"n": [np.zeros(2)]}
    # By default it is called once more, to count the outputs.
    close(dt.jacobian(f)(x, weights, box=box, frozen=frozen), 4.0 * np.eye(3, 4))
    close(weights, np.ones(3))
    close(dt.grad(lambda x, w: np.sum(f(x, w, {"n": [np.zeros(2)]}, 1.0)), mode=mode)(x, weights), [8, 8, 8, 0])


# --- zero derivatives ---------------------------------------------------------------------------------------------


def test_what_does_not_depend_has_derivative_zero(mode: str) -> None:
    close(dt.grad(lambda _x: 1.0, mode=mode)(np.ones(3)), np.zeros(3))
    close(dt.grad(lambda x, _y: np.sum(x), (0, 1), mode=mode)(np.ones(3), np.ones((2, 2)))[1], np.zeros((2, 2)))
    assert dt.grad(dt.grad(lambda x: 2.0 * x, mode=mode), mode=mode)(1.0) == 0.0
    assert dt.grad(dt.grad(lambda _x: 2.0, mode=mode), mode=mode)(1.0) == 0.0
    close(dt.hessian(np.sum, mode=mode)(np.ones(2)), np.zeros((2, 2)))
    value, g = dt.value_and_grad(lambda _x: 5.0, mode=mode)(1.0)
    assert (type(value), value, g) == (np.float64, 5.0, 0.0)
    close(dt.jacobian(lambda _x: np.ones(2), mode=mode)(np.ones(3)), np.zeros((2, 3)))
    out, tangent = dt.jvp(lambda _x: np.ones(2), (1.0,), (1.0,), mode=mode)
    close((out, tangent), ([1, 1], [0, 0]))
    close(dt.vjp(lambda _x: np.ones(2), 1.0, mode=mode)[1](np.ones(2)), (0.0,))
    assert dt.grad(np.floor, mode=mode)(1.5) == 0.0
    # A zero Jacobian has the dtype of one that is not.
    for f in (lambda x: x * 1j, lambda _x: np.ones(2) * 1j):
        assert dt.jacobian(f, mode=mode)(np.ones(2, np.float32)).dtype == np.complex64
    assert dt.jacobian(lambda x, _y: x * 1j, (0, 1), mode=mode)(1.0, 1.0)[1].dtype == np.complex128


def test_empty(mode: str) -> None:
    assert dt.grad(np.sum, mode=mode)(np.ones((0, 3))).shape == (0, 3)
    assert dt.jacobian(np.sin, mode=mode)(np.ones(0)).shape == (0, 0)
    assert dt.grad(lambda _p, x: x * x, mode=mode)([], 2.0) == []
    assert dt.value_and_grad(lambda p, x: x * x, mode=mode)({}, 2.0) == (4.0, {})


# --- nesting ------------------------------------------------------------------------------------------------------


def test_every_pair_of_modes(mode: str, outer_mode: str) -> None:
    x = RNG.normal(size=4)
    g = dt.grad(rosenbrock, mode=mode)
    close(dt.jacobian(g, mode=outer_mode)(x), rosenbrock_hessian(x))
    close(dt.jvp(g, (x,), (x,), mode=outer_mode)[1], rosenbrock_hessian(x) @ x)
    close(dt.vjp(g, x, mode=outer_mode)[1](x)[0], rosenbrock_hessian(x) @ x)
    close(dt.linearize(g, x, mode=outer_mode)[1](x), rosenbrock_hessian(x) @ x)
    close(dt.grad(lambda x: dt.jvp(rosenbrock, (x,), (x,), mode=mode)[1], mode=outer_mode)(x),
          rosenbrock_gradient(x) + rosenbrock_hessian(x) @ x)  # fmt: skip
    close(dt.grad(lambda x: dt.vjp(rosenbrock, x, mode=mode)[1](2.0)[0] @ x, mode=outer_mode)(x),
          2 * (rosenbrock_gradient(x) + rosenbrock_hessian(x) @ x))  # fmt: skip
    size = dt.grad(lambda x: np.sum(dt.jacobian(np.sin, mode=mode)(x) ** 2), mode=outer_mode)
    close(size(x), -2 * np.cos(x) * np.sin(x))
    third = dt.grad(lambda x: np.sum(dt.hessian(lambda x: np.sum(x**4), mode=mode)(x)), mode=outer_mode)
    close(third(x), 24 * x)
    third = dt.grad(lambda x: np.sum(dt.hvp(lambda x: np.sum(x**4), (x,), (np.ones(4),), mode=mode)), mode=outer_mode)
    close(third(x), 24 * x)


def test_tangents_and_cotangents_are_traced(mode: str, outer_mode: str) -> None:
    """The product is linear in the tangent: its derivative in it is the Jacobian."""
    x, t = np.array([0.3, 0.7]), np.array([1.0, 2.0])
    pushed = dt.jacobian(lambda t: dt.jvp(np.sin, (x,), (t,), mode=mode)[1], mode=outer_mode)
    close(pushed(t), np.diag(np.cos(x)))
    _, pullback = dt.vjp(np.sin, x, mode=mode)
    close(dt.jacobian(lambda w: pullback(w)[0], mode=outer_mode)(t), np.diag(np.cos(x)))
    _, pushforward = dt.linearize(np.sin, x, mode=mode)
    close(dt.jacobian(pushforward, mode=outer_mode)(t), np.diag(np.cos(x)))


def test_under_a_tape(mode: str, outer_mode: str) -> None:
    w = dt.Variable([0.3, 0.7])
    with dt.GradientTape(outer_mode) as tape:
        value, g = dt.value_and_grad(lambda x: np.sum(np.sin(x) * x), mode=mode)(w)
        loss = np.sum(g * g) + value
    x = w.numpy()
    g = np.cos(x) * x + np.sin(x)
    close(tape.gradient(loss, w), 2 * g * (2 * np.cos(x) - np.sin(x) * x) + g)


def test_perturbations_are_not_confused(mode: str, outer_mode: str) -> None:
    """Siskind and Pearlmutter (2005): d/dx (x d/dy (x + y)) at y = 1 is 1, and 2 where perturbations are confused."""

    def d(f: Any, m: str) -> Any:
        return dt.grad(f, mode=m)  # type: ignore[call-overload]  # the names of modes

    assert d(lambda x: x * d(lambda y: x + y, mode)(1.0), outer_mode)(1.0) == 1.0
    assert d(lambda x: x * d(lambda y: x * y, mode)(2.0), outer_mode)(3.0) == 6.0
    assert d(lambda x: d(lambda y: x * y * y, mode)(x), outer_mode)(3.0) == 12.0
    assert d(lambda x: d(lambda y: d(lambda z: x * y * z, mode)(x), outer_mode)(x), mode)(2.0) == 1.0


def test_amazing_bug(mode: str, outer_mode: str) -> None:
    """Manzyuk and others (2019): a derivative that returns a closure, which is called under the same derivative again.

    With s(u)(f)(x) = f(x + u), the derivative of s at 0 shifts a derivative: D(s(.)(h))(0) is h', and twice h''.
    """

    def shifted(h: Any, m: str) -> Any:
        return lambda x: dt.grad(lambda u: h(x + u), mode=m)(0.0)  # type: ignore[call-overload]  # the names of modes

    twice = shifted(shifted(np.exp, mode), outer_mode)
    close(twice(1.0), math.e)
    close(shifted(shifted(lambda x: x**3, mode), outer_mode)(2.0), 12.0)


def test_an_argument_that_an_inner_function_closes_over(mode: str, outer_mode: str) -> None:
    def f(x: Any) -> Any:
        return np.sum(dt.grad(lambda y: np.sum(x * y**3), mode=mode)(x))  # type: ignore[call-overload]  # as above

    x = np.array([0.5, 2.0])
    close(dt.grad(f, mode=outer_mode)(x), 9 * x**2)


# --- complex numbers ----------------------------------------------------------------------------------------------

Z = np.array([1 + 2j, 0.3 - 1j])


def test_gradient_of_a_real_loss_is_the_steepest_ascent(mode: str) -> None:
    close(dt.grad(lambda z: np.sum(np.abs(z) ** 2), mode=mode)(Z), 2 * Z)
    close(dt.grad(lambda z: np.sum(np.real(z)), mode=mode)(Z), [1, 1])
    close(dt.grad(lambda z: np.sum(np.imag(z)), mode=mode)(Z), [1j, 1j])
    assert type(dt.grad(lambda z: np.abs(z) ** 2, mode=mode)(1 + 1j)) is np.complex128


def test_pullback_is_the_gradient_of_the_weighted_real_part(mode: str) -> None:
    w = np.array([0.5 - 1j, 2.0 + 0.3j])
    _, pullback = dt.vjp(lambda z: np.exp(z) + np.conj(z), Z, mode=mode)
    expected = dt.grad(lambda z: np.sum(np.real(np.conj(w) * (np.exp(z) + np.conj(z)))))(Z)
    close(pullback(w)[0], expected)
    _, pullback = dt.vjp(lambda x: x * (1 + 2j), np.array([1.0, 2.0]), mode=mode)
    close(pullback(w)[0], np.real(np.conj(w) * (1 + 2j)))


def test_products_of_a_complex_function_are_those_of_its_parts(mode: str) -> None:
    """JAX's cookbook checks cos(Re z + 2i Im z) as two real functions of two real numbers; a pullback is conjugate."""

    def f(z: Any) -> Any:
        return np.cos(np.real(z) + 2j * np.imag(z))

    def parts(x: Any) -> Any:
        y = f(x[0] + 1j * x[1])
        return np.stack([np.real(y), np.imag(y)])

    z, t, w = 0.7 - 0.4j, 0.3 + 1.1j, -0.8 + 0.5j
    J = dt.jacobian(parts, mode=mode)(np.array([z.real, z.imag]))
    pushed, pulled = J @ [t.real, t.imag], [w.real, w.imag] @ J
    close(dt.jvp(f, (z,), (t,), mode=mode)[1], pushed[0] + 1j * pushed[1])
    close(dt.vjp(f, z, mode=mode)[1](w)[0], pulled[0] + 1j * pulled[1])
    slope = -np.sin(z.real + 2j * z.imag)
    close(J, [[slope.real, -2 * slope.imag], [slope.imag, 2 * slope.real]])


def test_jvp_is_linear_over_the_reals(mode: str) -> None:
    t = np.array([0.5 - 1j, 2.0 + 0.3j])
    close(dt.jvp(np.conj, (Z,), (t,), mode=mode)[1], np.conj(t))
    close(dt.linearize(lambda z: np.abs(z) ** 2, Z, mode=mode)[1](t), 2 * np.real(np.conj(Z) * t))


def test_holomorphic(mode: str) -> None:
    close(dt.jacobian(np.exp, holomorphic=True, mode=mode)(Z), np.diag(np.exp(Z)))
    found = dt.hessian(lambda z: np.sum(z**3), holomorphic=True, mode=mode)(Z)
    close(found, np.diag(6 * Z))
    assert found.dtype == np.complex128
    with pytest.raises(TypeError, match=r"argument 0 is complex.*holomorphic=True"):
        dt.jacobian(np.exp, mode=mode)(Z)
    with pytest.raises(TypeError, match="holomorphic=True"):
        dt.hessian(lambda z: np.sum(np.abs(z)), mode=mode)(Z)
    with pytest.raises(ValueError, match="Cauchy-Riemann"):
        dt.jacobian(np.conj, holomorphic=True, mode=mode)(Z)


# --- what is refused ----------------------------------------------------------------------------------------------


def test_outputs_that_are_refused(mode: str) -> None:
    x = np.ones(3)
    grad: Any = dt.grad
    for f, message in [
        (lambda x: x, r"array of shape \(3,\): sum or index"),
        (lambda x: [np.sum(x)], "one number, not list"),
        (lambda _x: None, "returns None"),
        (lambda x: np.sum(x) * 1j, "real number, not complex128"),
        (lambda _x: 3, "returns int64"),
        (lambda x: x[0] > 0, "returns bool"),
        (lambda _x: "text", "returns <U4"),
    ]:
        with pytest.raises(TypeError, match=message):
            grad(f, mode=mode)(x)
    with pytest.raises(TypeError, match=r"returns int64 at \['n'\]"):
        dt.jacobian(lambda x: {"y": x, "n": 3}, mode=mode)(x)
    with pytest.raises(TypeError, match="returns bool"):
        dt.vjp(lambda x: x > 0, x, mode=mode)
    with pytest.raises(TypeError, match=r"returns object at \['n'\]"):
        dt.jacobian(lambda x: {"y": x, "n": object()}, mode=mode)(x)


def test_arguments_that_are_refused(mode: str) -> None:
    grad: Any = dt.grad

    def f(x: Any, y: Any = 1.0) -> Any:
        return np.sum(x["w"]) * y if isinstance(x, dict) else np.sum(x) * y

    for x, message in [
        (3, "argument 0 is 3, of int: only floats are differentiated; write 3.0"),
        (True, "argument 0 is True"),
        (np.arange(3), "argument 0 is of int64"),
        ({"w": np.arange(3)}, r"argument 0\['w'\] is of int64"),
        ("text", "is of str"),
        (np.ma.masked_array([1.0, 2.0], [True, False]), r"of MaskedArray.*np\.asarray"),
        ({"w": object()}, r"argument 0\['w'\] is of object"),
    ]:
        with pytest.raises(TypeError, match=message):
            grad(f, mode=mode)(x)
    with pytest.raises(TypeError, match=r"write 2\.0"):
        dt.jvp(np.sin, (2,), (1.0,), mode=mode)
    with pytest.raises(TypeError, match=r"argument 1 is 3, of int.*or bind it, as hvp\(lambda x: f\(x, n\)"):
        dt.hvp(lambda x, n: x**n, (2.0, 3), (1.0, 0.0), mode=mode)
    # What is not differentiated may be anything.
    assert dt.grad(lambda x, n: x**n, mode=mode)(2.0, 3) == 12.0


def test_argnums_that_are_refused(mode: str) -> None:
    grad: Any = dt.grad
    for argnums in (1.0, "x", True, (0, 1.5), [0, None]):
        with pytest.raises(TypeError, match="argnums is an int or a tuple of ints"):
            grad(np.sin, argnums, mode=mode)
    for argnums in ((0, 0), (0, -1)):
        with pytest.raises(ValueError, match="twice"):
            grad(np.sin, argnums, mode=mode)(1.0)
    with pytest.raises(ValueError, match="names no argument"):
        grad(np.sin, (), mode=mode)
    for argnums in (1, -2, (0, 3)):
        with pytest.raises(TypeError, match=r"sin is called with 1 positional argument$"):
            grad(np.sin, argnums, mode=mode)(1.0)


def test_tangents_that_are_refused(mode: str) -> None:
    x = np.ones(3)
    jvp: Any = dt.jvp
    for tangents, kind, message in [
        ((np.ones(2),), ValueError, r"the tangent of argument 0 has shape \(2,\), where \(3,\) belongs"),
        ((np.ones(3, int),), TypeError, "is of int64, where float64 belongs; write 1.0 for 1"),
        ((np.ones(3) * 1j,), TypeError, "is of complex128, where float64 belongs"),
        ((np.ones(3, np.longdouble),), TypeError, "would lose precision"),
        ((np.ones(3), np.ones(3)), TypeError, "1 arguments want 1 tangents, not 2"),
        ((None,), TypeError, r"the tangent of argument 0 is None, where float64 of shape \(3,\) belongs"),
        (np.ones(3), TypeError, "tangents are a tuple"),
        (([1.0, 1.0, 1.0],), TypeError, "is a list, where an array belongs"),
    ]:
        with pytest.raises(kind, match=message):
            jvp(np.sin, (x,), tangents, mode=mode)
    with pytest.raises(TypeError, match="primals are a tuple"):
        jvp(np.sin, x, (x,), mode=mode)
    with pytest.raises(TypeError, match=r"the tangent of argument 0 has the parts \['v'\], where \['w'\] belong"):
        jvp(lambda p: p["w"], ({"w": x},), ({"v": x},), mode=mode)
    close(jvp(np.sin, (np.ones(3, np.float32),), (np.ones(3, np.float16),), mode=mode)[1], np.cos(np.ones(3)), 1e-6)


def test_cotangents_that_are_refused(mode: str) -> None:
    pullback: Any = dt.vjp(lambda x: {"y": x * 2.0}, np.ones(3), mode=mode)[1]
    with pytest.raises(ValueError, match=r"the cotangent\['y'\] has shape \(2,\)"):
        pullback({"y": np.ones(2)})
    with pytest.raises(TypeError, match=r"the cotangent\['y'\] is of complex128"):
        pullback({"y": np.ones(3) * 1j})
    with pytest.raises(TypeError, match="the cotangent is of ndarray, where dict belongs"):
        pullback(np.ones(3))
    # Parts are found by their names.
    pullback = dt.vjp(lambda x: {"y": x, "z": 2 * x}, 1.0, mode=mode)[1]
    assert pullback({"z": 1.0, "y": 10.0}) == (12.0,)


def test_settings_that_are_refused() -> None:
    grad: Any = dt.grad
    with pytest.raises(UnknownModeError, match="fowrard"):
        grad(np.sin, mode="fowrard")
    for chunk in 0, -1, 1.5, True:
        with pytest.raises(ValueError, match="chunk_size"):
            grad(np.sin, chunk_size=chunk)
    with pytest.raises(TypeError, match=r"grad\(f\)\(x\)"):
        grad(np.sin(1.0))
    with pytest.raises(TypeError, match="progress"):
        grad(np.sin, progress=3)


def test_a_functions_own_error_comes_through(mode: str) -> None:
    def f(x: Any) -> Any:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        dt.grad(f, mode=mode)(1.0)
    assert dt.grad(np.sin, mode=mode)(0.0) == 1.0


# --- which mode ---------------------------------------------------------------------------------------------------


def mode_of(transform: Any, f: Any, *args: Any, **options: Any) -> set[str]:
    """The kinds of traced arrays that a function meets under a transform."""
    kinds: set[str] = set()

    def seen(*arguments: Any) -> Any:
        kinds.update({type(x).__name__ for x in arguments} & {"DualArray", "TapeArray"})
        return f(*arguments)

    transform(seen, **options)(*args)
    return kinds


@pytest.mark.reverse
def test_reverse_where_inputs_outnumber_outputs() -> None:
    x = np.ones(20)
    assert mode_of(dt.grad, np.sum, x) == {"TapeArray"}
    assert mode_of(dt.grad, np.sin, 1.0) == {"DualArray"}
    assert mode_of(dt.jacobian, np.sin, x) == {"DualArray"}
    assert mode_of(dt.jacobian, lambda x: x[:3] * 2.0, x) == {"TapeArray"}
    assert mode_of(dt.jacobian, lambda x: ({"y": x[:3] * 2.0}, x), x, has_aux=True) == {"TapeArray"}
    assert mode_of(dt.jacobian, lambda x: x[:3] * 2.0, x, mode="forward") == {"DualArray"}
    # The handle of the inner derivative is what a function sees.
    assert mode_of(dt.hessian, np.sum, x) == {"TapeArray"}
    assert mode_of(dt.hessian, np.sum, x, mode="forward") == {"DualArray"}


@pytest.mark.reverse
def test_a_function_of_traced_values_alone() -> None:
    """What it watches is no plain array, so its outputs can't be counted beforehand."""

    def f(x: Any) -> Any:
        with dt.GradientTape() as tape:
            tape.watch(x)
            y = np.sum(x**3)
        return tape.gradient(y, x)

    close(dt.jacobian(f)(np.array([1.0, 2.0])), [[6.0, 0.0], [0.0, 12.0]])


def test_counting_outputs_leaves_no_trace(mode: str) -> None:
    """The call that counts the outputs is no tape's business, and writes into copies."""
    calls = []
    x = np.ones(5)

    def f(x: Any) -> Any:
        calls.append(type(x))
        x[0] = 3.0
        return x[:2] * 2.0

    found = dt.jacobian(lambda x: np.sum(dt.jacobian(f)(x), axis=0), mode=mode)(x)  # type: ignore[call-overload]  # names
    assert found.shape == (5, 5)
    assert not found.any()
    np.testing.assert_array_equal(x, np.ones(5))


def test_without_reverse_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    from dualtape import differentiation

    monkeypatch.setattr(differentiation, "installed", lambda mode: False)
    close(dt.grad(rosenbrock)(POINT), rosenbrock_gradient(POINT))
    close(dt.hessian(rosenbrock)(POINT), rosenbrock_hessian(POINT))
    v = RNG.normal(size=7)
    close(dt.hvp(rosenbrock, (POINT,), (v,)), rosenbrock_hessian(POINT) @ v)
    close(dt.vjp(rosenbrock, POINT)[1](2.0)[0], 2 * rosenbrock_gradient(POINT))
    with pytest.warns(PerformanceWarning, match="in 300 entries costs about 75 times") as caught:
        dt.grad(np.sum)(np.ones(300))
    assert caught[0].filename == __file__
    big = np.linspace(0.1, 1.0, 100)
    close(dt.linearize(np.sin, big)[1](big), np.cos(big) * big)


@pytest.mark.reverse
def test_a_broken_plugin_leaves_forward_mode(monkeypatch: pytest.MonkeyPatch) -> None:
    from dualtape import differentiation
    from dualtape.errors import BackendError

    def broken(mode: str) -> Any:
        raise BackendError("broken")

    monkeypatch.setattr(differentiation, "find_backend", broken)
    assert mode_of(dt.grad, np.sum, np.ones(20)) == {"DualArray"}
    with pytest.raises(BackendError):
        dt.grad(np.sum, mode="reverse")


@pytest.mark.reverse
def test_another_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the protocol of recordings names is enough: stacked cotangents are pulled row by row."""
    from dualtape import registry
    from dualtape_reverse.backend import ReverseBackend, ReverseRecording

    class Plain(ReverseRecording):
        __slots__ = ()
        pull = None  # type: ignore[assignment]  # as if there was none

    class Mine(ReverseBackend):
        def open(self, options: Any) -> Any:
            return Plain(options)

    monkeypatch.setitem(registry._REGISTERED, "mine", (Mine(), None, None))
    mode = dt.Mode("mine")
    v = RNG.normal(size=7)
    close(dt.grad(rosenbrock, mode=mode)(POINT), rosenbrock_gradient(POINT))
    close(dt.hessian(rosenbrock, mode=mode)(POINT), rosenbrock_hessian(POINT))
    close(dt.jvp(rosenbrock, (POINT,), (v,), mode=mode)[1], rosenbrock_gradient(POINT) @ v)
    close(dt.jacobian(np.sin, mode=mode)(v), np.diag(np.cos(v)))


# --- what is left behind ------------------------------------------------------------------------------------------


def test_nothing_is_left_to_the_collector(mode: str) -> None:
    x = np.linspace(0.1, 1.0, 6)

    def work() -> None:
        dt.value_and_grad(rosenbrock, mode=mode)(x)
        dt.jacobian(np.sin, mode=mode)(x)
        dt.hessian(rosenbrock, mode=mode)(x)
        dt.jvp(np.sin, (x,), (x,), mode=mode)
        dt.vjp(np.sin, x, mode=mode)[1](x)
        dt.linearize(np.sin, x, mode=mode)[1](x)
        dt.hvp(rosenbrock, (x,), (x,), mode=mode)

    work()
    gc.collect()
    gc.disable()
    try:
        work()
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_large_constants_are_unlocked(mode: str) -> None:
    """A tape locks large arrays of the caller's while it needs them, and no longer."""
    A = np.ones((100, 100))
    dt.grad(lambda x: np.sum(A @ x), mode=mode)(np.ones(100))
    A[0, 0] = 2.0

    def fails(x: Any) -> Any:
        np.sum((A * x) @ A)
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        dt.grad(fails, mode=mode)(np.ones(100))
    A[0, 0] = 3.0
    with pytest.raises(TypeError, match="one number"):
        dt.grad(lambda x: A @ x, mode=mode)(np.ones(100))
    A[0, 0] = 4.0


def test_what_a_function_puts_aside_is_its_value(mode: str) -> None:
    kept: list[Any] = []

    def f(x: Any) -> Any:
        kept.append(x * 2.0)
        return np.sum(x)

    dt.grad(f, mode=mode)(np.arange(3.0))
    np.testing.assert_array_equal(np.asarray(kept[-1]), [0.0, 2.0, 4.0])
    assert np.asarray(kept[-1], dtype=float).dtype == np.float64


# --- what functions return ----------------------------------------------------------------------------------------


def test_lists_of_entries_and_filled_arrays(mode: str) -> None:
    x = np.array([0.3, 0.7])
    expected = [[0.7, 0.3], [0.0, math.cos(0.7)]]

    def by_array(x: Any) -> Any:
        return np.array([x[0] * x[1], np.sin(x[1])])

    def by_filling(x: Any) -> Any:
        y = dt.zeros(2)
        y[0] = x[0] * x[1]
        y[1] = np.sin(x[1])
        return y

    for f in (by_array, by_filling):
        close(dt.jacobian(f, mode=mode)(x), expected)
        out, tangent = dt.jvp(f, (x,), (np.ones(2),), mode=mode)
        assert type(out) is np.ndarray
        close(tangent, np.sum(expected, axis=1))
        close(dt.vjp(f, x, mode=mode)[1](np.ones(2))[0], np.sum(expected, axis=0))
    close(dt.jacobian(lambda x: [x[0] * x[1], np.sin(x[1])], mode=mode)(x), expected)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.longdouble, np.complex64])
def test_precision_stays(mode: str, dtype: Any) -> None:
    x = np.array([0.5, 0.25], dtype)

    def f(x: Any) -> Any:
        return np.real(np.sum(x * x * 2.0))

    g = dt.grad(f, mode=mode)(x)
    assert g.dtype == dtype
    close(g.astype(complex), 4 * x.astype(complex), 1e-3)
    assert dt.jvp(lambda x: x * 2.0, (x,), (x,), mode=mode)[1].dtype == dtype
    assert dt.vjp(lambda x: x * 2.0, x, mode=mode)[1](x)[0].dtype == dtype
    assert dt.jacobian(lambda x: x * 2.0, mode=mode, holomorphic=True)(x).dtype == dtype


def test_callables_of_any_kind(mode: str) -> None:
    class Power:
        def __init__(self, n: int) -> None:
            self.n = n

        def __call__(self, x: Any) -> Any:
            return x**self.n

        def method(self, x: Any) -> Any:
            return x ** (self.n + 1)

    assert dt.grad(Power(3), mode=mode)(2.0) == 12.0
    assert dt.grad(Power(2).method, mode=mode)(2.0) == 12.0
    assert dt.grad(functools.partial(np.power, 2.0), mode=mode)(3.0) == pytest.approx(8 * math.log(2))
    assert dt.grad(np.square, mode=mode)(3.0) == 6.0


def test_a_dual_number_is_an_argument(mode: str) -> None:
    d = dt.DualArray(0.3, 1.0)
    g = dt.grad(np.sin, mode=mode)(d)  # type: ignore[arg-type]  # a dual number stands for a float
    close(float(g.tangent), -math.sin(0.3))  # type: ignore[attr-defined]  # as above
