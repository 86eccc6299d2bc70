"""The benchmark computes what it says, and its report says what was measured. Nothing is timed here."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.append(str(Path(__file__).parent))

from benchmarks import __main__ as command
from benchmarks import case as cases_of
from benchmarks import footprint, growth, machine, measuring, memory, ours, peers, report
from benchmarks.cases import cases
from benchmarks.checking import DifferentError, check

CASES = [pytest.param(case, id=case.name, marks=[pytest.mark.reverse] if case.mode == "reverse" else [])
         for case in cases(tiny=True)]  # fmt: skip


def pushed(case: Any, derivative: Any, direction: list[Any]) -> Any:
    """Return the output's change along a direction, from what a case has computed."""
    if case.kind == "jvp":
        return derivative[0]
    if case.kind == "batch jacobian":
        return np.einsum("nij,nj->ni", derivative[0], direction[0])
    return sum(np.tensordot(d, t, np.ndim(t)) for d, t in zip(derivative, direction, strict=True))


@pytest.mark.parametrize("case", CASES)
def test_derivatives_are_those_of_finite_differences(case: Any) -> None:
    rng = np.random.default_rng(0)
    direction = list(case.tangents) or [np.asarray(rng.normal(size=np.shape(p))) for p in case.parameters]
    value, derivative = ours.prepare(case)()

    def moved(step: float) -> Any:
        parameters = [p + step * t for p, t in zip(case.parameters, direction, strict=True)]
        return case.function(cases_of.NUMPY, *parameters, *case.constants)

    h = 1e-6
    np.testing.assert_allclose(
        pushed(case, derivative, direction), (moved(h) - moved(-h)) / (2 * h), rtol=1e-6, atol=1e-7
    )
    np.testing.assert_array_equal(np.asarray(value), cases_of.value(case))


@pytest.mark.parametrize("case", [param for param in CASES if param.values[0].by_hand is not None])  # type: ignore[attr-defined]  # a case
def test_derivatives_are_the_hand_written_ones(case: Any) -> None:
    check(ours.prepare(case)(), cases_of.by_hand(case), ours.to_numpy, "by hand")


@pytest.mark.parametrize("peer", peers.PACKAGES)
@pytest.mark.parametrize("case", CASES)
@pytest.mark.filterwarnings("ignore")
def test_peers_compute_the_same(case: Any, peer: str) -> None:
    pytest.importorskip(peer)
    if peer in case.without:
        pytest.skip(case.without[peer])
    module = peers.load(peer)
    check(ours.prepare(case)(), module.prepare(case, 1)(), module.to_numpy, peer)


def test_tiny_cases_stand_for_all() -> None:
    tiny, full = cases(tiny=True), cases()
    assert [(c.group, c.kind, c.mode) for c in tiny] == [(c.group, c.kind, c.mode) for c in full]
    assert len({c.name for c in full}) == len(full)
    assert {c.group for c in full} == {"small", "middle", "large", "forward"}


@pytest.mark.parametrize(
    "other",
    [
        (1.0, [np.array([1.0, 2.1])]),
        (1.1, [np.array([1.0, 2.0])]),
        (1.0, [np.array([[1.0, 2.0]])]),
        (1.0, [np.array([1.0, 2.0], np.float32)]),
        (1.0, []),
        (1.0, [np.array([1.0, np.nan])]),
    ],
)
def test_what_differs_is_not_timed(other: Any) -> None:
    with pytest.raises(DifferentError, match="them"):
        check((1.0, [np.array([1.0, 2.0])]), other, np.asarray, "them")


# --- measuring ----------------------------------------------------------------------------------------------------


def test_runs_are_timed_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "SHORTEST", 0.0)
    calls: list[str] = []
    found = measuring.measure({name: lambda name=name: calls.append(name) for name in "ab"}, measuring.Effort(4, 60.0))
    assert set(found) == {"a", "b"}
    assert "".join(calls[6:]) == "abbaabba"  # three calls each to warm up


def test_summary() -> None:
    assert measuring.summary([1.0, 2.0, 3.0, 4.0, 5.0]) == (3.0, 2.0 / 3.0)
    assert measuring.summary([2.0]) == (2.0, 0.0)


