"""Every public callable of NumPy is in one class of dualtape.testing.coverage, and does what its class says.

What a NumPy release adds fails here until someone decides what it is.
"""

import importlib
import io
import pkgutil
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dualtape as dt
from dualtape.array import Operand, TracedArray
from dualtape.errors import DualtapeError
from dualtape.primitive import FUNCTIONS, PRIMITIVES, UFUNCS
from dualtape.testing import check_gradients, coverage, samples
from dualtape.views import container

ROOT = Path(__file__).resolve().parents[1]
V = np.array([1.5, 0.5, 2.0])
M = np.array([[1.5, 0.5, 2.0], [0.25, 3.0, 1.25], [0.75, 2.5, 1.75]])


def members(kind: str | None, *, attributes: bool = False) -> list[Any]:
    """The names in a class, with what they name; the attributes of arrays, or all other names."""
    return [
        pytest.param(found, id=f"{space.removeprefix('numpy.')}.{name}")
        for space in coverage.NAMESPACES
        for name, found in coverage.names(space)
        if (space == "numpy.ndarray") == attributes and coverage.classify(space, name, found) == kind
    ]


def names(kind: str | None, *, attributes: bool = False) -> list[str]:
    return [str(each.id).rpartition(".")[2] for each in members(kind, attributes=attributes)]


def leaves(x: Any) -> list[Any]:
    if isinstance(x, (list, tuple)) and not isinstance(x, Operand):
        return [leaf for part in x for leaf in leaves(part)]
    if type(x) is np.ndarray and x.dtype.kind == "O":
        return leaves(x.ravel().tolist())
    return [x]


def is_traced(x: Any) -> bool:
    return any(isinstance(leaf, TracedArray) and leaf.recording.open for leaf in leaves(x))


def total(x: Any) -> Any:
    """A sum of all entries of a result, each with a weight of its own."""
    if isinstance(x, (list, tuple)) and not isinstance(x, Operand):
        return sum((total(part) * (i + 1.5) for i, part in enumerate(x)), np.float64(0.0))
    weights = np.cos(1.0 + np.arange(np.size(x))).reshape(np.shape(x))
    return np.sum(weights * x)


def attempt(call: Callable[..., Any], *args: Any) -> Any:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call(*args)
        except Exception as error:  # noqa: BLE001  # whatever NumPy raises
            return error


def says_what_to_do(error: BaseException) -> bool:
    return bool(re.search(r"primal|np\.|like=|dualtape\.|for reading only|plain dates", f"{error} {error.__cause__}"))


def test_every_name_has_a_class() -> None:
    assert not names(None)


# --- differentiable -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def called() -> Iterator[dict[str, set[Any]]]:
    """The functions of NumPy whose results are traced in the samples of the cross-check, for each mode."""
    found: dict[str, set[Any]] = {}
    with pytest.MonkeyPatch.context() as patch:
        current: set[Any] = set()

        def recorded(function: Any, handler: Any) -> Any:
            def call(*args: Any, **kwargs: Any) -> Any:
                result = handler(*args, **kwargs)
                # A result of None is one of a function that writes.
                if result is None or is_traced(result):
                    current.add(function)
                return result

            call.__module__ = handler.__module__
            return call

        for function, handler in list(FUNCTIONS.items()):
            patch.setitem(FUNCTIONS, function, recorded(function, handler))
        for mode in [info.mode for info in dt.modes() if info.mode in ("forward", "reverse")]:
            for module in pkgutil.iter_modules(samples.__path__, f"{samples.__name__}."):
                for sample in importlib.import_module(module.name).SAMPLES:
                    args = [container(np.array(x)) for x in sample.args]
                    with dt.GradientTape(mode) as tape:
                        tape.watch(args)
                        attempt(sample.function, *args)
            found[mode] = set(current)
            current.clear()
        yield found


