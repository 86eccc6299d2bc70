"""List each `Any` and each ignore in the public surface, with its reason; fail on one without.

The reason of an ignore stands behind it, on its line. The reasons of `Any` are few, and stand here: by file, where the
whole file has one.
"""

import ast
import io
import re
import sys
import tokenize
from collections import Counter
from pathlib import Path

import dualtape

PACKAGE = Path(dualtape.__file__).parent
OPERANDS = "what NumPy takes for an array: numbers, arrays, nested lists, traced values"
PROTOCOL = "nodes belong to the backend that made them; primals are arrays, scalars, or handles of an outer tape"
TREES = "any nesting of containers, which comes back as the same"
REASONS = {
    "array.py": OPERANDS,
    "backend.py": PROTOCOL,
    "checkpoint.py": TREES,
    "custom.py": "arguments and results are whatever the user's function takes and returns",
    "dual.py": OPERANDS,
    "extending.py": "rules take arrays, handles and scalars alike",
    "forward.py": PROTOCOL,
    "held.py": OPERANDS,
    "jacobians.py": PROTOCOL,
    "ops/creation.py": OPERANDS,
    "optimizers.py": "variables and gradients of any inexact dtype",
    "primitive.py": "rules take arrays, handles and scalars alike",
    "pytree.py": TREES,
    "recording.py": PROTOCOL,
    "registry.py": PROTOCOL,
    "signatures.pyi": "an entry or an array, as in ndarray's own stubs; an argument where NumPy takes all sorts",
    "stopping.py": TREES,
    "tape.py": "targets and sources: arrays, or any nesting of containers of them",
    "transforms.pyi": "an array of any dtype; what a function returns besides; argnums that no overload names",
    "variable.py": OPERANDS,
}
IGNORE = re.compile(r"#\s*(?:type|pyright):\s*ignore(?:\[[^\]]*\])?(.*)")


def public_files() -> list[Path]:
    """The files in which what `dualtape` exports is defined, stubs before their modules."""
    names = {getattr(getattr(dualtape, name), "__module__", "dualtape") for name in dualtape.__all__}
    found = {PACKAGE / "signatures.pyi"}
    for name in names:
        path = PACKAGE.parent / (name.replace(".", "/") + ".py")
        stub = path.with_suffix(".pyi")
        if path.exists():
            found.add(stub if stub.exists() else path)
    return sorted(found)


def uses_of_any(text: str) -> int:
    """How many times `Any` stands in annotations of a file."""
    return sum(isinstance(node, ast.Name) and node.id == "Any" for node in ast.walk(ast.parse(text)))


def ignores(text: str) -> list[tuple[int, str, str]]:
    """Line, comment and reason of each ignore."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and (match := IGNORE.search(token.string)):
            found.append((token.start[0], token.string, match[1].strip(" #")))
    return found


def main() -> int:
    """Print the list, and complain of what has no reason."""
    missing: list[str] = []
    counts: Counter[str] = Counter()
    for path in public_files():
        name = path.relative_to(PACKAGE).as_posix()
        text = path.read_text(encoding="utf-8")
        counts[name] = uses_of_any(text)
        if counts[name]:
            print(f"{name}: Any, {counts[name]} times: {REASONS.get(name, 'NO REASON')}")
            if name not in REASONS:
                missing.append(f"{name}: Any has no reason")
        for line, comment, reason in ignores(text):
            print(f"{name}:{line}: {comment}")
            if not reason:
                missing.append(f"{name}:{line}: an ignore has no reason behind it")
    print(*missing, sep="\n" if missing else "")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
