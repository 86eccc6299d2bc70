"""The command `dualtape`: what it prints, where, and how it exits."""

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape import __main__ as command
from dualtape import demo
from dualtape.errors import BackendError

PNG = b"\x89PNG\r\n\x1a\n"


def call(*words: str) -> int:
    """Run the command in this process, as the console script does."""
    try:
        return command.main(words)
    except SystemExit as leaving:  # argparse ends so
        return leaving.code if isinstance(leaving.code, int) else 1


def without(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)


# --- demo ---------------------------------------------------------------------------------------------------------


@pytest.mark.reverse
def test_demo_runs_the_cells_in_every_mode(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("demo", "--epochs", "50") == 0
    printed = capsys.readouterr()
    lines = [" ".join(line.split()) for line in printed.out.splitlines()]
    assert lines[0].startswith(f"dualtape {dt.__version__}, NumPy {np.__version__}, Python 3.")
    assert lines.count("forward reverse") == 4
    assert "y 9 9" in lines
    assert "dy/dx 6 6" in lines
    assert "dy/dw 2 2" in lines
    assert "loss 125 125" in lines
    assert "w [[1], [2]] [[1], [2]]" in lines
    assert "dloss/dw [[70], [100]] [[70], [100]]" in lines
    assert "dloss/db 30 30" in lines
    assert sum(line.startswith("time ") and line.count(" ms") == 2 for line in lines) == 4
    (verdict,) = [line for line in lines if line.startswith("largest difference between the modes")]
    assert float(verdict.rpartition(" ")[2]) < 1e-12
    # The bars are tqdm's, on the other stream, one a mode, with the loss in the description.
    for mode in ("forward", "reverse"):
        assert f"{mode}  loss " in printed.err
    assert printed.err.count("50/50") == 2
    assert "100%" in printed.err


def test_demo_fits_the_line(capsys: pytest.CaptureFixture[str], mode: str) -> None:
    assert call("demo", "--mode", mode) == 0
    printed = capsys.readouterr()
    last = printed.out.rpartition("1000 epochs")[2]
    found = {words[0]: words[1] for words in map(str.split, last.splitlines()) if len(words) > 1}
    np.testing.assert_allclose([float(found["w"]), float(found["b"])], [3.0, 2.0], atol=1e-2)
    assert float(found["loss"]) < 1e-3
    assert f"only {mode} mode ran" in printed.out
    assert "1000/1000" in printed.err


def test_demo_draws(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "fit.png"
    assert call("demo", "--epochs", "5", "--plot", str(file)) == 0
    assert file.read_bytes().startswith(PNG)
    assert str(file) in capsys.readouterr().out


def test_demo_names_a_mode_twice_and_runs_it_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("demo", "--epochs", "1", "--mode", "forward", "--mode", "forward") == 0
    assert capsys.readouterr().err.count("1/1") == 1


def test_demo_of_the_core_alone_says_where_reverse_mode_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "modes", lambda: dt.modes()[:1])
    assert call("demo", "--epochs", "1") == 0
    assert "pip install ./plugins/dualtape-reverse" in capsys.readouterr().out


def test_demo_goes_on_without_a_broken_mode(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    infos = (dt.modes()[0], dt.ModeInfo("sideways", "dualtape-sideways", "0.1", "dualtape-sideways fails to load"))
    monkeypatch.setattr(command, "modes", lambda: infos)
    assert call("demo", "--epochs", "1") == 0
    assert "left out: dualtape-sideways fails to load" in capsys.readouterr().err


def test_demo_fails_where_the_modes_disagree(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = iter([1.0, 1.0 + 1e-6])
    monkeypatch.setattr(command, "find_backend", lambda mode: None)
    monkeypatch.setattr(demo, "CELLS", {"broken": lambda mode: demo.Outcome({"y": np.array(next(wrong))})})
    monkeypatch.setattr(demo, "regression", lambda mode, epochs, bar: demo.Regression({"y": np.array(1.0)}))
    assert call("demo", "--mode", "one", "--mode", "two") == 1
    printed = capsys.readouterr()
    assert "largest difference between the modes: 1.0e-06" in printed.out
    assert "disagree" in printed.err


def test_a_difference_that_is_no_number_is_not_overlooked() -> None:
    outcomes = [demo.Outcome({"a": np.array(1.0), "b": np.array([0.0, value])}) for value in (0.0, np.nan)]
    assert np.isnan(demo.difference(outcomes))


def test_demo_of_an_unknown_mode(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("demo", "--mode", "sideways") == 2
    assert "'sideways'" in capsys.readouterr().err


def test_demo_of_a_mode_that_does_not_load(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(mode: str) -> Any:
        raise BackendError(f"the mode {mode!r} can't be used")

    monkeypatch.setattr(command, "find_backend", fail)
    assert call("demo", "--mode", "sideways") == 1
    assert "can't be used" in capsys.readouterr().err


@pytest.mark.parametrize("epochs", ["0", "-1", "many", "1.5"])
def test_demo_of_bad_epochs(epochs: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("demo", f"--epochs={epochs}") == 2
    assert "no positive whole number" in capsys.readouterr().err


def test_demo_without_tqdm_names_the_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    without("tqdm", monkeypatch)
    assert call("demo") == 1
    printed = capsys.readouterr()
    assert "the demo needs tqdm" in printed.err
    assert "dualtape[demo]" in printed.err
    assert not printed.out


def test_plot_without_matplotlib_names_the_extra_before_it_trains(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    without("matplotlib", monkeypatch)
    assert call("demo", "--plot", str(tmp_path / "fit.png")) == 1
    printed = capsys.readouterr()
    assert "--plot needs matplotlib" in printed.err
    assert "dualtape[demo]" in printed.err
    assert not printed.out


@pytest.mark.parametrize(
    ("name", "problem"), [("missing/fit.png", "no folder"), ("fit", "endings"), ("a.xyz", "endings")]
)
def test_a_plot_that_can_t_be_drawn_is_refused_before_it_trains(
    name: str, problem: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert call("demo", "--plot", str(tmp_path / name)) == 2
    printed = capsys.readouterr()
    assert problem in printed.err
    assert not printed.out


def test_a_plot_that_can_t_be_written_fails(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "fit.png").mkdir()
    assert call("demo", "--epochs", "1", "--plot", str(tmp_path / "fit.png")) == 1
    assert "can't draw into" in capsys.readouterr().err


def test_an_interrupt_ends_quietly(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(chosen: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "_demo", interrupt)
    assert call("demo") == 130
    assert not capsys.readouterr().err


# --- modes --------------------------------------------------------------------------------------------------------


@pytest.mark.reverse
def test_modes_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("modes") == 0
    head, *rows = map(str.split, capsys.readouterr().out.splitlines())
    assert head == ["mode", "distribution", "version", "state"]
    assert ["forward", "dualtape", dt.__version__, "ready"] in rows
    assert ["reverse", "dualtape-reverse", dt.__version__, "ready"] in rows


def test_modes_of_the_core_alone(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(command, "modes", lambda: dt.modes()[:1])
    assert call("modes") == 0
    printed = capsys.readouterr().out
    assert "forward" in printed
    assert "pip install ./plugins/dualtape-reverse" in printed


def test_modes_that_can_t_be_used_say_why(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    infos = (
        dt.ModeInfo("forward", "dualtape", "0.1.0", None),
        dt.ModeInfo("mine", None, None, None),
        dt.ModeInfo("sideways", "dualtape-sideways", "0.1", "dualtape-sideways 0.1 fails to load"),
    )
    monkeypatch.setattr(command, "modes", lambda: infos)
    assert call("modes") == 1
    printed = capsys.readouterr().out
    assert "dualtape-sideways 0.1 fails to load" in printed
    assert "registered in code" in printed


# --- help ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [["--help"], ["demo", "--help"], ["modes", "--help"]])
def test_help(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*words) == 0
    text = " ".join(capsys.readouterr().out.split())
    for word in {"--help": ["demo", "modes"], "demo": ["--epochs N", "--plot FILE", "--mode M", "exit status"]}.get(
        words[0], ["exit status"]
    ):
        assert word in text


def test_without_a_command_it_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert call() == 2
    printed = capsys.readouterr()
    assert "demo" in printed.err
    assert not printed.out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--version") == 0
    assert capsys.readouterr().out == f"dualtape {dt.__version__}\n"


def test_unknown_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("dance") == 2


def test_module_and_exit_status() -> None:
    run = [sys.executable, "-P", "-m", "dualtape"]
    assert subprocess.run([*run, "modes"], check=True, capture_output=True, text=True).stdout.startswith("mode ")
    assert subprocess.run([*run, "demo", "--epochs", "0"], check=False, capture_output=True).returncode == 2


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe that nobody reads is another error there")
@pytest.mark.parametrize("words", [["modes"], ["demo", "--epochs", "2"]])
def test_a_pipe_that_nobody_reads_ends_it_quietly(words: list[str]) -> None:
    run = [sys.executable, "-P", "-m", "dualtape", *words]
    with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        complaints = process.stderr.read()
    assert "Error" not in complaints
    assert process.returncode == 1


def test_the_command_imports_what_it_needs_and_no_more() -> None:
    program = (
        "import sys; from dualtape.__main__ import main; main(['modes']); "
        "print(sorted({'tqdm', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "[]"
