"""Hours as JSON and as a table for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Any

from apportion.domain.individual.time_spent import Hours

from .export_tables import shown

__all__ = ["hours_csv", "hours_out"]

COLUMNS = ("dataset", "annotator", "from", "to", "answers", "seconds", "hours")


def hours_out(each: Hours) -> dict[str, Any]:
    """Return one person's hours as a JSON object."""
    values = (
        each.dataset, each.annotator, each.begins.isoformat(), each.ends.isoformat(), each.answers, each.seconds,
        each.hours,
    )  # fmt: skip
    return dict(zip(COLUMNS, values, strict=True))


def hours_csv(found: Iterable[Hours]) -> str:
    """Return hours as CSV; no cell is taken for a formula."""
    target = StringIO()
    rows = csv.DictWriter(target, COLUMNS)
    rows.writeheader()
    for each in found:
        row = hours_out(each)
        names = {name: shown(row[name]) for name in ("dataset", "annotator")}
        rows.writerow({**row, **names, "seconds": f"{each.seconds:.3f}", "hours": f"{each.hours:.2f}"})
    return target.getvalue()
