"""What is installed, and what the wheels and sdists hold."""

import importlib.metadata
import json
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import dualtape

ROOT = Path(__file__).resolve().parents[1]
DISTRIBUTIONS = [
    pytest.param("dualtape", ROOT, "dualtape", id="core"),
    pytest.param("dualtape-reverse", ROOT / "plugins/dualtape-reverse", "dualtape_reverse", id="reverse"),
]
INSTALLED = ["dualtape", pytest.param("dualtape-reverse", marks=pytest.mark.reverse)]


def run(*command: str) -> str:
    return subprocess.run([sys.executable, "-P", *command], check=True, capture_output=True, text=True).stdout


def test_tests_import_the_installed_distribution() -> None:
    package = Path(dualtape.__file__).resolve().parent
    assert package != ROOT / "dualtape"
    assert package.is_relative_to(Path(sysconfig.get_path("purelib")).resolve())


@pytest.mark.parametrize("name", INSTALLED)
def test_installation_is_not_editable(name: str) -> None:
    origin = importlib.metadata.distribution(name).read_text("direct_url.json")
    assert not json.loads(origin or "{}").get("dir_info", {}).get("editable", False)


def test_numpy_is_the_only_requirement_of_the_core() -> None:
    requirements = [Requirement(line) for line in importlib.metadata.requires("dualtape") or []]
    assert [r.name for r in requirements if r.marker is None] == ["numpy"]
    assert {r.name for r in requirements if r.marker is not None} == {"tqdm", "matplotlib"}


@pytest.mark.reverse
def test_plugin_is_pinned_to_the_minor_version_of_the_core() -> None:
    version = importlib.metadata.version("dualtape")
    requirements = {
        r.name: r for r in map(Requirement, importlib.metadata.requires("dualtape-reverse") or []) if r.marker is None
    }
    assert set(requirements) == {"dualtape", "numpy"}
    major, minor, *_ = map(int, version.split("."))
    assert version in requirements["dualtape"].specifier
    assert f"{major}.{minor + 1}.0" not in requirements["dualtape"].specifier


@pytest.mark.reverse
def test_plugin_is_found_by_its_entry_point() -> None:
    (entry,) = importlib.metadata.entry_points(group="dualtape.backends", name="reverse")
    assert entry.value == "dualtape_reverse.backend:backend"
    assert entry.dist is not None
    assert entry.dist.name == "dualtape-reverse"


def test_version_is_said_once() -> None:
    assert dualtape.__version__ == importlib.metadata.version("dualtape")


@pytest.mark.parametrize("name", INSTALLED)
def test_metadata_is_complete(name: str) -> None:
    metadata = importlib.metadata.metadata(name)
    for field in ("Summary", "Author", "License-Expression", "License-File", "Requires-Python", "Keywords"):
        assert metadata[field], field
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert "Typing :: Typed" in metadata.get_all("Classifier", [])


def test_core_imports_numpy_and_nothing_else() -> None:
    before = "import sys, numpy; before = set(sys.modules)"
    after = "import dualtape; new = {name.partition('.')[0] for name in set(sys.modules) - before}"
    printed = run("-c", f"{before}; {after}; print(*sorted(new - sys.stdlib_module_names))")
    assert set(printed.split()) <= {"dualtape", "numpy"}


def test_console_script_is_the_module() -> None:
    (script,) = importlib.metadata.entry_points(group="console_scripts", name="dualtape")
    assert script.value == "dualtape.__main__:main"
    assert "demo" in run("-m", "dualtape", "--help")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "source", "package"), DISTRIBUTIONS)
def test_wheel_and_sdist_hold_what_they_should(name: str, source: Path, package: str, tmp_path: Path) -> None:
    """The wheel is built from the sdist, so an sdist that lacks a file shows here."""
    run("-m", "build", "--no-isolation", f"--outdir={tmp_path}", str(source))
    (wheel,) = tmp_path.glob("*.whl")
    (sdist,) = tmp_path.glob("*.tar.gz")
    files = {
        path.relative_to(source).as_posix()
        for path in (source / package).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert f"{package}/py.typed" in files

    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    assert {entry for entry in held if ".dist-info/" not in entry} == files
    assert any(entry.endswith(".dist-info/licenses/LICENSE") for entry in held)

    with tarfile.open(sdist) as archive:
        held = {entry.partition("/")[2] for entry in archive.getnames()}
    assert files <= held
    assert {"pyproject.toml", "README.md", "LICENSE", "PKG-INFO"} <= held
    assert any(entry.startswith("tests/") for entry in held)
    assert not any("__pycache__" in entry or "/.nox/" in entry or "/.venv/" in entry for entry in held)
