"""Functions with custom rules: TensorFlow's form and JAX's, in every mix of modes, and what they refuse."""

import gc
import pickle
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape import registry
from dualtape.errors import NoRuleError, RuleError, TracedConversionError
from dualtape.forward import ForwardRecording

Function = Callable[..., Any]
X = np.array([0.3, -1.2, 0.8])
Y = np.array([1.5, 0.2, -0.7])


def close(actual: Any, expected: Any, tolerance: float = 1e-12) -> None:
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def reference(x: Any, y: Any) -> Any:
    return np.sin(x) * y


def by_jvp() -> Any:
    @dt.custom_jvp
    def f(x: Any, y: Any) -> Any:
        return np.sin(x) * y

    @f.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        (x, y), (s, t) = primals, tangents
        return f(x, y), np.cos(x) * y * s + np.sin(x) * t

    return f


def by_jvps() -> Any:
    f = dt.custom_jvp(reference)
    f.defjvps(lambda t, _value, x, y: np.cos(x) * y * t, lambda t, _value, x, _y: np.sin(x) * t)
    return f


def by_vjp() -> Any:
    f = dt.custom_vjp(reference)
    f.defvjp(lambda x, y: (f(x, y), (x, y)), lambda r, g: (g * np.cos(r[0]) * r[1], g * np.sin(r[0])))
    return f


def by_vjp_of_its_own() -> Any:
    f = dt.custom_vjp(reference)
    f.defvjp(lambda x, y: (np.sin(x) * y, (x, y)), lambda r, g: (g * np.cos(r[0]) * r[1], g * np.sin(r[0])))
    return f


def by_gradient() -> Any:
    @dt.custom_gradient
    def f(x: Any, y: Any) -> Any:
        s = np.sin(x)
        return s * y, lambda g: (g * np.cos(x) * y, g * s)

    return f


def by_both() -> Any:
    f = by_jvp()
    f.defvjp(lambda x, y: (f(x, y), (x, y)), lambda r, g: (g * np.cos(r[0]) * r[1], g * np.sin(r[0])))
    return f


RULES = {
    "forward": [by_jvp, by_jvps, by_both],
    "reverse": [by_vjp, by_vjp_of_its_own, by_gradient, by_both],
}
EACH = [
    pytest.param(make, m, id=f"{make.__name__}-{m}", marks=[pytest.mark.reverse] if m == "reverse" else [])
    for m, makes in RULES.items()
    for make in makes
]


def gradients(f: Function, mode: str, *args: Any, **settings: Any) -> Any:
    variables = [dt.Variable(x) for x in args]
    with dt.GradientTape(mode) as tape:
        y = f(*variables)
    return tape.gradient(y, variables, **settings)


# --- both kinds of rules, in every mix of modes ---------------------------------------------------------------------


@pytest.mark.parametrize(("make", "inner"), EACH)
def test_the_gradient_is_the_rules(make: Function, inner: str) -> None:
    found = gradients(lambda x, y: np.sum(make()(x, y) ** 2), inner, X, Y)
    close(found, [2 * np.sin(X) * np.cos(X) * Y**2, 2 * np.sin(X) ** 2 * Y])


@pytest.mark.parametrize(("make", "inner"), EACH)
def test_second_derivatives_in_every_nesting(make: Function, inner: str, outer_mode: str) -> None:
    def second(f: Function) -> list[Any]:
        x, y = dt.Variable(X), dt.Variable(Y)
        with dt.GradientTape(outer_mode, persistent=True) as outer:
            with dt.GradientTape(inner) as tape:
                loss = np.sum(f(x, y) ** 3 * x)
            gx, gy = tape.gradient(loss, (x, y))
            total = np.sum(gx * Y) + np.sum(gy * gx)
        return [*outer.gradient(total, (x, y)), *outer.gradient(loss, (x, y))]

    close(second(make()), second(reference))


@pytest.mark.parametrize(("make", "inner"), EACH)
def test_fourth_derivatives(make: Function, inner: str, outer_mode: str) -> None:
    f = make()

    def derivative(order: int, x: Any) -> Any:
        if order == 0:
            return f(x, 2.0)
        with dt.GradientTape(inner if order == 1 else outer_mode) as tape:
            tape.watch(x)
            y = derivative(order - 1, x)
        return tape.gradient(y, x)

    found = derivative(4, dt.constant(0.7))
    close(found, 2.0 * np.sin(0.7), 1e-10)


@pytest.mark.parametrize(("make", "inner"), EACH)
def test_jacobians_of_both_arguments(make: Function, inner: str) -> None:
    f = make()
    found = dt.jacobian(f, (0, 1), mode=inner)(X, Y)
    close(found[0], np.diag(np.cos(X) * Y))
    close(found[1], np.diag(np.sin(X)))


