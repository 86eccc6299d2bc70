"""The peers, a file each: how its users would compute a case, and how its results become NumPy's.

A peer's module is imported in the peer's own process only, for what it imports. It has `prepare(case, threads)`, which
returns what is timed, and `to_numpy(x)`.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

__all__ = ["PACKAGES", "Peer", "load"]

Peer = ModuleType

PACKAGES = {"autograd": "autograd", "mygrad": "mygrad", "torch": "torch", "jax": "jax"}
"""The peers, and the distribution that each is installed as."""


def load(name: str) -> Peer:
    """Import a peer; raises ImportError where it is not installed."""
    return import_module(f"{__name__}.{'hips' if name == 'autograd' else name}")
