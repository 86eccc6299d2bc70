"""The repository keeps the shape that CONTRIBUTING.md describes."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "dualtape"
PLUGIN = ROOT / "plugins/dualtape-reverse/dualtape_reverse"
ENGINE = [
    *(CORE / f"{name}.py" for name in ["array", "primitive", "dual", "inplace", "backend", "tape", "variable"]),
    PLUGIN / "backend.py",
]


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_engine_can_be_read_in_a_sitting() -> None:
    lines = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in ENGINE if path.exists()}
    assert sum(lines.values()) < 1200, lines


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