@pytest.mark.parametrize(("make", "inner"), EACH)
def test_outside_a_tape_it_is_the_function(make: Function, inner: str) -> None:
    f = make()
    result = f(X, y=Y) if make is not by_gradient else f(X, Y)
    assert result.tobytes() == reference(X, Y).tobytes()
    assert type(result) is np.ndarray


@pytest.mark.reverse
@pytest.mark.parametrize("make", [by_vjp, by_vjp_of_its_own, by_gradient, by_both])
def test_transforms_take_functions_with_a_vjp_rule(make: Function) -> None:
    f = make()
    loss = lambda x: np.sum(f(x, Y) ** 2)  # noqa: E731
    plain = lambda x: np.sum(reference(x, Y) ** 2)  # noqa: E731
    close(dt.grad(loss, mode="reverse")(X), dt.grad(plain, mode="reverse")(X))
    close(dt.hvp(loss, (X,), (Y,)), dt.hvp(plain, (X,), (Y,)))
    close(dt.hessian(loss, mode="reverse")(X), dt.hessian(plain)(X))


# --- the rule holds for every tape that records the value -----------------------------------------------------------


def straight_through() -> Any:
    @dt.custom_gradient
    def f(x: Any) -> Any:
        return np.round(x), lambda g: g

    return f


def clipped() -> Any:
    f = dt.custom_vjp(lambda x: x * 1.0)
    f.defvjp(lambda x: (x * 1.0, None), lambda _, g: (np.clip(g, -1.0, 1.0),))
    return f


@pytest.mark.reverse
def test_a_value_has_the_rule_on_each_tape() -> None:
    x, f = dt.Variable(X), straight_through()
    with dt.GradientTape("reverse") as outer, dt.GradientTape("reverse") as inner:
        y = np.sum(f(x) ** 2)
    close(inner.gradient(y, x), 2 * np.round(X))
    close(outer.gradient(y, x), 2 * np.round(X))


@pytest.mark.reverse
def test_an_outer_forward_tape_transposes_the_rule() -> None:
    x, f = dt.Variable(X), straight_through()
    with dt.GradientTape("forward") as outer:
        with dt.GradientTape("reverse") as inner:
            y = np.sum(f(x) ** 2)
        g = inner.gradient(y, x)
        total = np.sum(g)
    close(g, 2 * np.round(X))
    close(outer.gradient(total, x), [2.0, 2.0, 2.0])  # not 0, which is the derivative of np.round


@pytest.mark.reverse
def test_a_rule_that_is_not_linear_is_called_for_each_cotangent() -> None:
    f = clipped()
    close(dt.jacobian(lambda x: 3.0 * f(x), mode="reverse")(X), np.eye(3))
    close(dt.grad(lambda x: np.sum(0.5 * f(x)), mode="reverse")(X), [0.5, 0.5, 0.5])


@pytest.mark.reverse
def test_random_numbers_are_drawn_once() -> None:
    random = np.random.default_rng(0)

    @dt.custom_gradient
    def dropped(x: Any) -> Any:
        mask = random.random(x.shape) > 0.5
        return x * mask, lambda g: g * mask

    dropped.defjvp(lambda primals, tangents: (primals[0], tangents[0]))
    x = np.arange(1.0, 51.0)
    v = dt.Variable(x)
    with dt.GradientTape("reverse") as outer, dt.GradientTape("reverse") as inner:
        y = dropped(v)
        loss = np.sum(y)
    kept = np.asarray(y) / x
    close(inner.gradient(loss, v), kept)
    close(outer.gradient(loss, v), kept)


# --- the missing rule -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [by_vjp, by_vjp_of_its_own])
def test_a_vjp_rule_alone_in_forward_mode(make: Function) -> None:
    with pytest.raises(NoRuleError, match=r"reference has a VJP rule only.*reference\.defjvp.*mode='reverse'"):
        gradients(make(), "forward", X, Y)


def test_a_gradient_function_alone_in_forward_mode() -> None:
    with pytest.raises(NoRuleError, match=r"f has a VJP rule only.*custom_jvp"):
        gradients(by_gradient(), "forward", X, Y)


@pytest.mark.reverse
@pytest.mark.parametrize("make", [by_jvp, by_jvps])
def test_a_jvp_rule_alone_in_reverse_mode(make: Function) -> None:
    with pytest.raises(NoRuleError, match=r"has a JVP rule only.*custom_vjp.*defvjp\(fwd, bwd\).*mode='forward'"):
        gradients(make(), "reverse", X, Y)


