"""The command `dualtape`: the main job, shown, and what is installed."""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from dualtape import __version__, demo
from dualtape.errors import BackendError, UnknownModeError
from dualtape.mode import Mode
from dualtape.overview import modes
from dualtape.registry import find_backend

__all__ = ["main"]

TOLERANCE = 1e-8

OK, FAILED, USAGE, INTERRUPTED = 0, 1, 2, 130

DESCRIPTION = "Derivatives of NumPy code, forward and reverse, behind one tape."
DEMO = """\
Run a tutorial's four cells in every installed mode: a square, a line, a loss of matrices, and the regression of
3 x + 2, trained by gradient descent. Values and gradients stand side by side, with the largest difference between the
modes, and the time of each.
"""
DEMO_CODES = (
    f"exit status: 0 if the modes agree to {TOLERANCE:g}, 1 if they don't or something is missing, 2 for bad usage"
)
MODES = "List the modes: what provides each, in which version, and whether it can be used."
MODES_CODES = "exit status: 0 if every mode can be used, 1 if some mode can't"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: the words after the command's name, those of the command line unless given.

    Returns:
        The exit status.
    """
    parser = _parser()
    chosen = parser.parse_args(arguments)
    if chosen.command is None:
        parser.print_help(sys.stderr)
        return USAGE
    try:
        status = _demo(chosen) if chosen.command == "demo" else _modes()
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads has seen enough, as `head` has
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # where Python flushes the rest to when it ends
        return FAILED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="dualtape", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"dualtape {__version__}")
    commands = parser.add_subparsers(dest="command", title="commands", metavar="COMMAND")
    one = commands.add_parser(
        "demo", help="train a linear regression in every mode", description=DEMO, epilog=DEMO_CODES
    )
    one.add_argument("--epochs", type=_positive, default=1000, metavar="N", help="steps of training (default: 1000)")
    one.add_argument(
        "--plot", type=Path, metavar="FILE", help="draw the fit and the loss curve (.png, .svg, .pdf, ...)"
    )
    one.add_argument(
        "--mode", action="append", metavar="M", help="run this mode alone; may be repeated (default: every mode)"
    )
    commands.add_parser("modes", help="list the modes", description=MODES, epilog=MODES_CODES)
    return parser


def _positive(word: str) -> int:
    try:
        number = int(word)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{word!r} is no positive whole number")
    return number


def _complain(message: str) -> None:
    print(f"dualtape: {message}", file=sys.stderr)


# --- modes --------------------------------------------------------------------------------------------------------


def _modes() -> int:
    infos = modes()
    rows = [("mode", "distribution", "version", "state")]
    for info in infos:
        state = info.error or "ready"
        rows.append((info.mode, info.distribution or "registered in code", info.version or "", state))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        print("  ".join((*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3])))
    if not any(info.mode == "reverse" for info in infos):
        print("reverse mode is a plugin; from a checkout of dualtape: pip install ./plugins/dualtape-reverse")
    return FAILED if any(info.error for info in infos) else OK


# --- demo ---------------------------------------------------------------------------------------------------------


def _demo(chosen: argparse.Namespace) -> int:
    chosen_modes, status = _chosen_modes(chosen.mode)
    if not chosen_modes:
        return status
    missing = _missing("tqdm", "the demo") or (chosen.plot and _missing("matplotlib", "--plot"))
    if missing:
        _complain(missing)
        return FAILED
    if chosen.plot and (unwritable := _unwritable(chosen.plot)):
        _complain(unwritable)
        return USAGE
    print(f"dualtape {__version__}, NumPy {np.__version__}, Python {platform.python_version()}")
    list(_bar(range(1), file=StringIO()))  # the first bar imports and sets up much, which is no mode's time
    largest = 0.0
    for number, (title, cell) in enumerate(demo.CELLS.items(), start=1):
        outcomes: dict[str, demo.Outcome] = {mode: demo.timed(partial(cell, mode)) for mode in chosen_modes}
        _show(f"{number}. {title}", outcomes)
        largest = float(np.maximum(largest, demo.difference(list(outcomes.values()))))
    title = f"{len(demo.CELLS) + 1}. regression of y = 3 x + 2, x of shape (2, 3): {chosen.epochs} epochs of SGD(1e-3)"
    print(f"\n{title}", flush=True)
    fits: dict[str, Any] = {}
    for mode in chosen_modes:
        fits[mode] = demo.timed(partial(demo.regression, mode, chosen.epochs, _bar))
    _show("", fits)
    largest = float(np.maximum(largest, demo.difference(list(fits.values()))))
    return max(status, _verdict(chosen_modes, largest), _draw(fits, chosen.plot) if chosen.plot else OK)


def _chosen_modes(wanted: list[Mode] | None) -> tuple[list[Mode], int]:
    """Return the modes to run, and the exit status that is due for those that can't."""
    if wanted is None:
        infos = modes()
        for info in infos:
            if info.error:
                _complain(f"left out: {info.error}")
        return [info.mode for info in infos if not info.error], OK
    for mode in wanted:
        try:
            find_backend(mode)
        except UnknownModeError as error:
            _complain(str(error))
            return [], USAGE
        except BackendError as error:
            _complain(str(error))
            return [], FAILED
    return list(dict.fromkeys(wanted)), OK


def _missing(package: str, what: str) -> str | None:
    if find_spec(package) is not None:
        return None
    return (
        f"{what} needs {package}, which comes with the extra dualtape[demo]; "
        f"from a checkout of dualtape: pip install '.[demo]'"
    )


def _unwritable(path: Path) -> str | None:
    """Say what is wrong with the plot's file before the training, not after it."""
    known = import_module("matplotlib.figure").Figure().canvas.get_supported_filetypes()
    if path.suffix[1:].lower() not in known:
        return f"can't draw into {path}: the endings known are {', '.join(f'.{ending}' for ending in sorted(known))}"
    if not path.parent.is_dir():
        return f"can't draw into {path}: there is no folder {path.parent}"
    return None


def _draw(fits: dict[str, Any], path: Path) -> int:
    try:
        demo.draw(fits, path)
    except OSError as error:
        _complain(f"can't draw into {path}: {error}")
        return FAILED
    print(f"the fit and the loss curve: {path}")
    return OK


def _bar(epochs: Iterable[int], file: TextIO | None = None) -> Any:
    return import_module("tqdm").tqdm(epochs, unit=" epochs", dynamic_ncols=True, file=file)


def _show(title: str, outcomes: dict[str, Any]) -> None:
    print(f"\n{title}" if title else "", *(f"   {line}" for line in demo.table(outcomes)), sep="\n", flush=True)


def _verdict(chosen_modes: list[Mode], largest: float) -> int:
    if len(chosen_modes) == 1:
        print(f"\nonly {chosen_modes[0]} mode ran: nothing to compare it with")
        if not any(info.mode == "reverse" for info in modes()):
            print("reverse mode is a plugin; from a checkout of dualtape: pip install ./plugins/dualtape-reverse")
        return OK
    print(f"\nlargest difference between the modes: {largest:.1e}")
    if not largest <= TOLERANCE:
        _complain(f"the modes disagree by more than {TOLERANCE:g}")
        return FAILED
    return OK


if __name__ == "__main__":
    sys.exit(main())
