"""Results as a table."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timezone
from pathlib import Path

__all__ = ["Line", "Report", "middle", "percentile"]


def middle(values: Sequence[float]) -> float:
    """The median."""
    return percentile(values, 50)


def percentile(values: Sequence[float], share: int) -> float:
    """The smallest value that so many per cent of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, -(-len(ordered) * share // 100) - 1))]


@dataclass(frozen=True, slots=True)
class Line:
    """One figure. ``at_most`` or ``at_least`` is its target, where it has one."""

    what: str
    value: float | None
    """None: it cannot be done, and ``detail`` says why."""
    unit: str
    detail: str = ""
    """Medians and processor time behind it."""
    at_most: float | None = None
    at_least: float | None = None

    @property
    def target(self) -> str:
        if self.at_most is not None:
            return f"≤ {_plain(self.at_most)}"
        return "" if self.at_least is None else f"≥ {_plain(self.at_least)}"

    @property
    def verdict(self) -> str:
        if self.value is None:
            return ""
        if self.at_most is not None:
            return "met" if self.value <= self.at_most else "missed"
        if self.at_least is not None:
            return "met" if self.value >= self.at_least else "missed"
        return ""

    @property
    def is_ratio(self) -> bool:
        return self.unit == "×"

    def cells(self) -> list[str]:
        result = self.unit if self.value is None else f"{_plain(self.value)} {self.unit}"
        return [self.what, result, self.target, self.verdict, self.detail]


def _plain(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


class Report:
    """Everything one suite measured in one run, ratios first."""

    def __init__(self, name: str, command: str) -> None:
        self.name = name
        self.command = command
        self.lines: list[Line] = []
        self.began = datetime.now(timezone.utc)
        self._load = os.getloadavg()
        self._machine = ""

    @classmethod
    def read(cls, file: Path) -> Report:
        """The report of an earlier run."""
        found = json.loads(file.read_text())
        report = cls(found["name"], found["command"])
        report.began = datetime.fromisoformat(found["when"])
        report._machine = found["machine"]
        names = {each.name for each in fields(Line)}
        report.lines = [Line(**{k: v for k, v in line.items() if k in names}) for line in found["lines"]]
        return report

    def machine(self) -> str:
        """Return the machine it ran on, and how busy that was."""
        if self._machine:
            return self._machine
        load = " → ".join(f"{each[0]:.1f}" for each in (self._load, os.getloadavg()))
        return (
            f"{os.cpu_count()} cores ({_processor()}), load {load}, {platform.system()} {platform.release()}, "
            f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
        )

    def ordered(self) -> list[tuple[str, list[Line]]]:
        ratios = [line for line in self.lines if line.is_ratio]
        return [("Ratios", ratios), ("Figures", [line for line in self.lines if not line.is_ratio])]

    def text(self) -> str:
        """For a terminal."""
        parts = [self.machine()]
        for title, lines in self.ordered():
            rows = [line.cells() for line in lines]
            if rows:
                wide = [max(len(row[column]) for row in rows) for column in range(4)]
                parts.append(f"\n{title}")
                parts += [
                    "  ".join(
                        [*(cell.ljust(w) for cell, w in zip(row[:4], wide, strict=True)), row[4]]
                    ).rstrip()
                    for row in rows
                ]
        return "\n".join(parts)

    def as_json(self) -> str:
        lines = [{**asdict(line), "verdict": line.verdict} for line in self.lines]
        when = self.began.isoformat(timespec="seconds")
        found = {
            "name": self.name,
            "command": self.command,
            "when": when,
            "machine": self.machine(),
            "lines": lines,
        }
        return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return " ".join(line.partition(":")[2].split())
    except OSError:
        pass
    return platform.machine()
