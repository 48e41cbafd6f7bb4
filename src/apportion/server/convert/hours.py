"""Hours as JSON and as a table for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO

import msgspec

from apportion.domain.individual.time_spent import Hours
from apportion.wire.progress import HoursRow

from .export_tables import shown

__all__ = ["hours_csv", "hours_out"]

COLUMNS = ("dataset", "annotator", "from", "to", "answers", "seconds", "hours")


def hours_out(each: Hours) -> HoursRow:
    """Return one person's hours."""
    return HoursRow(
        dataset=each.dataset,
        annotator=each.annotator,
        first=each.begins.isoformat(),
        last=each.ends.isoformat(),
        answers=each.answers,
        seconds=float(each.seconds),
        hours=float(each.hours),
    )


def hours_csv(found: Iterable[Hours]) -> str:
    """Return hours as CSV; no cell is taken for a formula."""
    target = StringIO()
    rows = csv.DictWriter(target, COLUMNS)
    rows.writeheader()
    for each in found:
        row = dict(zip(COLUMNS, msgspec.structs.astuple(hours_out(each)), strict=True))
        names = {name: shown(row[name]) for name in ("dataset", "annotator")}
        rows.writerow({**row, **names, "seconds": f"{each.seconds:.3f}", "hours": f"{each.hours:.2f}"})
    return target.getvalue()
