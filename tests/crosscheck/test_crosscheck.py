"""Every operation in the registry: forward against reverse against numerical derivatives, first and second."""

import importlib
import pkgutil
import traceback
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import NO_PARAMS, apply, plain
from dualtape.primitive import PRIMITIVES, Primitive, elementwise, structural
from dualtape.testing import Sample, check_sample, samples
from dualtape.testing.coordinates import leaves
from dualtape.views import container
from dualtape_reverse.walk import Walk


def all_samples() -> dict[str, list[Sample]]:
    """The samples of each operation."""
    found: dict[str, list[Sample]] = defaultdict(list)
    for module in pkgutil.iter_modules(samples.__path__, f"{samples.__name__}."):
        for sample in importlib.import_module(module.name).SAMPLES:
            found[sample.operation].append(sample)
    return found


SAMPLES = all_samples()
REGISTERED = sorted(PRIMITIVES)


Pairs = list[tuple[Any, Any]]


def pull_at_once(recording: Any, targets: Pairs, sources: Pairs) -> list[Any]:
    """Pull stacked cotangents back in one walk, so that the rules meet a leading batch axis."""
    walk = Walk(max(x.node for x, _ in targets) + 1, [node for node, _ in sources], lead=1)
    for x, cotangents in targets:
        walk.add(x.node, cotangents, False)
    walk.run(recording._records, recording._lines)
    return [walk.results.get(node) for node, _ in sources]


def primitives_of(sample: Sample) -> set[str]:
    """The names of the primitives that a sample's call records."""
    with np.errstate(all="ignore"), dt.GradientTape("reverse") as tape:
        args = [container(np.array(x)) for x in sample.args]
        tape.watch(args)
        sample.function(*args)
    recording: Any = tape._recording
    return {record[1].name for record in recording._records if isinstance(record[1], Primitive)}


def check_operation(operation: str, found: list[Sample], record: Callable[..., None]) -> None:
    """Check all samples of an operation, and that there are some that call it."""
    assert found, f"{operation} has no samples in dualtape/testing/samples"
    failures = []
    for sample in found:
        try:
            record(operation, sample.label, **check_sample(sample, pull_at_once))
        except AssertionError as failure:
            failures.append(str(failure))
        except Exception:  # noqa: BLE001  # the other samples are tried all the same
            failures.append(f"{operation} ({sample.label})\n{traceback.format_exc(limit=-4)}")
    assert not failures, "\n\n".join(failures)
    if operation in PRIMITIVES:
        assert any(operation in primitives_of(sample) for sample in found), f"no sample of {operation} calls it"


@pytest.mark.parametrize("operation", sorted({*REGISTERED, *SAMPLES}))
def test_operation(operation: str, record_difference: Callable[..., None]) -> None:
    check_operation(operation, SAMPLES[operation], record_difference)


def weighted(outputs: list[Any]) -> Any:
    """A sum over all entries of the outputs, which does not depend on phases."""
    return sum(np.sum(np.square(np.abs(y)) * np.cos(np.arange(y.size)).reshape(y.shape)) for y in outputs)


