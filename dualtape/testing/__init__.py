"""Checks of derivatives, for users and for dualtape itself."""
