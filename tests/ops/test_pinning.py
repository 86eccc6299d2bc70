"""Functions whose derivative is that of a formula: the formula has NumPy's value, and nothing else of NumPy changes."""

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import TracedArray, plain
from dualtape.errors import TracedConversionError
from dualtape.ops import pinning, segments
from dualtape.testing import Sample

X = np.array([[1.0, 4.0, 2.0], [3.0, -1.0, 0.5]])
FAMILIES = ("histograms", "nans", "quantiles", "segments", "sets", "statistics")
SAMPLES: list[Sample] = [
    sample for family in FAMILIES for sample in importlib.import_module(f"dualtape.testing.samples.{family}").SAMPLES
]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("operation", sorted({sample.operation for sample in SAMPLES}))
def test_formulas_have_numpys_values(operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # The cross-check can't see it: it is NumPy's value that comes out, whatever the formula gives.
    compared = []

    def pinned(y: Any, value: Any) -> Any:
        for part, expected in zip(y, value, strict=True) if isinstance(value, (tuple, list)) else [(y, value)]:
            if isinstance(part, (tuple, list)):
                pinned(part, expected)
            elif isinstance(part, TracedArray):
                tolerance = 1e3 * max(np.finfo(x.dtype).eps for x in (part, expected))
                found = plain(part).reshape(expected.shape)
                np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
                compared.append(part)
        return value

    monkeypatch.setattr(pinning, "pinned", pinned)
    monkeypatch.setattr(segments, "pinned", pinned)
    for sample in SAMPLES:
        if sample.operation == operation and "narrower" not in sample.label:
            args = [dt.Variable(x) for x in sample.args]
            with dt.GradientTape("forward"):
                sample.function(*args)
    assert compared or operation in {"trim_zeros", "add.reduceat"}


OUT: list[tuple[Callable[..., Any], tuple[int, ...]]] = [
    (lambda x, out: np.median(x, 0, out), (3,)),
    (lambda x, out: np.quantile(x, [0.2, 0.5], axis=1, out=out), (2, 2)),
    (lambda x, out: np.nanpercentile(x, 30.0, 0, out), (3,)),
    (lambda x, out: np.nansum(x, axis=1, out=out), (2,)),
    (lambda x, out: np.nanmax(x, 0, out), (3,)),
    (lambda x, out: np.nancumprod(x, 1, None, out), (2, 3)),
    (lambda x, out: np.nanmean(x, axis=1, keepdims=True, out=out), (2, 1)),
    (lambda x, out: np.nanstd(x, axis=0, out=out), (3,)),
]


@pytest.mark.parametrize(("call", "shape"), OUT)
def test_out(call: Callable[..., Any], shape: tuple[int, ...], mode: str) -> None:
    w, expected = dt.Variable(X), np.zeros(shape)
    call(X, expected)
    with dt.GradientTape(mode) as tape:
        out = dt.zeros(shape)
        assert call(w, out) is out
        with pytest.raises(TracedConversionError, match="out="):
            call(w, np.zeros(shape))
        with pytest.raises(ValueError, match=r"shape|axis|dimension"):
            call(w, dt.zeros((7,)))
    assert plain(out).tobytes() == expected.tobytes()
    assert np.any(tape.gradient(out, w))
    plain_out = np.zeros(shape)
    assert call(w, plain_out) is plain_out  # no tape records
    assert plain_out.tobytes() == expected.tobytes()


def test_traced_input_is_never_overwritten(mode: str) -> None:
    w = dt.Variable(X)
    with dt.GradientTape(mode):
        x = w * 1.0
        for call in (np.median, np.nanmedian):
            call(x, overwrite_input=True)
        np.quantile(x, 0.3, overwrite_input=True)
        assert plain(x).tobytes() == X.tobytes()


def test_warnings_are_numpys_and_come_once(mode: str) -> None:
    holes = np.full((2, 3), np.nan)
    holes[0] = 1.0
    for call in (
        lambda x: np.nanmedian(x, axis=1),
        lambda x: np.nanquantile(x, 0.3, axis=1),
        lambda x: np.nanmax(x, axis=1),
        lambda x: np.nanmean(x, axis=1),
        lambda x: np.nanvar(x, axis=1),
        lambda x: np.cov(x[:, :1]),
    ):
        with warnings.catch_warnings(record=True) as expected:
            warnings.simplefilter("always")
            call(holes)
        with warnings.catch_warnings(record=True) as found, dt.GradientTape(mode):
            warnings.simplefilter("always")
            call(dt.Variable(holes))
        assert [str(w.message) for w in found] == [str(w.message) for w in expected]


def test_lists_of_traced_values(mode: str) -> None:
    w = dt.Variable([1.0, 5.0, 2.0])
    with dt.GradientTape(mode) as tape:
        y = np.average(w, weights=[w[0], 1.0, w[2]])
        z = np.setxor1d(w, [w[0] * 3.0, 5.0])
        loss = y + np.sum(z * [1.0, 10.0, 100.0])
    assert y.primal == np.average([1.0, 5.0, 2.0], weights=[1.0, 1.0, 2.0])
    assert z.primal.tolist() == [1.0, 2.0, 3.0]
    np.testing.assert_allclose(tape.gradient(loss, w), [300.875, 0.25, 10.375])
