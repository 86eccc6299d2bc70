"""List each `Any` and each ignore in the public surface, with its reason; fail on one without.

An `Any` is listed by what declares it: a public function, a public method or attribute, an alias of a stub. Its reason
stands in the table below; an ignore's behind it, on its line, or on the line above.
What is private, and what a function does inside, is no user's business.
"""

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import dualtape

PACKAGE = Path(dualtape.__file__).parent
COMPAT = PACKAGE / "compat/tensorflow.py"
REASONS = {
    "it takes what NumPy takes for an array: numbers, arrays, nested lists, traced values": (
        "DualArray.__new__ Variable.* Held.__init__ ConstantFunction.__call__ zeros ones empty full Numbers _Any "
        "Optimizer.apply_gradients"
    ),
    "it answers as ndarray's own stubs do: an entry or an array, which depends on values; a comparison with anything": (
        "ArrayOperators.* Operand.__getitem__ Operand.__iter__"
    ),
    "the dtype is of what no overload names": "_Arithmetic.__call__ _DualArithmetic.__call__",
    "a shape is an ndarray's, of any number of axes; any precision": (
        "DualArray.tangent DualArray.tangents Held.numpy Held.__array__ TracedArray.__array__ TracedArray.dtype "
        "_Narrow _Places"
    ),
    "NumPy's, Python's or pickle's own protocol": (
        "Operand.__array_* *.__reduce_ex__ *.__setitem__ _Dataclass.* DualOperators.__array__ "
        "DualOperators.__getitem__ DualOperators.__eq__ DualOperators.__ne__ DualOperators.__[gl][et]__"
    ),
    "a target, of any shape and in any containers; sources of several dtypes": (
        "GradientMethod.__call__ JacobianMethod.__call__ BatchJacobianMethod.__call__ GradientTape.watch"
    ),
    "variables of any dtypes": "GradientTape.watched_variables",
    "arrays of any dtype, and containers of whatever": "_Array _Differentiable _Real _Shaped",
    "docs/typing.md says of which functions, and of which argnums, a derivative is `Any`": (
        "grad value_and_grad jacobian hessian hvp jvp vjp linearize"
    ),
    "tqdm and its like give back what they get": "_Progress",
    "a rule takes and returns whatever the user's function does": "CustomFunction.* custom_gradient.__init__",
    "the class, its settings and its leaves are the user's": "register_pytree_node",
    "a node belongs to the backend that made it; a primal is an array, a scalar, or a handle of an outer tape": (
        "Recording.* BaseRecording.* TracedArray.link TracedArray.node TracedArray.primal TracedArray.recording"
    ),
    "TensorFlow's names, for tutorials: docs/typing.md says that they are untyped": "compat.*",
}
IGNORE = re.compile(r"#\s*(?:type|pyright):\s*ignore(?:\[[^\]]*\])?")
OF_A_FILE = re.compile(r"#\s*(?:mypy|pyright):\s*[\w-]+\s*=")


def declaring() -> dict[Path, set[str]]:
    """The files that declare what `dualtape` exports, stubs before their modules, and the names that are exported."""
    exported = [getattr(module, name) for module in (dualtape, dualtape.optimizers) for name in module.__all__]
    exported += [base for one in exported if isinstance(one, type) for base in one.__mro__]
    found: dict[Path, set[str]] = {}
    for one in exported:
        module = getattr(one, "__module__", "")
        if module.partition(".")[0] == "dualtape":
            path = PACKAGE.parent / (module.replace(".", "/") + ".py")
            stub = path.with_suffix(".pyi")
            found.setdefault(stub if stub.exists() else path, set()).add(one.__name__)
    return found


def is_private(name: str) -> bool:
    """Whether it begins with one underscore."""
    return name.startswith("_") and not name.startswith("__")


def declarations(body: list[ast.stmt]) -> Iterator[tuple[str, list[ast.expr | None]]]:
    """What a module or a class declares, and its annotations; where there are overloads, those of the overloads."""
    overloaded: set[str] = set()
    for one in body:
        if isinstance(one, ast.If):  # TYPE_CHECKING
            yield from declarations(one.body)
        elif isinstance(one, ast.ClassDef):
            yield from ((f"{one.name}.{name}", found) for name, found in declarations(one.body) if not is_private(name))
        elif isinstance(one, ast.FunctionDef):
            is_overload = any("overload" in ast.unparse(decorator) for decorator in one.decorator_list)
            if is_overload or one.name not in overloaded:
                arguments = [arg.annotation for arg in ast.walk(one.args) if isinstance(arg, ast.arg)]
                yield one.name, [*arguments, one.returns]
            overloaded |= {one.name} if is_overload else set()
        elif isinstance(one, ast.AnnAssign):
            yield ast.unparse(one.target), [one.annotation, one.value]


def anys(path: Path, names: set[str] | None) -> list[str]:
    """The declarations in a file that say `Any`: of these names, or all."""
    found = [
        name
        for name, annotations in declarations(ast.parse(path.read_text("utf-8")).body)
        if names is None or name.partition(".")[0] in names
        if any(isinstance(x, ast.Name) and x.id == "Any" for one in annotations if one for x in ast.walk(one))
    ]
    return list(dict.fromkeys(found))


def ignores(text: str) -> list[tuple[int, str, str]]:
    """Line, comment and reason of each ignore."""
    lines = text.splitlines()
    found: list[tuple[int, str, str]] = []
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and (OF_A_FILE.match(token.string) or IGNORE.search(token.string)):
            behind = "" if OF_A_FILE.match(token.string) else IGNORE.sub("", token.string).strip(" #")
            above = [line.strip() for line in lines[: token.start[0] - 1] if not OF_A_FILE.match(line)]
            found.append((token.start[0], token.string, behind or (above[-1] if above[-1].startswith("# ") else "")))
    return found


def main() -> int:
    """Print the list, and complain of what has no reason, and of a reason for nothing."""
    complaints: list[str] = []
    patterns = {pattern: reason for reason, words in REASONS.items() for pattern in words.split()}
    unused = set(patterns)
    surface: list[tuple[Path, set[str] | None, str]] = [
        (path, None if path.suffix == ".pyi" else names, "") for path, names in sorted(declaring().items())
    ]
    for path, names, prefix in [*surface, (COMPAT, None, "compat.")]:
        file = path.relative_to(PACKAGE).as_posix()
        by_reason: dict[str, list[str]] = {}
        for name in anys(path, names):
            fitting = [pattern for pattern in patterns if fnmatchcase(prefix + name, pattern)]
            unused -= set(fitting)
            by_reason.setdefault(patterns[fitting[0]] if fitting else "NO REASON", []).append(name)
        for reason, found in by_reason.items():
            print(f"{file}: {', '.join(found)}: {reason}")
        complaints += [f"{file}: {name}: Any has no reason" for name in by_reason.get("NO REASON", ())]
        for line, comment, reason in ignores(path.read_text("utf-8")):
            print(f"{file}:{line}: {comment}")
            if not reason:
                complaints.append(f"{file}:{line}: an ignore has no reason behind it or above")
    complaints += [f"nothing is named {pattern}: its reason can go" for pattern in sorted(unused)]
    print(*complaints, sep="\n" if complaints else "")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
