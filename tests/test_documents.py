"""Every example in the pages runs.

A page is one program: its blocks marked `python` run from top to bottom in one namespace. A block with prompts is
compared with what it prints; a block without is run.
"""

import doctest
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dualtape import registry
from dualtape.primitive import PRIMITIVES

ROOT = Path(__file__).resolve().parents[1]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
FENCE = "```"


def pages() -> list[object]:
    """The Markdown files a user reads, those that need reverse mode marked so."""
    found = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "plugins").glob("*/README.md")]
    return [
        pytest.param(path, id=path.relative_to(ROOT).as_posix(), marks=[pytest.mark.reverse] if needs_reverse else [])
        for path in sorted(found)
        if blocks(text := path.read_text(encoding="utf-8"))
        for needs_reverse in ['"reverse"' in text or "dualtape_reverse" in text]
    ]


def blocks(text: str) -> list[tuple[int, str]]:
    """The Python blocks of a page: the index of the first line, and the code."""
    found = []
    start, language = 0, None
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if not line.startswith(FENCE):
            continue
        if language is None:
            start, language = number + 1, line.removeprefix(FENCE).strip()
        else:
            if language == "python":
                found.append((start, "\n".join(lines[start:number]) + "\n"))
            language = None
    return found


def run(page: Path, line: int, code: str, namespace: dict[str, object]) -> None:
    if ">>> " not in code:
        # The padding makes a traceback name the page's own line.
        exec(compile("\n" * line + code, page, "exec"), namespace)
        return
    example = doctest.DocTestParser().get_doctest(code, namespace, page.name, str(page), line)
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    runner.run(example, out=report.append, clear_globs=False)
    namespace.update(example.globs)
    assert not report, "".join(report)


@pytest.fixture(autouse=True)
def registries() -> Iterator[None]:
    """Forget the modes and operations that a page registers."""
    tables: tuple[dict[str, Any], ...] = (registry._REGISTERED, PRIMITIVES)
    kept = [set(table) for table in tables]
    yield
    for table, before in zip(tables, kept, strict=True):
        for name in table.keys() - before:
            del table[name]


@pytest.mark.parametrize("page", pages())
def test_examples_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}
    for line, code in blocks(page.read_text(encoding="utf-8")):
        run(page, line, code, namespace)
