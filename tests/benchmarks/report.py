"""The report: what was measured, as tables of ratios, and where they are written."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .cases import cases

TITLES = {"autograd": "autograd", "mygrad": "MyGrad", "torch": "PyTorch", "jax": "JAX, jit"}
GROUPS = {name: case.group for tiny in (False, True) for case in cases(tiny) for name in [case.name]}

INTRODUCTION = """\
# Performance

`nox -s bench -- --peers torch,jax` makes this page. Each number is a ratio of times, dualtape's by the other's, for the
same value and the same derivatives: 0.5 says that dualtape takes half the time. Beside a ratio stands half of the
distance between the quartiles. Both were timed in turns, in one process, in float64, and what they compute was compared
before. JAX's functions are compiled beforehand; all others are eager. *Value* is NumPy's function alone, without a
derivative; *by hand* is the derivative as one would write it in NumPy without a library.
[Where the time goes](where-the-time-goes.md) tells what dominates each class.
"""

Rows = dict[str, dict[str, Any]]


def write(data: dict[str, Any], folder: Path) -> list[Path]:
    """Write the page, its plot, and the numbers themselves; return the paths."""
    from .plot import draw

    folder.mkdir(parents=True, exist_ok=True)
    page, plot, numbers = folder / "README.md", folder / "ratios.svg", folder / "measured.json"
    draw(data, plot)
    page.write_text(text(data, plot.name), encoding="utf-8")
    numbers.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    return [page, plot, numbers]


def text(data: dict[str, Any], plot: str = "") -> str:
    """Return the page."""
    return "\n\n".join(part.strip() for part in _parts(data, plot)) + "\n"


def _parts(data: dict[str, Any], plot: str) -> Iterator[str]:
    yield INTRODUCTION
    yield _machine(data)
    if plot:
        yield f"![Ratios to the peers on one thread]({plot})"
    for threads in data["times"]:
        yield f"## {'One thread' if threads == '1' else f'{threads} threads'}\n\n{_times(data, threads)}"
    if "memory" in data:
        yield f"## Memory\n\nThe process's peak above what the inputs take, in MB.\n\n{_memory(data)}"
    if "chain" in data.get("growth", {}):
        yield f"## Growth\n\n{_growth(data['growth'])}"
    if "footprint" in data:
        yield f"## Import and size\n\n{_footprint(data['footprint'])}"


def _machine(data: dict[str, Any]) -> str:
    machine = data["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    quick = " A quick run: few rounds." if data["quick"] else ""
    return f"{machine['processor']}, {machine['cores']} cores. {versions}.{quick}"


# --- times --------------------------------------------------------------------------------------------------------


def rows(data: dict[str, Any], threads: str, process: str) -> Rows:
    """Return the rows that one process measured; none where it was left out."""
    found: Rows = data["times"][threads].get(process, {}).get("rows", {})
    return found


def ratio(row: dict[str, Any], other: str) -> tuple[float, float] | None:
    """Return dualtape's time by another's of the same process, and the half width of its spread."""
    if other not in row or "dualtape" not in row:
        return None
    (ours, our_spread), (theirs, their_spread) = row["dualtape"], row[other]
    return ours / theirs, ours / theirs * math.hypot(our_spread, their_spread) / 2


def mistakes(data: dict[str, Any]) -> list[str]:
    """Return what peers compute otherwise than dualtape."""
    return [
        f"{process}, {name}: {row['wrong']}"
        for threads in data["times"]
        for process in data["times"][threads]
        for name, row in rows(data, threads, process).items()
        if "wrong" in row
    ]


def present(data: dict[str, Any]) -> list[str]:
    """Return the peers that were there."""
    return [name for name in data["peers"] if any(rows(data, threads, name) for threads in data["times"])]


def _times(data: dict[str, Any], threads: str) -> str:
    names = present(data)
    lines = []
    for case, alone in rows(data, threads, "alone").items():
        seconds, spread = alone["dualtape"]
        cells = [_cell(alone, "numpy"), _cell(alone, "by hand")]
        cells += [_cell(rows(data, threads, name).get(case, {}), name) for name in names]
        lines.append(
            [GROUPS.get(case, ""), case, f"{seconds * 1e6:,.{0 if seconds > 1e-4 else 1}f} ± {spread / 2:.0%}", *cells]
        )
    table = _table(["", "case", "µs", "/ value", "/ by hand", *(f"/ {TITLES[name]}" for name in names)], lines)
    return "\n".join([table, "", *(f"- {note}" for note in _notes(data, threads))])


def _notes(data: dict[str, Any], threads: str) -> Iterator[str]:
    """Say what is missing, and why."""
    for name in data["peers"]:
        found = data["times"][threads].get(name, {})
        if "left out" in found:
            yield f"{TITLES[name]} was left out: {found['left out']}."
        reasons: dict[str, list[str]] = {}
        for case, row in found.get("rows", {}).items():
            if reason := row.get("wrong") or row.get("left out"):
                reasons.setdefault(reason, []).append(case)
        for reason, missing in reasons.items():
            yield f"{TITLES[name]} has no figure for {'; '.join(missing)}: {reason}."


def _cell(row: dict[str, Any], other: str) -> str:
    found = ratio(row, other)
    return "-" if found is None else f"{found[0]:.2f} ± {found[1]:.2f}"


def _table(head: list[str], lines: list[list[str]]) -> str:
    shown = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in shown)


# --- memory, growth, footprint ------------------------------------------------------------------------------------


def _memory(data: dict[str, Any]) -> str:
    libraries = ["numpy", "dualtape", *present(data)]
    lines = [
        [case, *("-" if found.get(name) is None else f"{found[name] / 1e6:.1f}" for name in libraries)]
        for case, found in data["memory"].items()
    ]
    return _table(["case", "value", "dualtape", *(TITLES[name] for name in present(data))], lines)


def _growth(growth: dict[str, Any]) -> str:
    titles = {
        "chain": "operations on a scalar, one after another",
        "read": "entries read one by one",
        "fill": "entries written one by one",
    }
    lines = []
    for key, title in titles.items():
        figures = {int(n): seconds for n, seconds in growth[key].items()}
        base = figures[1_000]
        lines += [[title, f"{n:,}", f"{s * 1e6:.2f}", f"{s / base:.2f}"] for n, s in figures.items()]
    table = _table(["what", "how many", "µs for each", "/ at 1,000"], lines)
    return f"Value and gradient in reverse mode, in a process without the peers.\n\n{table}\n\n{_crossover(growth)}"


def _crossover(growth: dict[str, Any]) -> str:
    forward, reverse = ({int(n): s for n, s in growth["parameters"][mode].items()} for mode in ("forward", "reverse"))
    lines = [
        [str(n), f"{forward[n] * 1e6:.0f}", f"{reverse[n] * 1e6:.0f}", f"{forward[n] / reverse[n]:.2f}"]
        for n in forward
    ]
    slower = [n for n in forward if forward[n] > reverse[n]]
    said = f"Reverse mode is the faster one from {slower[0]} parameters on." if slower else "Forward mode is faster."
    table = _table(["parameters", "forward, µs", "reverse, µs", "forward / reverse"], lines)
    return f"The gradient of one number in both modes. {said}\n\n{table}"


def _footprint(found: dict[str, Any]) -> str:
    titles = {"dualtape": "dualtape, with its plugin", **TITLES}
    lines = [[titles[name], f"{x['seconds'] * 1e3:.0f}", f"{x['bytes'] / 1e6:,.1f}"] for name, x in found.items()]
    table = _table(["", "import, ms", "size, MB"], lines)
    return (
        f"Beyond NumPy: the import where NumPy is imported, and the files of a library and what it requires.\n\n{table}"
    )
