"""Checks of derivatives, for users and for dualtape itself."""

from dualtape.testing.crosscheck import check_sample
from dualtape.testing.gradients import check_gradients
from dualtape.testing.sample import Sample

__all__ = ["Sample", "check_gradients", "check_sample"]