@pytest.mark.parametrize("function", members("differentiable"))
def test_differentiable_functions_are_cross_checked(mode: str, function: Any, called: dict[str, set[Any]]) -> None:
    """The cross-check compares both modes on all samples, so it is enough that they call the function."""
    if function in UFUNCS:
        primitive = UFUNCS[function]
        assert PRIMITIVES[primitive.name] is primitive
        assert primitive.partials is not None or primitive.jvp is not None
        if mode == "reverse":
            assert primitive.partials is not None or primitive.vjp is not None
    else:
        assert function in called[mode]


def stored(x: Any, value: Any) -> Any:
    x[...] = value
    return x


def changed(x: Any, change: Callable[[Any], Any]) -> Any:
    x = x * 1.0
    change(x)
    return x


ATTRIBUTES: dict[str, Callable[[Any], Any]] = {
    "T": lambda x: x.T,
    "astype": lambda x: x.astype(complex),
    "base": lambda x: x[1].base,
    "choose": lambda x: (
        (x > 1.0).astype(int)[0].choose([x[0], x[1]]) + x.astype(int)[1].clip(0, 1).choose([x[0], x[1]])
    ),
    "clip": lambda x: x.clip(0.6, 2.2),
    "compress": lambda x: x.compress([True, False, True], axis=1),
    "conj": lambda x: x.conj(),
    "conjugate": lambda x: x.conjugate(),
    "copy": lambda x: x.copy(),
    "cumprod": lambda x: x.cumprod(axis=0),
    "cumsum": lambda x: x.cumsum(),
    "diagonal": lambda x: x.diagonal(1),
    "dot": lambda x: x.dot(x),
    "fill": lambda x: changed(x, lambda y: y[0].fill(x[1, 1] * x[1, 2])),
    "flat": lambda x: x.flat[1:5] * x.flat[2],
    "flatten": lambda x: x.flatten("F"),
    "imag": lambda x: (x * (1.0 + 2.0j)).imag,
    "mT": lambda x: x.mT,
    "max": lambda x: x.max(axis=0),
    "mean": lambda x: x.mean(axis=1),
    "min": lambda x: x.min(),
    "partition": lambda x: changed(x, lambda y: y.partition(1)).sum(axis=1),
    "prod": lambda x: x.prod(axis=0, keepdims=True),
    "put": lambda x: changed(x, lambda y: y.put([0, 4], x[1, :2] * 3.0)),
    "ravel": lambda x: x.ravel(),
    "real": lambda x: (x * (1.0 + 2.0j)).real,
    "repeat": lambda x: x.repeat(2, axis=0),
    "reshape": lambda x: x.reshape(9),
    "sort": lambda x: changed(x, lambda y: y.sort(axis=0)),
    "squeeze": lambda x: x[:1].squeeze(),
    "std": lambda x: x.std(axis=0, ddof=1),
    "sum": lambda x: x.sum(axis=-1),
    "swapaxes": lambda x: x.swapaxes(0, 1),
    "take": lambda x: x.take([0, 0, 2], axis=1),
    "to_device": lambda x: x.to_device("cpu"),
    "tolist": lambda x: x.tolist(),
    "trace": lambda x: x.trace(-1),
    "transpose": lambda x: x.transpose(1, 0),
    "var": lambda x: x.var(),
    "view": lambda x: x.view(),
}


@pytest.mark.parametrize("name", names("differentiable", attributes=True))
def test_differentiable_attributes(modes: tuple[str, ...], name: str) -> None:
    def call(x: Any) -> Any:
        return total(ATTRIBUTES[name](x * x))

    assert getattr(np.ndarray, name, None) is not None
    check_gradients(lambda x: np.real(call(x)), M, modes=modes)


# --- plain, zero derivative, rejected -----------------------------------------------------------------------------

