"""One process of the benchmark: one peer beside dualtape and NumPy, or what is measured without any peer.

    python -m benchmarks.worker '{"task": "cases", "peer": "autograd", ...}'

It prints one line of JSON, its last.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from . import growth, memory, ours, peers
from .case import Case, by_hand, value
from .cases import cases
from .checking import DifferentError, check
from .measuring import Effort, Times, measure


def main() -> None:
    """Do the task that the argument names, and print what was found."""
    task = json.loads(sys.argv[1])
    do = {"cases": time_cases, "memory": memory_of, "growth": growth_of}[task.pop("task")]
    print(json.dumps(do(**task)))


def time_cases(
    peer: str | None, threads: int, rounds: int, seconds: float, tiny: bool = False, only: str = ""
) -> dict[str, Any]:
    """Time every case: dualtape, NumPy's value alone, and a peer, or without one the hand-written derivative."""
    try:
        module = None if peer is None else peers.load(peer)
    except ImportError as error:
        return {"left out": str(error)}
    found = {}
    for case in cases(tiny):
        if only in f"{case.group} {case.name}":
            found[case.name] = _row(case, peer, module, threads, Effort(rounds, seconds))
            print(f"{peer or 'alone'}, {threads} threads: {case.name}: {found[case.name]}", file=sys.stderr, flush=True)
    return {"rows": found}


def _row(case: Case, peer: str | None, module: Any, threads: int, effort: Effort) -> dict[str, Any]:
    run = ours.prepare(case)
    runs = {"dualtape": run, "numpy": lambda: value(case)}
    if peer is None:
        if case.by_hand is not None:
            check(run(), by_hand(case), ours.to_numpy, "by hand")
            runs["by hand"] = lambda: by_hand(case)
        return _lists(measure(runs, effort))
    if peer in case.without:
        return {"left out": case.without[peer]}
    try:
        runs[peer] = module.prepare(case, threads)
        check(run(), runs[peer](), module.to_numpy, peer)
    except DifferentError as error:
        return {"wrong": str(error)}
    # What a peer can't run is said in the table, whatever it raises; the other rows are measured all the same.
    except Exception as error:  # noqa: BLE001
        return {"left out": f"{type(error).__name__}: {error}"[:200]}
    return _lists(measure(runs, effort))


def _lists(times: dict[str, Times]) -> dict[str, Any]:
    return {name: list(found) for name, found in times.items()}


def memory_of(library: str, case: str, tiny: bool = False) -> dict[str, Any]:
    """Measure the peak memory of one case in one library."""
    (chosen,) = [c for c in cases(tiny) if c.name == case]
    if library in chosen.without:
        return {"left out": chosen.without[library]}
    try:
        if library == "numpy":
            return {"bytes": memory.peak(lambda: value(chosen))}
        run = ours.prepare(chosen) if library == "dualtape" else peers.load(library).prepare(chosen, 1)
        return {"bytes": memory.peak(run)}
    except Exception as error:  # noqa: BLE001  # as for the times
        return {"left out": f"{type(error).__name__}: {error}"[:200]}


def growth_of(quick: bool, rounds: int) -> dict[str, Any]:
    """Measure how time grows with the length of a program, of an array, and with the number of parameters."""
    return growth.measure_all(quick, rounds)


if __name__ == "__main__":
    main()
