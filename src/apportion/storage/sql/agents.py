"""Numbers of annotators, which are also viewer numbers, and their names."""

from __future__ import annotations

from .connection import RawConnection

__all__ = ["OPEN", "Agents"]

OPEN = 0
"""Stands for an annotator's number where there is none: of open slots, and of gold values in history."""


class Agents:
    """Look-up of names and numbers, each read once. For one transaction only: a new number may be rolled back."""

    def __init__(self, raw: RawConnection) -> None:
        self._raw = raw
        self._numbers: dict[str, int] = {}
        self._names: dict[int, str] = {}

    def number(self, name: str) -> int:
        """Return the number of an annotator; assign one if there is none yet."""
        no = self.find(name)
        if no is None:
            (no,) = self._raw.execute("INSERT INTO agents (name) VALUES (?) RETURNING no", (name,)).fetchone()
            self._know(no, name)
        return no

    def find(self, name: str) -> int | None:
        """Return the number of an annotator, None if they have none yet."""
        no = self._numbers.get(name)
        if no is None:
            row = self._raw.execute("SELECT no FROM agents WHERE name = ?", (name,)).fetchone()
            if row is None:
                return None
            no = row[0]
            self._know(no, name)
        return no

    def name(self, no: int) -> str:
        """Return the name of an annotator by number."""
        name = self._names.get(no)
        if name is None:
            (name,) = self._raw.execute("SELECT name FROM agents WHERE no = ?", (no,)).fetchone()
            self._know(no, name)
        return name

    def _know(self, no: int, name: str) -> None:
        self._numbers[name] = no
        self._names[no] = name
