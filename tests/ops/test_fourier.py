"""Fourier transforms: errors, out=, warnings and dtypes, which the cross-check can't see."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import plain
from dualtape.errors import TracedConversionError

NUMPY: Any = np  # where its stubs refuse what is called
X = np.cos(np.arange(12.0) ** 2).reshape(3, 4)
Z = X + 1j * X[::-1]

CALLS: list[Callable[[Any], Any]] = [
    lambda x: np.fft.fft(x, axis=2),
    lambda x: np.fft.fft(x, n=3, axis=2),
    lambda x: np.fft.fft(x[0, 0]),
    lambda x: np.fft.fft(x, n=0),
    lambda x: np.fft.irfft(x[:, :1]),
    lambda x: NUMPY.fft.rfft(x, n=2.5),
    lambda x: NUMPY.fft.fft(x, norm="other"),
    lambda x: NUMPY.fft.hfft(x, norm="other"),
    lambda x: np.fft.fftn(x, s=(2,), axes=(0, 1)),
    lambda x: np.fft.fftn(x, axes=(0, 5)),
    lambda x: np.fft.rfft2(x[0]),
    lambda x: np.fft.fftshift(x, axes=3),
    lambda x: np.fft.fft(np.fft.ifft(x, n=6, axis=-2), norm="ortho"),
    lambda x: np.fft.ifftshift(x, axes=(0,)),
]


@pytest.mark.parametrize("number", range(len(CALLS)))
def test_values_and_errors_are_numpys_own(number: int, agrees: Callable[..., None]) -> None:
    agrees(CALLS[number], X)


@pytest.mark.parametrize("function", [np.fft.rfft, np.fft.rfftn])
def test_real_transforms_refuse_complex_numbers(function: Any, agrees: Callable[..., None]) -> None:
    agrees(function, Z)


@pytest.mark.parametrize(
    ("function", "scale"), [(np.fft.fft, 4.0), (np.fft.ifft, 1 / 4), (np.fft.fft2, 12.0), (np.fft.ifftn, 1 / 12)]
)
def test_out(function: Any, scale: float, mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode) as tape:
        out = dt.zeros((3, 4), complex)
        assert function(w, out=out) is out
        loss = np.sum(np.square(np.abs(out)))
        with pytest.raises(TracedConversionError, match="plain array"):
            function(w, out=np.zeros((3, 4), complex))
    np.testing.assert_array_equal(plain(out), function(X))
    np.testing.assert_allclose(tape.gradient(loss, w), 2.0 * scale * X)


def test_lists_of_traced_values(mode: str) -> None:
    w = dt.Variable(2.0)
    with dt.GradientTape(mode) as tape:
        y = np.abs(np.fft.rfft(np.stack([w, w * w, 1.0])))[0]
        for numbers in ([w, w * w, 1.0], np.array([w, w * w, 1.0])):
            with pytest.raises(TypeError):  # NumPy asks none of them, and its C code takes no handles
                NUMPY.fft.fft(numbers)
    np.testing.assert_allclose(tape.gradient(y, w), 5.0)


def test_deprecated_forms_warn_as_numpy_does(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode), pytest.warns(DeprecationWarning, match="axes"):
        y = np.fft.fftn(w, s=(2, 3))
    with pytest.warns(DeprecationWarning, match="axes"):
        np.testing.assert_array_equal(plain(y), np.fft.fftn(X, s=(2, 3)))


def test_without_a_tape_the_result_is_plain() -> None:
    w = dt.Variable(X)
    for function in (np.fft.fft, np.fft.hfft, np.fft.irfft2, np.fft.fftshift):
        assert type(function(w)) is np.ndarray
        np.testing.assert_array_equal(function(w), function(X))


def test_parsevals_theorem_in_higher_orders(mode: str, outer_mode: str) -> None:
    w = dt.Variable(X[0])
    with dt.GradientTape(outer_mode) as outer:
        with dt.GradientTape(mode) as inner:
            loss = np.sum(np.square(np.abs(np.fft.fft(w * w, norm="ortho"))))
        first = inner.gradient(loss, w)
    np.testing.assert_allclose(np.asarray(first), 4.0 * X[0] ** 3)
    np.testing.assert_allclose(outer.gradient(first, w), 12.0 * X[0] ** 2)
