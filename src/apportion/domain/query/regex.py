"""Translate a regular expression in Lucene's syntax into the states of an automaton."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from apportion.domain.errors import InvalidTextSearchError

__all__ = ["Machine", "Step", "compile_regex"]

MAX_PATTERN = 1_000
MAX_STATES = 5_000
MAX_NESTING = 64

_LAST = 0x10FFFF
_CLASSES: dict[str, tuple[tuple[int, int], ...]] = {
    "d": ((48, 57),),
    "s": ((9, 10), (13, 13), (32, 32)),
    "w": ((48, 57), (65, 90), (95, 95), (97, 122)),
}
_REFUSED = {
    "~": "complements (~) are not supported; write \\~ for the character",
    "&": "intersections (&) are not supported; write \\& for the character",
    "<": "number intervals (<1-9>) are not supported; write \\< for the character",
    ">": "this > was never opened; write \\> for the character",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A transition for characters within some range, or, negated, within none."""

    ranges: tuple[tuple[int, int], ...]
    to: int
    negated: bool = False

    def takes(self, code: int) -> bool:
        return any(low <= code <= high for low, high in self.ranges) is not self.negated


@dataclass(frozen=True, slots=True)
class _Fragment:
    """A part of the automaton with one start state and one end state."""

    start: int
    final: int


@dataclass(slots=True)
class Machine:
    """States by number: the transitions of each without a character, and those with one."""

    silent: list[list[int]]
    steps: list[Step | None]
    start: int
    final: int


def compile_regex(pattern: str) -> Machine:
    """Return the automaton of a pattern; raises ``InvalidTextSearchError`` with the place in the pattern."""
    return _RegexCompiler(pattern).compile()