@pytest.mark.reverse
def test_what_the_loss_does_not_need_needs_no_rule() -> None:
    f = by_jvp()
    found = gradients(lambda x, y: np.sum(x * y) + 0.0 * float(dt.stop_gradient(f(x, y))[0]), "reverse", X, Y)
    close(found, [Y, X])


def test_no_rule_at_all(mode: str) -> None:
    for f in (dt.custom_jvp(reference), dt.custom_vjp(reference)):
        close(f(X, Y), reference(X, Y))
        with pytest.raises(NoRuleError, match=r"reference has no rule yet.*reference\.defjvp"):
            gradients(f, mode, X, Y)


# --- closures -------------------------------------------------------------------------------------------------------


def test_a_closure_over_a_variable(mode: str) -> None:
    w = dt.Variable(Y, name="w")
    f = {"forward": by_jvp, "reverse": by_vjp}[mode]()
    inner = f.fun
    f.fun = lambda x, y: inner(x, y) * w
    if mode == "reverse":
        f.defvjp(lambda x, y: (f.fun(x, y), (x, y)), f._bwd)
    with pytest.raises(TracedConversionError, match=r"not among its arguments.*make it an argument"):
        gradients(f, mode, X, Y)
    close(f(X, Y), reference(X, Y) * Y)


def test_a_closure_over_a_traced_value_with_plain_arguments(mode: str) -> None:
    v = dt.Variable(X)
    with dt.GradientTape(mode):
        y = v * 2.0
        f = dt.custom_jvp(lambda x: x * y)
        f.defjvps(lambda t, _value, _x: t * y)
        with pytest.raises(TracedConversionError, match="not among its arguments"):
            f(X)


def test_a_closure_over_an_outer_tapes_value(mode: str, outer_mode: str) -> None:
    v = dt.Variable(X)
    with dt.GradientTape(outer_mode, watch_accessed_variables=False) as outer:
        c = dt.constant(Y)
        outer.watch(c)
        z = c * 2.0
        f = dt.custom_gradient(lambda x: (x * z, lambda g: g * z))
        f.defjvps(lambda t, _value, _x: t * z)
        with dt.GradientTape(mode), pytest.raises(TracedConversionError, match="not among its arguments"):
            f(v)


def test_a_rule_may_read_a_traced_value(mode: str, outer_mode: str) -> None:
    """Only the value must not depend on it: a gradient scaled by a parameter is one."""
    v, s = dt.Variable(X), dt.Variable(3.0)
    with dt.GradientTape(outer_mode) as outer:
        scale = s * s
        f = dt.custom_gradient(lambda x: (x * 1.0, lambda g: g * scale))
        f.defjvps(lambda t, _value, _x: t * scale)
        with dt.GradientTape(mode) as tape:
            y = np.sum(f(v))
        g = tape.gradient(y, v)
        total = np.sum(g)
    close(g, [9.0, 9.0, 9.0])
    close(outer.gradient(total, s), 18.0)


def test_what_a_rule_reads_of_its_own_tape_is_a_constant(mode: str) -> None:
    v, s = dt.Variable(X), dt.Variable(3.0)
    with dt.GradientTape(mode) as tape:
        scale = s * s
        f = dt.custom_gradient(lambda x: (x * 1.0, lambda g: g * scale))
        f.defjvps(lambda t, _value, _x: t * scale)
        z = f(v)
        y = np.sum(z)
        if mode == "forward":
            assert type(z.tangents) is np.ndarray
    gv, gs = tape.gradient(y, (v, s))
    assert type(gv) is np.ndarray
    close(gv, [9.0, 9.0, 9.0])
    close(gs, 0.0)


# --- arguments ------------------------------------------------------------------------------------------------------


def power_rules(f: Any) -> Any:
    f.defjvp(lambda n, primals, tangents: (f(n, *primals), n * primals[0] ** (n - 1) * tangents[0]))
    f.defvjp(lambda n, x: (f(n, x), x), lambda n, x, g: (g * n * x ** (n - 1),))
    return f


def test_nondiff_argnums(mode: str) -> None:
    f = power_rules(dt.custom_jvp(lambda n, x: x**n, nondiff_argnums=(0,)))
    close(gradients(lambda x: f(3, x), mode, X), [3 * X**2])
    close(gradients(lambda x: f(n=3, x=x), mode, X), [3 * X**2])
    with pytest.raises(TracedConversionError, match=r"argument 0.*stop_gradient"):
        gradients(lambda x: f(x, x), mode, X)
    with pytest.raises(TypeError, match="nondiff_argnums"):
        f.defjvps(None)