@pytest.mark.skipif(not memory.RESET.exists(), reason="the system does not tell the peak of a process")
def test_peak_memory() -> None:
    size = 50_000_000

    def run() -> Any:
        first = np.ones(size // 8)
        return np.sum(first)

    assert 0.9 * size < memory.peak(run) < 1.5 * size


@pytest.mark.reverse
def test_growing_programs() -> None:
    assert growth.chain(4) == pytest.approx(np.cos(0.3) * 1.01 + 1.0)
    np.testing.assert_allclose(growth.read(5), np.full(5, 1.5))
    np.testing.assert_allclose(growth.fill(8), 2 * 2 * 1.5**2 * np.linspace(0.1, 0.9, 4))


def test_size_counts_requirements_but_not_numpy() -> None:
    alone = footprint.installed_size("dualtape")
    assert 100_000 < alone < 5_000_000
    assert footprint.installed_size("dualtape", "dualtape") == alone
    assert footprint.installed_size("numpy", "no-such-distribution") == 0


def test_processes_choose_their_kernels_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in command.PINNED:
        monkeypatch.setenv(name, "Haswell")
    found = command.environment(2)
    assert not set(command.PINNED) & set(found)
    assert found["OMP_NUM_THREADS"] == found["OPENBLAS_NUM_THREADS"] == "2"


# --- the report ---------------------------------------------------------------------------------------------------


@pytest.fixture
def data() -> dict[str, Any]:
    """What a run with one peer that is there and one that is not might have found."""
    names = [case.name for case in cases()]
    row = {"dualtape": [30e-6, 0.1], "numpy": [10e-6, 0.1], "autograd": [120e-6, 0.1]}
    theirs: dict[str, Any] = dict.fromkeys(names, row)
    theirs[names[1]] = {"wrong": "autograd, value: differs by 1.0, of 2.0"}
    theirs[names[2]] = {"left out": "no such function"}
    alone = {"dualtape": [32e-6, 0.1], "numpy": [8e-6, 0.1], "by hand": [16e-6, 0.2]}
    times = {
        "alone": {"rows": dict.fromkeys(names, alone)},
        "autograd": {"rows": theirs},
        "torch": {"left out": "none"},
    }
    per_mode = {"forward": {"1": 1e-4, "8": 2e-4}, "reverse": {"1": 1.5e-4, "8": 1.6e-4}}
    return {
        "quick": True,
        "machine": {"processor": "Abacus", "cores": 2, "versions": {"Python": "3.11", "numpy": "2.4"}},
        "peers": ["autograd", "torch"],
        "times": {"1": times, "2": times},
        "growth": {
            "chain": {"10": 5e-6, "1000": 2e-6},
            "read": {"1000": 9e-6, "10000": 18e-6},
            "fill": {"1000": 8e-6, "10000": 8e-6},
            "parameters": per_mode,
        },
        "memory": {names[0]: {"numpy": 1_000_000, "dualtape": 2_500_000, "autograd": None}},
        "footprint": {"dualtape": {"seconds": 0.015, "bytes": 900_000}, "autograd": {"seconds": 0.03, "bytes": 2e5}},
    }


def test_report_is_written(data: dict[str, Any], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    page, plot, numbers = report.write(data, tmp_path / "performance")
    text = page.read_text(encoding="utf-8")
    first, second, third = (case.name for case in cases()[:3])
    assert f"| small | {first} | 32.0 ± 5% | 4.00 ± 0.28 | 2.00 ± 0.22 | 0.25 ± 0.02 |" in text
    assert "Abacus, 2 cores. Python 3.11, numpy 2.4." in text
    assert "- PyTorch was left out: none." in text
    assert "/ PyTorch" not in text
    assert f"- autograd has no figure for {third}: no such function." in text
    assert report.mistakes(data)[0] == f"autograd, {second}: autograd, value: differs by 1.0, of 2.0"
    assert f"| {first} | 1.0 | 2.5 | - |" in text
    assert "| entries read one by one | 10,000 | 18.00 | 2.00 |" in text
    assert "Reverse mode is the faster one from 8 parameters on." in text
    assert "| dualtape, with its plugin | 15 | 0.9 |" in text
    assert "<svg" in plot.read_text(encoding="utf-8")
    assert '"processor": "Abacus"' in numbers.read_text(encoding="utf-8")


def test_report_without_any_peer(data: dict[str, Any]) -> None:
    data["peers"] = []
    for part in ("growth", "memory", "footprint"):
        del data[part]
    text = report.text(data)
    assert "## Growth" not in text
    assert "/ by hand |" in text


def test_machine_is_its_processor_and_cores() -> None:
    found = machine.describe(["numpy", "no-such-distribution"])
    assert set(found) == {"processor", "cores", "versions"}
    assert set(found["versions"]) == {"Python", "numpy"}