@pytest.mark.parametrize("operation", sorted(SAMPLES))
def test_no_record_is_written(operation: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the walk does with large arrays, writing into what is its own, is done here with small ones."""
    for sample in SAMPLES[operation]:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with dt.GradientTape("reverse", persistent=True) as tape:
                args = [dt.constant(x) for x in sample.args]
                tape.watch(args)
                loss = weighted(leaves(sample.function(*(x * 1 for x in args))))
            found = []
            for large in (1, 1 << 40):  # a record that the first walk has written makes the second differ
                monkeypatch.setattr("dualtape_reverse.walk.LARGE", large)
                monkeypatch.setattr("dualtape_reverse.rules.reduction.LARGE", large)
                found.append(tape.gradient(loss, args, unconnected_gradients="none"))
        for g, expected in zip(*found, strict=True):
            if expected is not None:
                np.testing.assert_allclose(g, expected, rtol=1e-4, atol=1e-5, err_msg=sample.label)


# --- the check itself: it fails where a rule is wrong ---------------------------------------------------------------


@pytest.fixture
def registry() -> Iterator[None]:
    """Forget the primitives that a test registers."""
    before = set(PRIMITIVES)
    yield
    for name in set(PRIMITIVES) - before:
        del PRIMITIVES[name]


def sample_of(primitive: Primitive, *args: Any, **settings: Any) -> Sample:
    return Sample(primitive.name, lambda *xs: apply(primitive, xs, NO_PARAMS), args, **settings)


def ignore(*_row: object, **_differences: float) -> None:
    """Keep the rows of what is wrong on purpose out of the table."""


def fails(sample: Sample, *messages: str) -> None:
    with pytest.raises(AssertionError) as failure:
        check_sample(sample, pull_at_once)
    for message in messages:
        assert message in str(failure.value)


X = np.array([[0.3, 0.7, 1.1], [0.2, -0.4, 0.9]])


def cube(x: Any) -> Any:
    return x * x * x


def doubled_sum(x: Any) -> Any:
    return 2.0 * np.sum(x * x, axis=-1)


@pytest.mark.usefixtures("registry")
class TestWrongRules:
    def test_right_rule_passes(self) -> None:
        primitive = elementwise(cube, lambda _out, x: 3.0 * x * x, name="right")
        check_sample(sample_of(primitive, X, analytic=True), pull_at_once)

    def test_wrong_partial(self) -> None:
        primitive = elementwise(cube, lambda _out, x: 3.0 * x, name="wrong partial")
        fails(sample_of(primitive, X), "first, numerical", "forward 0.9", "numerical 0.27")
        fails(sample_of(primitive, X, analytic=True), "first, numerical")

    def test_wrong_jvp(self) -> None:
        primitive = structural("wrong jvp", doubled_sum, (lambda t, _out, x: 2.0 * np.sum(t * x, axis=-1),))
        primitive.vjp = (lambda g, _out, x: 4.0 * g[..., None] * x,)
        fails(sample_of(primitive, X), "first:", "forward 2.2, reverse 4.4")

    def test_wrong_vjp(self) -> None:
        primitive = structural("wrong vjp", doubled_sum, (lambda t, _out, x: 4.0 * np.sum(t * x, axis=-1),))
        primitive.vjp = (lambda g, _out, x: 2.0 * g[..., None] * x,)
        fails(sample_of(primitive, X), "first:", "forward 4.4, reverse 2.2")

    def test_rule_that_fails_with_batches(self) -> None:
        # It takes the batch axis for the operand's where both have length 2.
        def jvp(t: Any, _out: Any, x: Any) -> Any:
            return 4.0 * np.sum(t * x, axis=-1) if len(t) != 2 else 4.0 * np.sum(t[::-1] * x, axis=-1)

        primitive = structural("wrong batches", doubled_sum, (jvp,))
        primitive.vjp = (lambda g, _out, x: 4.0 * g[..., None] * x,)
        fails(sample_of(primitive, X), "2 tangents at once")

    def test_rule_without_second_derivative(self) -> None:
        def partial(_out: Any, x: Any) -> Any:
            return 3.0 * plain(x) ** 2  # no derivative of its own

        fails(sample_of(elementwise(cube, partial, name="cut"), X), "second, numerical: 12 of 12")

    def test_outer_derivative_lost_where_one_operand_is_on_each_tape(self) -> None:
        def product(x: Any, y: Any) -> Any:
            # The inner tape of x evaluates it on a plain x and the outer tape's y.
            return x * (plain(y) if type(x) is np.ndarray else y)

        primitive = structural("cut", product, (lambda t, _out, _x, y: t * y, lambda t, _out, x, _y: x * t))
        primitive.vjp = (lambda g, _out, _x, y: g * y, lambda g, _out, x, _y: x * g)
        sample = Sample("cut", lambda x, y: np.square(apply(primitive, (x, y), NO_PARAMS)), (X, X[::-1]))
        fails(sample, "mixed, inner tape of argument 0, outer tape of argument 1", "d² / d argument 0[")

    def test_operation_without_samples(self) -> None:
        name = elementwise(cube, lambda _out, x: 3.0 * x * x, name="new").name
        with pytest.raises(AssertionError, match="new has no samples"):
            check_operation(name, [], ignore)
        with pytest.raises(AssertionError, match="no sample of new calls it"):
            check_operation(name, [Sample(name, cube, (X,))], ignore)

    def test_all_failures_of_an_operation_are_told(self) -> None:
        primitive = elementwise(cube, lambda _out, x: 3.0 * x, name="cube")
        found = [sample_of(primitive, X, label=label) for label in ("first one", "second one")]
        with pytest.raises(AssertionError, match=r"(?s)cube \(first one\).*cube \(second one\).*"):
            check_operation(primitive.name, found, ignore)

    def test_other_value(self) -> None:
        def traced_differently(x: Any) -> Any:
            return np.nextafter(x, 2.0) if type(x) is np.ndarray else x * 1.0

        sample = Sample("multiply", traced_differently, (X,))
        fails(sample, "values differ from NumPy's")

    def test_other_dtype(self) -> None:
        def traced_differently(x: Any) -> Any:
            return x * (1.0 if type(x) is np.ndarray else np.float64(1.0))

        fails(Sample("multiply", traced_differently, (X.astype(np.float32),)), "values differ from NumPy's")

    def test_unexpected_subgradient(self) -> None:
        sample = Sample("absolute", np.abs, (np.zeros(2),), kink=True, expected=(np.ones(2),))
        fails(sample, "forward gradient", "reverse gradient", "expected 1")
        check_sample(Sample("absolute", np.abs, (np.zeros(2),), kink=True, expected=(np.zeros(2),)), pull_at_once)

    def test_wrong_conjugate(self) -> None:
        def square(z: Any) -> Any:
            return z * np.conj(z)

        wrong = (lambda _out, z: -z,)
        primitive = elementwise(square, lambda _out, z: np.conj(z), conjugates=wrong, name="wrong conjugate")
        fails(sample_of(primitive, X + 1j * X[::-1]), "first, numerical", "d im output[1, 2] / d re argument[")
