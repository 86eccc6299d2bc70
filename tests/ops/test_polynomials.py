"""Polynomials: errors, poly1d and numpy.polynomial, which the cross-check can't see."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.polynomial import polynomial

import dualtape as dt
from dualtape.array import TracedArray, plain

NUMPY: Any = np  # where its stubs refuse what is called
P = np.array([1.5, -2.0, 0.5, 3.0])
M = np.cos(np.arange(6.0)).reshape(2, 3)

CALLS: list[Callable[[Any], Any]] = [
    np.poly,
    lambda x: np.poly(x[0, :0]),
    np.roots,
    lambda x: np.roots(0.0 * x[0]),
    np.vander,
    lambda x: NUMPY.vander(x[0], 2.5),
    lambda x: np.vander(x[0], -1),
    lambda x: np.polyder(x[0], -1),
    lambda x: np.polyint(x[0], -1),
    lambda x: np.polyint(x[0], 2, [1.0, 2.0, 3.0]),
    lambda x: np.polyadd(x, x[0]),
    lambda x: np.polymul(x, x),
    lambda x: np.polydiv(x[0, :0], x[0]),
    lambda x: np.polydiv(x[0], x[0])[0],
    lambda x: np.polyfit(x[0], x, 1),
    lambda x: np.polyfit(x[0], x.T, 1),
    lambda x: np.polyfit(x[0], x[1], -1),
    lambda x: np.polyfit(x[0], x[1], 2, cov=True),
    lambda x: np.polyfit(x[0], x[1], 1, w=x),
    lambda x: np.polyfit(x[0], x[1], 1, full=True)[0],
    np.poly1d,
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("number", range(len(CALLS)))
def test_values_and_errors_are_numpys_own(number: int, agrees: Callable[..., None]) -> None:
    agrees(CALLS[number], M)


def test_poly1d_of_traced_coefficients(mode: str) -> None:
    w = dt.Variable(P)
    q = np.array([2.0, 1.0])
    with dt.GradientTape(mode) as tape:
        p: Any = np.poly1d(w)
        assert isinstance(p.coeffs, TracedArray)
        quotient, rest = np.polydiv((p * np.poly1d(q)).coeffs, np.poly1d(q))
        y = (p.deriv() + quotient - 2 * p)(0.5) + np.sum(rest.coeffs)
        with pytest.raises(ValueError, match="setting an array element"):
            p / np.poly1d(q)  # NumPy does not ask a poly1d what it holds
    powers = 0.5 ** np.arange(3, -1, -1)
    np.testing.assert_allclose(tape.gradient(y, w), [3 * 0.25, 2 * 0.5, 1.0, 0.0] - powers, atol=1e-12)


def test_constants_of_integration_alone(mode: str) -> None:
    k = dt.Variable(2.0)
    with dt.GradientTape(mode) as tape:
        y = NUMPY.polyval(NUMPY.polyint([1.0, 2.0], 2, [k, k * k]), 3.0)  # ... + k x + k²
    np.testing.assert_allclose(tape.gradient(y, k), 3.0 + 4.0)


def test_the_degree_lost_to_a_leading_zero(mode: str) -> None:
    # The finite root stays, and moves with the leading coefficient.
    w = dt.Variable([0.0, 1.0, -3.0])
    with dt.GradientTape(mode) as tape:
        y = np.sum(np.roots(w))
    np.testing.assert_allclose(tape.gradient(y, w), [-9.0, -3.0, -1.0])


def test_a_multiple_root_has_no_derivative(mode: str) -> None:
    w = dt.Variable([1.0, 0.0, 0.0])
    with dt.GradientTape(mode) as tape, np.errstate(all="ignore"):
        y = np.sum(np.roots(w))
        found = tape.gradient(y, w)
    assert not np.isfinite(found[2])


# --- numpy.polynomial: NumPy asks nobody there --------------------------------------------------------------------

SERIES = [
    np.polynomial.Polynomial, np.polynomial.Chebyshev, np.polynomial.Legendre, np.polynomial.Hermite,
    np.polynomial.HermiteE, np.polynomial.Laguerre,
]  # fmt: skip


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize(
    "use",
    [
        lambda p, series: p(np.array([0.5, -1.0])),
        lambda p, series: p.deriv()(0.5),
        lambda p, series: p.integ(1)(0.5),
        lambda p, series: (p * p + series([1.0, 2.0]))(0.5),
        lambda p, series: (p // series([1.0, 2.0]))(0.5),
        lambda p, series: p.convert(kind=np.polynomial.Polynomial).coef,
    ],
)
def test_series_with_traced_coefficients(series: Any, use: Any, mode: str) -> None:
    c, step = np.array([1.5, -2.0, 0.5]), 1e-5
    w = dt.Variable(c)
    with dt.GradientTape(mode) as tape:
        y = np.sum(np.square(np.stack(list(np.atleast_1d(use(series(w), series))))))
    moved = [[np.sum(np.square(use(series(c + s * e), series))) for s in (step, -step)] for e in np.eye(3)]
    expected = [(up - down) / (2 * step) for up, down in moved]
    np.testing.assert_allclose(tape.gradient(y, w), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("series", SERIES)
def test_series_at_traced_points(series: Any, mode: str) -> None:
    p = series([1.5, -2.0, 0.5])
    w = dt.Variable([0.5, -1.0])
    with dt.GradientTape(mode) as tape:
        y = np.sum(p(w * 1.0))
    np.testing.assert_allclose(tape.gradient(y, w), p.deriv()(w.numpy()))


@pytest.mark.parametrize(
    "call",
    [
        np.polynomial.polynomial.polyroots,
        lambda w: np.polynomial.Polynomial(w).roots(),
        lambda w: np.polynomial.polynomial.polyfit([0.0, 1.0, 2.0], w, 1),
        lambda w: np.polynomial.chebyshev.chebfit(w, [0.0, 1.0, 2.0], 1),
        lambda w: np.polynomial.Polynomial.fit([0.0, 1.0, 2.0], w, 1),
        lambda w: np.polynomial.polynomial.polyint([1.0, 2.0], 1, w[0]),
    ],
)
def test_series_that_need_c_code_raise(call: Any, mode: str) -> None:
    w = dt.Variable([1.0, 2.0, 4.0])
    with dt.GradientTape(mode), pytest.raises((TypeError, ValueError)):
        call(w)


V = np.array([0.5, -1.5, 2.0])
TABLE = np.arange(6.0).reshape(2, 3)
OF_TWO: dict[str, Any] = {
    "points": lambda x: polynomial.polyval2d(x, V, TABLE),
    "lists": lambda x: polynomial.polyval2d(x, [1.0, 2.0, 3.0], TABLE.tolist()),
    "points of unequal shape": lambda x: polynomial.polyval2d(x, V[:2], TABLE),
    "coefficients": lambda x: polynomial.polyval2d(0.5, 1, x * TABLE),
    "integers": lambda x: polynomial.polyval2d(x, x, TABLE.astype(int)),
    "a grid": lambda x: polynomial.polygrid2d(x, [1.0, 2.0], TABLE),
    "a grid of coefficients": lambda x: polynomial.polygrid2d(0.5, V, x * TABLE),
}


@pytest.mark.parametrize("x", [V, V.astype("f"), V * 1j], ids=["float64", "float32", "complex"])
@pytest.mark.parametrize("name", OF_TWO)
def test_polynomials_of_two_variables(agrees: Callable[..., None], name: str, x: Any) -> None:
    if not hasattr(polynomial.polyval2d, "__wrapped__"):
        pytest.skip("this NumPy asks nobody")
    agrees(OF_TWO[name], x)


def test_values_of_variables_in_tables(mode: str) -> None:
    table = np.outer(P, P)
    w = dt.Variable([0.5, -1.0])
    with dt.GradientTape(mode):
        found = np.polynomial.polynomial.polyval2d(w * 1.0, w * 2.0, table)
    expected = np.polynomial.polynomial.polyval2d(w.numpy(), w.numpy() * 2.0, table)
    np.testing.assert_array_equal(plain(np.stack(list(found))), expected)
