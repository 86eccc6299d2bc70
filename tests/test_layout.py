"""The repository keeps the shape that CONTRIBUTING.md describes."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "dualtape"
PLUGIN = ROOT / "plugins/dualtape-reverse/dualtape_reverse"
ENGINE = [
    *(CORE / f"{name}.py" for name in ["array", "primitive", "dual", "inplace", "backend", "tape", "variable"]),
    PLUGIN / "backend.py",
]

LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def code_lines(path: Path) -> int:
    """The lines of a file that are neither blank, nor comment, nor docstring."""
    source = path.read_text(encoding="utf-8")
    found: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in LAYOUT:
            found |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            docstring = node.body[0]
            found -= set(range(docstring.lineno, (docstring.end_lineno or docstring.lineno) + 1))
    return len(found)


def test_engine_can_be_read_in_a_sitting() -> None:
    """Lines of code: what explains them, docstrings and comments, is not counted."""
    lines = {str(path.relative_to(ROOT)): code_lines(path) for path in ENGINE}
    assert sum(lines.values()) <= 1200, lines


@pytest.mark.parametrize("path", sorted(CORE.rglob("*.py")), ids=lambda path: path.relative_to(CORE).as_posix())
def test_core_never_imports_the_plugin(path: Path) -> None:
    assert "dualtape_reverse" not in imported(path)


def test_rules_mirror_operations() -> None:
    rules = {path.name for path in (PLUGIN / "rules").glob("[!_]*.py")}
    operations = {path.name for path in (CORE / "ops").glob("[!_]*.py")}
    assert rules <= operations


def test_samples_mirror_operations() -> None:
    samples = {path.name for path in (CORE / "testing/samples").glob("[!_]*.py")}
    operations = {path.name for path in (CORE / "ops").glob("[!_]*.py")}
    assert samples <= operations


@pytest.mark.parametrize("package", [CORE, PLUGIN], ids=lambda package: package.name)
def test_contributing_names_every_file(package: Path) -> None:
    layout = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Where things live")[2]
    named = set(re.findall(r"[\w/]+\.py", layout.partition("\n## ")[0]))
    named = {name.rpartition("/")[2] for name in named}
    assert {path.name for path in package.glob("*.py")} - named <= {"__init__.py", "signatures.py"}
