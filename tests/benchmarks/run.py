"""Measure value and gradient against the peers, interleaved in one process, and print ratios of medians.

    python run.py [--peers autograd,mygrad,torch] [--rounds 25]

Absolute times are of this machine and this hour: only the ratios of one run mean anything.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

import numpy as np
from cases import Case, Run, cases
from peers import PEERS


def main() -> None:
    """Measure every case and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default="autograd,mygrad", help="comma-separated, of: " + ", ".join(PEERS))
    parser.add_argument("--rounds", type=int, default=25, help="timings of each entry, of which the median counts")
    options = parser.parse_args()
    names = [name for name in options.peers.split(",") if name]
    print(f"{'case':28} {'mode':8} {'us':>9} {'spread':>7}  ratios")
    for case in cases():
        for mode in case.dualtape:
            print(row(case, mode, names, options.rounds), flush=True)


def row(case: Case, mode: str, names: list[str], rounds: int) -> str:
    """Measure one case in one mode and return its line of the table."""
    runs, left_out = {"dualtape": case.dualtape[mode], "numpy's value": case.value}, []
    if case.by_hand is not None:
        runs["by hand"] = case.by_hand
    for name in names:
        try:
            runs[name] = PEERS[name](case, mode)
            check(case, mode, runs[name], name)
        except ImportError as error:
            left_out.append(f"{name} left out: {error}")
    if case.by_hand is not None:
        check(case, mode, case.by_hand, "by hand")
    times = measure(runs, case.inner, rounds)
    ours = statistics.median(times["dualtape"])
    quartiles = statistics.quantiles(times["dualtape"], n=4)
    ratios = [f"{ours / statistics.median(times[name]):.2f} of {name}" for name in runs if name != "dualtape"]
    spread = (quartiles[2] - quartiles[0]) / ours
    return f"{case.name:28} {mode:8} {ours * 1e6:9.1f} {spread:7.0%}  " + ", ".join(ratios + left_out)


def check(case: Case, mode: str, other: Run, name: str) -> None:
    """Refuse to time what does not compute the same."""
    (value, slopes), (theirs, their_slopes) = case.dualtape[mode](), other()
    np.testing.assert_allclose(plain(theirs), plain(value), rtol=1e-8, err_msg=f"{name}, {case.name}")
    for ours, other_slope in zip(slopes, their_slopes, strict=True):
        np.testing.assert_allclose(plain(other_slope), ours, rtol=1e-8, err_msg=f"{name}, {case.name}")


def plain(x: Any) -> Any:
    """Return a peer's value as a NumPy array."""
    return np.asarray(x.detach() if hasattr(x, "detach") else getattr(x, "data", x) if hasattr(x, "backward") else x)


def measure(runs: dict[str, Run], inner: int, rounds: int) -> dict[str, list[float]]:
    """Time the runs in turns, so that what slows the machine slows them alike; seconds for one run."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    for run in runs.values():
        run()
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            for _ in range(inner):
                run()
            times[name].append((time.perf_counter() - start) / inner)
    return times


if __name__ == "__main__":
    main()
