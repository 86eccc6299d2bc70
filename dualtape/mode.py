"""The name of a mode that another distribution provides, as type checkers know it."""

from __future__ import annotations

from typing import Literal, NewType, TypeAlias

__all__ = ["Mode", "ModeName"]

Mode = NewType("Mode", str)
Mode.__doc__ = """The name of a mode beside "forward" and "reverse": `mode=dt.Mode("mine")`.

A plain string would let a misspelled name pass.
"""

ModeName: TypeAlias = Literal["forward", "reverse"] | Mode  # what takes a mode says so to type checkers