class _RegexCompiler:
    """A parser that reads the pattern once and adds states on the way.

    The states of a part are consecutive and lead nowhere else, so repeating it is copying a slice.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._silent: list[list[int]] = []
        self._steps: list[Step | None] = []

    def compile(self) -> Machine:
        if len(self._pattern) > MAX_PATTERN:
            self._refuse(f"a regular expression may have {MAX_PATTERN} characters at most")
        whole = self._union(0)
        if self._at < len(self._pattern):
            self._refuse("the bracket closed here was never opened")
        return Machine(self._silent, self._steps, whole.start, whole.final)

    def _union(self, nesting: int) -> _Fragment:
        if nesting > MAX_NESTING:
            self._refuse(f"more than {MAX_NESTING} brackets inside one another")
        part = self._sequence(nesting)
        if self._peek() != "|":
            return part
        whole = _Fragment(self._state(), self._state())
        self._enclose(whole, part)
        while self._take("|"):
            self._enclose(whole, self._sequence(nesting))
        return whole

    def _sequence(self, nesting: int) -> _Fragment:
        whole = self._empty()
        while self._peek() not in ("", "|", ")"):
            whole = self._join(whole, self._repeated(nesting))
        return whole

    def _repeated(self, nesting: int) -> _Fragment:
        low = len(self._steps)
        part = self._atom(nesting)
        while (sign := self._peek()) and sign in "?*+{":
            self._at += 1
            if sign == "{":
                fewest, most = self._counts()
            else:
                fewest, most = int(sign == "+"), 1 if sign == "?" else None
            part = self._repeat(part, low, fewest, most)
        return part

    def _repeat(self, part: _Fragment, low: int, fewest: int, most: int | None) -> _Fragment:
        high = len(self._steps)
        copies = fewest + 1 if most is None else most
        if (high - low + 2) * copies > MAX_STATES:
            self._refuse("the regular expression is too large")
        # Copies are taken before any edge out of the part exists.
        parts = [part] + [self._copy(part, low, high) for _ in range(copies - 1)] if copies else []
        whole = self._empty()
        for each in parts[:fewest]:
            whole = self._join(whole, each)
        if most is None:
            self._silent[parts[-1].final].append(parts[-1].start)
        for each in parts[fewest:]:
            optional = _Fragment(self._state(), self._state())
            self._silent[optional.start].append(optional.final)
            self._enclose(optional, each)
            whole = self._join(whole, optional)
        return whole

    def _counts(self) -> tuple[int, int | None]:
        fewest = self._number()
        most: int | None = fewest
        if self._take(","):
            most = None if self._peek() == "}" else self._number()
        if not self._take("}"):
            self._refuse("a repetition is written {2}, {2,} or {2,5}")
        if most is not None and most < fewest:
            self._refuse("the second number of a repetition is the larger one")
        return fewest, most

    def _number(self) -> int:
        start = self._at
        while self._peek() and self._peek() in "0123456789":
            self._at += 1
        digits = self._pattern[start : self._at]
        if not digits:
            self._refuse("a repetition is written {2}, {2,} or {2,5}")
        return int(digits[:9])

    def _atom(self, nesting: int) -> _Fragment:
        opened = self._at
        char = self._next()
        if char in _REFUSED:
            self._refuse(_REFUSED[char], opened)
        if char in "?*+{":
            self._refuse(f"there is nothing for {char} to repeat", opened)
        if char == "(":
            part = self._union(nesting + 1)
            if not self._take(")"):
                self._refuse("the bracket opened here is never closed", opened)
            return part
        if char == "[":
            return self._char_class(opened)
        if char == '"':
            return self._literal(opened)
        if char == ".":
            return self._single(((0, _LAST),))
        if char == "@":
            low = len(self._steps)
            return self._repeat(self._single(((0, _LAST),)), low, 0, None)
        if char == "#":
            return _Fragment(self._state(), self._state())  # nothing leads through: matches no word
        if char == "\\":
            return self._escape()
        return self._single(((ord(char), ord(char)),))

    def _escape(self) -> _Fragment:
        char = self._next()
        if char.lower() in _CLASSES:
            return self._single(_CLASSES[char.lower()], negated=char.isupper())
        return self._single(((ord(char), ord(char)),))

    def _literal(self, opened: int) -> _Fragment:
        end = self._pattern.find('"', self._at)
        if end < 0:
            self._refuse("the quote opened here is never closed", opened)
        whole = self._empty()
        for char in self._pattern[self._at : end]:
            whole = self._join(whole, self._single(((ord(char), ord(char)),)))
        self._at = end + 1
        return whole

    def _char_class(self, opened: int) -> _Fragment:
        negated = self._take("^")
        ranges: list[tuple[int, int]] = []
        while not (closed := self._take("]")) and self._peek():
            if self._peek() == "\\" and self._pattern[self._at + 1 : self._at + 2] in ("d", "s", "w"):
                ranges += _CLASSES[self._pattern[self._at + 1]]
                self._at += 2
                continue
            low = high = self._class_char()
            if self._peek() == "-" and self._pattern[self._at + 1 : self._at + 2] not in ("", "]"):
                self._at += 1
                high = self._class_char()
            if high < low:
                self._refuse("the second character of a range comes after the first")
            ranges.append((low, high))
        if not closed or not ranges:
            self._refuse("the set of characters opened here is empty or never closed", opened)
        return self._single(tuple(ranges), negated=negated)

    def _class_char(self) -> int:
        char = self._next()
        return ord(self._next() if char == "\\" else char)

    def _single(self, ranges: tuple[tuple[int, int], ...], *, negated: bool = False) -> _Fragment:
        part = _Fragment(self._state(), self._state())
        self._steps[part.start] = Step(ranges, part.final, negated)
        return part

    def _empty(self) -> _Fragment:
        state = self._state()
        return _Fragment(state, state)

    def _state(self) -> int:
        if len(self._steps) >= MAX_STATES:
            self._refuse("the regular expression is too large")
        self._silent.append([])
        self._steps.append(None)
        return len(self._steps) - 1

    def _join(self, first: _Fragment, second: _Fragment) -> _Fragment:
        self._silent[first.final].append(second.start)
        return _Fragment(first.start, second.final)

    def _enclose(self, outer: _Fragment, inner: _Fragment) -> None:
        self._silent[outer.start].append(inner.start)
        self._silent[inner.final].append(outer.final)

    def _copy(self, part: _Fragment, low: int, high: int) -> _Fragment:
        shift = len(self._steps) - low
        for state in range(low, high):
            place = self._state()
            self._silent[place] = [to + shift for to in self._silent[state]]
            step = self._steps[state]
            self._steps[place] = step and Step(step.ranges, step.to + shift, step.negated)
        return _Fragment(part.start + shift, part.final + shift)

    def _peek(self) -> str:
        return self._pattern[self._at : self._at + 1]

    def _take(self, char: str) -> bool:
        taken = self._peek() == char
        self._at += taken
        return taken

    def _next(self) -> str:
        char = self._peek()
        if not char:
            self._refuse("the regular expression ends too early")
        self._at += 1
        return char

    def _refuse(self, reason: str, at: int | None = None) -> NoReturn:
        shown = self._pattern[:MAX_PATTERN]
        raise InvalidTextSearchError(
            f"Failed to parse regular expression [{shown}]",
            position=self._at if at is None else at,
            reason=reason,
        )
