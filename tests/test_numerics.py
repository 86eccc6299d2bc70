"""Numerical hygiene: tapes that stop where numbers are not finite, and tapes whose zeros win over them."""

import concurrent.futures
import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import apply
from dualtape.backend import PROTOCOL, TapeOptions
from dualtape.errors import NumericsError
from dualtape.forward import ForwardRecording
from dualtape.ops.zero_wins import Careful, zero_wins
from dualtape.primitive import PRIMITIVES
from dualtape.recording import BaseRecording

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")

INF, NAN = np.inf, np.nan


def gradient(mode: str, f: Callable[..., Any], *values: Any, nan_safe: bool = True) -> Any:
    """The gradients of a function by a tape."""
    held = [dt.Variable(x) for x in values]
    with dt.GradientTape(mode, nan_safe=nan_safe) as tape:
        y = f(*held)
    found = tape.gradient(y, held)
    return found[0] if len(found) == 1 else found


# --- a zero wins: the double-where problem ------------------------------------------------------------------------


GUARDED: list[tuple[str, Callable[[Any], Any], list[float], list[float], list[float]]] = [
    ("sqrt", lambda x: np.where(x > 0, np.sqrt(x), 0.0), [0.0, 4.0], [0.0, 0.25], [0.0, -1 / 32]),
    ("log", lambda x: np.where(x > 0, np.log(x), x), [0.0, 4.0], [1.0, 0.25], [0.0, -1 / 16]),
    ("xlogx", lambda x: np.where(x > 0, x * np.log(x), 0.0), [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]),
    ("arccos", lambda x: np.where(np.abs(x) < 1, np.arccos(x), 0.0), [1.0, 0.0, 2.0], [0.0, -1.0, 0.0], [0.0] * 3),
    ("power", lambda x: np.where(x > 0, x**0.5, 0.0), [0.0, 4.0], [0.0, 0.25], [0.0, -1 / 32]),
    ("quotient", lambda x: np.where(x != 0, np.sin(x) / x, 1.0), [0.0, np.pi], [0.0, -1 / np.pi], [0.0, 2 / np.pi**2]),
    ("reciprocal", lambda x: np.where(x > 0, 1.0 / x, 0.0), [0.0, 2.0], [0.0, -0.25], [0.0, 0.25]),
]


@pytest.mark.parametrize(("f", "at", "expected"), [case[1:4] for case in GUARDED], ids=[case[0] for case in GUARDED])
def test_what_is_not_selected_has_derivative_zero(mode: str, f: Any, at: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(gradient(mode, lambda x: np.sum(f(x)), np.array(at)), expected, atol=1e-15)
    held = dt.Variable(at)
    with dt.GradientTape(mode, nan_safe=True) as tape:
        y = f(held)
    np.testing.assert_allclose(tape.jacobian(y, held), np.diag(expected), atol=1e-15)


@pytest.mark.parametrize(
    ("f", "at", "first", "second"), [case[1:] for case in GUARDED], ids=[case[0] for case in GUARDED]
)
def test_second_derivatives_in_every_nesting(
    mode: str, outer_mode: str, f: Any, at: list[float], first: list[float], second: list[float]
) -> None:
    x = np.array(at)
    with dt.numerics(nan_safe=True):
        inner = dt.grad(lambda x: np.sum(f(x)), mode=mode)
        value, pushed = dt.jvp(inner, (x,), (np.ones_like(x),), mode=outer_mode)
        whole = dt.jacobian(inner, mode=outer_mode)(x)
    np.testing.assert_allclose(value, first, atol=1e-15)
    np.testing.assert_allclose(pushed, second, atol=1e-15)
    np.testing.assert_allclose(whole, np.diag(second), atol=1e-15)


def test_the_third_derivative(mode: str, outer_mode: str) -> None:
    def f(x: Any) -> Any:
        return np.where(x > 0, np.sqrt(x), 0.0)

    with dt.numerics(nan_safe=True):
        once = dt.grad(lambda x: np.sum(f(x)), mode=mode)
        twice = dt.grad(lambda x: np.sum(once(x)), mode=outer_mode)
        found = dt.grad(lambda x: np.sum(twice(x)), mode=mode)(np.array([0.0, 4.0]))
    np.testing.assert_allclose(found, [0.0, 0.375 * 4.0**-2.5], atol=1e-15)


@pytest.mark.reverse
def test_an_ordinary_reverse_tape_gives_nan() -> None:
    assert np.isnan(gradient("reverse", lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)), [0.0], nan_safe=False))