def test_nondiff_argnums_that_are_refused() -> None:
    make: Any = dt.custom_vjp
    for argnums, kind, message in [
        (1, TypeError, r"a tuple of ints, \(1,\) say, not 1"),
        (("x",), TypeError, "an int or a tuple of ints, not 'x'"),
        ((0, 0), ValueError, "twice"),
        ((-1,), ValueError, "counts from 0, and names -1"),
    ]:
        with pytest.raises(kind, match=message):
            make(lambda x, _n: x, nondiff_argnums=argnums)
    with pytest.raises(TypeError, match=r"names argument 2 \(the first is 0\), and <lambda> is called with 2"):
        make(lambda x, _n: x, nondiff_argnums=(2,))(1.0, 2)


def test_functions_are_settings(mode: str) -> None:
    f = power_rules(dt.custom_vjp(lambda n, x: x**n, nondiff_argnums=(0,)))
    apply = dt.custom_jvp(lambda function, x: function(x), nondiff_argnums=[0])
    apply.defvjp(lambda function, x: (function(x), x), lambda function, x, g: (g * np.cos(x),))
    apply.defjvp(lambda function, primals, tangents: (function(*primals), np.cos(primals[0]) * tangents[0]))
    close(gradients(lambda x: apply(np.sin, x), mode, X), [np.cos(X)])
    close(gradients(lambda x: f(2, apply(np.sin, x)), mode, X), [2 * np.sin(X) * np.cos(X)])


def test_defaults_and_keywords(mode: str) -> None:
    @dt.custom_vjp
    def f(x: Any, factor: Any = 2.0) -> Any:
        return x * factor

    f.defvjp(lambda x, factor: (x * factor, (x, factor)), lambda r, g: (g * r[1], np.sum(g * r[0])))
    f.defjvps(lambda t, _value, x, factor: t * factor, lambda t, _value, x, factor: x * t)
    close(gradients(f, mode, X), [[2.0, 2.0, 2.0]])
    gx, gy = gradients(lambda x, y: f(factor=y, x=x), mode, X, 3.0)
    close(gx, [3.0, 3.0, 3.0])
    close(gy, np.sum(X))


def test_keyword_only_arguments_are_refused() -> None:
    f = dt.custom_jvp(lambda x, *, scale=1.0: x * scale)
    with pytest.raises(TypeError, match="by position"):
        f(X)


def test_keywords_of_a_gradient_function_are_settings(mode: str) -> None:
    @dt.custom_gradient
    def f(x: Any, *, scale: Any = 2.0) -> Any:
        return x * scale, lambda g: g * scale

    f.defjvps(lambda t, _value, _x: t * 5.0)
    expected = 5.0 if mode == "forward" else 3.0
    close(gradients(lambda x: f(x, scale=3.0), mode, X), [np.full(3, expected)])
    with pytest.raises(TracedConversionError, match="argument 'scale'"):
        gradients(lambda x: f(X, scale=x), mode, X)


@dataclass
class Line:
    slope: Any
    offset: Any

    def __post_init__(self) -> None:
        if self.slope is None:
            raise ValueError("a line has a slope")


def test_containers_of_arguments_and_values(mode: str) -> None:
    @dt.custom_vjp
    def f(line: Line, points: Any) -> Any:
        x, name = points
        assert type(line) is Line
        return {"y": [line.slope * x + line.offset], "n": 3, "name": name, "slope": line.slope}

    def bwd(residuals: Any, g: Any) -> Any:
        line, x = residuals
        assert g["n"] is None
        assert g["name"] is None
        part = g["y"][0]
        return Line(np.sum(part * x) + g["slope"], np.sum(part)), [part * line.slope, None]

    def jvp(primals: Any, tangents: Any) -> Any:
        (line, (x, _)), (s, (t, nothing)) = primals, tangents
        assert nothing is None
        return f(*primals), {"y": [s.slope * x + line.slope * t + s.offset], "n": 0, "name": None, "slope": s.slope}

    f.defvjp(lambda line, points: (f(line, points), (line, points[0])), bwd)
    f.defjvp(jvp)

    def loss(slope: Any, offset: Any, x: Any) -> Any:
        found = f(Line(slope, offset), (x, "points"))
        assert found["n"] == 3
        assert found["name"] == "points"
        return np.sum(found["y"][0] ** 2) + found["slope"]

    def plainly(slope: Any, offset: Any, x: Any) -> Any:
        return np.sum((slope * x + offset) ** 2) + slope

    close(gradients(loss, mode, 2.0, 0.5, X)[2], gradients(plainly, mode, 2.0, 0.5, X)[2])
    for found, expected in zip(gradients(loss, mode, 2.0, 0.5, X), gradients(plainly, mode, 2.0, 0.5, X), strict=True):
        close(found, expected)


