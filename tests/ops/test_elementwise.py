"""Elementwise operations: what the cross-check can't see of them."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import plain
from dualtape.ops.protocol import PLAIN_UFUNCS
from dualtape.primitive import FUNCTIONS, PRIMITIVES, UFUNCS
from dualtape.testing.samples import elementwise as samples

UFUNCS_OF_NUMPY = sorted({f for f in vars(np).values() if isinstance(f, np.ufunc)}, key=lambda ufunc: ufunc.__name__)


@pytest.mark.parametrize("ufunc", UFUNCS_OF_NUMPY, ids=lambda ufunc: ufunc.__name__)
def test_every_ufunc_is_in_one_class(ufunc: np.ufunc) -> None:
    classes = [ufunc in UFUNCS, ufunc in PLAIN_UFUNCS, ufunc in FUNCTIONS]
    assert sum(classes) == 1, f"numpy.{ufunc.__name__} is differentiable, plain or composite: see ops/elementwise.py"


def test_every_ufunc_has_samples() -> None:
    sampled = {sample.operation for sample in samples.SAMPLES}
    elementwise = {UFUNCS[u].name for u in UFUNCS_OF_NUMPY if u in UFUNCS and UFUNCS[u].partials is not None}
    assert elementwise <= sampled


def narrow(value: Any, dtype: Any) -> bool:
    """Whether a partial leaves a cotangent of a dtype as it is."""
    return type(value) in {int, float} or np.result_type(plain(value), dtype) == dtype


def test_partials_keep_single_precision() -> None:
    for ufunc, (span, kind) in samples.UNARY.items():
        for dtype in (np.float32, np.complex64) if kind != "real" else (np.float32,):
            for shape in ((), (3,)):
                x = samples.spread(span, shape, dtype)[()]
                primitive = UFUNCS[ufunc]
                for partial in (*primitive.partials, *(primitive.conjugates or ())):
                    assert partial is None or narrow(partial(ufunc(x), x), dtype), (ufunc, dtype, shape)
    for ufunc, (first, second, _) in samples.BINARY.items():
        for shape in ((), (3,)):
            x, y = samples.spread(first, shape, np.float32)[()], samples.spread(second, shape, np.float32)[()]
            for operands in ((x, y), (x, float(np.ravel(y)[0])), (float(np.ravel(x)[0]), y)):
                for i, partial in enumerate(UFUNCS[ufunc].partials or ()):  # fmax and fmin are structural
                    if partial is not None and hasattr(operands[i], "dtype") and ufunc is not np.float_power:
                        assert narrow(partial(ufunc(*operands), *operands), np.float32), (ufunc, shape, i)


def quiet(sample: Any) -> bool:
    """Whether no number in the sample's derivative is infinite or undefined."""
    return sample.expected is None or all(np.isfinite(e).all() for e in sample.expected)


@pytest.mark.parametrize("name", sorted({sample.operation for sample in samples.SAMPLES}))
def test_no_warnings_where_the_derivative_is_finite(name: str, mode: str) -> None:
    for sample in samples.SAMPLES:
        if sample.operation != name or not quiet(sample) or sample.label == "extremes":
            continue
        args = [dt.Variable(np.asarray(x)) for x in sample.args]
        with np.errstate(all="ignore"):
            plainly = sample.function(*sample.args)
        if not all(np.isfinite(part).all() for part in (plainly if isinstance(plainly, tuple) else (plainly,))):
            continue
        with np.errstate(divide="raise", over="raise", invalid="raise"):
            with dt.GradientTape(mode) as tape:
                out = sample.function(*args)
            tape.gradient(list(out) if isinstance(out, tuple) else out, args, unconnected_gradients="none")


@pytest.mark.parametrize("ufunc", [np.modf, np.frexp])
def test_two_results_of_one_operand(ufunc: Any, mode: str) -> None:
    x = np.array([0.0, -0.0, 1.0, -2.75, 1e-320, 1e300, np.inf, -np.inf, np.nan])
    with np.errstate(all="ignore"), dt.GradientTape(mode):
        w = dt.Variable(x)
        first, second = ufunc(w)
    for found, expected in zip((plain(first), second), ufunc(x), strict=True):
        assert found.dtype == expected.dtype
        assert found.tobytes() == expected.tobytes()
    assert type(second) is np.ndarray
    v = dt.Variable([1.0, 5.0])
    with dt.GradientTape(mode) as tape:
        first, second = ufunc(v)
    np.testing.assert_array_equal(tape.gradient(first, v), [1.0, 1.0] if ufunc is np.modf else [0.5, 0.125])


def test_divmod_is_floor_divide_and_remainder(mode: str) -> None:
    values = np.array([0.0, -0.0, 1.0, -7.5, 0.3, 1e-300, 1e300, np.inf, -np.inf, np.nan])
    x, y = values[:, None], values[None, :]
    with np.errstate(all="ignore"):
        expected = np.divmod(x, y)
        with dt.GradientTape(mode):
            found = np.divmod(dt.Variable(x), dt.Variable(y))
    assert found[0].tobytes() == expected[0].tobytes()
    assert plain(found[1]).tobytes() == expected[1].tobytes()