def test_an_ordinary_forward_tape_mixes_directions_and_a_safe_one_does_not() -> None:
    assert np.isnan(gradient("forward", np.sqrt, [0.0, 1.0], nan_safe=False)[1])
    np.testing.assert_array_equal(gradient("forward", np.sqrt, [0.0, 1.0]), [INF, 0.5])


# --- entry by entry, direction by direction -----------------------------------------------------------------------


def test_a_zero_wins_in_its_own_direction_alone(mode: str) -> None:
    """The direction of b must not see the infinite partial in a, and that of a must."""
    found = gradient(mode, lambda a, b: np.sqrt(a) * b, 0.0, 2.0)
    assert found == [INF, 0.0]
    a, b = dt.Variable([0.0, 1.0]), dt.Variable([3.0, 5.0])
    with dt.GradientTape(mode, persistent=True, nan_safe=True) as tape:
        y = np.sqrt(a) + b
    np.testing.assert_array_equal(tape.jacobian(y, a), [[INF, 0.0], [0.0, 0.5]])
    np.testing.assert_array_equal(tape.jacobian(y, b), np.eye(2))


def test_what_is_truly_infinite_stays_so(mode: str) -> None:
    np.testing.assert_array_equal(gradient(mode, lambda x: np.sum(np.sqrt(x)), [0.0, 1.0]), [INF, 0.5])
    np.testing.assert_array_equal(gradient(mode, lambda x: np.sum(x * np.array([INF, -INF])), [1.0, 1.0]), [INF, -INF])
    assert np.isnan(gradient(mode, lambda x: np.sum(x * np.array([NAN, 1.0])), [1.0, 1.0])[0])


def test_the_derivative_in_a_zero_cotangent_is_not_lost(mode: str, outer_mode: str) -> None:
    """The derivative in x is 0 at w = 0, x = 0 by the rule; its derivative in w is infinite."""
    with dt.numerics(nan_safe=True):
        # Where w multiplies first, in the order of the mode, the product is one of a zero and infinity.
        f: Any = (lambda x, w: np.sqrt(w * x)) if mode == "forward" else (lambda x, w: w * np.sqrt(x))
        in_x = dt.grad(f, 0, mode=mode)
        assert in_x(0.0, 0.0) == 0.0
        assert dt.grad(in_x, 1, mode=outer_mode)(0.0, 0.0) == INF
        assert dt.jvp(in_x, (0.0, 0.0), (0.0, 1.0), mode=outer_mode)[1] == INF


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_are_kept(mode: str, dtype: Any) -> None:
    at = np.array([0.0, 4.0], dtype)
    g = gradient(mode, lambda x: np.sum(np.where(x > 0, np.sqrt(x) / x, 0.0)), at)
    assert g.dtype == dtype
    np.testing.assert_allclose(g, [0.0, -1 / 16])


def test_complex_entries_are_zero_where_both_parts_are(mode: str) -> None:
    at = np.array([0.0, 1.0 + 1.0j])
    g = gradient(mode, lambda z: np.sum(np.real(np.where(at != 0, 1.0 / z, 0.0))), at)
    np.testing.assert_allclose(g, [0.0, np.conj(-1.0 / (1.0 + 1.0j) ** 2)], atol=1e-15)


# --- products -----------------------------------------------------------------------------------------------------

A = np.array([[INF, 1.0, NAN], [2.0, 3.0, -INF]])
PRODUCTS: list[tuple[str, Callable[[Any], Any]]] = [
    ("multiply", lambda x: np.sum(A * x, axis=-1)),
    ("matmul", lambda x: A @ x),
    ("matmul, transposed", lambda x: x @ A.T),
    ("matmul, stacked", lambda x: np.matmul(np.stack([A, A]), x)[1]),
    ("dot", lambda x: np.dot(A, x)),
    ("inner", lambda x: np.inner(A, x)),
    ("tensordot", lambda x: np.tensordot(A, x, 1)),
    ("vecdot", lambda x: np.vecdot(A, x)),
    ("matvec", lambda x: np.matvec(A, x)),
    ("vecmat", lambda x: np.vecmat(x, A.T)),
    ("vdot", lambda x: np.stack([np.vdot(a, x) for a in A])),
    ("einsum", lambda x: np.einsum("ij,j->i", A, x)),
    ("einsum of three", lambda x: np.einsum("ij,j,k->i", A, x, np.array([0.5, 0.5]))),
    ("divide", lambda x: np.sum(x / np.array([[0.0, 1.0, NAN], [0.5, 1 / 3, -0.0]]), axis=-1)),
]


