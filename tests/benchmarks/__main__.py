"""Measure value and derivatives against the peers, and write the report: `python -m benchmarks`.

Every peer has a process of its own for each number of threads, in which dualtape and NumPy's value run in turns with
it: what counts is the ratio of medians in one process. Absolute times are of one machine and one hour.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from . import footprint, machine, peers, report
from .cases import cases

DEFAULT = ("autograd", "mygrad")
PINNED = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")  # would choose NumPy's kernels, and nobody else's
SLOWING = ("PYTHONDONTWRITEBYTECODE",)  # each process would compile what it imports
THREADS = ("OMP", "OPENBLAS", "MKL")
LARGE = "large"


def main() -> int:
    """Measure everything, print the tables and write them; 1 if a peer computes something else than dualtape."""
    options = _options()
    names = list(dict.fromkeys((*DEFAULT, *filter(None, options.peers.split(",")))))
    data = collect(names, options)
    wrong = report.mistakes(data)
    print(report.text(data))
    if options.output:
        for path in report.write(data, Path(options.output)):
            print(f"written: {path}")
    for line in wrong:
        print(f"wrong: {line}", file=sys.stderr)
    return 1 if wrong else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--peers", default="", help=f"comma-separated, besides {' and '.join(DEFAULT)}: torch, jax")
    parser.add_argument("--quick", action="store_true", help="fewer rounds, one thread, less of memory and growth")
    parser.add_argument("--rounds", type=int, help="timings of each entry, of which the median counts")
    parser.add_argument(
        "--only", default="", help="cases whose group and name contain this, and nothing but their times"
    )
    parser.add_argument("--output", default="docs/performance", help="the report's folder; empty to only print it")
    parser.add_argument("--tiny", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    unknown = set(filter(None, options.peers.split(","))) - set(peers.PACKAGES)
    if unknown:
        parser.error(f"unknown peers: {', '.join(sorted(unknown))}; there are {', '.join(peers.PACKAGES)}")
    if options.only or options.tiny:
        options.output = options.output if options.output != parser.get_default("output") else ""
    return options


def collect(names: list[str], options: argparse.Namespace) -> dict[str, Any]:
    """Run all processes and gather what they found."""
    threads = (1,) if options.quick else (1, 2)
    rounds = options.rounds or (5 if options.quick else 25)
    seconds = 0.3 if options.quick else 4.0
    data: dict[str, Any] = {
        "quick": options.quick,
        "machine": machine.describe(["numpy", *(peers.PACKAGES[name] for name in names)]),
        "peers": names,
        "times": {
            str(count): {
                name or "alone": ask(
                    "cases", count, peer=name, threads=count, rounds=rounds, seconds=seconds, tiny=options.tiny,
                    only=options.only,
                )
                for name in (None, *names)
            }
            for count in threads
        },
    }  # fmt: skip
    if options.only:
        return data
    data["growth"] = ask("growth", 1, quick=options.quick, rounds=rounds)
    there = [name for name in names if "rows" in data["times"]["1"][name]]
    data["memory"] = {
        case.name: {library: _peak(library, case.name, options.tiny) for library in ("numpy", "dualtape", *there)}
        for case in cases(options.tiny)
        if not options.quick or case.group == LARGE
    }
    data["footprint"] = {package: _footprint(package, rounds) for package in ("dualtape", *there)}
    return data


def ask(task: str, threads: int, /, **settings: Any) -> dict[str, Any]:
    """Do a task in a process of its own and return what it found."""
    command = [sys.executable, "-m", f"{__package__}.worker", json.dumps({"task": task, **settings})]
    done = subprocess.run(command, env=environment(threads), stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        return {"left out": f"its process ended with {done.returncode}"}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def environment(threads: int) -> dict[str, str]:
    """Return the environment of a process: so many threads, and the kernels that NumPy chooses by itself."""
    env = {name: value for name, value in os.environ.items() if name not in (*PINNED, *SLOWING)}
    return env | {f"{library}_NUM_THREADS": str(threads) for library in THREADS}


def _peak(library: str, case: str, tiny: bool) -> Any:
    found = ask("memory", 1, library=library, case=case, tiny=tiny)
    return found.get("bytes")


def _footprint(package: str, rounds: int) -> dict[str, Any]:
    distributions = ["dualtape", "dualtape-reverse"] if package == "dualtape" else [peers.PACKAGES[package]]
    return {
        "seconds": footprint.import_seconds(package, min(rounds, 9), environment(1)),
        "bytes": footprint.installed_size(*distributions),
    }


if __name__ == "__main__":
    sys.exit(main())