def test_the_order_of_a_dict_does_not_matter(mode: str) -> None:
    @dt.custom_vjp
    def f(p: Any) -> Any:
        return p["a"] * p["b"] ** 2

    f.defvjp(lambda p: (f(p), p), lambda p, g: ({"b": 2 * g * p["a"] * p["b"], "a": g * p["b"] ** 2},))
    f.defjvp(lambda p, t: (f(*p), t[0]["a"] * p[0]["b"] ** 2 + 2 * p[0]["a"] * p[0]["b"] * t[0]["b"]))
    found = gradients(lambda a, b: f({"a": a, "b": b}), mode, X, Y)
    close(found[0], Y**2)
    close(found[1], 2 * X * Y)


def test_integer_and_boolean_arguments_and_values(mode: str) -> None:
    @dt.custom_vjp
    def f(x: Any, indices: Any, mask: Any) -> Any:
        return x[indices] * mask, indices, x > 0.0

    def bwd(residuals: Any, g: Any) -> Any:
        shape, indices, mask = residuals
        assert g[1] is None
        full = np.zeros(shape)
        full[indices] = g[0] * mask
        return full, None, None

    def jvp(primals: Any, tangents: Any) -> Any:
        _x, indices, mask = primals
        assert tangents[1] is None
        return f(*primals), (tangents[0][indices] * mask, None, None)

    f.defvjp(lambda x, indices, mask: (f(x, indices, mask), (x.shape, indices, mask)), bwd)
    f.defjvp(jvp)
    v = dt.Variable(X)
    with dt.GradientTape(mode) as tape:
        y, indices, positive = f(v, np.array([2, 0]), np.array([True, False]))
    np.testing.assert_array_equal(indices, [2, 0])
    np.testing.assert_array_equal(positive, X > 0.0)
    close(tape.gradient(y, v), [0.0, 0.0, 1.0])


def test_a_value_without_a_derivative(mode: str) -> None:
    f = dt.custom_gradient(lambda x: ((x > 0.0), lambda g: None))
    v = dt.Variable(X)
    with dt.GradientTape(mode):
        found = f(v)
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, X > 0.0)


def test_several_values_are_pulled_back_at_once(mode: str) -> None:
    calls = []

    @dt.custom_gradient
    def f(x: Any, y: Any) -> Any:
        def gradient(g: Any, h: Any) -> Any:
            calls.append((g, h))
            return [g * y + h, g * x]

        return (x * y, x + 1.0), gradient

    f.defjvp(lambda p, t: (f(*p), [t[0] * p[1] + p[0] * t[1], t[0]]))

    def loss(x: Any, y: Any) -> Any:
        product, more = f(x, y)
        return np.sum(product * more)

    found = gradients(loss, mode, X, Y)
    close(found, [Y * (X + 1) + X * Y, X * (X + 1)])
    assert len(calls) == (mode == "reverse")


@pytest.mark.reverse
def test_a_value_that_the_loss_does_not_use_has_the_cotangent_zero() -> None:
    seen = []
    f = dt.custom_gradient(lambda x: ((x * 2.0, x * 3.0), lambda g, h: seen.append(h) or 2.0 * g + 3.0 * h))
    close(gradients(lambda x: np.sum(f(x)[0]), "reverse", X), [[2.0, 2.0, 2.0]])
    close(seen, [[0.0, 0.0, 0.0]])


@pytest.mark.reverse
def test_forms_of_gradient_functions() -> None:
    forms: list[Function] = [lambda g: 2.0 * g, lambda g: (2.0 * g,), lambda g: [2.0 * g]]
    for form in forms:
        f = dt.custom_gradient(lambda x, form=form: (x * 2.0, form))
        close(gradients(lambda x, f=f: np.sum(f(x)), "reverse", X), [[2.0, 2.0, 2.0]])
    pair = dt.custom_gradient(lambda parts: (parts[0] * parts[1], lambda g: (g * parts[1], g * parts[0])))
    close(gradients(lambda x, y: pair([x, y]), "reverse", X, Y), [Y, X])
    none = dt.custom_gradient(lambda x, y: (x * y, lambda g: (g * y, None)))
    close(gradients(none, "reverse", X, Y), [Y, np.zeros(3)])


def test_defjvps_with_none() -> None:
    f = dt.custom_jvp(reference)
    f.defjvps(None, lambda t, _value, x, _y: np.sin(x) * t)
    close(gradients(f, "forward", X, Y), [np.zeros(3), np.sin(X)])
    f.defjvps(None, None)
    close(gradients(f, "forward", X, Y), np.zeros((2, 3)))
    f.defjvps(None)
    with pytest.raises(RuleError, match="1 JVP rules for 2 arguments"):
        gradients(f, "forward", X, Y)