@pytest.mark.parametrize("f", [case[1] for case in PRODUCTS], ids=[case[0] for case in PRODUCTS])
def test_products_with_factors_that_are_not_finite(mode: str, f: Callable[[Any], Any]) -> None:
    """Each unit vector meets one column, each unit cotangent one row: the Jacobian is the matrix."""
    held = dt.Variable([1.0, 2.0, 3.0])
    with dt.GradientTape(mode, nan_safe=True) as tape:
        y = f(held)
    np.testing.assert_allclose(tape.jacobian(y, held), A)


def reference(x: Any, y: Any, winner: int | None) -> Any:
    """The sum of the products of vectors, term by term."""
    total = 0.0
    for a, b in zip(x, y, strict=True):
        if (a == 0 and winner in (0, None)) or (b == 0 and winner in (1, None)):
            continue
        total = total + a * b
    return total


@pytest.mark.parametrize("winner", [0, 1, None])
def test_every_pair_of_kinds_of_numbers(winner: int | None) -> None:
    kinds = [0.0, -0.0, 2.0, -3.0, INF, -INF, NAN]
    for call, of in ((np.matmul, "matmul"), (np.vecdot, "vecdot"), (np.multiply, "multiply")):
        params = {"of": PRIMITIVES[of], "settings": {}, "winner": winner}
        for a in kinds:
            for b in kinds:
                for c, d in ((1.0, 2.0), (INF, 1.0), (1.0, -INF), (0.0, INF)):
                    x, y = np.array([a, c]), np.array([b, d])
                    found = apply(zero_wins, (x, y), params)
                    if of == "multiply":
                        parts = [reference([p], [q], winner) for p, q in zip(x, y, strict=True)]
                        np.testing.assert_array_equal(found, parts)
                    else:
                        np.testing.assert_array_equal(found, reference(x, y, winner), f"{x} {y}")
                        assert np.shape(found) == np.shape(call(x, y))


def test_complex_products_with_factors_that_are_not_finite() -> None:
    x, y = np.array([[0.0, 1.0 + 1.0j], [1.0, 0.0]]), np.array([NAN + 1.0j, 2.0])
    found = apply(zero_wins, (x, y), {"of": PRIMITIVES["matmul"], "settings": {}, "winner": 0})
    assert found[0] == 2.0 + 2.0j
    assert np.isnan(found[1])
    found = apply(zero_wins, (x, y), {"of": PRIMITIVES["multiply"], "settings": {}, "winner": 0})
    np.testing.assert_array_equal(np.isnan(found), [[False, False], [True, False]])


# --- programs -----------------------------------------------------------------------------------------------------


def test_item_assignment_and_views(mode: str) -> None:
    def f(x: Any) -> Any:
        y = np.sqrt(x) * 1.0
        y[0] = 2.0 * x[1]
        half = y[1:]
        half *= 3.0
        z = np.zeros(3, like=y)
        z[::2] = y[:2]
        z[1] += x[1]
        return np.sum(z)

    np.testing.assert_allclose(gradient(mode, f, [0.0, 4.0]), [0.0, 2.0 + 0.75 + 1.0])


def test_repeated_and_long_indices(mode: str) -> None:
    def f(x: Any) -> Any:
        roots = np.sqrt(x)
        return np.sum(roots[[1, 1, 2]]) + roots[-1] + np.sum(np.sort(roots)[1:]) + np.concatenate([roots, x])[1]

    np.testing.assert_allclose(gradient(mode, f, [0.0, 1.0, 4.0]), [0.0, 1.0 + 0.5 + 0.5, 0.25 * 3], atol=1e-15)


def test_constants_that_are_written_to_later(mode: str) -> None:
    """A value without directions gets rows of zeros, which win too."""

    def f(x: Any) -> Any:
        y = dt.zeros(2)
        y[0] = x[1]
        return np.sum(np.sqrt(y)) + np.sum(y * np.array([1.0, INF]))

    np.testing.assert_allclose(gradient(mode, f, [3.0, 4.0]), [0.0, 1.25])


