"""Which modes the tests run in.

Every installed mode, unless DUALTAPE_TEST_MODES names them: then a mode that it names must be there. Tests marked
`reverse` are selected away where reverse mode is not among them.
"""

import gc
import importlib.util
import os

import pytest


def _modes() -> tuple[str, ...]:
    if pinned := os.environ.get("DUALTAPE_TEST_MODES"):
        return tuple(pinned.split(","))
    # A plugin that is installed and broken must fail the tests, so nothing is imported here.
    return ("forward", "reverse") if importlib.util.find_spec("dualtape_reverse") else ("forward",)


MODES = _modes()


def pytest_configure() -> None:
    if "reverse" in MODES and importlib.util.find_spec("dualtape_reverse") is None:
        raise pytest.UsageError("DUALTAPE_TEST_MODES names reverse, and dualtape-reverse is not installed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "reverse" in MODES:
        return
    away = [item for item in items if item.get_closest_marker("reverse")]
    if away:
        config.hook.pytest_deselected(items=away)
        items[:] = [item for item in items if not item.get_closest_marker("reverse")]


def pytest_collection_finish() -> None:
    # Many tests ask the collector what they have left: without this it would walk thousands of tests each time.
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def modes() -> tuple[str, ...]:
    """All modes that this run tests."""
    return MODES


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    """Each mode in turn."""
    return str(request.param)


@pytest.fixture(params=MODES)
def outer_mode(request: pytest.FixtureRequest) -> str:
    """With `mode`, each nesting of two modes in turn."""
    return str(request.param)
