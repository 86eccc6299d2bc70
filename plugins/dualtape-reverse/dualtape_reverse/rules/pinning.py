"""VJP rule of pinning."""

from __future__ import annotations

from dualtape.primitive import PRIMITIVES

PRIMITIVES["pin"].vjp = (lambda g, _out, _y, _value: g, None)
