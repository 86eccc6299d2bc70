"""Many cotangents pulled back in one walk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dualtape_reverse.walk import Walk

__all__ = ["pull"]


def pull(recording: Any, targets: Sequence[tuple[Any, Any]], sources: Sequence[tuple[Any, Any]]) -> list[Any]:
    """Pull K cotangents, stacked on a leading axis, back through a recording at once.

    Args:
        recording: a reverse recording.
        targets: (handle, stack of K cotangents) each.
        sources: (node, primal) each; the node is `None` where the recording never met the source.

    Returns:
        For each source the K cotangents stacked on a leading axis, `None` where there is no path.
    """
    top = max(target.node for target, _ in targets)
    walk = Walk(top + 1, [node for node, _ in sources if node is not None], lead=1)
    for target, stack in targets:
        dtype = target._primal.dtype
        walk.add(target.node, stack if stack.dtype == dtype else stack.astype(dtype), False)
    walk.run(recording._records.copy(), recording._lines)
    return [None if node is None else walk.take(node) for node, _ in sources]
