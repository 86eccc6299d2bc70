"""The registry of modes: how backends are found, what is said of those that can't be used."""

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape import registry
from dualtape.errors import BackendError, DualtapeError, UnknownModeError


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """Leave the registry as it was."""
    kept = [dict(table) for table in (registry._REGISTERED, registry._LOADED)]
    yield
    for table, before in zip((registry._REGISTERED, registry._LOADED), kept, strict=True):
        table.clear()
        table.update(before)


Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Puts a distribution with an entry point onto sys.path, in a folder of its own."""

    def put(name: str, mode: str, code: str, *, version: str = "1.0", folder: str | None = None) -> None:
        module = name.replace("-", "_")
        site = tmp_path / (folder or name)
        site.mkdir(exist_ok=True)
        (site / f"{module}.py").write_text(textwrap.dedent(code), encoding="utf-8")
        info = site / f"{module}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", encoding="utf-8")
        (info / "entry_points.txt").write_text(f"[dualtape.backends]\n{mode} = {module}:backend\n", encoding="utf-8")
        monkeypatch.syspath_prepend(site)
        monkeypatch.delitem(sys.modules, module, raising=False)

    return put


GOOD = """
from dualtape.forward import ForwardBackend
backend = ForwardBackend()
"""


def info(mode: str) -> dt.ModeInfo:
    (found,) = [entry for entry in dt.modes() if entry.mode == mode]
    return found


def square_in(mode: str) -> Any:
    w = dt.Variable(3.0)
    with dt.GradientTape(mode) as tape:
        y = w * w
    return tape.gradient(y, w)


def others_go_on(modes: tuple[str, ...]) -> None:
    for mode in modes:
        assert info(mode).error is None
        assert square_in(mode) == 6.0


# --- what is there ------------------------------------------------------------------------------------------------


def test_modes_tell_their_distributions(modes: tuple[str, ...]) -> None:
    found = {entry.mode: entry for entry in dt.modes()}
    assert set(modes) <= found.keys()
    assert found["forward"].distribution == "dualtape"
    assert found["forward"].version == dt.__version__
    assert found["forward"].error is None
    if "reverse" in modes:
        assert found["reverse"].distribution == "dualtape-reverse"
        assert found["reverse"].error is None


def test_an_entry_point_is_a_mode(install: Install, modes: tuple[str, ...]) -> None:
    install("dualtape-sideways", "sideways", GOOD, version="2.3")
    assert square_in("sideways") == 6.0
    found = info("sideways")
    assert (found.distribution, found.version, found.error) == ("dualtape-sideways", "2.3", None)
    others_go_on(modes)


def test_a_mode_is_loaded_at_its_first_use(install: Install) -> None:
    install("dualtape-lazy", "lazy", GOOD)
    square_in("forward")
    assert "dualtape_lazy" not in sys.modules
    square_in("lazy")
    assert "dualtape_lazy" in sys.modules
    assert registry.find_backend("lazy") is registry.find_backend("lazy")


def test_importing_dualtape_loads_no_plugin() -> None:
    program = (
        "import sys, dualtape as dt\n"
        "w = dt.Variable(3.0)\n"
        "with dt.GradientTape() as tape:\n"
        "    y = w * w\n"
        "assert tape.gradient(y, w) == 6.0\n"
        "sys.exit('dualtape_reverse' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# --- what is not there, or is broken ------------------------------------------------------------------------------


def test_an_unknown_mode_names_the_known(modes: tuple[str, ...]) -> None:
    with pytest.raises(UnknownModeError) as caught:
        dt.GradientTape("sideways")
    for mode in ("sideways", *modes):
        assert repr(mode) in str(caught.value)
    assert isinstance(caught.value, ValueError)
    others_go_on(modes)


@pytest.mark.parametrize("mode", ["", "Forward", "reverse ", 3, b"forward"])
def test_what_is_no_mode(mode: object) -> None:
    with pytest.raises((UnknownModeError, TypeError)):
        dt.GradientTape(mode)  # type: ignore[arg-type]  # wrong on purpose


def test_reverse_without_its_plugin_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "entry_points", lambda group: [])
    registry._LOADED.clear()
    with pytest.raises(UnknownModeError) as caught:
        dt.GradientTape("reverse")
    message = str(caught.value)
    assert "pip install" in message
    assert "./plugins/dualtape-reverse" in message
    assert "checkout" in message
    assert "pip install dualtape-reverse" not in message, "by its name only once it is published"
    assert square_in("forward") == 6.0
    assert [entry.mode for entry in dt.modes()] == ["forward"]


@pytest.mark.parametrize(
    "code",
    [
        "raise RuntimeError('broken in two')",
        "import no_such_module_at_all",
        "def broken(:",
        "pass",
        "1 / 0",
        "import sys; raise SystemExit('broken in two')",
    ],
    ids=["raises", "lacks a module", "syntax error", "lacks its object", "divides by zero", "exits"],
)
def test_a_plugin_that_fails_to_import(install: Install, modes: tuple[str, ...], code: str) -> None:
    install("dualtape-broken", "broken", code, version="0.7")
    for _ in range(2):
        with pytest.raises(BackendError) as caught:
            dt.GradientTape("broken")
        for word in ("'broken'", "dualtape-broken", "0.7"):
            assert word in str(caught.value)
        assert caught.value.__cause__ is not None
        assert str(caught.value.__cause__) in str(caught.value)
    assert isinstance(caught.value, ImportError)
    found = info("broken")
    assert (found.distribution, found.version) == ("dualtape-broken", "0.7")
    assert found.error == str(caught.value)
    others_go_on(modes)
    with pytest.raises(DualtapeError):
        dt.set_default_mode("broken")
    assert dt.GradientTape().mode == "forward"


@pytest.mark.parametrize(
    "code",
    [
        "backend = 3",
        "class backend:\n    protocol = 1",
        "backend = None",
        "from dualtape import ForwardBackend as backend",  # the class itself
    ],
)
def test_an_object_that_is_no_backend(install: Install, modes: tuple[str, ...], code: str) -> None:
    install("dualtape-odd", "odd", code)
    with pytest.raises(DualtapeError, match=r"'odd'.*dualtape-odd"):
        dt.GradientTape("odd")
    assert "dualtape-odd" in str(info("odd").error)
    others_go_on(modes)


def test_two_distributions_that_claim_one_mode(install: Install, modes: tuple[str, ...]) -> None:
    install("dualtape-one", "twice", GOOD, version="1.0")
    install("dualtape-two", "twice", GOOD, version="2.0")
    with pytest.raises(BackendError, match="dualtape-one and dualtape-two"):
        dt.GradientTape("twice")
    found = info("twice")
    for word in ("dualtape-one", "dualtape-two"):
        assert word in str(found.distribution)
        assert word in str(found.error)
    others_go_on(modes)


def test_a_distribution_that_claims_the_core_s_own_mode(install: Install, modes: tuple[str, ...]) -> None:
    install("dualtape-usurper", "forward", "raise RuntimeError('loaded')")
    own, other = (entry for entry in dt.modes() if entry.mode == "forward")
    assert (own.distribution, own.error) == ("dualtape", None)
    assert other.distribution == "dualtape-usurper"
    assert "dualtape itself" in str(other.error)
    with pytest.raises(UnknownModeError) as caught:
        dt.GradientTape("sideways")
    assert str(caught.value).count("'forward'") == 1
    for mode in modes:
        assert square_in(mode) == 6.0


@pytest.mark.reverse
def test_a_distribution_that_claims_reverse(install: Install) -> None:
    registry._LOADED.clear()
    install("dualtape-usurper", "reverse", GOOD)
    with pytest.raises(BackendError, match=r"dualtape-reverse and dualtape-usurper"):
        dt.GradientTape("reverse")
    assert square_in("forward") == 6.0


def test_one_distribution_seen_twice_is_one(install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout that is installed and on the path too shows its metadata twice."""
    install("dualtape-sideways", "sideways", GOOD)
    install("dualtape-sideways", "sideways", GOOD, folder="again")
    assert square_in("sideways") == 6.0
    assert len([entry for entry in dt.modes() if entry.mode == "sideways"]) == 1


