"""The name of a mode that another distribution provides, as type checkers know it."""

from __future__ import annotations

from typing import NewType

__all__ = ["Mode"]

Mode = NewType("Mode", str)
Mode.__doc__ = """The name of a mode beside "forward" and "reverse": `mode=dt.Mode("mine")`.

A plain string would let a misspelled name pass.
"""
