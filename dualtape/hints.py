"""Notes on the errors of others: what to write where NumPy or Python can't take a traced value and does not say so."""

from __future__ import annotations

import re

from dualtape.errors import DualtapeError

__all__ = ["explain"]

# What the errors of NumPy and of Python's own modules say. C code asks nobody, and looks at the type alone.
OBJECTS = (
    r"dtype\('O'\)|numpy\.object_|for the input types|array of references|Error setting single item|NPY_ITER_REFS_OK|"
    r"'float' object has no attribute '(shape|dtype)'|object arrays|dtype[ =]object|Unsupported dtype|type 'object'|"
    r"ObjectDType|no callable \w+ method"
)
STACK = (
    "np.array([a, b]) of traced values is an array of objects, which not all of NumPy can use: make it with "
    "np.stack([a, b]), or np.array([[a, b], [c, d]], like=a), and an array that traced values are stored in with "
    "dualtape.zeros(n). What is not NumPy takes x.primal, or has a rule of yours by dualtape.custom_jvp"
)
NUMBERS = (
    r"\b(Dual|Tape|Traced)(Array|View)\b|argument is not a float|JSON serializable|must be int or float|buffer API|"
    r"unmarshallable|invalid type for format|'numpy\.\w+' object cannot be interpreted as an integer"
)
PRIMAL = (
    "a traced value would lose its derivative there: use NumPy's functions, or pass x.primal, the plain value, where "
    "no derivative is needed"
)
HINTS = ((OBJECTS, STACK), ("you are shuffling", "write x = rng.permutation(x) for rng.shuffle(x)"), (NUMBERS, PRIMAL))


def explain(error: BaseException) -> None:
    """Add a note to an error that leaves the block of a tape, if traced values may be why.

    Args:
        error: the error; one of dualtape's own, or one whose cause is, says all that there is to say.
    """
    if isinstance(error, DualtapeError) or isinstance(error.__cause__, DualtapeError):
        return
    said = str(error)
    for pattern, remedy in HINTS:
        if re.search(pattern, said):
            note = f"dualtape: {remedy}."
            if note not in getattr(error, "__notes__", ()):
                error.add_note(note)
            return