# Ways to call a function that is not looked at more closely: where they work on plain arrays, they work on traced ones.
WAYS: list[Callable[[Any, Any], Any]] = [
    lambda f, _x: f(),
    lambda f, x: f(x),
    lambda f, x: f(x, x.tolist()),  # a list, so that it is not taken for out=
    lambda f, x: f(x[0]),
    lambda f, x: f(x[0, 0]),
    lambda f, x: f(x[0], (x[1] - 1.0).tolist()),
    lambda f, x: f(x[0], [0.5, 1.0, 2.0]),
    lambda f, x: f(x, 1),
    lambda f, x: f("i->i", x[0]),
    lambda f, x: f(np.sort(x[0]), x.tolist()),
    lambda f, x: f(x > 1.0),
    lambda f, x: f(([0, 1], [1, 1]), x.shape),
    lambda f, x: f(5, x.shape),
    lambda f, x: f(x.dtype, float),
    lambda f, x: f(np.array([1, 2]), np.array([3, 6])),
    lambda f, x: f((x > 1.0).astype(np.uint8)),
    lambda f, x: f(x.astype("datetime64[s]")),
]


def agree_and_are_plain(mode: str, function: Callable[..., Any]) -> int:
    """Check that a function does with a traced array what it does with a plain one, and return how often it worked."""
    works = 0
    for way in WAYS:
        expected = attempt(way, function, M.copy())
        w = dt.Variable(M)
        with dt.GradientTape(mode):
            found = attempt(way, function, w * 1.0)
        if isinstance(expected, Exception):
            assert isinstance(found, Exception), repr(found)
            continue
        assert not isinstance(found, Exception), repr(found)
        works += 1
        assert not any(isinstance(leaf, Operand) for leaf in leaves(found))
        for a, b in zip(leaves(expected), leaves(found), strict=True):
            assert type(a) is type(b)
            assert np.array_equal(a, b) if isinstance(a, (np.ndarray, np.generic)) else str(a) == str(b)
    return works


@pytest.mark.parametrize("function", members("plain"))
def test_plain_functions(mode: str, function: Any) -> None:
    assert agree_and_are_plain(mode, function)


@pytest.mark.parametrize("name", names("plain", attributes=True))
def test_plain_attributes(mode: str, name: str) -> None:
    def get(x: Any, *args: Any) -> Any:
        found = getattr(x, name)
        return str(found) if name == "flags" else found(*args) if callable(found) else found

    assert agree_and_are_plain(mode, get)


ZEROS = [*members("zero derivative"), pytest.param(lambda x, *args: x.round(*args), id="ndarray.round")]


@pytest.mark.filterwarnings("ignore:numpy.fix:DeprecationWarning")  # NumPy's own, from 2.5 on
@pytest.mark.parametrize("function", ZEROS)
def test_zero_derivatives(mode: str, function: Any) -> None:
    w = dt.Variable(M)
    works = 0
    for way in (function, lambda x: function(x, 0.75), lambda x: function(x, 1)):
        with dt.GradientTape(mode) as tape:
            y = attempt(way, w * 1.0)
        if not isinstance(y, Exception):
            works += 1
            assert function is np.empty_like or np.array_equal(y, way(M))
            assert not is_traced(y) or not np.any(tape.gradient(y, w))
    assert works
    assert names("zero derivative", attributes=True) == ["round"]


@pytest.mark.parametrize("function", members("rejected"))
def test_rejected_functions(mode: str, function: Any, tmp_path: Path) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode):
        x = w * 1.0
        found = [attempt(function, *args) for args in [(tmp_path / "a", x), (x, x), (x,)]]
    assert all(isinstance(error, Exception) for error in found)
    assert any(isinstance(error, DualtapeError) and says_what_to_do(error) for error in found)
    assert not list(tmp_path.glob("a*"))
    x = np.asarray(x)
    if "save" in function.__name__:
        function(tmp_path / "a", x)
        assert list(tmp_path.glob("a*"))


@pytest.mark.parametrize("name", names("rejected", attributes=True))
def test_rejected_attributes(mode: str, name: str, tmp_path: Path) -> None:
    def use(x: Any, *args: Any) -> Any:
        found = getattr(x, name)
        return found(*args) if callable(found) else found

    w = dt.Variable(V)
    with dt.GradientTape(mode):
        found = [attempt(use, w * 1.0, *args) for args in [(), (tmp_path / "a",), (float,), (1.0, float)]]
    assert all(isinstance(error, Exception) for error in found)
    assert any(isinstance(error, DualtapeError) and re.search(r"primal|x[.\[]|np\.", str(error)) for error in found)
    assert not list(tmp_path.iterdir())


