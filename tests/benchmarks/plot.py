"""The plot of the report: ratios to the peers, case by case."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .report import TITLES, ratio, rows

COLOURS = {"autograd": "#0072b2", "mygrad": "#009e73", "torch": "#d55e00", "jax": "#cc79a7"}
MARKS = {"autograd": "o", "mygrad": "s", "torch": "^", "jax": "D"}


def draw(data: dict[str, Any], path: Path) -> None:
    """Draw the ratios on one thread on a logarithmic axis, as SVG."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    names = list(rows(data, "1", "alone"))
    with mpl.rc_context({"svg.hashsalt": "dualtape", "svg.fonttype": "none"}):
        figure, axes = plt.subplots(figsize=(8, 1.2 + 0.32 * len(names)), layout="constrained")
        for peer in data["peers"]:
            found = [(ratio(row, peer), names.index(case)) for case, row in rows(data, "1", peer).items()]
            points = [(x, y) for x, y in found if x is not None]
            if points:
                axes.errorbar(
                    [x[0] for x, _ in points],
                    [y for _, y in points],
                    xerr=[x[1] for x, _ in points],
                    fmt=MARKS[peer],
                    color=COLOURS[peer],
                    label=TITLES[peer],
                )
        axes.axvline(1.0, color="black", linewidth=0.8)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter("{x:g}")
        axes.set_yticks(range(len(names)), names)
        axes.invert_yaxis()
        axes.grid(axis="x", which="both", alpha=0.25)
        axes.set_xlabel("time of dualtape / time of the peer (left of 1: dualtape is faster)")
        if axes.get_legend_handles_labels()[0]:
            figure.legend(loc="outside upper center", ncols=len(data["peers"]), frameon=False)
        figure.savefig(path, metadata={"Date": None})
        plt.close(figure)
