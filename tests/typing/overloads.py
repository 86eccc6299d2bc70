"""Hold that the programs here reach every overload: each is given a result of its own, and mypy must complain of it.

The overloads are those of the installed package, of which a copy is changed.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import dualtape

HERE = Path(__file__).resolve().parent
PACKAGE = Path(dualtape.__file__).parent


def overloads(tree: ast.Module) -> Iterator[ast.FunctionDef]:
    """The overloads of a module and its classes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            names = {decorator.id for decorator in node.decorator_list if isinstance(decorator, ast.Name)}
            if "overload" in names:
                yield node


def result_of(overload: ast.FunctionDef) -> ast.expr:
    """What tells the result; of a constructor, the parameter of its own class."""
    found = overload.returns
    if overload.name == "__init__":
        annotation = overload.args.args[0].annotation
        found = annotation.slice if isinstance(annotation, ast.Subscript) else None
    assert found is not None, f"line {overload.lineno}: the result of this overload can't be changed"
    return found


def marked(path: Path) -> dict[str, str]:
    """Change each overload in a file to have a class of its own for a result; the classes, and where each is."""
    text = path.read_bytes()
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    places: dict[str, str] = {}
    for overload in sorted(overloads(ast.parse(text)), key=lambda node: -node.lineno):
        mark, result = f"Mark_{path.stem}_{overload.lineno}_", result_of(overload)
        places[mark] = f"{path.name}:{overload.lineno}: {overload.name}"
        assert result.end_lineno is not None
        assert result.end_col_offset is not None
        start = starts[result.lineno - 1] + result.col_offset
        end = starts[result.end_lineno - 1] + result.end_col_offset
        text = text[:start] + mark.encode() + text[end:]
    for mark in places:
        text += f"class {mark}(np.float64): ...\n".encode()  # which a variable may be of
    path.write_bytes(text)
    return places


def main() -> int:
    """Change the overloads, and tell which of them nothing here has met."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        package, programs = folder / "changed/dualtape", folder / "programs"
        shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
        programs.mkdir()
        for path in HERE.glob("*_*.py"):
            shutil.copy(path, programs)
        places: dict[str, str] = {}
        for path in sorted(package.rglob("*.py*")):
            if b"@overload" in path.read_bytes():
                places.update(marked(path))
        done = subprocess.run(
            [sys.executable, "-m", "mypy", "--strict", "--no-pretty", "--hide-error-context", "."],
            cwd=programs,
            env={**os.environ, "MYPYPATH": str(package.parent)},
            capture_output=True,
            text=True,
            check=False,
        )
    # A note lists overloads that were not chosen.
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    met = set(re.findall(r"\bMark_\w+_\d+_", "\n".join(errors)))
    unmet = [place for mark, place in sorted(places.items()) if mark not in met]
    print(done.stderr, *unmet, sep="\n")
    print(f"{len(places)} overloads, of which the programs here don't reach {len(unmet)}")
    return 1 if unmet or not met else 0


if __name__ == "__main__":
    sys.exit(main())