# --- not dispatched -----------------------------------------------------------------------------------------------


def with_file(x: Any, make: Callable[[io.StringIO], Any]) -> Any:
    return stored(make(io.StringIO("1 2 3")), x * x)


# Traced values come through whole: the gradient is that of the numbers.
THROUGH: dict[str, Callable[[Any], Any]] = {
    "arange": lambda x: stored(np.arange(3.0, like=x), x * x) * np.arange(x[0], 3.3, x[2] / 3.0, like=x),
    "array": lambda x: np.array([x[1], -np.sin(x[0])]),
    "asanyarray": lambda x: np.asanyarray([x[1] * x[0], 2.0]),
    "asarray": lambda x: np.asarray([[x[1]], [x[0] * x[2]]]),
    "asarray_chkfinite": lambda x: np.asarray_chkfinite([x[1], x[0]]) * x[2],
    "ascontiguousarray": lambda x: np.ascontiguousarray([x[1], x[0]]) * x[2],
    "asfortranarray": lambda x: np.asfortranarray([x[1], x[0]]) * x[2],
    "broadcast": lambda x: [a * b for a, b in np.broadcast(x, x[:1])],
    "c_": lambda x: np.c_[x, x * x],
    "empty": lambda x: stored(np.empty(3, like=x), x * x),
    "eye": lambda x: stored(np.eye(3, like=x), x * x),
    "fftfreq": lambda x: np.fft.fftfreq(4, x[0]),
    "frombuffer": lambda x: stored(np.frombuffer(bytearray(24), like=x), x * x),
    "fromfile": lambda x: stored(np.fromfile(__file__, float, 3, like=x), x * x),
    "fromfunction": lambda x: np.fromfunction(lambda i, j: i * x[0] + j * x[1], (2, 3)),
    "fromiter": lambda x: np.fromiter((v * v for v in x), float, like=x),
    "frompyfunc": lambda x: np.frompyfunc(lambda a, b: a * b + a, 2, 1)(x, x[1]),
    "fromstring": lambda x: stored(np.fromstring("1 2 3", sep=" ", like=x), x * x),
    "full": lambda x: np.full((2, 3), x[1] * x[0]),
    "genfromtxt": lambda x: with_file(x, lambda f: np.genfromtxt(f, like=x)),
    "identity": lambda x: stored(np.identity(3, like=x), x * x),
    "index_exp": lambda x: np.index_exp[x * x][0],
    "kaiser": lambda x: np.kaiser(5, x[0]),
    "loadtxt": lambda x: with_file(x, lambda f: np.loadtxt(f, like=x)),
    "mgrid": lambda x: np.mgrid[x[0] : x[2] : 3j] * x[1],
    "ndenumerate": lambda x: [v * v * (i + 1) for (i,), v in np.ndenumerate(x)],
    "nditer": lambda x: [v[()] * v[()] for v in np.nditer(x, ["refs_ok"])],
    "ogrid": lambda x: np.ogrid[0.0 : x[0] : 3j] * x[1],
    "ones": lambda x: stored(np.ones((3, 3), like=x), x * x),
    "poly1d": lambda x: np.poly1d(x).coeffs * x,
    "r_": lambda x: np.r_[x[0] * x[1], 1.0, x],
    "require": lambda x: np.require([x[0] * x[1], 1.0], like=x),
    "rfftfreq": lambda x: np.fft.rfftfreq(4, x[0]),
    "row_stack": lambda x: np.row_stack([x, x * x]),  # noqa: NPY201  # NumPy 2 still has it
    "s_": lambda x: np.s_[x * x],
    "tri": lambda x: stored(np.tri(3, like=x), x * x),
    "trapz": lambda x: np.trapz(x * x, dx=x[0]),  # noqa: NPY201  # as that
    "vectorize": lambda x: np.vectorize(lambda a, b: a * b + a)(x, x[1]),
    "zeros": lambda x: stored(np.zeros(3, like=x), x * x),
}
# What would lose a derivative, or could not be right, is an error that says what to do.
RAISING: dict[str, Callable[[Any], Any]] = {
    "as_strided": lambda x: np.lib.stride_tricks.as_strided(x, (2,), (8,)),
    "asmatrix": np.asmatrix,
    "bmat": lambda x: np.bmat([[x, x]]),
    "format_float_positional": lambda x: np.format_float_positional(x[0]),
    "format_float_scientific": lambda x: np.format_float_scientific(x[0]),
    "from_dlpack": np.from_dlpack,
    "matrix": np.matrix,
}
# What is told of a traced value is what is told of the plain one.
TOLD: dict[str, Callable[[Any], Any]] = {
    "base_repr": lambda x: np.base_repr(x[2]),
    "finfo": lambda x: np.finfo(x.dtype).eps,
    "isfortran": np.isfortran,
    "isscalar": lambda x: (np.isscalar(x), np.isscalar(x[0])),
    "iterable": np.iterable,
    "mintypecode": lambda x: np.mintypecode(x.dtype.char),
    "ndindex": lambda x: list(np.ndindex(x.shape)),
}
# They take no arrays: counts, shapes, dtypes, files, settings; and classes that nobody calls.
NO_ARRAYS = {
    "LinAlgError", "bartlett", "binary_repr", "blackman", "broadcast_shapes", "busdaycalendar", "datetime_data",
    "diag_indices", "dtype", "errstate", "flatiter", "fromregex", "get_include", "get_printoptions", "getbufsize",
    "geterr", "geterrcall", "hamming", "hanning", "iinfo",
    "indices", "info", "isdtype", "issubdtype", "load", "mask_indices",
    "memmap", "ndarray", "nested_iters", "printoptions", "promote_types", "recarray", "set_printoptions", "setbufsize",
    "seterr", "seterrcall", "show_config", "show_runtime", "tril_indices", "triu_indices", "typename", "ufunc",
}  # fmt: skip


