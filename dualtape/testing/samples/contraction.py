"""Samples of the operations of ops/contraction.py."""

from __future__ import annotations

from dualtape.testing.sample import Sample

SAMPLES: list[Sample] = []
