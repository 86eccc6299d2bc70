"""Random expressions over all operations: forward, reverse and numerical derivatives agree, of first and second order.

Steps are of two kinds. Those of the families below are written for whatever shapes there are. Those of `sampled` call
what the cross-check's samples call, so that every operation in the registry takes part in chains with every other one.
"""

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, note, settings
from hypothesis import strategies as st

from dualtape.array import plain
from dualtape.errors import NotDifferentiableError
from dualtape.primitive import PRIMITIVES
from dualtape.testing import Sample, samples
from dualtape.testing.coordinates import Rows, dimension, from_real, leaves, to_real
from dualtape.testing.jacobians import forward_jacobian, gradient, mixed_derivative, pull, second_derivative
from dualtape.testing.programs import PlainRun, Program, agree, agree_with_differences, same_values

LARGEST = 1e3
SHAPES = [(2, 3), (3,), (), (4,), (2, 2), (3, 1), (2, 1, 2)]

# --- what the text of an expression names besides NumPy --------------------------------------------------------------


def fit(x: Any, *shape: int) -> Any:
    """The entries of an array in another shape, as often as it takes."""
    return np.resize(x, shape)


def regular(x: Any, n: int) -> Any:
    """A matrix whose eigenvalues are real, positive and apart, and which is not symmetric."""
    return 0.1 * np.tanh(np.real(fit(x, n, n))) + np.diag(1.0 + np.arange(n))


def symmetric(x: Any, n: int) -> Any:
    """A positive definite matrix whose eigenvalues are apart."""
    a = regular(x, n)
    return a + a.T


def hermitian(x: Any, n: int) -> Any:
    """The same, complex."""
    turn = 0.1j * np.tanh(np.real(fit(x, n, n)))
    return symmetric(x, n) + turn + np.conj(turn.T)


def usable(sample: Sample) -> bool:
    """Whether differences can be taken near a sample, to the precision that is asked for."""
    double = all(np.asarray(x).dtype in (np.float64, np.complex128) for x in sample.args)
    small = sum(np.size(x) for x in sample.args) <= 24
    return bool(double and small and sample.args and sample.second and not sample.kink)


def samples_by_operation() -> dict[str, list[Sample]]:
    found: dict[str, list[Sample]] = defaultdict(list)
    for module in pkgutil.iter_modules(samples.__path__, f"{samples.__name__}."):
        for sample in importlib.import_module(module.name).SAMPLES:
            if usable(sample):
                found[sample.operation].append(sample)
    return found


SAMPLES = samples_by_operation()
REGISTERED = sorted(PRIMITIVES)


def sampled(operation: str, number: int, *values: Any) -> Any:
    """What a sample's function makes of its own arguments, moved a little by other values in turn."""
    sample = SAMPLES[operation][number]
    args = []
    for i, own in enumerate(sample.args):
        moved = 0.05 * np.sin(np.roll(fit(values[i % len(values)], *np.shape(own)), i))
        args.append(own + (moved if np.asarray(own).dtype.kind == "c" else np.real(moved)))
    found = leaves(sample.function(*args))
    return found[0] if len(found) == 1 else np.concatenate([np.zeros(0), *map(np.ravel, found)])


SCOPE = {"fit": fit, "regular": regular, "symmetric": symmetric, "hermitian": hermitian, "sampled": sampled}

# --- families ---------------------------------------------------------------------------------------------------------

# {a} and {b} are values, {p} one between 0.5 and 2.5, {u} one between -0.9 and 0.9, {m} a boolean array of the shape of
# {a}, {axis} an axis of {a}, {axes} one, several or None, {keep} a truth value, {n} a small number, {shape} its shape.


@dataclass(frozen=True)
class Form:
    """The text of one operation, and which values it takes."""

    text: str
    least: int = 0  # axes of {a}
    real: bool = False
    most: int = 9


def forms(text: str, **settings: Any) -> list[Form]:
    return [Form(line.strip(), **settings) for line in text.strip().splitlines()]