def undispatched(polynomials: bool) -> dict[str, Any]:
    """What NumPy does not dispatch, by name; scalar types aside."""
    return {
        name: found
        for space in coverage.NAMESPACES
        if space.startswith("numpy.polynomial") == polynomials
        for name, found in coverage.names(space)
        if coverage.classify(space, name, found) == "not dispatched"
        and not (isinstance(found, type) and issubclass(found, np.generic))
    }


def test_what_is_not_dispatched_is_known() -> None:
    tables = [set(THROUGH), set(RAISING), set(TOLD), NO_ARRAYS]
    for i, table in enumerate(tables):
        assert not any(table & other for other in tables[:i])
    known = set().union(*tables)
    assert set(undispatched(False)) <= known
    # Other NumPy versions lack, or dispatch, some of them.
    assert known - set(undispatched(False)) <= {"row_stack", "trapz"}


@pytest.mark.parametrize("name", THROUGH)
def test_traced_values_come_through(modes: tuple[str, ...], name: str) -> None:
    if not hasattr(np, name) and not hasattr(np.fft, name):
        pytest.skip("this NumPy has no such function")

    def call(x: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return total(THROUGH[name](x))

    check_gradients(call, V, modes=modes)


@pytest.mark.parametrize("name", RAISING)
def test_what_cannot_be_right_raises(mode: str, name: str) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode):
        error = attempt(RAISING[name], w * 1.0)
    assert isinstance(error, DualtapeError)
    assert says_what_to_do(error)


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told_is_that_of_the_plain_value(mode: str, name: str) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode):
        assert TOLD[name](w * 1.0) == TOLD[name](V)


SCALARS = sorted(
    {each for each in vars(np).values() if isinstance(each, type) and issubclass(each, np.generic)}, key=str
)


@pytest.mark.parametrize("kind", SCALARS)
def test_scalar_types_take_no_traced_value_apart(mode: str, kind: type) -> None:
    w = dt.Variable(V)
    with dt.GradientTape(mode):
        x = w * 1.0
        for value in (x[0], x):
            found = attempt(kind, value)
            assert isinstance(found, (Exception, str, bytes)) or is_traced(found), repr(found)
            if issubclass(kind, np.inexact) and kind not in (np.inexact, np.floating, np.complexfloating):
                assert says_what_to_do(found)