def test_results_into_out(mode: str) -> None:
    w = dt.Variable([1.25, -2.5])
    with dt.GradientTape(mode) as tape:
        fraction, whole = dt.zeros(2), np.zeros(2)
        result = np.modf(w, out=(fraction, whole))
        loss = np.sum(fraction * [1.0, 2.0])
    assert result[0] is fraction
    assert result[1] is whole
    np.testing.assert_array_equal(whole, [1.0, -2.0])
    np.testing.assert_array_equal(tape.gradient(loss, w), [1.0, 2.0])


def test_derivative_in_the_exponent_where_it_is_zero(mode: str, outer_mode: str) -> None:
    # d/dx x**y is y x**(y - 1): 0 at y = 0, where its own derivative in y is 1 / x.
    x, y = dt.Variable([2.0, 4.0]), dt.Variable([0.0, 0.0])
    for power in (np.power, operator.pow, np.float_power):
        with dt.GradientTape(outer_mode) as outer:
            with dt.GradientTape(mode) as inner:
                out = power(x, y)
            g = inner.gradient(out, x)
        np.testing.assert_allclose(outer.gradient(g, y), [0.5, 0.25])
        np.testing.assert_array_equal(g, [0.0, 0.0])


def test_functions_on_lists_of_traced_numbers(mode: str) -> None:
    a, b = dt.Variable(0.5), dt.Variable(0.25)
    calls = {
        "sin": np.sin, "cos": np.cos, "tan": np.tan, "arcsin": np.arcsin, "arccos": np.arccos, "arctan": np.arctan,
        "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "arcsinh": np.arcsinh, "arctanh": np.arctanh, "exp": np.exp,
        "exp2": np.exp2, "expm1": np.expm1, "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p,
        "sqrt": np.sqrt, "cbrt": np.cbrt, "fabs": np.fabs, "deg2rad": np.deg2rad, "radians": np.radians,
        "rad2deg": np.rad2deg, "degrees": np.degrees, "conjugate": np.conjugate, "square": np.square,
        "reciprocal": np.reciprocal, "negative": np.negative, "absolute": np.absolute,
        "arctan2": lambda x: np.arctan2(x, x[::-1]), "hypot": lambda x: np.hypot(x, x[::-1]),
        "fmod": lambda x: np.fmod(x, x[::-1]), "maximum": lambda x: np.maximum(x, x[::-1]),
        "multiply": lambda x: np.multiply(x, x[::-1]), "power": lambda x: np.power(x, x[::-1]),
    }  # fmt: skip
    for name, call in calls.items():
        with dt.GradientTape(mode) as tape:
            objects = np.array([a, b])
            loss = np.stack(list(call(objects)))
        with dt.GradientTape(mode) as reference:
            expected = call(np.stack([a, b]))
        np.testing.assert_allclose(plain(loss), plain(expected), rtol=1e-15, err_msg=name)
        np.testing.assert_allclose(
            tape.gradient(loss, [a, b]), reference.gradient(expected, [a, b]), rtol=1e-14, err_msg=name
        )
    with dt.GradientTape(mode):
        objects = np.array([a, b]) * 3.0
        assert np.floor(objects).tolist() == [1, 0]
        assert np.rint(objects).tolist() == [2, 1]
        assert np.trunc(objects).tolist() == [1, 0]
        assert np.less(objects, 1.0).tolist() == [False, True]


def test_operators_of_the_table_are_pythons() -> None:
    assert PRIMITIVES["mul"].op is PRIMITIVES["multiply"].op is operator.mul
    assert PRIMITIVES["pow"].op is operator.pow


@pytest.mark.parametrize(
    "call",
    [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow,
     np.add, np.subtract, np.multiply, np.divide, np.power,
     lambda z, w: abs(z) * w, lambda z, w: np.abs(z) * w, lambda z, w: -z * 2.5 + (1.0 - 0.5j) * w,
     lambda z, w: complex(0.3, 0.7) * (z * w).real],
)  # fmt: skip
def test_complex_scalars_have_the_bits_of_plain_ones(call: Callable[[Any, Any], Any], mode: str) -> None:
    """NumPy's scalars and its ufuncs round a product and a magnitude differently."""
    rng = np.random.default_rng(11)
    for z, w in zip(*rng.normal(size=(2, 100, 2)).view(complex)[..., 0], strict=True):
        with dt.GradientTape(mode):
            found = plain(call(*(dt.Variable(x) * 1.0 for x in (z, w))))
        assert found.tobytes() == np.asarray(call(z * 1.0, w * 1.0)).tobytes()


def test_pow_takes_no_modulus(mode: str) -> None:
    w = dt.Variable(2.0)
    with dt.GradientTape(mode):
        for call in (lambda: pow(w, 2, 3), lambda: pow(w * 1.0, 2, 3), lambda: pow(2, w, 3)):
            with pytest.raises(TypeError, match="unsupported operand"):
                call()
        assert isinstance(pow(w, 2, None), dt.DualArray if mode == "forward" else object)


@pytest.mark.parametrize("zero", [0, 0.0, -0.0, False])
def test_division_by_zeros_of_python(mode: str, zero: float) -> None:
    """As by NumPy's zeros, where Python's own division in a partial would raise."""
    w = dt.Variable(np.float32(2.0))
    with np.errstate(all="ignore"):
        slope = np.true_divide(np.float32(1.0), np.asarray(zero))
        with dt.GradientTape(mode) as tape:
            y = w / zero
        found = tape.gradient(y, w)
    np.testing.assert_array_equal(found, np.real(slope))
    assert found.dtype == np.float32
