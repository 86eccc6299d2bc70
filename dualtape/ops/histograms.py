"""Histograms: counts are plain, but linear in traced weights; the edges of bins move with the range of the samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from dualtape.array import plain
from dualtape.ops.pinning import differentiated_as
from dualtape.ops.protocol import is_traced, rank, strip
from dualtape.ops.shaping import arraylike, ravel, scatter

__all__: list[str] = []

# Operands are arrays, scalars, lists or handles: `Any` in this file says that. Where a sample crosses an edge a count
# jumps: its derivative in the samples and in the edges is 0. A density depends on the widths of the bins besides.


def _edges(edges: Any, samples: Any, bins: Any, limits: Any) -> Any:
    """Return the edges of bins as they depend on what is traced.

    Args:
        edges: the plain edges.
        samples: the samples, along one axis.
        bins: how the caller gave the bins: a number, a rule's name, or the edges.
        limits: the lowest and the highest edge, or `None` for those of the samples.
    """
    if not isinstance(bins, str) and rank(bins) == 1:
        return arraylike(bins)
    if not is_traced((samples, limits)) or (limits is None and not samples.size):
        return edges
    low, high = (np.min(samples), np.max(samples)) if limits is None else limits
    share = (edges - edges[0]) / (edges[-1] - edges[0])
    return edges + (1.0 - share) * (low - plain(low)) + share * (high - plain(high))


def _bin_numbers(samples: Any, edges: Any) -> tuple[Any, Any]:
    """Return the bin of each sample, and which of them lie in any; the last bin holds its right edge too."""
    samples, edges = strip(samples), strip(edges)
    numbers = np.searchsorted(edges, samples, side="right") - 1
    numbers = np.where(samples == edges[-1], len(edges) - 2, numbers)
    return numbers, (numbers >= 0) & (numbers < len(edges) - 1) & ~np.isnan(samples)


def _counts(numbers: list[Any], inside: Any, shape: tuple[int, ...], weights: Any) -> Any:
    """Return the weights of the samples in each bin, added up, from the bin of each sample on each axis."""
    values = np.ones(inside.shape) if weights is None else ravel(arraylike(weights))
    return scatter(values[inside], shape, tuple(n[inside] for n in numbers), add=True)


@differentiated_as(np.histogram_bin_edges)
def _histogram_bin_edges(value: Any, a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    return _edges(value, ravel(arraylike(a)), bins, range)


@differentiated_as(np.histogram)
def _histogram(
    value: Any, a: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> tuple[Any, Any]:
    samples = ravel(arraylike(a))
    edges = _edges(value[1], samples, bins, range)
    numbers, inside = _bin_numbers(samples, value[1])
    counts = _counts([numbers], inside, value[0].shape, weights)
    return counts / (edges[1:] - edges[:-1]) / np.sum(counts) if density else counts, edges


def _length(x: Any) -> int | None:
    try:
        return len(x)
    except TypeError:
        return None


def _histogram_of_columns(
    hist: Any, plain_edges: Any, columns: list[Any], bins: Any, range: Any, density: Any, weights: Any
) -> tuple[Any, list[Any]]:
    bins = [bins] * len(columns) if _length(bins) is None else bins
    limits = [None] * len(columns) if range is None else range
    edges = [_edges(*arguments) for arguments in zip(plain_edges, columns, bins, limits, strict=True)]
    found = [_bin_numbers(*pair) for pair in zip(columns, plain_edges, strict=True)]
    inside = np.logical_and.reduce([inside for _, inside in found])
    counts = _counts([numbers for numbers, _ in found], inside, hist.shape, weights)
    if density:
        total = np.sum(counts)
        for axis, e in enumerate(edges):
            counts = counts / np.reshape(e[1:] - e[:-1], (-1,) + (1,) * (hist.ndim - axis - 1))
        counts = counts / total
    return counts, edges


@differentiated_as(np.histogramdd)
def _histogramdd(
    value: Any, sample: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    sample = (
        sample if rank(sample) == 2 and hasattr(sample, "shape") else np.transpose(np.atleast_2d(arraylike(sample)))
    )
    columns = [sample[:, i] for i in np.arange(sample.shape[1])]
    hist, edges = value
    return _histogram_of_columns(hist, edges, columns, bins, range, density, weights)


@differentiated_as(np.histogram2d)
def _histogram2d(
    value: Any, x: Any, y: Any, bins: Any = 10, range: Any = None, density: Any = None, weights: Any = None
) -> Any:
    if _length(bins) not in (None, 2):
        bins = [bins, bins]  # the edges of both axes
    hist, *edges = value
    counts, moved = _histogram_of_columns(hist, edges, [arraylike(x), arraylike(y)], bins, range, density, weights)
    return counts, *moved


@differentiated_as(np.bincount)
def _bincount(value: Any, x: Any, /, weights: Any = None, minlength: Any = 0) -> Any:
    if weights is None:
        return None
    return scatter(arraylike(weights).astype(value.dtype), value.shape, np.asarray(strip(x)), add=True)
