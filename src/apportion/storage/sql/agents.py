"""Numbers of annotators, which are also viewer numbers, and their names."""

from __future__ import annotations

from collections.abc import Callable

from .connection import RawConnection

__all__ = ["OPEN", "AgentRegistry", "Agents"]

OPEN = 0
"""Stands for an annotator's number where there is none: of open slots, and of gold values in history."""

_MOST_REMEMBERED = 100_000


class AgentRegistry:
    """Names and numbers that are committed, remembered between transactions: neither ever changes or goes away."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.names: dict[int, str] = {}

    def add(self, names: dict[int, str]) -> None:
        if len(self.names) > _MOST_REMEMBERED:  # new dictionaries: others are reading the old ones
            self.numbers, self.names = {}, {}
        self.names.update(names)
        self.numbers.update((name, no) for no, name in names.items())


class Agents:
    """Look-up of names and numbers within one transaction.

    What it reads or assigns is given to ``registry`` through ``after``, the hooks that run once the transaction has
    committed: a new number may be rolled back. Without ``after``, the transaction only reads what is committed.
    """

    def __init__(
        self,
        raw: RawConnection,
        registry: AgentRegistry | None = None,
        after: list[Callable[[], None]] | None = None,
    ) -> None:
        self._raw = raw
        self._registry = registry or AgentRegistry()
        self._after = after
        self._numbers: dict[str, int] = {}
        self._names: dict[int, str] = {}

    def number(self, name: str) -> int:
        """Return the number of an annotator; assign one if there is none yet."""
        no = self.find(name)
        if no is None:
            row = self._raw.execute(
                "INSERT INTO agents (name) VALUES (?) ON CONFLICT DO NOTHING RETURNING no", (name,)
            ).fetchone()
            if row is None:  # another transaction has just added it
                row = self._raw.execute("SELECT no FROM agents WHERE name = ?", (name,)).fetchone()
            no = int(row[0])
            self._know(no, name)
        return no

    def find(self, name: str) -> int | None:
        """Return the number of an annotator, None if they have none yet."""
        # ``or`` will do: 0 is nobody's number
        no = self._registry.numbers.get(name) or self._numbers.get(name)
        if no is None:
            row = self._raw.execute("SELECT no FROM agents WHERE name = ?", (name,)).fetchone()
            if row is None:
                return None
            no = row[0]
            self._know(no, name)
        return no

    def name(self, no: int) -> str:
        """Return the name of an annotator by number."""
        name = self._registry.names.get(no) or self._names.get(no)
        if name is None:
            (name,) = self._raw.execute("SELECT name FROM agents WHERE no = ?", (no,)).fetchone()
            self._know(no, name)
        return name

    def _know(self, no: int, name: str) -> None:
        if self._after is None:
            self._registry.add({no: name})
            return
        # One hook for all of them: it reads ``_names`` after the commit
        if not self._names:
            self._after.append(lambda: self._registry.add(self._names))
        self._numbers[name] = no
        self._names[no] = name
