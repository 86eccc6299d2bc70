"""What `import dualtape` loads, and that what it leaves for later is there when it is asked for.

Each test is a program of its own, since only a fresh process has loaded nothing.
"""

import json
import subprocess
import sys
from typing import Any

import pytest

import dualtape as dt

# Every module costs a fifth of a millisecond, those of the standard library up to five: add to this with care.
STANDARD_LIBRARY = {"__future__"}
NUMPY = {"numpy.typing", "numpy._typing", "numpy.lib.stride_tricks", "numpy.lib.array_utils"}
AT_MOST = 46  # of dualtape itself

FRESH = "import json, sys, numpy as np; before = set(sys.modules)\n"


def run(program: str) -> Any:
    """Run a program in a fresh process; return what it prints as JSON."""
    done = subprocess.run([sys.executable, "-P", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_import_loads_little() -> None:
    loaded = set(run(FRESH + "import dualtape; print(json.dumps(sorted(set(sys.modules) - before)))"))
    ours = {name for name in loaded if name.partition(".")[0] == "dualtape"}
    numpys = {name for name in loaded if name.partition(".")[0] == "numpy"}
    assert {name for name in numpys if not name.startswith("numpy._typing.")} <= NUMPY
    assert loaded - ours - numpys <= STANDARD_LIBRARY
    assert len(ours) <= AT_MOST, sorted(ours)


def test_every_public_name_is_there() -> None:
    program = (
        "import json, dualtape\n"
        "def imported(name): found = {}; exec(f'from dualtape import {name}', found); return found[name]\n"
        "print(json.dumps([name for name in dualtape.__all__ if imported(name) is not getattr(dualtape, name)]))"
    )
    assert run(program) == []


def test_names_that_are_modules_too_stay_functions() -> None:
    program = (
        "import json, dualtape.checkpoint, dualtape.numerics, dualtape.primitive, dualtape as dt\n"
        "print(json.dumps([callable(x) for x in (dt.checkpoint, dt.numerics, dt.primitive)]))"
    )
    assert run(program) == [True, True, True]


def test_what_is_loaded_later_is_shown_and_starred() -> None:
    program = "import json, dualtape; shown = dir(dualtape); from dualtape import *; print(json.dumps([shown, dir()]))"
    shown, starred = run(program)
    assert set(dt.__all__) <= set(shown)
    assert set(dt.__all__) <= set(starred)


def test_unknown_names_are_errors() -> None:
    with pytest.raises(AttributeError, match="module 'dualtape' has no attribute 'gradients'"):
        dt.gradients  # type: ignore[attr-defined]  # noqa: B018  # a misspelled name is what is tried


def test_families_that_are_loaded_later_register_functions_only() -> None:
    """A ufunc or a method that is not there is not looked for; and none of them may replace what is in use."""
    program = FRESH + (
        "import dualtape\n"
        "from dualtape.array import Operand, TracedArray\n"
        "from dualtape.ops.protocol import PLAIN_UFUNCS, REDUCTIONS\n"
        "from dualtape.primitive import FUNCTIONS, UFUNCS\n"
        "def tables(): return [*map(dict, (UFUNCS, REDUCTIONS, vars(Operand), vars(TracedArray))), set(PLAIN_UFUNCS)]\n"
        "old, functions = tables(), dict(FUNCTIONS)\n"
        "from dualtape.ops import later\n"
        "new = [f for f in FUNCTIONS if f not in functions]\n"
        "print(json.dumps([tables() == old, all(FUNCTIONS[f] is h for f, h in functions.items()), len(new),"
        " [f.__name__ for f in new if isinstance(f, np.ufunc)]]))"
    )
    same, kept, count, ufuncs = run(program)
    assert same
    assert kept
    assert count > 50
    assert ufuncs == []


def test_every_family_registers_itself_at_import_or_later() -> None:
    program = (
        "import json, pkgutil, sys, dualtape\n"
        "from dualtape.primitive import PRIMITIVES\n"
        "list(PRIMITIVES)\n"
        "names = [m.name for m in pkgutil.iter_modules(dualtape.ops.__path__, 'dualtape.ops.')]\n"
        "print(json.dumps([name for name in names if name not in sys.modules]))"
    )
    assert run(program) == ["dualtape.ops.foreign"]  # which registers nothing


@pytest.mark.parametrize(
    "asked",
    [
        "'inv' in PRIMITIVES", "PRIMITIVES['inv'].name == 'inv'", "PRIMITIVES.get('inv') is not None",
        "'inv' in list(PRIMITIVES)", "'inv' in PRIMITIVES.keys()", "'inv' in dict(PRIMITIVES)",
        "any(p.name == 'inv' for p in PRIMITIVES.values())", "len(PRIMITIVES) == len(PRIMITIVES.items())",
    ],
)  # fmt: skip
def test_table_of_primitives_is_whole_for_whoever_looks(asked: str) -> None:
    assert run(f"import json, dualtape; from dualtape.primitive import PRIMITIVES; print(json.dumps({asked}))")


def test_table_has_no_more_than_it_has() -> None:
    program = (
        "import json, dualtape; from dualtape.primitive import PRIMITIVES\n"
        "try: PRIMITIVES['nothing']\n"
        "except KeyError as error: found = str(error)\n"
        "print(json.dumps([found, 'nothing' in PRIMITIVES, PRIMITIVES.get('nothing', 3)]))"
    )
    assert run(program) == ["'nothing'", False, 3]


def test_a_name_that_is_loaded_later_is_taken() -> None:
    program = (
        "import json, dualtape as dt\n"
        "try: dt.primitive(lambda x: x, (lambda t, out, x: t,), name='inv')\n"
        "except ValueError as error: print(json.dumps(str(error)))"
    )
    assert run(program) == "a primitive named 'inv' is registered already"


USES = {
    "np.linalg.det(w)": 4.0,
    "np.fft.fft(w).real[0, 0]": 2.0,
    "np.median(w)": 1.0,
    "np.unique(w)[-1]": 2.0,
    "np.polyval(w[0], 1.0)": 2.0,
    "np.diff(w[0])[0]": -2.0,
}


@pytest.mark.parametrize("use", USES)
def test_first_use_of_a_function(use: str) -> None:
    program = (
        "import json, numpy as np, dualtape as dt\n"
        "w = dt.Variable([[2.0, 0.0], [0.0, 2.0]])\n"
        f"with dt.GradientTape('forward') as tape: y = {use}\n"
        "print(json.dumps([float(y.primal), bool(tape.gradient(y, w).any())]))"
    )
    assert run(program) == [USES[use], True]


def test_first_use_outside_of_tapes() -> None:
    program = (
        "import json, numpy as np, dualtape as dt\n"
        "w = dt.Variable([[2.0, 0.0], [0.0, 2.0]])\n"
        "print(json.dumps([float(np.linalg.det(w)), np.square(dt.DualArray(3.0, 1.0)).tangent, dt.grad(np.sin)(0.0)]))"
    )
    assert run(program) == [4.0, 6.0, 1.0]


def test_first_use_by_many_threads_at_once(mode: str) -> None:
    """None of them meets half a module; with threads that change places all the time."""
    program = (
        "import json, sys, threading, numpy as np, dualtape as dt\n"
        "sys.setswitchinterval(1e-6)\n"
        f"USES = {list(USES)!r}\n"
        "barrier, found = threading.Barrier(24, timeout=60), []\n"
        "def work(i):\n"
        "    w = dt.Variable([[2.0, 0.0], [0.0, 2.0]])\n"
        "    barrier.wait()\n"
        f"    with dt.GradientTape('{mode}') as tape: y = eval(USES[i % len(USES)])\n"
        f"    g = dt.grad(lambda x: eval(USES[i % len(USES)], globals(), dict(w=x)), mode='{mode}')(w.numpy())\n"
        "    found.append((i, float(y.primal), bool((tape.gradient(y, w) == g).all())))\n"
        "threads = [threading.Thread(target=work, args=(i,)) for i in range(24)]\n"
        "for t in threads: t.start()\n"
        "for t in threads: t.join()\n"
        "print(json.dumps(sorted(found)))"
    )
    values = list(USES.values())
    assert run(program) == [[i, values[i % len(values)], True] for i in range(24)]


def test_first_import_by_many_threads_at_once() -> None:
    """Of the package first: where another thread imports a module of it meanwhile, Python itself may see a deadlock."""
    program = (
        "import json, sys, threading, numpy as np\n"
        "sys.setswitchinterval(1e-6)\n"
        "barrier, found = threading.Barrier(16, timeout=60), []\n"
        "def work(i):\n"
        "    barrier.wait()\n"
        "    if i % 4 == 0: from dualtape import grad\n"
        "    elif i % 4 == 1: import dualtape; from dualtape.transforms import grad\n"
        "    elif i % 4 == 2: import dualtape; from dualtape.ops import linalg; from dualtape import grad\n"
        "    else: import dualtape; grad = dualtape.grad\n"
        "    found.append(float(grad(lambda x: np.linalg.det(x), mode='forward')(np.eye(2))[0, 0]))\n"
        "threads = [threading.Thread(target=work, args=(i,)) for i in range(16)]\n"
        "for t in threads: t.start()\n"
        "for t in threads: t.join()\n"
        "print(json.dumps(found))"
    )
    assert run(program) == [1.0] * 16


@pytest.mark.parametrize("family", ["linalg", "fourier", "later", "custom"])
def test_any_family_can_be_imported_first(family: str) -> None:
    program = (
        f"import json, dualtape.ops.{family}, numpy as np, dualtape as dt\n"
        "print(json.dumps(dt.grad(np.linalg.det, mode='forward')(np.eye(2)).tolist()))"
    )
    assert run(program) == [[1.0, 0.0], [0.0, 1.0]]