def test_a_value_that_was_made_without_the_tape(mode: str) -> None:
    """It has no directions; of those that it is given beside another value's each is zero, and wins."""
    x, a = dt.Variable([1.0, 2.0]), dt.Variable(0.0)
    with dt.GradientTape(mode, persistent=True, nan_safe=True) as tape:
        y = x * 1.0
        with tape.stop_recording():
            part = y[1:]
        whole = dt.zeros(1)
        whole[...] = part
        z, w = np.sum(part / a), np.sum(whole / a)
    assert tape.gradient(z, a) == -INF
    assert tape.gradient(w, a) == -INF


def test_several_sources_and_targets(mode: str) -> None:
    x, y = dt.Variable([0.0, 1.0]), dt.Variable([4.0])
    with dt.GradientTape(mode, nan_safe=True) as tape:
        a, b = np.sqrt(x), np.sqrt(y) * x[1]
    found = tape.gradient([a, b], [x, y], output_gradients=[np.array([0.0, 1.0]), np.array([1.0])])
    if mode == "reverse":
        np.testing.assert_array_equal(found[0], [0.0, 2.5])
    np.testing.assert_array_equal(found[1], [0.25])


@pytest.mark.reverse
def test_the_gradient_is_an_array_of_the_callers_own() -> None:
    x, y, weights = dt.Variable([1.0, 2.0]), dt.Variable([1.0, 2.0]), np.ones(2)
    with dt.GradientTape("reverse", nan_safe=True) as tape:
        z = x + y
    a, b = tape.gradient(z, [x, y], output_gradients=weights)
    assert type(a) is np.ndarray
    assert not np.shares_memory(a, b)
    assert not np.shares_memory(a, weights)


def test_tangents_of_a_forward_tape_are_plain() -> None:
    x = dt.Variable([0.0, 4.0])
    with dt.GradientTape("forward", nan_safe=True):
        y: Any = np.sqrt(x)
        np.testing.assert_array_equal(y.tangents, [[INF, 0.0], [0.0, 0.25]])
        assert type(y.tangents) is np.ndarray
        assert "2 tangents" in repr(y)


def test_a_source_watched_in_the_block(mode: str) -> None:
    x = dt.Variable([0.0, 4.0])
    with dt.GradientTape(mode, persistent=True, nan_safe=True) as tape:
        y = np.sqrt(x)
        tape.watch(y)
        z = np.sum(y[1:] * x[1:])
    np.testing.assert_array_equal(tape.gradient(z, y), [0.0, 4.0])
    np.testing.assert_array_equal(tape.gradient(z, x), [0.0, 0.25 * 4.0 + 2.0])


def test_batch_jacobian(mode: str) -> None:
    x = dt.Variable([[0.0, 4.0], [1.0, 0.0]])
    with dt.GradientTape(mode, nan_safe=True) as tape:
        y = np.where(x > 0, np.sqrt(x), 0.0)
    expected = [[[0.0, 0.0], [0.0, 0.25]], [[0.5, 0.0], [0.0, 0.0]]]
    np.testing.assert_array_equal(tape.batch_jacobian(y, x), expected)


def test_custom_rules_get_plain_arrays_and_zeros_of_zeros(mode: str) -> None:
    seen = []

    @dt.custom_jvp
    def root(x: Any) -> Any:
        return np.sqrt(x)

    @root.defjvp
    def _(primals: Any, tangents: Any) -> Any:
        seen.append(type(tangents[0]))
        return root(primals[0]), tangents[0] * 0.5 / np.sqrt(primals[0])

    root.defvjp(
        lambda x: (np.sqrt(x), np.sqrt(x)),
        lambda y, g: (seen.append(type(g)) or 0.5 * g / y,),  # type: ignore[func-returns-value]  # appends
    )

    def f(x: Any) -> Any:
        return np.sum(np.where(x > 0, np.stack([root(x[0]), root(x[1])]), 0.0))

    np.testing.assert_array_equal(gradient(mode, f, [0.0, 4.0]), [0.0, 0.25])
    assert {"CarefulArray", "CarefulView"}.isdisjoint(kind.__name__ for kind in seen)


def test_checkpoints(mode: str) -> None:
    block = dt.checkpoint(lambda x: np.where(x > 0, np.sqrt(x), 0.0))
    np.testing.assert_array_equal(gradient(mode, lambda x: np.sum(block(x)), [0.0, 4.0]), [0.0, 0.25])


# --- transforms ---------------------------------------------------------------------------------------------------


