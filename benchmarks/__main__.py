"""``python -m benchmarks``: measure, print a table, write it down if asked to."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from . import (
    agreement,
    annotate,
    assign,
    bulk,
    install,
    overlap,
    scan,
    sdk,
    search,
    settling,
    small,
    startup,
)
from .page import page
from .report import Line, Report
from .scale import Scale, say

_ALL: dict[str, Callable[[Scale], Iterator[Line]]] = {
    "startup": startup.measure,
    "install": install.measure,
    "bulk": bulk.measure,
    "small": small.measure,
    "search": search.measure,
    "annotate": annotate.measure,
    "assign": assign.measure,
    "scan": scan.measure,
    "sdk": sdk.measure,
    "agreement": agreement.measure,
    "overlap": overlap.measure,
    "settling": settling.measure,
}


def main() -> None:
    given = _arguments()
    report = Report(_command(given))
    scale = _scale(given)
    for name in [] if given.page_only else given.names or _ALL:
        say(name)
        for line in _ALL[name](scale):
            report.lines.append(line)
            say(f"    {' | '.join(cell for cell in line.cells() if cell)}")
    if report.lines:
        print(report.text())
    if given.json:
        given.json.write_text(json.dumps(report.as_json(), indent=1, ensure_ascii=False) + "\n")
    if given.write:
        given.write.write_text(page([*map(Report.read, given.add), *([report] if report.lines else [])]))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"what to measure: {', '.join(_ALL)}; default all"
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="100,000 records, few repetitions: minutes")
    size.add_argument("--full", action="store_true", help="a million records, 60 s of eight annotators")
    parser.add_argument("--records", type=int, help="records to search, annotate and scan; default 200,000")
    parser.add_argument("--home", type=Path, help="a folder for the loaded server, kept for the next run")
    parser.add_argument(
        "--add",
        type=Path,
        metavar="FILE",
        nargs="+",
        default=[],
        help="JSON of earlier runs for that page, too",
    )
    parser.add_argument("--page-only", action="store_true", help="measure nothing: only write that page")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the results as a page of Markdown")
    given = parser.parse_args()
    unknown = set(given.names) - set(_ALL)
    if unknown:
        parser.error(f"there is nothing called {', '.join(sorted(unknown))}: choose from {', '.join(_ALL)}")
    return given


def _scale(given: argparse.Namespace) -> Scale:
    records = given.records or (1_000_000 if given.full else 100_000 if given.quick else 200_000)
    return Scale(
        records=records,
        bulk_records=min(records, 40_000 if given.quick else 100_000),
        rounds=1 if given.quick else 3,
        calls=40 if given.quick else 200,
        seconds=60 if given.full else 5 if given.quick else 20,
        home=given.home,
    )


def _command(given: argparse.Namespace) -> str:
    """What to type to measure this again."""
    parts = ["python -m benchmarks", *given.names]
    parts += [f"--{name}" for name in ("quick", "full") if getattr(given, name)]
    if given.records:
        parts.append(f"--records {given.records}")
    return " ".join(parts)


if __name__ == "__main__":
    main()