def test_writing_into_arguments(mode: str) -> None:
    @dt.custom_vjp
    def f(x: Any, y: Any) -> Any:
        x *= y
        y[:] = 0.0
        return x

    f.defvjp(lambda x, y: (f(x, y), (x, y)), lambda r, g: (g * r[1], g * r[0]))
    f.defjvp(lambda p, t: (f(*p), t[0] * p[1] + p[0] * t[1]))
    v, kept = dt.Variable(X), Y.copy()
    with dt.GradientTape(mode) as tape:
        x = v * 2.0
        product = f(x, Y)
        total = np.sum(product + x)
    np.testing.assert_array_equal(Y, kept)
    close(total, np.sum(2 * X * Y + 2 * X))
    close(tape.gradient(total, v), 2 * Y + 2.0)
    plain = X.copy()
    close(f(plain, Y), X * Y)
    np.testing.assert_array_equal(plain, X)


def test_rules_may_write_into_what_they_get(mode: str) -> None:
    @dt.custom_gradient
    def f(x: Any) -> Any:
        def gradient(g: Any) -> Any:
            g *= 2.0
            g[0] = 0.0
            return g

        return x * 2.0, gradient

    @f.defjvp
    def rule(primals: Any, tangents: Any) -> Any:
        (x,), (t,) = primals, tangents
        t *= 2.0
        t[0] = 0.0
        x[:] = 0.0
        return x, t

    found = gradients(lambda x: np.sum(f(x) * 3.0) + np.sum(x), mode, X)
    close(found, [[1.0, 7.0, 7.0]])


def test_a_rule_that_writes_changes_nobody_elses_derivative(mode: str) -> None:
    def write(t: Any) -> Any:
        t *= 2.0
        return t

    f = dt.custom_gradient(lambda x: (x * 1.0, write))
    f.defjvps(lambda t, _value, _x: write(t))
    s = dt.Variable(1.0)  # one direction: the rule gets the very tangent
    with dt.GradientTape(mode) as tape:
        x = s * X
        total = np.sum(f(x) + x)
    close(tape.gradient(total, s), 3.0 * np.sum(X))


def test_a_value_that_the_function_keeps_may_change(mode: str) -> None:
    table = np.ones(3)
    f = dt.custom_gradient(lambda x: (table, lambda g: g))
    f.defjvps(lambda t, _value, _x: t)
    v = dt.Variable(X)
    with dt.GradientTape(mode) as tape:
        y = f(v)
        table[:] = 5.0
        total = np.sum(y * y)
    close(total, 3.0)
    close(tape.gradient(total, v), [2.0, 2.0, 2.0])


@pytest.mark.reverse
@pytest.mark.parametrize(("make", "inner"), EACH)
def test_arrays_beside_may_change(make: Function, inner: str) -> None:
    f, v, beside = make(), dt.Variable(X), Y.copy()
    with dt.GradientTape("reverse", persistent=True) as outer:
        with dt.GradientTape(inner) as tape:
            loss = np.sum(f(v, beside) ** 2)
            beside[:] = 0.0
        total = np.sum(tape.gradient(loss, v))
    close(outer.gradient(loss, v), np.sin(2 * X) * Y**2)
    close(outer.gradient(total, v), 2 * np.cos(2 * X) * Y**2)


def test_the_value_is_the_callers(mode: str) -> None:
    """Residuals do not change where the caller writes into the value."""
    f = dt.custom_vjp(np.exp)
    f._signature = None
    f.defvjp(lambda x: (y := np.exp(x), y), lambda y, g: (g * y,))
    f.defjvps(lambda t, y, _x: t * y)
    v = dt.Variable(X)
    with dt.GradientTape(mode) as tape:
        y = f(v)
        y[0] = 100.0
        total = np.sum(y)
    close(tape.gradient(total, v), [0.0, *np.exp(X[1:])])


def test_single_precision_and_scalars(mode: str) -> None:
    f = by_both()
    x, y = dt.Variable(X.astype("f4")), dt.Variable(Y.astype("f4"))
    with dt.GradientTape(mode) as tape:
        z = f(x, y)
        total = np.sum(z)
    assert z.dtype == np.float32
    assert [g.dtype for g in tape.gradient(total, [x, y])] == [np.float32, np.float32]
    close(gradients(f, mode, 0.7, 2.0), [2.0 * np.cos(0.7), np.sin(0.7)])


