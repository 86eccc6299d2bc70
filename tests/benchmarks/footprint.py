"""What a library costs before it does anything: its import, and its size on disk."""

from __future__ import annotations

import json
import re
import statistics
import subprocess
import sys
from collections.abc import Mapping
from importlib import metadata, util
from pathlib import Path

IMPORT = """
import time
import numpy
start = time.perf_counter()
import {package}
print(time.perf_counter() - start)
"""


def import_seconds(package: str, rounds: int, env: Mapping[str, str]) -> float:
    """Return the median time to import a package where NumPy is imported already, each time in a new process."""
    command = [sys.executable, "-c", IMPORT.format(package=package)]
    subprocess.run(command, env=dict(env), check=True, capture_output=True)  # the first one compiles and fills caches
    found = [subprocess.run(command, env=dict(env), check=True, capture_output=True, text=True) for _ in range(rounds)]
    return statistics.median(float(done.stdout) for done in found)


def installed_size(*distributions: str) -> int:
    """Return the bytes on disk of distributions and of all that they require, without NumPy and without bytecode."""
    seen: set[str] = set()
    waiting = list(distributions)
    total = 0
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in seen or name == "numpy":
            continue
        seen.add(name)
        try:
            found = metadata.distribution(name)
        except metadata.PackageNotFoundError:  # required elsewhere: on another system, by another Python
            continue
        total += _size(found)
        needed = [requirement for requirement in found.requires or () if "extra ==" not in requirement]
        waiting += [re.split(r"[^\w.-]", requirement, maxsplit=1)[0] for requirement in needed]
    return total


def _size(found: metadata.Distribution) -> int:
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        spec = util.find_spec(found.metadata["Name"].replace("-", "_"))
        folders = [Path(folder) for folder in (spec.submodule_search_locations if spec is not None else None) or ()]
        paths = [path for folder in folders for path in folder.rglob("*")]
    else:
        paths = [Path(str(found.locate_file(file))) for file in found.files or ()]
    return sum(path.stat().st_size for path in paths if path.is_file() and path.suffix != ".pyc")