FAMILIES: dict[str, list[Form]] = {
    "elementwise": [
        *forms("""
            np.sin({a})
            np.cos({a})
            np.tanh({u})
            np.exp({u})
            np.exp2({u})
            np.expm1({u})
            np.square({a})
            -{a}
            +{a}
            2.0 / {p}
            np.reciprocal({p})
            np.sqrt({p})
            np.log({p})
            np.log2({p})
            np.log10({p})
            np.log1p({p})
            np.arcsin({u})
            np.arccos({u})
            np.arctan({u})
            np.arcsinh({u})
            np.arccosh(1.0 + {p})
            np.arctanh({u})
            np.sinh({u})
            np.cosh({u})
            np.tan({u})
            np.sinc({p})
            np.abs({p})
            np.conj({a})
            np.sign({p}) * {a}
            {p} ** 2.5
            {p} ** {u}
            {a} ** 2
            {a} ** 3
            2.0 ** {u}
            np.float_power({p}, 1.5)
            np.positive({a})
            np.nan_to_num({a})
            np.real({a}) * np.imag(1j * {a})
            np.angle({p} + 0.5j)
            np.emath.sqrt({p})
            np.emath.log({p})
            np.emath.power({p}, {u})
        """),
        *forms(
            """
            np.cbrt({p})
            np.i0({a})
            np.fabs({p})
            np.deg2rad({a})
            np.rad2deg({u})
            np.degrees({u})
            np.ldexp({a}, 2)
            np.modf(0.1 + 0.1 * {u})[0]
            np.frexp({p})[0]
            np.divmod({p}, 3.0)[1]
            np.clip({a}, -0.3, 0.4)
            np.heaviside({a}, 0.5) * {a}
            np.floor({a}) + {a}
        """,
            real=True,
        ),
    ],
    "pairs": [
        *forms("""
            {a} + {b}
            {a} - {b}
            {a} * {b}
            {a} / (2.0 + np.square(np.real({b})))
            np.multiply.outer({a}, fit({b}, 2))
            np.add.outer({a}, fit({b}, 2))
            np.where(when({b} > 0.1), {a}, {b})
            np.where({m}, {a}, 0.0)
            np.subtract({a}, {b}, where=True)
            np.float_power({p}, {b} * 0.5)
            np.emath.logn(2.0 + {p}, {p})
        """),
        *forms(
            """
            np.arctan2({a}, 2.0 + {p})
            np.hypot({a}, {p})
            np.logaddexp({a}, {b})
            np.logaddexp2({a}, {b})
            np.maximum({a}, {b})
            np.minimum({a}, {b})
            np.fmax({a}, {b})
            np.fmin({a}, {b})
            np.copysign({p}, {b})
            np.remainder({p}, 3.0 + {u})
            np.fmod({p}, 3.0 + {u})
            np.clip({a}, -0.5 + 0.1 * {u}, 0.5)
            np.select([when({a} > 0.2), when({b} > 0.2)], [{a}, {b}], 0.5)
            np.choose(when({a} > 0.2).astype(int), [{a}, {b}])
        """,
            real=True,
        ),
    ],
    "reductions": [
        *forms(
            """
            np.sum({a}, axis={axes}, keepdims={keep})
            np.mean({a}, axis={axes}, keepdims={keep})
            np.prod({a}, axis={axes}, keepdims={keep})
            np.var({a}, axis={axes}, keepdims={keep})
            np.std({a}, axis={axes}, keepdims={keep})
            np.nansum({a}, axis={axes}, keepdims={keep})
            np.nanprod({a}, axis={axes}, keepdims={keep})
            np.nanmean({a}, axis={axes}, keepdims={keep})
            np.nanvar({a}, axis={axes}, keepdims={keep})
            np.nanstd({a}, axis={axes}, keepdims={keep})
            np.sum({a}, axis={axes}, where={m}, initial=0.5)
            np.prod({a}, axis={axes}, where={m})
            np.average({a}, axis={axis}, weights=np.real({p}))
            np.linalg.norm({a}, axis={axis}, keepdims={keep})
            np.linalg.vector_norm({a}, axis={axes}, ord=3)
            np.add.reduce({a}, axis={axes})
            np.multiply.reduce({a}, axis={axis})
            np.count_nonzero({a}) * {a}
        """,
            least=1,
        ),
        *forms(
            """
            np.max({a}, axis={axes}, keepdims={keep})
            np.min({a}, axis={axes}, keepdims={keep})
            np.ptp({a}, axis={axes}, keepdims={keep})
            np.nanmax({a}, axis={axes}, keepdims={keep})
            np.nanmin({a}, axis={axes}, keepdims={keep})
            np.max({a}, axis={axes}, initial=0.25)
            np.median({a}, axis={axes}, keepdims={keep})
            np.nanmedian({a}, axis={axes}, keepdims={keep})
            np.quantile({a}, 0.3, axis={axes}, keepdims={keep})
            np.percentile({a}, [20, 70], axis={axis}, method='hazen')
            np.nanquantile({a}, 0.6, axis={axes})
            np.quantile({a}, 0.4, axis={axis}, weights={p}, method='inverted_cdf')
            np.logaddexp.reduce({a}, axis={axes})
            np.hypot.reduce({p}, axis={axis})
            np.linalg.norm({a}, ord=1, axis={axis})
            np.linalg.norm({a}, ord=np.inf, axis={axis})
        """,
            least=1,
            real=True,
        ),
    ],
    "running": [
        *forms(
            """
            np.cumsum({a}, axis={axis})
            np.cumprod({a}, axis={axis})
            np.nancumsum({a})
            np.nancumprod({a}, axis={axis})
            np.cumulative_sum({a}, axis={axis}, include_initial=True)
            np.add.accumulate({a}, axis={axis})
            np.subtract.accumulate({a}, axis={axis})
            np.multiply.accumulate({a}, axis={axis})
            np.add.reduceat({a}, [0], axis={axis})
            np.diff({a}, axis={axis}, prepend=0.5)
            np.ediff1d({a})
            np.trapezoid({a}, axis={axis})
            np.gradient(np.concatenate([{a}, {a} ** 2], axis={axis}), axis={axis})
            np.trapezoid({a}, np.cumsum(np.real({p}), axis={axis}), axis={axis})
        """,
            least=1,
        ),
        *forms(
            """
            np.maximum.accumulate({a}, axis={axis})
            np.logaddexp.accumulate({a}, axis={axis})
            np.unwrap(4.0 * {a}, axis={axis})
            np.interp({u}, [-1.0, 0.1, 1.0], fit({b}, 3))
            np.interp(0.3, np.cumsum(fit({p}, 3)) - 1.5, fit({b}, 3))
        """,
            least=1,
            real=True,
        ),
    ],
    "shaping": [
        *forms(
            """
            np.reshape({a}, -1)
            np.ravel({a}, order='F')
            {a}.T
            np.atleast_2d({a})
            np.atleast_3d({a})
            np.expand_dims({a}, 0)
            np.broadcast_to({a}, (2, *{shape}))
            np.tile({a}, 2)
            np.repeat({a}, 2)
            np.pad({a}, 1)
            np.stack([{a}, 2.0 * {a}], axis=-1)
            np.copy({a})
            np.meshgrid(fit({a}, 2), fit({b}, 3))[1]
            np.linspace({a}, {b}, 3)
            np.geomspace({p}, 3.0, 3)
            np.logspace({u}, 0.5, 3)
            fit({a}, 2, 3)
            np.vander(fit({a}, 3))
            np.concatenate([np.ravel({a}), np.ravel({b})])
            np.block([[fit({a}, 2, 2), fit({b}, 2, 1)]])
            np.column_stack([fit({a}, 3), fit({b}, 3)])
            np.array([{a}, np.sin({a})]) * np.ravel({a})[0]
            np.r_[fit({a}, 2), 0.5, fit({b}, 2)] * np.ravel({a})[0]
        """,
            most=3,
        ),
        *forms(
            """
            np.moveaxis({a}, {axis}, 0)
            np.swapaxes({a}, {axis}, -1)
            np.flip({a}, {axis})
            np.roll({a}, 1, axis={axis})
            np.roll({a}, {n})
            np.repeat({a}, 2, axis={axis})
            np.concatenate([{a}, {a} * 2.0], axis={axis})
            np.split({a}, [1], axis={axis})[0]
            np.delete({a}, 0, axis={axis}).sum() + {a}
            np.insert({a}, 1, 0.5, axis={axis})
            np.append({a}, 0.5)
            np.pad({a}, (1, 2), mode='edge')
            np.pad({a}, 1, mode='linear_ramp')
            np.pad({a}, 1, mode='wrap')
            np.diag(np.ravel({a}))
            np.squeeze({a})
            np.trim_zeros(np.ravel({p}))
            np.apply_along_axis(lambda v: np.sum(v * v), {axis}, {a})
            np.piecewise({a}, [{m}], [np.sin, 0.5])
        """,
            least=1,
            most=3,
        ),
        *forms(
            """
            np.triu({a})
            np.tril({a}, 1)
            np.rot90({a})
            np.fliplr({a})
            np.trace({a})
            np.diagonal({a}, offset=0)
            np.hstack([{a}, {a}])
        """,
            least=2,
            most=3,
        ),
    ],
    "indexing": forms(
        """
        {a}[0]
        {a}[..., -1]
        {a}[::-1]
        {a}[[0, -1, 0]]
        {a}[None, ..., ::2]
        {a}[{m}]
        np.take({a}, [0, 0], axis={axis})
        np.take({a}, [0, 1, 5], mode='wrap')
        np.take_along_axis({a}, np.argsort(plain({a}).real, axis={axis}), axis={axis})
        np.compress([True], {a}, axis={axis})
        np.extract({m}, {a})
        {a}.flat[0] * {a}
        list({a})[0]
    """,
        least=1,
    ),
    "contraction": [
        *forms(
            """
            np.dot(fit({a}, 2, 3), fit({b}, 3))
            fit({a}, 2, 3) @ fit({b}, 3, 2)
            fit({a}, 2, 2, 3) @ fit({b}, 3, 2)
            fit({a}, 3) @ fit({b}, 3, 2)
            np.inner({a}, fit({b}, 2, {last}))
            np.outer({a}, fit({b}, 2))
            np.tensordot(fit({a}, 2, 3), fit({b}, 3, 2), axes=[[0], [1]])
            np.einsum('ij,jk->ki', fit({a}, 2, 3), fit({b}, 3, 2))
            np.einsum('ii->i', fit({a}, 2, 2))
            np.einsum('...i,i', {a}, fit({b}, {last}))
            np.einsum('ij,j,i', fit({a}, 2, 3), fit({b}, 3), fit({a}, 2))
            np.vdot(fit({a}, 4), fit({b}, 4))
            np.vecdot(fit({a}, 2, 3), fit({b}, 3))
            np.kron(fit({a}, 2), fit({b}, 2, 2))
            np.cross(fit({a}, 2, 3), fit({b}, 3))
            np.convolve(fit({a}, 4), fit({b}, 3), 'same')
            np.correlate(fit({a}, 4), fit({b}, 3), 'full')
            np.linalg.multi_dot([fit({a}, 2, 3), fit({b}, 3, 3), fit({a}, 3)])
            np.linalg.matrix_power(fit({u}, 2, 2), 3)
            np.polyval(fit({a}, 3), {u})
            np.polymul(fit({a}, 3), fit({b}, 2))
        """,
            least=1,
        ),
    ],
    "linalg": forms("""
        np.linalg.solve(regular({a}, 3), fit({b}, 3, 2))
        np.linalg.solve(symmetric({a}, 2), fit({b}, 2))
        np.linalg.inv(regular({a}, 3))
        np.linalg.pinv(regular({a}, 3)[:2])
        np.linalg.det(regular({a}, 3))
        np.linalg.slogdet(regular({a}, 3))[1]
        np.linalg.cholesky(symmetric({a}, 3))
        np.linalg.cholesky(hermitian({a}, 2))
        np.linalg.qr(regular({a}, 3))[1]
        np.linalg.qr(regular({a}, 3)[:, :2])[0]
        np.linalg.svd(regular({a}, 3)[:2], compute_uv=False)
        np.square(np.linalg.svd(regular({a}, 3)[:2], full_matrices=False)[2])
        np.linalg.eigvalsh(symmetric({a}, 3))
        np.linalg.eigvalsh(hermitian({a}, 3))
        np.square(np.linalg.eigh(symmetric({a}, 3))[1])
        np.abs(np.linalg.eigh(hermitian({a}, 2))[1])
        np.linalg.eigvals(regular({a}, 3))
        np.square(np.linalg.eig(regular({a}, 3))[1])
        np.linalg.lstsq(regular({a}, 3)[:, :2], fit({b}, 3))[0]
        np.linalg.cond(regular({a}, 3))
        np.linalg.norm(regular({a}, 3), 'fro')
        np.linalg.norm(regular({a}, 3), 'nuc')
        np.linalg.norm(regular({a}, 3), 2)
        np.linalg.matrix_norm(fit({a}, 2, 3))
        np.linalg.tensorsolve(regular({a}, 4).reshape(2, 2, 4), fit({b}, 2, 2))
        np.linalg.tensorinv(regular({a}, 4).reshape(2, 2, 4))
        np.linalg.matrix_power(regular({a}, 3), -2)
    """),
    "fft": forms(
        """
        np.fft.fft({a}, axis={axis})
        np.fft.ifft({a}, n=3, axis={axis})
        np.fft.rfft(np.real({a}), axis={axis})
        np.fft.irfft({a}, n=4, axis={axis})
        np.fft.hfft({a}, n=4, axis={axis}, norm='ortho')
        np.fft.ihfft(np.real({a}), axis={axis})
        np.fft.fft2(fit({a}, 2, 3))
        np.fft.ifft2(fit({a}, 3, 2), norm='forward')
        np.fft.rfft2(np.real(fit({a}, 2, 3)))
        np.fft.irfft2(fit({a}, 2, 3), s=(2, 3), axes=(0, 1))
        np.fft.fftn({a})
        np.fft.rfftn(np.real({a}))
        np.fft.irfftn({a}, s=(3,), axes=({axis},))
        np.fft.fftshift({a}, axes={axis})
    """,
        least=1,
    ),
    "statistics": forms("""
        np.cov(fit({a}, 2, 4))
        np.cov(fit({a}, 4), fit({b}, 4), aweights=np.real(fit({p}, 4)))
        np.corrcoef(np.sin(np.arange(8.0).reshape(2, 4)) + 0.1 * np.tanh(np.real(fit({a}, 2, 4))))
        np.histogram([0.1, 0.6, 0.7], 3, weights=np.real(fit({a}, 3)))[0]
        np.bincount([0, 2, 0], np.real(fit({a}, 3)))
        np.polyfit([0.0, 1.0, 2.5, 3.0], np.real(fit({a}, 4)), 1)
    """),
    "sorting": forms(
        """
        np.sort({a}, axis={axis})
        np.sort({a}, axis=None)
        np.partition({a}, 0, axis={axis})
        np.unique(np.arange(4.0) + 0.1 * fit({u}, 4))
        np.sort({a}, axis=0, kind='stable')
        {a}[np.argsort(plain({a}).ravel())[0] % len({a})]
        np.union1d(fit({a}, 2), 5.0)
    """,
        least=1,
        real=True,
    ),
}


