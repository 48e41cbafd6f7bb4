"""``python -m benchmarks``: measure, print a table, write it down if asked to."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from . import annotate, bulk, scan, search, startup
from .page import page
from .report import Line, Report
from .scale import Scale, say

_ALL: dict[str, Callable[[Scale], Iterator[Line]]] = {
    "startup": startup.measure,
    "bulk": bulk.measure,
    "search": search.measure,
    "annotate": annotate.measure,
    "scan": scan.measure,
}


def main() -> None:
    given = _arguments()
    report = Report(" ".join(["python -m benchmarks", *_told(sys.argv[1:])]))
    scale = _scale(given)
    for name in given.names or _ALL:
        say(name)
        for line in _ALL[name](scale):
            report.lines.append(line)
            say(f"    {' | '.join(cell for cell in line.cells() if cell)}")
    print(report.text())
    if given.json:
        given.json.write_text(json.dumps(report.as_json(), indent=1, ensure_ascii=False) + "\n")
    if given.write:
        given.write.write_text(page(report))


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


def _told(arguments: list[str]) -> list[str]:
    """The command line without what only says where to write."""
    found, skip = [], False
    for each in arguments:
        if skip:
            skip = False
        elif each in ("--write", "--json", "--home"):
            skip = True
        elif not each.startswith(("--write=", "--json=", "--home=")):
            found.append(each)
    return found


if __name__ == "__main__":
    main()
