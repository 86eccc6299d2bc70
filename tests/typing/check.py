"""Hold mypy and pyright, both strict, to what the files here and docs/typing.md say that they say.

`accepts_*.py` must pass. Of `rejects_*.py`, and of the page, exactly the lines that end in a mark must be rejected,
with the codes in it: `# E: mypy[arg-type] pyright[reportArgumentType]`. An argument names another Python, whose NumPy
they are to read.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs/typing.md"
MARK = re.compile(r"# E: mypy\[([\w, -]+)\] pyright\[([\w, -]+)\]")
PYTHON = sys.argv[1] if len(sys.argv) > 1 else sys.executable
Errors = dict[tuple[str, int], set[str]]


def program_of(page: str) -> str:
    """The Python of a page, each line where it is in the page; what stands in `py` blocks is wrong on purpose."""
    lines, inside = [], False
    for line in page.splitlines():
        fence = line.startswith("```")
        if fence:
            inside = line in ("```python", "```py")
        lines.append(line if inside and not fence else "")
    return "\n".join(lines) + "\n"


def expected(files: dict[str, str]) -> tuple[Errors, Errors]:
    """What the marks say."""
    mypy: Errors = {}
    pyright: Errors = {}
    for name, text in files.items():
        for number, line in enumerate(text.splitlines(), start=1):
            if mark := MARK.search(line):
                mypy[name, number] = set(re.split(r", *", mark[1]))
                pyright[name, number] = set(re.split(r", *", mark[2]))
    return mypy, pyright


def said_by_mypy(folder: Path) -> Errors:
    """The errors of mypy, by line."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context", "--no-pretty"]
    done = subprocess.run(
        [*command, f"--python-executable={PYTHON}", "."], cwd=folder, capture_output=True, text=True, check=False
    )
    found: Errors = {}
    for line in done.stdout.splitlines():
        if match := re.match(r"(.+?):(\d+): error: .*\[([\w-]+)\]$", line):
            found.setdefault((match[1], int(match[2])), set()).add(match[3])
        elif ": note: " not in line:
            raise RuntimeError(f"mypy says: {line}")
    if done.stderr:
        raise RuntimeError(f"mypy says: {done.stderr}")
    return found


def said_by_pyright(folder: Path) -> Errors:
    """The errors of pyright, by line."""
    command = [sys.executable, "-m", "pyright", "--outputjson", f"--pythonpath={PYTHON}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    found: Errors = {}
    for error in json.loads(done.stdout)["generalDiagnostics"]:
        place = (Path(error["file"]).name, error["range"]["start"]["line"] + 1)
        found.setdefault(place, set()).add(error.get("rule", error["message"]))
    return found


def differences(checker: str, wanted: Errors, found: Errors) -> list[str]:
    """What differs, one line each."""
    return [
        f"{name}:{line}: {checker} says {sorted(found.get((name, line), ())) or 'nothing'}, "
        f"not {sorted(wanted.get((name, line), ())) or 'nothing'}"
        for name, line in sorted(wanted.keys() | found.keys())
        if wanted.get((name, line)) != found.get((name, line))
    ]


def main() -> int:
    """Check, and tell what is not as it should be."""
    files = {path.name: path.read_text(encoding="utf-8") for path in HERE.glob("*_*.py")}
    files["page.py"] = program_of(PAGE.read_text(encoding="utf-8"))
    mypy, pyright = expected(files)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
        (folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}', encoding="utf-8")
        wrong = differences("mypy", mypy, said_by_mypy(folder)) + differences(
            "pyright", pyright, said_by_pyright(folder)
        )
    print(*wrong, sep="\n" if wrong else "")
    print(f"{len(files)} files, {len(mypy)} lines that must be rejected: {len(wrong)} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
