"""Reverse mode for dualtape."""
