"""Tapes in any order: nested, interleaved, reopened, reset, stopped, suspended in generators, left by exceptions.

A machine drives tapes and predicts what they answer with an arithmetic of its own: a value is a polynomial in
infinitesimals, one for each variable on each recording, of which each occurs at most once in a term. An operation drops
the infinitesimals of recordings that do not record it, and a gradient is the factor of one infinitesimal.
"""

import math
from collections.abc import Generator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

import dualtape as dt
from dualtape.array import ACTIVE, plain
from dualtape.errors import TapeError, UnrecordedTargetError

Symbol = tuple[int, int]  # a recording and a variable
Terms = dict[frozenset[Symbol], float]


def times(a: Terms, b: Terms) -> Terms:
    product: Terms = {}
    for s, x in a.items():
        for t, y in b.items():
            recordings = {r for r, _ in s} & {r for r, _ in t}
            if not recordings:  # two infinitesimals of one recording: second order in it, which it does not know
                product[s | t] = product.get(s | t, 0.0) + x * y
    return product


def plus(a: Terms, b: Terms) -> Terms:
    return {s: a.get(s, 0.0) + b.get(s, 0.0) for s in a.keys() | b.keys()}


def keep(a: Terms, recordings: set[int]) -> Terms:
    return {s: x for s, x in a.items() if {r for r, _ in s} <= recordings}


@dataclass(eq=False)
class Value:
    """A value of the program, and what is predicted of it."""

    handle: Any
    terms: Terms
    recorded: set[int]  # the recordings that certainly know it
    perhaps: set[int] = field(default_factory=set)  # those that may: gradients, whose program is the mode's own
    blurred: set[int] = field(default_factory=set)  # those that did not record some operation: in a gradient of this
    unsure: set[int] = field(default_factory=set)  # value forward mode drops them too, reverse mode may know them


@dataclass(eq=False)
class Array:
    """An array that is filled, a view of it that runs backwards, and what is predicted of its entries."""

    handle: Any
    entries: list[Value]
    backwards: Any = None
    known: set[int] = field(default_factory=set)  # the recordings of everything that was ever written


@dataclass(eq=False)
class Tape:
    """A tape, and the state it is in."""

    tape: dt.GradientTape
    persistent: bool
    recording: int | None = None
    block: Generator[None, None, None] | None = None
    stops: list[Any] = field(default_factory=list)
    used: bool = False


def inside(tape: dt.GradientTape) -> Generator[None, None, None]:
    """A block of the tape, suspended inside."""
    with tape:
        yield


LARGEST = 1e3
VARIABLES = st.sampled_from([0, 0, 0, 1])


