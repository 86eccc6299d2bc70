"""List each `Any` and each ignore in the public surface, with its reason; fail on one without.

The reason of an ignore stands behind it, on its line. The reasons of `Any` are few, and stand here: by file, where the
whole file has one.
"""

import ast
import io
import re
import sys
import tokenize
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
    "numerics.py": OPERANDS,
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
    exported = [getattr(dualtape, name) for name in dualtape.__all__]
    inherited = [base for one in exported if isinstance(one, type) for base in one.__mro__]
    names = {getattr(one, "__module__", "dualtape") for one in [*exported, *inherited]}
    names = {name for name in names if name.partition(".")[0] == "dualtape"} | {
        "dualtape.optimizers",
        "dualtape.errors",
    }
    found = {PACKAGE / "signatures.pyi"}
    for name in names:
        path = PACKAGE.parent / (name.replace(".", "/") + ".py")
        stub = path.with_suffix(".pyi")
        if path.exists():
            found.add(stub if stub.exists() else path)
    return sorted(found)


def uses_of_any(text: str) -> list[int]:
    """The lines on which `Any` stands."""
    lines = {node.lineno for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name) and node.id == "Any"}
    return sorted(lines)


def ignores(text: str) -> list[tuple[int, str, str]]:
    """Line, comment and reason of each ignore."""
    comments = [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type == tokenize.COMMENT]
    return [(t.start[0], t.string, m[1].strip(" #")) for t in comments if (m := IGNORE.search(t.string))]


def main() -> int:
    """Print the list, and complain of what has no reason."""
    missing: list[str] = []
    for path in public_files():
        name = path.relative_to(PACKAGE).as_posix()
        text = path.read_text(encoding="utf-8")
        if lines := uses_of_any(text):
            print(f"{name}: {REASONS.get(name, 'NO REASON')}: Any on the lines {', '.join(map(str, lines))}")
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