def test_complex_numbers_follow_the_gradients_convention(mode: str) -> None:
    @dt.custom_gradient
    def f(z: Any) -> Any:
        return z * z, lambda g: g * np.conj(2.0 * z)

    f.defjvps(lambda t, _value, z: 2.0 * z * t)
    z = X + 1j * Y
    found = gradients(lambda z: np.sum(np.abs(f(z)) ** 2), mode, z)
    close(found, gradients(lambda z: np.sum(np.abs(z * z) ** 2), mode, z))


def test_free_dual_numbers() -> None:
    d = by_jvp()(dt.DualArray(0.7, 1.0), 2.0)
    close(d.tangent, 2.0 * np.cos(0.7))


def test_methods(mode: str) -> None:
    class Scale:
        def __init__(self, factor: float) -> None:
            self.factor = factor

        @dt.custom_vjp
        def scaled(self, x: Any) -> Any:
            return self.factor * x

        scaled.defvjp(lambda self, x: (self.factor * x, self), lambda self, g: (None, self.factor * g))
        scaled.defjvp(lambda p, t: (p[0].factor * p[1], p[0].factor * t[1]))

    close(gradients(Scale(3.0).scaled, mode, X), [[3.0, 3.0, 3.0]])


@dt.custom_jvp
def named(x: Any) -> Any:
    """Double."""
    return 2.0 * x


def test_it_is_still_the_function() -> None:
    assert named.__name__ == repr(named) == "named"
    assert named.__doc__ == "Double."
    assert pickle.loads(pickle.dumps(named)) is named


# --- wrong rules ----------------------------------------------------------------------------------------------------


@pytest.mark.reverse
@pytest.mark.parametrize(
    ("bwd", "message"),
    [
        (lambda _, g: (g,), r"tuple of 2 cotangents, one for each argument, not 1 of them"),
        (lambda _, g: g, r"tuple of 2 cotangents, one for each argument, not ndarray"),
        (lambda _, g: (g[:2], g), r"cotangent of shape \(2,\) for an argument of shape \(3,\)"),
        (lambda _, g: ([g, g], g), r"is a list, where an array belongs"),
        (lambda _, g: (g.nonsense, g), r"VJP rule of reference failed.*nonsense"),
    ],
)
def test_wrong_vjp_rules(bwd: Function, message: str) -> None:
    f = dt.custom_vjp(reference)
    f.defvjp(lambda x, y: (reference(x, y), None), bwd)
    with pytest.raises(RuleError, match=message):
        gradients(f, "reverse", X, Y)


@pytest.mark.parametrize(
    ("jvp", "message"),
    [
        (lambda p, t: t[0], r"JVP rule of reference failed.*: jvp of reference returns a pair, not ndarray"),
        (lambda p, t: (p[0], t[0][:2]), r"tangent of shape \(2,\) for the value of shape \(3,\)"),
        (lambda p, t: (p[0], [t[0], t[0]]), r"is a list, where an array belongs"),
        (lambda p, t: (p[0], t[7]), r"JVP rule of reference failed.*out of range"),
    ],
)
def test_wrong_jvp_rules(jvp: Function, message: str) -> None:
    f = dt.custom_jvp(reference)
    f.defjvp(jvp)
    with pytest.raises(RuleError, match=message):
        gradients(f, "forward", X, Y)


@pytest.mark.parametrize("debug", [False, True])
def test_a_failing_rule_names_function_mode_shapes_and_line(mode: str, debug: bool) -> None:
    f = dt.custom_vjp(reference)
    f.defjvp(lambda primals, tangents: 1 / 0)
    f.defvjp(lambda x, y: (reference(x, y), None), lambda _, g: 1 / 0)
    x = dt.Variable(X)

    def gradient() -> Any:
        with dt.GradientTape(mode, debug=debug) as tape:
            y = f(x, Y)
        return tape.gradient(y, x)

    with pytest.raises(RuleError, match="division by zero") as caught:
        gradient()
    message = str(caught.value)
    assert "VJP rule of reference" in message if mode == "reverse" else "JVP rule of reference" in message
    assert f"in {mode} mode on arguments of shapes {X.shape}" in message
    assert (f"{__file__}:" in message) == debug


def test_the_functions_own_errors_come_through(mode: str) -> None:
    def fails(x: Any) -> Any:
        raise ZeroDivisionError("own")

    for f in (dt.custom_vjp(fails), dt.custom_gradient(fails)):
        f.defjvps(None)
        f.defvjp(fails, fails)
        with pytest.raises(ZeroDivisionError, match="own"):
            gradients(f, mode, X)


