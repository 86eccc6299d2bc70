"""VJP rule of products in which zeros win."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dualtape.bare import bare
from dualtape.ops.zero_wins import careful_of
from dualtape.primitive import PRIMITIVES, Primitive
from dualtape_reverse.walk import _pull_elementwise

__all__: list[str] = []


def _vjp(
    position: int,
    g: Any,
    out: Any,
    *operands: Any,
    of: Primitive,
    settings: Mapping[str, Any],
    winner: int | None,
) -> Any:
    """Pull a cotangent back by the product's own rule; the zeros of that which won still win."""
    g = careful_of(position, winner).wrap(g)
    if of.partials is not None:
        return bare(_pull_elementwise(of, position, g, out, operands))
    if callable(of.vjp):
        return bare(of.vjp(position, g, out, *operands, **settings))
    assert of.vjp is not None
    rule: Any = of.vjp[position]
    return bare(rule(g, out, *operands, **settings))


PRIMITIVES["zero_wins"].vjp = _vjp
