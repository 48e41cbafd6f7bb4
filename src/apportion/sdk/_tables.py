"""Small tables for consoles and notebooks, in the colours of their surroundings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from html import escape
from typing import Any

__all__ = ["MUTED", "count", "html_table", "moment", "text_table", "when"]

MUTED = "opacity:.7;font-size:.9em"
_BAR = "background:hsl(210 75% 50%/.35);height:.8em;display:inline-block;border-radius:2px"
_BAR_WIDTH = 10
"""Of the longest bar, in em."""


def count(number: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun.

    >>> count(1, "record"), count(1200, "person", "people")
    ('1 record', '1,200 people')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def moment(found: str | None) -> datetime | None:
    """Parse a time of the newer routes: UTC, with its zone."""
    return None if found is None else datetime.fromisoformat(found.replace("Z", "+00:00"))


def when(moment: datetime | None) -> str:
    """Format a time in local time, to the minute."""
    return "-" if moment is None else f"{moment.astimezone():%Y-%m-%d %H:%M}"


def text_table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """Return the lines of a table; numbers are aligned right.

    >>> text_table(["who", "records"], [["ana", 1200]])
    ['who  records', 'ana    1,200']
    """
    cells = [list(heads), *([_cell(value) for value in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    right = [bool(rows) and all(isinstance(row[place], int) for row in rows) for place in range(len(heads))]
    return [
        "  ".join(
            text.rjust(width) if to_the_right else text.ljust(width)
            for text, width, to_the_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in cells
    ]


def html_table(heads: Sequence[str], rows: Sequence[Sequence[Any]], *, bar: int | None = None) -> str:
    """Return the table as HTML, with a bar behind the numbers of one column."""
    head = "".join(
        f"<th style='{_aligned(rows, place)}'>{escape(each)}</th>" for place, each in enumerate(heads)
    )
    longest = 0 if bar is None else max((row[bar] for row in rows), default=0)
    body = []
    for row in rows:
        cells = "".join(
            f"<td style='{_aligned(rows, place)}'>{escape(_cell(value))}</td>"
            for place, value in enumerate(row)
        )
        if bar is not None and longest:
            width = _BAR_WIDTH * row[bar] / longest
            cells += f"<td style='text-align:left'><span style='{_BAR};width:{width:.2f}em'></span></td>"
        body.append(f"<tr>{cells}</tr>")
    blank = "<th></th>" if bar is not None and longest else ""
    return (
        f"<table style='color:inherit'><thead><tr>{head}{blank}</tr></thead>"
        f"<tbody>{''.join(body)}</tbody></table>"
    )


def _aligned(rows: Sequence[Sequence[Any]], place: int) -> str:
    numbers = bool(rows) and all(isinstance(row[place], int) for row in rows)
    return f"text-align:{'right' if numbers else 'left'};padding:.1em .5em"


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return when(value)
    if value is None:
        return "-"
    return f"{value:,}" if isinstance(value, int) else str(value)