def test_what_returns_no_pair(mode: str) -> None:
    f = dt.custom_gradient(lambda x: x)
    with pytest.raises(TypeError, match="the function of <lambda> returns a pair, not ndarray"):
        f(X)
    g = dt.custom_vjp(lambda x: x)
    g.defvjp(lambda x: [x, None], lambda _, g: (g,))
    if mode == "reverse":
        with pytest.raises(TypeError, match="fwd of <lambda> returns a pair, not list"):
            gradients(g, mode, X)


# --- rules that know no traced arrays -------------------------------------------------------------------------------


def test_rules_that_convert_are_called_row_by_row(mode: str) -> None:
    """Where a rule is no program of NumPy's operations, several directions go through it one after another."""
    f = dt.custom_gradient(lambda x: (x * 2.0, lambda g: np.array([2.0 * float(part) for part in g])))
    f.defjvps(lambda t, _value, _x: np.array([2.0 * float(part) for part in t]))
    close(dt.jacobian(f, mode=mode)(X), 2.0 * np.eye(3))


def test_rules_are_called_once_for_all_directions() -> None:
    calls = []

    def jvp(t: Any, _value: Any, x: Any) -> Any:
        calls.append(t)
        return np.cos(x) * t

    f = dt.custom_jvp(np.sin)
    f._signature = None
    f.defjvps(jvp)
    close(dt.jacobian(f, mode="forward")(X), np.diag(np.cos(X)))
    assert len(calls) == 1


@pytest.mark.reverse
def test_how_often_a_function_is_evaluated() -> None:
    calls = []

    @dt.custom_gradient
    def f(x: Any) -> Any:
        calls.append(x)
        return x * x, lambda g: 2.0 * g * x

    v = dt.Variable(X)
    with dt.GradientTape("reverse") as tape:
        y = f(v)
    assert len(calls) == 1
    tape.gradient(y, v)
    assert len(calls) == 1
    with dt.GradientTape("reverse"), dt.GradientTape("reverse"), dt.GradientTape("reverse"):
        f(v)
    assert len(calls) == 3


def test_a_value_that_depends_on_nothing(mode: str) -> None:
    f, v = by_both(), dt.Variable(X)
    with dt.GradientTape(mode) as tape:
        y = dt.zeros(3)
        y[0] = v[0]
        y[:] = Y
        z = f(y, 2.0)
        total = np.sum(z) + v[1]
    close(z, np.sin(Y) * 2.0)
    close(tape.gradient(total, v), [0.0, 1.0, 0.0])


def test_an_empty_array(mode: str) -> None:
    found = gradients(by_both(), mode, np.zeros((0, 3)), np.zeros((0, 3)))
    assert [g.shape for g in found] == [(0, 3), (0, 3)]


def test_persistent_tapes(mode: str) -> None:
    v, f = dt.Variable(X), by_both()
    with dt.GradientTape(mode, persistent=True) as tape:
        y = f(v, Y)
    for _ in range(2):
        close(tape.gradient(y, v), np.cos(X) * Y)
    close(tape.jacobian(y, v), np.diag(np.cos(X) * Y))


@pytest.mark.parametrize(("make", "inner"), EACH)
def test_nothing_is_left_to_the_collector(make: Function, inner: str, outer_mode: str) -> None:
    f, v = make(), dt.Variable(X)

    def program(ask: bool) -> None:
        with dt.GradientTape(outer_mode) as outer:
            with dt.GradientTape(inner) as tape:
                y = np.sum(f(v, Y) ** 2)
            g = np.sum(tape.gradient(y, v)) if ask else y
        if ask:
            outer.gradient(g, v)

    for ask in (True, False):
        program(ask)
        gc.collect()
        gc.disable()
        try:
            program(ask)
            assert gc.collect() == 0
        finally:
            gc.enable()


# --- other backends -------------------------------------------------------------------------------------------------


class Watching(ForwardRecording):
    """A third party's recording, which tells what it is asked to record."""

    __slots__ = ()
    seen: list[str] = []  # noqa: RUF012  # a test's

    def apply(self, primitive: Any, operands: Any, params: Any) -> Any:
        self.seen.append(primitive.name)
        return super().apply(primitive, operands, params)


class Third:
    protocol = 1

    def open(self, options: Any) -> Any:
        return Watching(options)


@pytest.fixture
def third() -> Iterator[str]:
    dt.register_backend("third", Third())
    Watching.seen.clear()
    yield "third"
    del registry._REGISTERED["third"]


def test_a_third_partys_recording_is_given_one_operation(third: str) -> None:
    close(gradients(lambda x, y: np.sum(by_jvp()(x, y)), third, X, Y), [np.cos(X) * Y, np.sin(X)])
    assert "custom" in Watching.seen
    assert "sin" not in Watching.seen
