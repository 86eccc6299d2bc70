"""Every exception and warning that dualtape raises."""

from __future__ import annotations

__all__ = [
    "BackendError",
    "DualtapeError",
    "ForwardMemoryError",
    "NoRuleError",
    "NotDifferentiableError",
    "NumericsError",
    "ObjectArrayWarning",
    "PerformanceWarning",
    "ReadOnlyError",
    "RuleError",
    "TapeError",
    "TracedConversionError",
    "UnconnectedError",
    "UnknownModeError",
    "UnrecordedTargetError",
]


class DualtapeError(Exception):
    """Base of every exception that is dualtape's own."""


class NoRuleError(DualtapeError, NotImplementedError):
    """A NumPy function, or one of its options, has no derivative rule."""


class NotDifferentiableError(DualtapeError, ValueError):
    """An operation has no derivative at this point, or a loss depends on what the operation leaves open."""


class NumericsError(DualtapeError, FloatingPointError):
    """A value or a derivative is infinite or nan, on a tape that checks numerics."""


class RuleError(DualtapeError, RuntimeError):
    """A derivative rule failed; the cause is the rule's own exception."""


class TapeError(DualtapeError, RuntimeError):
    """A tape was used in a way that its state does not allow."""


class UnrecordedTargetError(DualtapeError, ValueError):
    """A gradient was asked of a target that the tape did not record."""


class UnconnectedError(DualtapeError, ValueError):
    """A recorded target does not depend on a source, and the caller wanted to know."""


class TracedConversionError(DualtapeError, TypeError):
    """A conversion would have dropped the derivative of a traced value."""


class ReadOnlyError(DualtapeError, ValueError):
    """A write into a traced value that must not change."""


class ForwardMemoryError(DualtapeError, MemoryError):
    """The tangents of a forward pass would not fit the memory limit."""


class UnknownModeError(DualtapeError, ValueError):
    """No backend provides the mode that was asked for."""


class BackendError(DualtapeError, ImportError):
    """A backend was found but cannot be used."""


class PerformanceWarning(UserWarning):
    """The same result is to be had many times cheaper in another way."""


class ObjectArrayWarning(PerformanceWarning):
    """Traced values went into an object array, one handle per entry: very many of them, or complex ones."""
