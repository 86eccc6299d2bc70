"""Samples of the operations of ops/indexing.py."""

from __future__ import annotations

from dualtape.testing.sample import Sample

SAMPLES: list[Sample] = []