# --- polynomials --------------------------------------------------------------------------------------------------

FAMILIES = ("polynomial", "chebyshev", "legendre", "laguerre", "hermite", "hermite_e")
COEFFICIENTS = np.array([0.5, -0.25, 0.75])
GRID = np.ones((2, 2)) + np.eye(2)
# How the functions of a family are called, by their name without that of the family.
POLYNOMIALS: dict[str, Callable[[Any, Any], Any]] = {
    "val": lambda f, x: f(x[0], x),
    "val2d": lambda f, x: f(0.3, x[0], np.multiply.outer(x, x)),
    "valnd": lambda f, x: f((0.3, x[0]), np.multiply.outer(x, x)),
    "val3d": lambda f, x: f(0.3, x[0], x[1], GRID[..., None] * 2.0),
    "valfromroots": lambda f, x: f(0.3, x),
    "grid2d": lambda f, x: f(x, [0.1, 0.2], GRID),
    "grid3d": lambda f, x: f(x, [0.1, 0.2], [0.3], GRID[..., None]),
    "vander": lambda f, x: f(x, 3),
    "vander2d": lambda f, x: f(x, x * x, [1, 2]),
    "vander3d": lambda f, x: f(x, x * x, x, [1, 1, 1]),
    "line": lambda f, x: f(x[0], x[1]),
    "add": lambda f, x: f(x, [1.0, 2.0]),
    "sub": lambda f, x: f(x, [1.0, 2.0]),
    "mul": lambda f, x: f(x, [1.0, 2.0]),
    "div": lambda f, x: f(x, [1.0, x[0]]),
    "pow": lambda f, x: f(x, 2),
    "interpolate": lambda f, x: f(lambda t: t * x[0], 2),
}


@pytest.mark.parametrize("name", undispatched(True))
def test_polynomials(modes: tuple[str, ...], name: str) -> None:
    """Their coefficients come through, as entries of object arrays; what LAPACK is asked for says that it can't."""
    function = undispatched(True)[name]
    short = re.sub("^(poly|cheb|leg|lag|herme|herm)(?!2)", "", name)
    if isinstance(function, type):  # Polynomial, Chebyshev, …
        check_gradients(lambda x: total(function(x)(x[0]) * function(x).deriv().coef), COEFFICIENTS, modes=modes)
    elif short in ("gauss", "pts1", "pts2"):
        assert not is_traced(function(3))  # of a count
    elif short in ("fit", "roots"):
        for mode in modes:
            w = dt.Variable(COEFFICIENTS)
            with dt.GradientTape(mode):
                x = w * 1.0
                found = attempt(lambda x: function([0.0, 1.0, 2.0], x, 1) if short == "fit" else function(x), x)
            assert isinstance(found, DualtapeError)
            assert says_what_to_do(found)
    else:
        way = POLYNOMIALS.get(short, lambda f, x: f(x))
        check_gradients(lambda x: total(way(function, x)), COEFFICIENTS, modes=modes)


# --- the page -----------------------------------------------------------------------------------------------------


def test_the_page_is_the_table() -> None:
    text = (ROOT / "docs/coverage.md").read_text(encoding="utf-8")
    if f"NumPy {'.'.join(np.__version__.split('.')[:2])} " not in text:
        pytest.skip("the page is for another NumPy")
    assert text == coverage.page(), "run: python -m dualtape.testing.coverage > docs/coverage.md"


def test_the_numbers_of_the_readme() -> None:
    text = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    if f"NumPy {'.'.join(np.__version__.split('.')[:2])} " not in (ROOT / "docs/coverage.md").read_text(
        encoding="utf-8"
    ):
        pytest.skip("the numbers are for another NumPy")
    counts = coverage.counts()
    told = [f"{counts[f'numpy{space}']['differentiable']} in `numpy{space}`" for space in ("", ".linalg", ".fft")]
    for each in told:
        assert each in text, f"README.md should say {each}"
