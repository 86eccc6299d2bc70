"""What a report says of where it was made: the processor, the number of cores, and versions."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any


def describe(distributions: Iterable[str]) -> dict[str, Any]:
    """Return the processor, the cores, and the versions of what is installed; nothing else about the machine."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "versions": {"Python": platform.python_version(), **dict(_versions(distributions))},
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _versions(distributions: Iterable[str]) -> Iterable[tuple[str, str]]:
    for name in distributions:
        try:
            yield name, metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