@pytest.mark.parametrize("protocol", [dt.backend.PROTOCOL + 1, 0, "1", None])
def test_a_backend_of_another_protocol_version(install: Install, modes: tuple[str, ...], protocol: object) -> None:
    code = f"""
    class Backend:
        protocol = {protocol!r}
        def open(self, options):
            raise AssertionError("must not be opened")
    backend = Backend()
    """
    install("dualtape-late", "late", code, version="9.9")
    with pytest.raises(BackendError) as caught:
        dt.GradientTape("late")
    message = str(caught.value)
    for word in (
        "dualtape-late 9.9",
        f"version {protocol}",
        f"dualtape {dt.__version__}",
        f"version {dt.backend.PROTOCOL}",
    ):
        assert word in message
    assert info("late").error == message
    others_go_on(modes)


def test_an_interrupt_during_a_plugin_s_import_is_not_swallowed(install: Install) -> None:
    install("dualtape-interrupted", "interrupted", "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        dt.GradientTape("interrupted")


# --- registration in code -----------------------------------------------------------------------------------------


def test_register_backend() -> None:
    backend = dt.ForwardBackend()
    dt.register_backend("mine", backend)
    assert registry.find_backend("mine") is backend
    assert square_in("mine") == 6.0
    found = info("mine")
    assert (found.distribution, found.version, found.error) == (None, None, None)


def test_register_backend_refuses_a_taken_mode(install: Install) -> None:
    dt.register_backend("mine", dt.ForwardBackend())
    install("dualtape-sideways", "sideways", GOOD)
    for mode in ("forward", "mine", "sideways"):
        with pytest.raises(ValueError, match=rf"'{mode}'.*replace"):
            dt.register_backend(mode, dt.ForwardBackend())
    other = dt.ForwardBackend()
    for mode in ("mine", "sideways"):
        dt.register_backend(mode, other, replace=True)
        assert registry.find_backend(mode) is other
        assert len([entry for entry in dt.modes() if entry.mode == mode]) == 1


def test_replacing_a_mode_that_was_loaded_takes_effect(install: Install) -> None:
    install("dualtape-sideways", "sideways", GOOD)
    first = registry.find_backend("sideways")
    other = dt.ForwardBackend()
    dt.register_backend("sideways", other, replace=True)
    assert registry.find_backend("sideways") is other
    assert first is not other


def test_register_backend_checks_what_it_gets() -> None:
    class Late:
        protocol = dt.backend.PROTOCOL + 1

        def open(self, options: object) -> Any:
            raise AssertionError

    with pytest.raises(TypeError, match="open"):
        dt.register_backend("mine", object())  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(TypeError, match=r"ForwardBackend\(\)"):
        dt.register_backend("mine", dt.ForwardBackend)  # type: ignore[arg-type]  # wrong on purpose
    with pytest.raises(BackendError, match="protocol"):
        dt.register_backend("mine", Late())
    with pytest.raises(UnknownModeError):
        dt.GradientTape("mine")


def test_the_protocols_are_public() -> None:
    from dualtape import Backend, Recording

    assert isinstance(dt.ForwardBackend(), Backend)
    assert not isinstance(object(), Backend)
    for name in ("apply", "write", "gradient", "leaf", "constant", "source", "extend", "release"):
        assert getattr(Recording, name).__doc__
    assert Backend.__doc__
    assert Recording.__doc__


# --- a backend of a third party's ---------------------------------------------------------------------------------
# It answers by complex steps: each direction is a replay of the records with one entry shifted by 1e-30 i.


class ReplayArray(dt.array.TracedArray):
    """A value on a tape that is replayed; its node is an index."""

    __slots__ = ()


class ReplayView(dt.views.ViewMixin, ReplayArray):
    """A view of such a value."""

    __slots__ = ()


class ReplayRecording(dt.BaseRecording):
    """A list of calls, replayed with complex numbers."""

    __slots__ = ("steps", "values")

    array_type = ReplayArray
    view_type = ReplayView

    def __init__(self, options: dt.backend.TapeOptions) -> None:
        super().__init__(options)
        self.steps: list[Callable[[list[Any]], Any]] = []

    def _node(self, step: Callable[[list[Any]], Any]) -> int:
        self.steps.append(step)
        return len(self.steps) - 1

    def leaf(self, primal: Any, name: str) -> int:
        return self.constant(primal)

    def constant(self, primal: Any) -> int:
        value = np.array(primal)
        return self._node(lambda values: value)

    def apply(self, primitive: Any, operands: tuple[Any, ...], params: Any) -> Any:
        mine = [x.node if isinstance(x, dt.array.TracedArray) and x.recording is self else None for x in operands]
        primals = [x if i is None else x._primal for x, i in zip(operands, mine, strict=True)]
        out = primitive.call(*primals, **params)  # on the primals themselves: a view of them is a view
        if out.dtype.kind != "f":
            return out
        primals = [np.array(p) if isinstance(p, np.ndarray) else p for p in primals]
        node = self._node(
            lambda values: primitive.call(
                *(p if i is None else values[i] for p, i in zip(primals, mine, strict=True)), **params
            )
        )
        return self.handle(out, node)

    def write(self, root: Any, place: Any, node: Any, value: Any, add: bool) -> int:
        old = root.node
        value = np.array(value)

        def step(values: list[Any]) -> Any:
            target = np.array(values[old], complex)
            place.put(target, 0, value if node is None else values[node], add)
            return target

        return self._node(step)

    def gradient(self, targets: Any, sources: Any) -> list[Any]:
        results = []
        for node, primal in sources:
            gradient = np.zeros(primal.shape)
            for index in np.ndindex(*primal.shape):
                shift = np.zeros(primal.shape, complex)
                shift[index] = 1e-30j
                values: list[Any] = []
                for i, step in enumerate(self.steps):
                    value = step(values)
                    values.append(value + shift if i == node else value)
                for target, cotangent in targets:
                    weight = 1.0 if cotangent is None else cotangent
                    gradient[index] += np.sum(np.imag(values[target.node]) * weight) / 1e-30
            results.append(gradient)
        return results


class ReplayBackend:
    """Complex steps over a replay."""

    protocol = dt.backend.PROTOCOL

    def open(self, options: dt.backend.TapeOptions) -> ReplayRecording:
        return ReplayRecording(options)


def test_a_third_party_s_backend_runs_the_shared_tests(tmp_path: Path) -> None:
    """The tests of this repository that ask for nothing but real first derivatives pass in a mode of one's own."""
    dt.register_backend("replay", ReplayBackend())
    w, b = dt.Variable([[1.0], [2.0]]), dt.Variable(1.0)
    x, y = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0], [2.0]])
    with dt.GradientTape("replay") as tape:
        loss = np.sum(np.square(x @ w + b - y))
    dw, db = tape.gradient(loss, [w, b])
    np.testing.assert_allclose(dw, [[70.0], [100.0]])
    np.testing.assert_allclose(db, 30.0)

    programs: list[Callable[[Any], Any]] = [
        lambda w: np.sin(w) * w / (1.0 + w * w),
        lambda w: np.exp(-w) + np.tanh(w) ** 3,
        lambda w: w[1:] * w[:-1],
        lambda w: np.sum(w) * w[0],
        filled,
        shifted,
    ]
    value = np.array([0.3, 0.7, 1.9])
    for program in programs:
        answers = []
        for mode in ("replay", "forward"):
            v = dt.Variable(value)
            with dt.GradientTape(mode, persistent=True) as tape:
                z = program(v)
            answers.append(tape.gradient(z, v))
            weights = np.cos(np.arange(z.size)).reshape(z.shape)
            answers.append(tape.gradient(z, v, output_gradients=weights))
        np.testing.assert_allclose(answers[0], answers[2], rtol=1e-12)
        np.testing.assert_allclose(answers[1], answers[3], rtol=1e-12)


