"""Match words against regular expressions in Lucene's syntax, in time linear in the word.

Python's ``re`` backtracks, so one unlucky pattern could hold the server up. Here all states of a
nondeterministic automaton are followed at once; the sets of states met on the way are kept, so that common
words soon cost one look-up per character.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from apportion.domain.errors import InvalidTextSearchError

from .regex import compile_regex

__all__ = ["Automaton"]

MAX_KEPT = 200_000  # states named in the sets that are kept
MAX_WORK = 400_000
"""States looked at where no look-up helps: about 200 ms of computing, counted so that it is the same everywhere.
Patterns people write stay below a hundredth of it."""


class Automaton:
    """A compiled pattern. It must cover the whole word and takes upper and lower case as they are.

    ``. ? * + | {n,m} [a-z] [^a-z] ( ) "literal" @`` and ``\\d \\w \\s`` are understood; ``^`` and ``$`` are
    ordinary characters.

    >>> Automaton("eje.?plo").matches("ejemplo")
    True

    Raises ``InvalidTextSearchError`` when the pattern is malformed, too large, or uses complement,
    intersection or number intervals.
    """

    def __init__(self, pattern: str) -> None:
        machine = compile_regex(pattern)
        self._silent = machine.silent
        self._steps = machine.steps
        self._final = machine.final
        self._work = 0
        self._forget(machine.start)

    @property
    def size(self) -> int:
        """The number of states: the most steps that one character can cost."""
        return len(self._steps)

    def matches(self, word: str) -> bool:
        """Return whether the pattern matches the whole word."""
        node = self._start
        for char in word:
            following = node.next.get(char)
            if following is None:
                following = self._follow(node, char)
            node = following
            if not node.states:
                return False
        return node.accepting

    def _follow(self, node: _Node, char: str) -> _Node:
        code = ord(char)
        reached = [
            step.to for state in node.states if (step := self._steps[state]) is not None and step.takes(code)
        ]
        following = self._node(self._closure(reached))
        self._work += len(node.states) + len(following.states)
        if self._work > MAX_WORK:
            raise InvalidTextSearchError(
                "this regular expression takes too long here: it has too many ways to go on from one character to "
                "the next"
            )
        self._kept += 1 + len(following.states)
        if self._kept > MAX_KEPT:
            self._forget(self._origin)
        else:
            node.next[char] = following
        return following

    def _node(self, states: frozenset[int]) -> _Node:
        node = self._nodes.get(states)
        if node is None:
            node = self._nodes[states] = _Node(states, self._final in states)
        return node

    def _closure(self, states: list[int]) -> frozenset[int]:
        """Return the states reachable without a character."""
        seen = set(states)
        while states:
            for to in self._silent[states.pop()]:
                if to not in seen:
                    seen.add(to)
                    states.append(to)
        return frozenset(state for state in seen if self._steps[state] is not None or state == self._final)

    def _forget(self, origin: int) -> None:
        # A matching under way in another thread keeps the nodes it holds; they stay right.
        self._origin = origin
        self._kept = 0
        self._nodes: dict[frozenset[int], _Node] = {}
        self._start = self._node(self._closure([origin]))


@dataclass(slots=True, eq=False)
class _Node:
    states: frozenset[int]
    accepting: bool
    next: dict[str, _Node] = field(default_factory=dict)
