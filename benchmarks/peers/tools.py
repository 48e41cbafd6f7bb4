"""Protocol of a tool in the scenario, and the error for what it cannot do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from .processes import Processes

__all__ = ["LABELS", "TEAM", "Cannot", "Row", "Tool"]

LABELS = ["news", "sport", "culture", "weather", "other"]
TEAM = [f"person{number}" for number in range(10)]


class Cannot(Exception):
    """The tool has no way of doing that; the message says what it has instead."""


class Row(NamedTuple):
    """A record to be imported."""

    id: str
    text: str


class Tool(Protocol):
    """A server in a folder of its own, and its users."""

    name: str
    versions: str
    processes: Processes

    def start(self, folder: Path, port: int) -> None:
        """Start it and make a project with labels and a team of ten."""

    def load(self, rows: Sequence[Row]) -> int:
        """Import, as one imports into it; how many records there are afterwards."""

    def share_out(self) -> dict[str, int]:
        """Everything among the ten, once each; how many each has."""

    def open_page(self, who: str) -> list[str]:
        """The first ten of somebody's open records."""

    def search(self, who: str, word: str) -> int:
        """The first ten records with a word; how many there are in all."""

    def label(self, who: str, label: str) -> None:
        """Get somebody's next record and answer it, as its web app does."""

    def export(self) -> int:
        """Everything, as JSON; how many answers are in it."""

    def close(self) -> None:
        """End it."""