def guarded(x: Any) -> Any:
    """The root of what is positive, zero of the rest."""
    return np.where(x > 0, np.sqrt(x), 0.0)


def total(x: Any) -> Any:
    """The sum of such roots."""
    return np.sum(guarded(x))


def test_every_transform(mode: str) -> None:
    x, t = np.array([0.0, 4.0]), np.array([1.0, 1.0])
    with dt.numerics(nan_safe=True):
        np.testing.assert_array_equal(dt.grad(total, mode=mode)(x), [0.0, 0.25])
        np.testing.assert_array_equal(dt.value_and_grad(total, mode=mode)(x)[1], [0.0, 0.25])
        np.testing.assert_array_equal(dt.jacobian(guarded, mode=mode)(x), [[0.0, 0.0], [0.0, 0.25]])
        np.testing.assert_array_equal(dt.jvp(guarded, (x,), (t,), mode=mode)[1], [0.0, 0.25])
        np.testing.assert_array_equal(dt.hessian(total, mode=mode)(x), [[0.0, 0.0], [0.0, -1 / 32]])
        np.testing.assert_array_equal(dt.hvp(total, (x,), (t,), mode=mode), [0.0, -1 / 32])
        pullback = dt.vjp(guarded, x, mode=mode)[1]
        pushforward = dt.linearize(guarded, x, mode=mode)[1]
    np.testing.assert_array_equal(pullback(t)[0], [0.0, 0.25])  # the recording keeps what it was asked for
    np.testing.assert_array_equal(pushforward(t), [0.0, 0.25])


def test_products_with_a_derivative_that_is_infinite(mode: str, outer_mode: str) -> None:
    """They are products with a matrix that holds an infinity, where the mode computes the Jacobian beforehand."""
    for dtype in float, complex:
        x, t = np.array([0.0, 4.0], dtype), np.array([0.0, 1.0], dtype)
        with dt.numerics(nan_safe=True):
            _, pullback = dt.vjp(np.sqrt, x, mode=mode)
            _, pushforward = dt.linearize(np.sqrt, x, mode=mode)
            np.testing.assert_array_equal(dt.jvp(np.sqrt, (x,), (t,), mode=mode)[1], [0.0, 0.25])
            pushed = dt.jvp(pushforward, (2 * t,), (t,), mode=outer_mode)
        np.testing.assert_array_equal(pullback(t)[0], [0.0, 0.25])
        np.testing.assert_array_equal(pushforward(t), [0.0, 0.25])
        np.testing.assert_array_equal(pushed, [[0.0, 0.5], [0.0, 0.25]])


def test_products_are_checked(mode: str) -> None:
    with dt.numerics(check_numerics=True):
        _, pullback = dt.vjp(np.sqrt, np.ones(2), mode=mode)
        _, pushforward = dt.linearize(np.sqrt, np.ones(2), mode=mode)
    for product in pullback, pushforward:
        with pytest.raises(NumericsError, match=r"tangent .*is not finite"):
            product(np.array([1.0, np.nan]))
        np.testing.assert_array_equal(np.ravel(product(np.array([2.0, 4.0]))), [1.0, 2.0])


def test_an_executor_is_told() -> None:
    x = np.array([0.0, 4.0])
    with concurrent.futures.ThreadPoolExecutor(2) as executor, dt.numerics(nan_safe=True):
        found = dt.jacobian(lambda x: np.sqrt(x) + x[::-1], executor=executor, chunk_size=1)(x)
    np.testing.assert_array_equal(found, [[INF, 1.0], [1.0, 0.25]])


def test_a_block_in_a_block() -> None:
    def options(**keywords: Any) -> tuple[bool, bool]:
        found = dt.GradientTape("forward", **keywords)._options
        return found.check_numerics, found.nan_safe

    assert options() == (False, False)
    with dt.numerics(nan_safe=True):
        assert options() == (False, True)
        assert options(nan_safe=False) == (False, False)
        with dt.numerics(check_numerics=True):
            assert options() == (True, True)
            with dt.numerics(nan_safe=False):
                assert options() == (True, False)
        assert options() == (False, True)
    with pytest.raises(ZeroDivisionError), dt.numerics(nan_safe=True):
        _ = 1 / 0
    assert options() == (False, False)


# --- what pays, and who refuses -----------------------------------------------------------------------------------