def filled(w: Any) -> Any:
    """Fill an array entry by entry."""
    x = dt.zeros(3)
    for i in range(3):
        x[i] = w[i] * w[(i + 1) % 3]
    return x


def shifted(w: Any) -> Any:
    """Write through a view."""
    x = w * 2.0
    middle = x[1:]
    middle[0] = w[2] * w[0]
    x[0] = 7.0
    return x * middle[0]


def test_tape_semantics_hold_in_a_third_party_s_mode() -> None:
    dt.register_backend("replay", ReplayBackend())
    w, u = dt.Variable([1.0, 2.0]), dt.Variable(1.0)
    with dt.GradientTape("replay", persistent=True) as tape:
        y = w * w
        with tape.stop_recording():
            c = y * 1.0
        z = np.sum(y * c)
    assert z.dtype == np.float64
    np.testing.assert_allclose(tape.gradient(z, w), [2.0, 16.0])
    np.testing.assert_allclose(tape.gradient(z, y), [1.0, 4.0])
    assert tape.gradient(z, u) == 0.0
    with pytest.raises(dt.errors.UnrecordedTargetError):
        tape.gradient(c, w)


def test_a_third_party_s_mode_nests_with_the_others(mode: str) -> None:
    """Outside: the inner tape's work goes through the outer's primitives, whatever the mode."""
    dt.register_backend("replay", ReplayBackend())
    w = dt.Variable([0.5, 2.0])
    with dt.GradientTape("replay") as outer:
        with dt.GradientTape(mode) as inner:
            y = np.sum(np.sin(w) * w)
        g = inner.gradient(y, w)
    value = w.numpy()
    np.testing.assert_allclose(g.primal, np.sin(value) + value * np.cos(value))
    np.testing.assert_allclose(outer.gradient(g, w), 2 * np.cos(value) - value * np.sin(value))
