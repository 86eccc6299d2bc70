"""The project's checks: `nox` runs what each change must pass, `nox --list` shows everything.

A session installs the distributions as a user would, and its tests import what it installed.
Words after `--` go to pytest: `nox -s tests -- -k tape`.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "virtualenv"

CORE = "."
PLUGIN = "./plugins/dualtape-reverse"
CORE_TESTS = ("tests", "--ignore=tests/crosscheck", "--ignore=tests/benchmarks")
PLUGIN_TESTS = "plugins/dualtape-reverse/tests"

PYPROJECT = nox.project.load_toml("pyproject.toml")

OLDEST_NUMPY = {"3.11": "2.2.0", "3.12": "2.2.0", "3.13": "2.2.0", "3.14": "2.3.2"}
"""The oldest NumPy that dualtape supports and that has a wheel for each Python."""

WHEELS: dict[str, str] = {}
"""What this run of nox has built, by the name of the distribution."""

RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and formatting with ruff."""
    session.install(*group("lint"))
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")


@nox.session
def typecheck(session: nox.Session) -> None:
    """Check the types of the core and the plugin, inside and as their users see them."""
    install(session, *group("typecheck"))
    python = f"--pythonpath={python_of(session)}"
    at_once(session, ["mypy", "dualtape", "plugins/dualtape-reverse/dualtape_reverse"], ["pyright", python])
    # From another folder, so that it looks at what is installed.
    audit, check, overloads = (
        ["python", "-P", str(Path(__file__).parent / f"tests/typing/{program}.py")]
        for program in ("audit", "check", "overloads")
    )
    with session.chdir(session.create_tmp()):
        session.run("pyright", python, "--ignoreexternal", "--verifytypes", "dualtape")
        session.run("pyright", python, "--ignoreexternal", "--verifytypes", "dualtape_reverse")
        session.run(*audit)
        at_once(session, check, overloads)


@nox.session
@nox.parametrize("numpy", ["oldest", "newest"])
def tests(session: nox.Session, numpy: str) -> None:
    """Run the tests of the core and the plugin, and the examples in docstrings and pages."""
    run_tests(session, numpy_requirement(numpy))


@nox.session
def core_only(session: nox.Session) -> None:
    """Run the core's tests where the core alone is installed."""
    install(session, plugin=False)
    session.run("dualtape", "--help", silent=True)
    session.run("dualtape", "modes")
    install(session, *group("tests"), plugin=False, extra="[demo]")
    isolate(session, modes="forward")
    pytest(session, *CORE_TESTS, *session.posargs)
    doctest(session, "dualtape")


@nox.session
def crosscheck(session: nox.Session) -> None:
    """Compare both modes with each other and with numerical differentiation, on every operation."""
    install(session, *group("crosscheck"))
    isolate(session, modes="forward,reverse")
    pytest(session, "tests/crosscheck", *session.posargs)


@nox.session
@nox.parametrize("numpy", ["oldest", "newest"])
def downstream(session: nox.Session, numpy: str) -> None:
    """Use the wheels in small typed projects as users of the library would."""
    folder = Path(session.create_tmp())
    projects = folder / "downstream"
    shutil.rmtree(projects, ignore_errors=True)
    shutil.copytree("tests/downstream", projects)
    names = sorted(path.name for path in projects.iterdir() if (path / "pyproject.toml").exists())
    install(session, numpy_requirement(numpy), *(str(projects / name) for name in names), *group("typecheck"))
    python = f"--pythonpath={python_of(session)}"
    for name in names:
        with session.chdir(projects / name):  # not from here, where mypy would look at the checkout
            at_once(session, ["mypy", "--strict", name], ["pyright", python])
        with session.chdir(folder):
            session.run("python", "-P", "-m", name)


def other_pythons() -> list[str]:
    """The supported Pythons that start on this machine, without the one that runs nox.

    A name on PATH is not enough: a version manager's shim may stand for a Python that is not there.
    """
    versions = [f"3.{minor}" for minor in range(11, 20)]
    return [version for version in versions if version != RUNNING and starts(version)]


def starts(version: str) -> bool:
    """Whether some `python3.x` on PATH, or the Windows launcher, starts this version."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    found = [shutil.which(f"python{version}", path=folder) for folder in folders if folder]
    commands = [[path] for path in found if path]
    if launcher := shutil.which("py"):
        commands.append([launcher, f"-{version}"])
    program = "import sys; print('%d.%d' % sys.version_info[:2])"
    return any(answer([*command, "-c", program]) == version for command in commands)


def answer(command: Sequence[str]) -> str | None:
    """What a command prints, or None if it doesn't start or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


@nox.session(default=False, python=other_pythons() or False)
def tests_all(session: nox.Session) -> None:
    """Run the tests on every other supported Python that starts here."""
    if not session.python:
        session.log(f"no supported Python but {RUNNING} starts here")
        return
    run_tests(session, numpy_requirement("newest"))