class Ignorant:
    """A backend of somebody else's."""

    protocol = PROTOCOL

    def open(self, options: TapeOptions) -> Any:
        """Open a forward recording."""
        return ForwardRecording(options)


@pytest.mark.parametrize("option", ["check_numerics", "nan_safe"])
def test_a_backend_that_does_not_know_an_option_refuses_it(monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    from dualtape import registry

    monkeypatch.setattr(registry, "_REGISTERED", dict(registry._REGISTERED))
    dt.register_backend("ignorant", Ignorant())
    asked: Any = {option: True}
    with pytest.raises(ValueError, match=f"the mode 'ignorant' does not provide {option}=True"):
        dt.GradientTape("ignorant", **asked)
    with dt.numerics(**asked):
        with pytest.raises(ValueError, match="does not provide"):
            dt.GradientTape("ignorant")
        with pytest.raises(ValueError, match="does not provide"):
            dt.grad(np.sum, mode="ignorant")(np.ones(2))
        asked[option] = False
        dt.GradientTape("ignorant", **asked)
    dt.GradientTape("ignorant", **asked)


def test_an_ordinary_tape_knows_nothing_of_it(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*args: object) -> None:
        raise AssertionError

    monkeypatch.setattr(Careful, "__init__", never)
    monkeypatch.setattr(Careful, "apply", never)
    x = dt.Variable([0.0, 4.0])
    with dt.GradientTape(mode) as tape:
        y = np.sqrt(x) * x
        kind = type(tape._recording).__name__
    tape.gradient(y, x)
    assert kind in ("ForwardRecording", "ReverseRecording")


@pytest.mark.parametrize("asked", [{"nan_safe": True}, {"check_numerics": True}])
def test_finite_programs_give_the_same_bits(mode: str, asked: Any) -> None:
    rng = np.random.default_rng(0)
    w, x = dt.Variable(rng.normal(size=(3, 3))), rng.normal(size=(4, 3))

    def run(**keywords: Any) -> Any:
        with dt.GradientTape(mode, **keywords) as tape:
            h = np.tanh(x @ w)
            h[0] = h[1] / 3.0
            y = np.sum(np.log1p(np.square(h))) + np.linalg.norm(w) + np.linalg.det(w)
        return y, tape.gradient(y, w)

    value, g = run()
    other, found = run(**asked)
    assert float(value) == float(other)
    np.testing.assert_array_equal(found, g)


# --- check_numerics -----------------------------------------------------------------------------------------------


def here(further: int) -> str:
    """This file, and a line so much further than the caller's."""
    return f"{__file__}:{sys._getframe(1).f_lineno + further}"


def test_a_value_that_is_not_finite(mode: str) -> None:
    x = dt.Variable([1.0, 0.0, 0.0])
    with dt.GradientTape(mode, check_numerics=True):
        y = x * 2.0
        with pytest.raises(NumericsError) as caught:
            np.log(y)
    line, message = f"{__file__}:{caught.tb.tb_lineno}", str(caught.value)
    assert "the value of log is not finite" in message
    assert "of 3 entries (shape (3,)) 2 infinite" in message
    assert "first at index (1,)" in message
    assert f"[{line}]" in message
    assert "operand" not in message
    assert isinstance(caught.value, FloatingPointError)


def test_an_operand_that_was_not_finite_is_told_from_an_operation_that_made_it(mode: str) -> None:
    x = dt.Variable([1.0, 2.0])
    with dt.GradientTape(mode, check_numerics=True):
        with pytest.raises(NumericsError, match=r"mul .* 1 nan.*operand 1 was not finite when it was given"):
            x * np.array([NAN, 1.0])
        with pytest.raises(NumericsError, match=r"divide .* 2 infinite"):
            x / 0.0
        kept = np.minimum(x, INF)  # a constant that leaves no trace is nobody's concern
    assert np.all(np.isfinite(np.asarray(kept)))


def test_a_source_that_is_not_finite(mode: str) -> None:
    x = dt.Variable([1.0, INF], name="weights")
    with dt.GradientTape(mode, check_numerics=True), pytest.raises(NumericsError, match="the value of weights"):
        x + 1.0
    with dt.numerics(check_numerics=True), pytest.raises(NumericsError, match="argument"):
        dt.grad(np.sum, mode=mode)(np.array([NAN]))


def test_a_derivative_that_is_not_finite(mode: str) -> None:
    x = dt.Variable([0.0, 4.0])
    lines: list[str] = []
    with pytest.raises(NumericsError) as caught:  # noqa: PT012  # a forward tape raises in the block
        with dt.GradientTape(mode, check_numerics=True) as tape:
            lines.append(here(1))
            y = np.sqrt(x)
            z = np.sum(y * y)
        tape.gradient(z, x)
    assert "the derivative of sqrt" in str(caught.value)
    assert f"[{lines[0]}]" in str(caught.value)


def test_what_a_selection_drops_is_checked_before(mode: str) -> None:
    x = dt.Variable([0.0, 4.0])
    with pytest.raises(NumericsError, match="the derivative of sqrt"):  # noqa: PT012  # as above
        with dt.GradientTape(mode, check_numerics=True) as tape:
            y = np.sum(np.where(x > 0, np.sqrt(x), 0.0))
        tape.gradient(y, x)


def test_with_nan_safe_only_what_is_left_is_checked(mode: str) -> None:
    x = dt.Variable([0.0, 4.0])
    if mode == "reverse":
        with dt.GradientTape(mode, check_numerics=True, nan_safe=True) as tape:
            y = np.sum(np.where(x > 0, np.sqrt(x), 0.0))
        np.testing.assert_array_equal(tape.gradient(y, x), [0.0, 0.25])
    with pytest.raises(NumericsError, match="the derivative of sqrt"):  # noqa: PT012  # as above
        with dt.GradientTape(mode, check_numerics=True, nan_safe=True) as tape:
            y = np.sum(np.sqrt(x))
        tape.gradient(y, x)


def test_the_value_of_an_item_assignment(mode: str) -> None:
    x = dt.Variable([1.0, 4.0])
    with dt.GradientTape(mode, check_numerics=True):
        y: Any = np.sqrt(x)
        with pytest.raises(NumericsError, match="the value of an item assignment is not finite"):
            y[0] = NAN


@pytest.mark.parametrize("rows", [None, 1])
def test_checks_in_jacobians(mode: str, rows: int | None) -> None:
    def f(x: Any) -> Any:
        return np.sqrt(x) * x

    with dt.numerics(check_numerics=True):
        with pytest.raises(NumericsError, match="the derivative of sqrt"):
            dt.jacobian(f, mode=mode, chunk_size=rows)(np.array([0.0, 1.0]))
        found = dt.jacobian(f, mode=mode, chunk_size=rows)(np.array([1.0, 4.0]))
    np.testing.assert_allclose(found, np.diag([1.5, 3.0]))


def test_checks_in_every_nesting(mode: str, outer_mode: str) -> None:
    """The first derivative is finite at 0, the second is not."""
    with dt.numerics(check_numerics=True):
        inner = dt.grad(lambda x: x**1.5, mode=mode)
        assert inner(0.0) == 0.0
        assert dt.grad(inner, mode=outer_mode)(4.0) == pytest.approx(0.375)
        with pytest.raises(NumericsError, match="derivative of pow"):
            dt.grad(inner, mode=outer_mode)(0.0)


@pytest.mark.reverse
def test_computed_sources_and_several_uses_of_one() -> None:
    x = dt.Variable([1.0, 2.0])

    def run(**asked: Any) -> Any:
        with dt.GradientTape("reverse", persistent=True, **asked) as tape:
            before = x * 2.0
            y: Any = x + 3.0  # it hands its cotangent on to x, where that of `before` is added
            y[0] = before[1]
            z: Any = y * y + np.sum(y) + before
            z[0] = y[1]
            z[1:] += y[:1]
        return *tape.gradient(z, [x, y]), *tape.gradient(z, [y, x]), tape.jacobian(z, x), tape.jacobian(z, y)

    for asked in ({"check_numerics": True}, {"nan_safe": True}, {"check_numerics": True, "nan_safe": True}):
        for found, expected in zip(run(**asked), run(), strict=True):
            np.testing.assert_array_equal(found, expected)


def test_the_signature_of_the_tape() -> None:
    parameters = inspect.signature(dt.GradientTape.__init__).parameters
    assert parameters["check_numerics"].default is None
    assert parameters["nan_safe"].default is None


def test_the_recordings_are_their_backends_own(mode: str) -> None:
    for asked in ({"nan_safe": True}, {"check_numerics": True}):
        with dt.GradientTape(mode, **asked) as tape:
            recording = tape._recording
            assert isinstance(recording, BaseRecording)
            assert type(recording).__name__ in ("CarefulForward", "CarefulReverse")
