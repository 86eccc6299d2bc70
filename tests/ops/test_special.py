"""sinc, i0, angle, nan_to_num, real_if_close: what the cross-check can't see of them."""

import itertools
import math
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import plain
from dualtape.errors import ReadOnlyError


def derivative(call: Any, w: dt.Variable[Any], modes: list[str]) -> Any:
    """The derivative of the order of the number of modes, each a tape within the one before."""
    if not modes:
        return call(w)
    with dt.GradientTape(modes[0]) as tape:
        out = derivative(call, w, modes[1:])
    return tape.gradient(out, w)


@pytest.mark.parametrize(
    ("call", "series"),
    [
        # f(x) = sum of c[k] x**k: the derivative of order k at 0 is k! c[k].
        (np.sinc, [1.0, 0.0, -(math.pi**2) / 6, 0.0, math.pi**4 / 120]),
        (np.i0, [1.0, 0.0, 1 / 4, 0.0, 1 / 64]),
    ],
)
def test_derivatives_at_zero_are_exact_to_any_order(call: Any, series: list[float], mode: str, outer_mode: str) -> None:
    for order, c in enumerate(series):
        modes = list(itertools.islice(itertools.cycle([outer_mode, mode]), order))
        found = float(derivative(call, dt.Variable(0.0), modes))
        assert found == pytest.approx(math.factorial(order) * c, rel=1e-14, abs=1e-15), order


def test_sinc_keeps_its_digits_near_zero(mode: str) -> None:
    # The textbook's derivative, (cos(pi x) - sinc(x)) / x, has none left here.
    w = dt.Variable([1e-9, -1e-7, 1e-5])
    with dt.GradientTape(mode) as tape:
        loss = np.sum(np.sinc(w))
    np.testing.assert_allclose(tape.gradient(loss, w), -(math.pi**2) / 3 * w.numpy(), rtol=1e-9)


def test_extremes_end(mode: str) -> None:
    w = dt.Variable([0.0, 700.0, 800.0, -np.inf, np.nan])
    with np.errstate(all="ignore"), dt.GradientTape(mode) as tape:
        loss = np.i0(w)
    with np.errstate(all="ignore"):
        g = tape.gradient(loss, w)
    if mode == "reverse":
        assert g[1] == pytest.approx(np.i0(700.0) * (1 - 1 / 1400 - 1 / 8 / 700**2), rel=1e-6)
        assert g[2] == np.inf
        assert np.isnan(g[4])
    with pytest.raises(TypeError), dt.GradientTape(mode):
        np.i0(dt.Variable(1j))


def test_nan_to_num_in_place(mode: str) -> None:
    w = dt.Variable([1.0, np.nan, np.inf])
    with dt.GradientTape(mode) as tape:
        x = w * 1.0
        view = x[1:]
        assert np.nan_to_num(x, copy=False, nan=5.0, posinf=7.0) is x
        loss = np.sum(x * x)
        assert plain(view).tolist() == [5.0, 7.0]
        with pytest.raises(ReadOnlyError):
            np.nan_to_num(w, copy=False)
    np.testing.assert_array_equal(tape.gradient(loss, w)[:1], [2.0])


def test_real_if_close_gives_the_array_itself(mode: str) -> None:
    w, z = dt.Variable([1.0, 2.0]), dt.Variable([1.0 + 1j])
    with dt.GradientTape(mode):
        x, y = w * 1.0, z * 1.0
        assert np.real_if_close(x) is x
        assert np.real_if_close(y) is y
        assert np.real_if_close(y - 1j).dtype == float
    assert np.real_if_close(y) is y
    assert type(np.real_if_close(w)) is np.ndarray


def test_angle_in_degrees_has_numpys_bits(mode: str) -> None:
    for z in (np.array([1.0 + 2j, -3.0 - 0.5j]), np.array([1.0 + 2j], np.complex64), np.array([-1.0, 2.0], np.float32)):
        w = dt.Variable(z)
        with dt.GradientTape(mode):
            found = plain(np.angle(w, deg=True))
        expected = np.angle(z, deg=True)
        assert found.dtype == expected.dtype
        assert found.tobytes() == expected.tobytes()