class Writer:
    """Writes an expression, step by step, while it runs on plain arrays."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.lines: list[str] = []
        self.values: dict[str, Any] = {}

    def write(self) -> Program:
        args = tuple(self.array(self.draw(st.sampled_from(SHAPES)), number) for number in range(2))
        self.values = {"x": args[0].copy(), "y": args[1].copy()}
        for _ in range(self.draw(st.integers(1, 8))):
            self.step()
        names = sorted(self.values)
        last = f"v{len(self.values) - 1}" if self.lines else "x"
        outputs = sorted({last, *(name for name in names if self.draw(st.integers(0, 3)) == 0)})
        return Program(self.lines, names, outputs, args, {**SCOPE, "plain": plain})

    def array(self, shape: tuple[int, ...], number: int) -> Any:
        random = np.random.default_rng([self.draw(st.integers(0, 1000)), number])
        x = random.uniform(-1.0, 1.0, shape)
        if self.draw(st.integers(0, 4)) == 0:
            x = x + 1j * random.uniform(-1.0, 1.0, shape)
        return np.array(x)

    def step(self) -> None:
        family = self.draw(st.sampled_from([*FAMILIES, "samples", "samples"]))
        text = self.of_samples() if family == "samples" else self.of_form(self.draw(st.sampled_from(FAMILIES[family])))
        if text is None:
            return
        with np.errstate(all="ignore"):
            value = eval(text, {"np": np, "when": lambda c: c, "plain": plain, **SCOPE}, self.values)
        # What is too large, empty, or no array of numbers in double precision is not gone on with.
        value = np.asarray(value)
        if value.dtype.char not in "dD" or not 0 < value.size <= 48 or not np.isfinite(value).all():
            return
        name = f"v{len(self.values)}"
        self.values[name] = value if value.ndim else value[()]
        self.lines.append(f"{name} = {text}")

    def of_samples(self) -> str:
        operation = self.draw(st.sampled_from(sorted(SAMPLES)))
        number = self.draw(st.integers(0, len(SAMPLES[operation]) - 1))
        values = [str(self.pick()) for _ in SAMPLES[operation][number].args[:2]]
        return f"sampled({operation!r}, {number}, {', '.join(values)})"

    def pick(self, fits: Callable[[Any], bool] = lambda _: True) -> str | None:
        names = [name for name, value in self.values.items() if fits(value)]
        # The latest ones more often: chains, not brooms.
        return self.draw(st.sampled_from([*names, *names[-2:], *names[-1:]])) if names else None

    def of_form(self, form: Form) -> str | None:
        def suits(v: Any) -> bool:
            return form.least <= np.ndim(v) <= form.most and not (form.real and np.iscomplexobj(v))

        a = self.pick(suits)
        if a is None:
            return None
        value = self.values[a]
        shape = np.shape(value)
        b = self.pick(lambda v: _fits(np.shape(v), shape) and not (form.real and np.iscomplexobj(v)))
        axis = self.draw(st.integers(-len(shape), len(shape) - 1)) if shape else 0
        axes = self.draw(st.sampled_from([None, axis, tuple(range(len(shape)))]))
        mask = (np.arange(int(np.prod(shape))).reshape(shape) % 2 == 0).tolist()
        return form.text.format(
            a=a, b=b, p=f"(1.5 + np.tanh(np.real({a})))", u=f"(0.8 * np.sin(np.real({a})))", m=f"np.array({mask})",
            axis=axis, axes=axes, keep=self.draw(st.booleans()), n=self.draw(st.integers(-2, 2)), shape=shape,
            last=shape[-1] if shape else 1,
        )  # fmt: skip


def _fits(own: tuple[int, ...], shape: tuple[int, ...]) -> bool:
    try:
        return np.broadcast_shapes(own, shape) == shape
    except ValueError:
        return False


@st.composite
def expressions(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Program:
    """Expressions whose values stay moderate, so that differences are exact enough to compare with."""
    program = Writer(draw).write()
    assume(PlainRun(program).moderate(LARGEST))
    return program


# --- what is checked -------------------------------------------------------------------------------------------------

PROFILE = settings(settings.get_profile("expressions"))
OBJECTS = pytest.mark.filterwarnings("ignore:complex traced values go into an object array")  # and out of it again


def moderate(*derivatives: Any) -> None:
    """Leave out what grows too large for differences; what is not finite is not left out."""
    assume(all(not np.nanmax(abs(d), initial=0.0) >= LARGEST for d in derivatives))


def test_every_operation_takes_part() -> None:
    # pin is a step that others take.
    assert set(REGISTERED) - set(SAMPLES) <= {"pin"}


@OBJECTS
@PROFILE
@given(expressions(), st.booleans())
def test_forward(program: Program, second: bool) -> None:
    check(program, "forward", "forward", second)


@pytest.mark.reverse
@OBJECTS
@PROFILE
@given(expressions(), st.sampled_from(["forward", "reverse"]), st.sampled_from(["forward", "reverse"]), st.booleans())
def test_both_modes(program: Program, outer: str, inner: str, second: bool) -> None:
    check(program, outer, inner, second)


def check(program: Program, outer: str, inner: str, second: bool) -> None:
    note(program.text())
    expected = PlainRun(program)
    # Where a result lies otherwise in memory, what comes after it is rounded otherwise.
    run = same_values(program, expected, exact=False)
    try:
        with np.errstate(all="ignore"):
            check_first(program, run, expected, inner)
            if second:
                check_second(program, run, expected, outer, inner)
    except NotDifferentiableError:
        assume(False)


def check_first(program: Program, run: Callable[..., Any], expected: PlainRun, mode: str) -> None:
    jacobian = forward_jacobian(run, program.args)
    moderate(jacobian)
    compare("first", 1e-6, jacobian, program.moved, program)
    if mode == "reverse":
        rows = np.random.default_rng(0).normal(size=(2, dimension(expected.outputs)))
        weights = from_real(rows, expected.outputs)
        pulled = to_real(pull("reverse", run, program.args, weights))
        agree("first", 1e-9, reverse=pulled, forward=rows @ jacobian)


def check_second(program: Program, run: Callable[..., Any], expected: PlainRun, outer: str, inner: str) -> None:
    rows = np.random.default_rng(0).normal(size=(1, dimension(expected.outputs)))
    weights = [w[0] for w in from_real(rows, expected.outputs)]
    hessian = second_derivative(outer, inner, run, program.args, weights)
    moderate(hessian)
    derivative = gradient(inner, program.moved, weights)
    compare(f"second, {outer} over {inner}", 1e-4, hessian, derivative, program)
    # The inner tape watches x and nothing else, the outer one y.
    n = dimension(program.args[:1])
    mixed = mixed_derivative(outer, inner, run, program.args, weights, (0, 1))
    agree(f"mixed, {outer} over {inner}", 1e-8, alone=mixed, together=hessian[:n, n:])


def compare(name: str, tolerance: float, exact: Rows, f: Callable[..., Any], program: Program) -> None:
    try:
        agree_with_differences(name, tolerance, exact, f, program)
    except ValueError as error:
        assume("could not be broadcast" not in str(error))  # of equal entries unique takes one
        raise