class Tapes(RuleBasedStateMachine):
    modes: tuple[str, ...] = ("forward", "reverse")

    def __init__(self) -> None:
        super().__init__()
        self.contents = [0.5, -1.5]
        self.variables = [dt.Variable(x, name=f"w{i}") for i, x in enumerate(self.contents)]
        self.numbers = count()
        self.active: list[Tape] = []
        self.tapes: list[Tape] = []
        self.values: list[Value] = []
        self.arrays: list[Array] = []

    def recordings(self) -> set[int]:
        """The recordings that record now."""
        return {tape.recording for tape in self.active if tape.recording is not None}

    # --- tapes ---

    @initialize(data=st.data())
    def open_two(self, data: st.DataObject) -> None:
        self.open(data, True)
        self.open(data, data.draw(st.booleans()))

    @precondition(lambda self: len(self.active) < 4)
    @rule(data=st.data(), persistent=st.booleans())
    def open(self, data: st.DataObject, persistent: bool) -> None:
        tape = Tape(dt.GradientTape(data.draw(st.sampled_from(self.modes)), persistent=persistent), persistent)
        self.tapes.append(tape)
        self.enter(tape)

    def enter(self, tape: Tape) -> None:
        tape.block = inside(tape.tape)
        next(tape.block)
        if tape.recording is None:
            tape.recording = next(self.numbers)
        self.update(tape)

    def update(self, tape: Tape) -> None:
        """Note whether the tape records."""
        self.active = [t for t in self.active if t is not tape]
        if tape.block is not None and tape.recording is not None and not tape.stops:
            self.active.append(tape)

    @precondition(lambda self: self.tapes)
    @rule(data=st.data())
    def disturb(self, data: st.DataObject) -> None:
        tape = data.draw(st.sampled_from(self.tapes))
        actions = [self.stop, self.go_on, self.open_again, self.reset, self.fail, self.assign, self.ask_for_the_last]
        data.draw(st.sampled_from(actions))(tape)

    def open_again(self, tape: Tape) -> None:
        if tape.block is not None or tape.used:
            with pytest.raises(TapeError):
                next(inside(tape.tape))
        elif not tape.stops:  # of a block that ended under stop_recording
            self.enter(tape)

    @precondition(lambda self: any(tape.block for tape in self.tapes))
    @rule(data=st.data(), how=st.sampled_from(["end", "close", "exception"]))
    def leave(self, data: st.DataObject, how: str) -> None:
        tape = data.draw(st.sampled_from([tape for tape in self.tapes if tape.block]))
        block, tape.block = tape.block, None
        assert block is not None
        if how == "end":
            assert next(block, "ended") == "ended"
        elif how == "close":
            block.close()
        else:
            with pytest.raises(KeyError):
                block.throw(KeyError("thrown into the block"))
        self.update(tape)

    def reset(self, tape: Tape) -> None:
        tape.tape.reset()
        tape.used = False
        tape.recording = next(self.numbers) if tape.block else None
        self.update(tape)

    def stop(self, tape: Tape) -> None:
        stopped = tape.tape.stop_recording()
        if tape.block is None or tape.recording is None:
            with pytest.raises(TapeError):
                stopped.__enter__()
        else:
            stopped.__enter__()
            tape.stops.append(stopped)
            self.update(tape)

    def go_on(self, tape: Tape) -> None:
        if tape.stops:
            tape.stops.pop().__exit__(None, None, None)
            self.update(tape)

    # --- values ---

    def value(self, data: st.DataObject) -> Value:
        """Draw a value, or read a variable."""
        recent = [-1, -2, -3, None, None]
        chosen = data.draw(st.sampled_from(recent))
        if chosen is not None and len(self.values) >= -chosen:
            return self.values[chosen]
        if chosen is None and self.values:
            return data.draw(st.sampled_from(self.values))
        return self.read(data.draw(VARIABLES))

    def read(self, variable: int) -> Value:
        terms: Terms = {frozenset(): self.contents[variable]}
        active = self.recordings()
        for recording in active:
            terms = plus(terms, {frozenset({(recording, variable)}): 1.0})
        value = Value(self.variables[variable] * 1.0, terms, active)
        self.values.append(value)
        return value

    @rule(data=st.data(), operator=st.sampled_from(["*", "sin", "*", "+", "-"]))
    def operate(self, data: st.DataObject, operator: str) -> None:
        a, b = self.value(data), self.value(data)
        active = self.recordings()
        s, t = keep(a.terms, active), keep(b.terms, active)
        if operator == "sin":
            handle, terms, b = np.sin(a.handle), sine_of(s), a
        elif operator == "*":
            handle, terms = a.handle * b.handle, times(s, t)
        elif operator == "+":
            handle, terms = a.handle + b.handle, plus(s, t)
        else:
            handle, terms = a.handle - b.handle, plus(s, times(t, {frozenset(): -1.0}))
        self.put(handle, terms, a, b)

    def put(self, handle: Any, terms: Terms, *operands: Value) -> None:
        """Keep the result of an operation."""
        result = self.result(handle, terms, *operands)
        if all(abs(c) < LARGEST for c in terms.values()):
            self.values.append(result)

    def result(self, handle: Any, terms: Terms, *operands: Value) -> Value:
        """Return the result of an operation: what records it, and what is lost in it."""
        active = self.recordings()
        result = Value(handle, terms, set())
        for x in operands:
            result.recorded |= x.recorded & active
            result.perhaps |= x.perhaps & active
            result.blurred |= x.blurred | {r for term in x.terms for r, _ in term if r not in active}
            result.unsure |= x.unsure
        return result

    @rule(data=st.data(), place=st.integers(0, 1), new=st.booleans(), through_view=st.booleans())
    def write(self, data: st.DataObject, place: int, new: bool, through_view: bool) -> None:
        """Write a value into an array, through a view of it or not."""
        if new or not self.arrays:
            nothing = Value(None, {frozenset(): 0.0}, set())
            self.arrays.append(Array(dt.zeros(2), [nothing, nothing]))
        array, value = data.draw(st.sampled_from(self.arrays)), self.value(data)
        self.make_view(array)
        terms = keep(value.terms, self.recordings())
        if through_view and array.backwards is not None:
            array.backwards[1 - place] = value.handle
        else:
            array.handle[place] = value.handle
        array.entries[place] = self.result(None, terms, value)
        array.known |= array.entries[place].recorded | array.entries[place].perhaps

    @precondition(lambda self: self.arrays)
    @rule(data=st.data())
    def use_whole(self, data: st.DataObject) -> None:
        """Use an array, and perhaps overwrite it."""
        array, value = data.draw(st.sampled_from(self.arrays)), self.value(data)
        active = self.recordings()
        total = plus(*[keep(entry.terms, active) for entry in array.entries])
        handle = np.sum(array.handle * value.handle)
        result = self.result(handle, times(total, keep(value.terms, active)), *array.entries, value)
        result.perhaps |= array.known & active
        if all(abs(c) < LARGEST for c in result.terms.values()):
            self.values.append(result)
        if data.draw(st.booleans()):
            array.handle[:] = 0.25
            array.entries = [Value(None, {frozenset(): 0.25}, set())] * 2

    @precondition(lambda self: self.arrays)
    @rule(data=st.data())
    def add_in_place(self, data: st.DataObject) -> None:
        array, value = self.arrays[-1], self.value(data)
        active = self.recordings()
        array.handle += value.handle
        for i, entry in enumerate(array.entries):
            terms = plus(keep(entry.terms, active), keep(value.terms, active))
            array.entries[i] = self.result(None, terms, entry, value)
        array.known |= value.recorded | value.perhaps

    def make_view(self, array: Array) -> None:
        """Make the view where all recordings that know the array record: another one is a constant to it for ever."""
        alive = {tape.recording for tape in self.tapes}
        if array.backwards is None and not (array.known & alive) - self.recordings():
            array.backwards = array.handle[::-1]

    @precondition(lambda self: self.arrays)
    @rule(data=st.data(), place=st.integers(0, 1), through_view=st.booleans())
    def read_entry(self, data: st.DataObject, place: int, through_view: bool) -> None:
        array = data.draw(st.sampled_from(self.arrays))
        viewed = through_view and array.backwards is not None
        handle = array.backwards[1 - place] if viewed else array.handle[place]
        entry = array.entries[place]
        value = self.result(handle, keep(entry.terms, self.recordings()), entry)
        value.perhaps |= array.known & self.recordings()
        self.values.append(value)

    def fail(self, _tape: Tape) -> None:
        x = self.read(0).handle
        with pytest.raises(ValueError, match="mismatch"):
            np.matmul(np.ones((2, 3)), np.stack([x, x]))

    def assign(self, _tape: Tape) -> None:
        self.contents[0] += 0.25
        self.variables[0].assign_add(0.25)

    # --- gradients ---

    @precondition(lambda self: self.active)
    @rule(data=st.data(), variable=VARIABLES)
    def differentiate(self, data: st.DataObject, variable: int) -> None:
        """Compute something, differentiate it, compute with that, and so on."""
        self.operate(data, "sin")
        self.operate(data, "*")
        if not self.known():
            return
        tape, value = data.draw(st.sampled_from(self.known()[-5:]))
        self.ask(tape, value, variable)
        older = [t for t in self.tapes if t.recording in self.values[-1].perhaps]
        while older and data.draw(st.booleans()):
            self.operate(data, "*")
            self.ask(data.draw(st.sampled_from(older)), self.values[-1], variable)
            older = [t for t in self.tapes if t.recording in self.values[-1].perhaps]

    def known(self) -> list[tuple[Tape, Value]]:
        """Values, and tapes that may have recorded them and can tell now."""
        active = self.recordings()
        found = []
        for value in self.values:
            own = value.recorded | value.perhaps
            youngest = max(own & active, default=0)
            found += [(t, value) for t in self.tapes if t.recording in own and t.recording >= youngest]
        return found

    def ask_for_the_last(self, tape: Tape) -> None:
        value = self.values[-1] if self.values else self.read(0)
        if tape.recording is not None:
            self.ask(tape, value, 0)
        else:
            with pytest.raises(TapeError):
                tape.tape.gradient(value.handle, self.variables[0])

    def ask(self, tape: Tape, value: Value, variable: int) -> None:
        recording = tape.recording
        assert recording is not None
        younger = {r for r in self.recordings() if r > recording}
        try:
            found = tape.tape.gradient(value.handle, self.variables[variable])
        except UnrecordedTargetError:
            assert recording not in value.recorded
            return
        except TapeError:
            assert younger & (value.recorded | value.perhaps)
            return
        assert recording in value.recorded | value.perhaps
        assert not younger & value.recorded
        if not tape.persistent:
            tape.recording, tape.used = None, True
            self.update(tape)
        self.compare(found, recording, value, variable)

    def compare(self, found: Any, recording: int, value: Value, variable: int) -> None:
        older = {r for r in self.recordings() if r < recording}
        symbol = (recording, variable)
        terms = keep({s - {symbol}: c for s, c in value.terms.items() if symbol in s}, older)
        terms.setdefault(frozenset(), 0.0)
        assert found.shape == ()
        if recording in value.unsure:
            return  # not a word on what it is, nor on what would be computed with it
        assert np.isclose(plain(found), terms[frozenset()])
        self.values.append(Value(found, terms, set(), older, value.blurred, value.blurred | value.unsure))

    @invariant()
    def the_context_holds_what_records(self) -> None:
        assert len(ACTIVE.get()) == len(self.active)
        assert len({id(r) for r in ACTIVE.get()}) == len(self.active)

    @invariant()
    def values_are_those_of_plain_code(self) -> None:
        for value in self.values[-1:]:
            assert value.unsure or np.isclose(plain(value.handle), value.terms.get(frozenset(), 0.0))

    def teardown(self) -> None:
        for tape in self.tapes:
            while tape.stops:
                tape.stops.pop().__exit__(None, None, None)
            if tape.block is not None:
                tape.block.close()
        assert ACTIVE.get() == ()


def sine_of(terms: Terms) -> Terms:
    """The sine of a polynomial: Taylor's series ends, since the infinitesimals' powers do."""
    x = terms.get(frozenset(), 0.0)
    rest = {s: c for s, c in terms.items() if s}
    power: Terms = {frozenset(): 1.0}
    total: Terms = {}
    for n in count():
        derivative = float(np.sin(x + n * np.pi / 2)) / math.factorial(n)
        total = plus(total, times(power, {frozenset(): derivative}))
        power = times(power, rest)
        if not power:
            return total
    raise AssertionError


class ForwardTapes(Tapes):
    modes = ("forward",)


PROFILE = settings(settings.get_profile("programs"), stateful_step_count=40)
ForwardTapes.TestCase.settings = Tapes.TestCase.settings = PROFILE

TestForwardTapes = ForwardTapes.TestCase
TestTapes = pytest.mark.reverse(Tapes.TestCase)
