"""Notes on errors that leave a tape's block: what to write where NumPy or Python can't say it."""

import decimal
import hashlib
import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.errors import TracedConversionError


def raising(error: Exception) -> None:
    raise error


# Each fails inside C code, or in code that looks at the type alone.
MUTE: dict[str, tuple[Callable[[Any], Any], str]] = {
    "struct": (lambda x: struct.pack("d", x[0]), r"x\.primal"),
    "json": (lambda x: json.dumps({"loss": x[0]}), r"x\.primal"),
    "decimal": (lambda x: decimal.Decimal(x[0]), r"x\.primal"),
    "memoryview": (memoryview, r"x\.primal"),
    "an entry of a memoryview": (lambda x: memoryview(np.zeros(2)).__setitem__(0, x[0]), r"x\.primal"),
    "hashlib": (hashlib.sha256, r"x\.primal"),
    "bytes": (bytes, r"x\.primal"),
    "a set": (lambda x: {x[0]}, r"x\.primal"),
    "an inverse": (lambda x: np.linalg.inv(np.array([[x[0], 0.0], [0.0, x[1]]])), r"np\.stack.*like=a"),
    "a transform": (lambda x: np.fft.fft(np.array([x[0], x[1]])), r"np\.stack.*like=a"),
    "a covariance": (lambda x: np.cov(np.array([x[0], x[1]])), r"np\.stack.*like=a"),
    "a ufunc without a loop": (lambda x: np.logaddexp([x[0], x[1]], 1.0), r"np\.stack.*like=a"),
    "out=": (lambda x: np.add([x[0], x[1]], 1.0, out=np.zeros(2)), r"np\.stack.*dualtape\.zeros"),
    "code that is not NumPy's": (lambda x: raising(ValueError("object arrays are not supported")), r"custom_jvp"),
    "copyto": (lambda x: np.copyto(np.zeros(2), [x[0], x[1]]), r"np\.stack.*dualtape\.zeros"),
    "an entry of flat": (lambda x: np.zeros(2).flat.__setitem__(0, x[0]), r"dualtape\.zeros"),
}


@pytest.mark.parametrize("name", MUTE)
def test_the_error_of_another_has_a_note(mode: str, outer_mode: str, name: str) -> None:
    call, remedy = MUTE[name]
    w = dt.Variable([1.0, 2.0])
    with pytest.raises(Exception) as caught, dt.GradientTape(outer_mode), dt.GradientTape(mode):  # whatever it is
        call(w * 1.0)
    assert len(caught.value.__notes__) == 1
    assert caught.match(f"(?s).*{remedy}") or pytest.fail(str(caught.value.__notes__))


@pytest.mark.parametrize("name", MUTE)
def test_the_error_in_a_transform_has_it_too(mode: str, name: str) -> None:
    call, remedy = MUTE[name]
    with pytest.raises(Exception) as caught:  # whatever it is
        dt.grad(call, mode=mode)(np.array([1.0, 2.0]))
    assert caught.match(f"(?s).*{remedy}")


def test_errors_that_have_nothing_to_do_with_it_stay_as_they_are(mode: str) -> None:
    w = dt.Variable([1.0, 2.0])
    with pytest.raises(ValueError, match="no hint") as caught, dt.GradientTape(mode):
        raise ValueError("no hint")
    assert not hasattr(caught.value, "__notes__")
    with pytest.raises(TracedConversionError) as own, dt.GradientTape(mode):
        np.asarray(w * 1.0, dtype=float)
    assert not hasattr(own.value, "__notes__")
    with pytest.raises(ValueError, match="sequence") as with_cause, dt.GradientTape(mode):
        np.zeros(2)[0] = w[0]
    assert not hasattr(with_cause.value, "__notes__")