@nox.session(default=False)
def fuzz(session: nox.Session) -> None:
    """Try many new random programs and expressions in both modes; `-- --examples 5000` says how many of each kind.

    A failure is shown as the smallest program that fails, as text to run, with a line that reproduces it.
    """
    words = list(session.posargs)
    examples = "2000"
    if "--examples" in words:
        at = words.index("--examples")
        examples = words[at + 1]
        del words[at : at + 2]
    install(session, *group("tests"))
    isolate(session, modes="forward,reverse")
    session.env.update(ONE_THREAD, DUALTAPE_PROGRAMS=examples)
    session.log(
        "a program that fails is kept in .hypothesis: `nox -s fuzz -- --examples 1` tries it again, first of all"
    )
    pytest(session, "tests/programs", *words)


@nox.session(default=False)
def cluster(session: nox.Session) -> None:
    """Share forward passes out to the worker processes of a local Dask cluster."""
    install(session, *group("cluster"))
    isolate(session, modes="forward,reverse")
    session.env.update(ONE_THREAD)
    pytest(session, "tests/test_passes.py", "-k", "dask", parallel=False)


@nox.session(default=False)
def bench(session: nox.Session) -> None:
    """Measure value and derivatives against peers and write docs/performance; `-- --peers torch,jax --quick`."""
    install(session, *group("bench"))
    for peer in {"torch", "jax"} & set(re.split(r"[=, ]", " ".join(session.posargs))):
        # One that can't be installed is left out, and the report says so. PIP_EXTRA_INDEX_URL may name CPU builds.
        session.run("python", "-m", "pip", "install", "--quiet", peer, success_codes=[0, 1])
    isolate(session, modes="forward,reverse")
    session.run("python", "-m", "benchmarks", *session.posargs, env={"PYTHONPATH": str(Path("tests").resolve())})


def at_once(session: nox.Session, *commands: list[str]) -> None:
    """Run commands beside each other, and show what each of them printed."""
    with ThreadPoolExecutor() as pool:
        for output in pool.map(lambda command: session.run(*command, silent=True), commands):
            session.log(output)


def install(session: nox.Session, *requirements: str, plugin: bool = True, extra: str = "") -> None:
    """Install the wheels of the core and the plugin as a user would; they are built once in a run of nox."""
    folder = Path(session.cache_dir).resolve() / "wheels"
    if not WHEELS:
        shutil.rmtree(folder, ignore_errors=True)
        session.run("python", "-m", "pip", "wheel", "--quiet", "--no-deps", f"--wheel-dir={folder}", CORE, PLUGIN)
        WHEELS.update({path.name.partition("-")[0]: str(path) for path in folder.glob("*.whl")})
    # In an environment that is used again pip would keep what has the same version.
    session.run("python", "-m", "pip", "uninstall", "--quiet", "--yes", "dualtape", "dualtape-reverse", silent=True)
    wheels = [WHEELS["dualtape"] + extra, *([WHEELS["dualtape_reverse"]] if plugin else [])]
    session.install(*wheels, *requirements)


def group(name: str) -> list[str]:
    """The requirements of a dependency group."""
    return list(nox.project.dependency_groups(PYPROJECT, name))


def numpy_requirement(age: str) -> str:
    """The requirement for the oldest NumPy supported on the running Python, or for the newest there is."""
    return f"numpy=={OLDEST_NUMPY[RUNNING]}" if age == "oldest" and RUNNING in OLDEST_NUMPY else "numpy"


def python_of(session: nox.Session) -> str:
    """The path of the session's interpreter."""
    path = session.run("python", "-c", "import sys; print(sys.executable)", silent=True, log=False)
    return str(path).strip()


def isolate(session: nox.Session, *, modes: str) -> None:
    """Keep the checkout off sys.path, also of the processes that tests start, and say which modes must be there."""
    session.env["PYTHONSAFEPATH"] = "1"
    session.env["DUALTAPE_TEST_MODES"] = modes


def pytest(session: nox.Session, *args: str, parallel: bool = True) -> None:
    """Run pytest, on all cores unless told otherwise."""
    session.run("pytest", *(("-n", "auto") if parallel else ()), *args)


def doctest(session: nox.Session, *modules: str) -> None:
    """Run the examples in the docstrings of installed modules."""
    session.run("pytest", "--doctest-modules", "--pyargs", *modules)


def run_tests(session: nox.Session, numpy: str) -> None:
    """Install core and plugin with this NumPy, and run everything that a user's machine could run."""
    install(session, numpy, *group("tests"), extra="[demo]")
    isolate(session, modes="forward,reverse")
    pytest(session, *CORE_TESTS, PLUGIN_TESTS, *session.posargs)
    if not session.posargs:
        doctest(session, "dualtape", "dualtape_reverse")
