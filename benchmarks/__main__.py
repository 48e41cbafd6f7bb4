"""``python -m benchmarks``: measure, print a table, and keep the results for the page of the documentation."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from . import (
    agreement,
    annotate,
    assign,
    browser,
    bulk,
    cluster,
    cold,
    hostile,
    index_away,
    indexed,
    install,
    largest,
    many,
    overlap,
    peers,
    resolving,
    scan,
    sdk,
    search,
    sizing,
    small,
    startup,
    team,
    uploads,
    weak,
    writers,
)
from .page import page
from .report import Line, Report
from .scale import Scale, say

SUITES: dict[str, Callable[[Scale], Iterator[Line]]] = {
    "startup": startup.measure,
    "install": install.measure,
    "bulk": bulk.measure,
    "small": small.measure,
    "many": many.measure,
    "sizing": sizing.measure,
    "search": search.measure,
    "annotate": annotate.measure,
    "scan": scan.measure,
    "sdk": sdk.measure,
    "weak": weak.measure,
    "assign": assign.measure,  # after those that want the loaded records as they were
    "agreement": agreement.measure,
    "overlap": overlap.measure,
    "resolving": resolving.measure,
    "browser": browser.measure,
    "team": team.measure,
    "hostile": hostile.measure,
    "uploads": uploads.measure,
    "cluster-team": cluster.measure,
    "cold": cold.measure,
    "indexed": indexed.measure,
    "index-away": index_away.measure,
    "largest": largest.measure,
    "largest-file": largest.measure_file,
    "writers": writers.measure,
    "peers": peers.measure,
}

_ON_REQUEST = {"largest": 10_000_000, "largest-file": 10_000_000}
"""Suites that take hours, and are run only when they are named; each with its number of records."""

_FEWER = {"sdk": 20_000}
"""Suites in which the official client, with which we compare ours, would take most of the time."""

_RESULTS = Path(__file__).parent / "results"
_PAGE = Path(__file__).parents[1] / "docs" / "benchmarks.md"


def main() -> None:
    given = _arguments()
    began, failed = time.monotonic(), []
    with _home(given.home) as home:
        scale = replace(_scale(given), home=home)
        for name in _asked(given):
            say(f"{name}, after {time.monotonic() - began:.0f} s")
            try:
                report = _measured(name, given, scale)
            except Exception:  # the others are worth having
                traceback.print_exc()
                failed.append(name)
                continue
            print(f"{report.text()}\n", flush=True)
            if given.keep:
                _RESULTS.mkdir(exist_ok=True)
                (_RESULTS / f"{name}.json").write_text(report.as_json())
                _write_page()
    say(f"done after {time.monotonic() - began:.0f} s" + (f"; failed: {', '.join(failed)}" if failed else ""))
    if given.page_only:
        _write_page()
    sys.exit(bool(failed))


def _asked(given: argparse.Namespace) -> Sequence[str]:
    if given.page_only:
        return []
    return given.names or [name for name in SUITES if name not in _ON_REQUEST]


def _measured(name: str, given: argparse.Namespace, scale: Scale) -> Report:
    report = Report(name, _command(given, name))
    if name in _ON_REQUEST and not given.records:
        scale = replace(scale, records=_ON_REQUEST[name])
    if name in _FEWER and not given.full:
        scale = replace(scale, records=min(scale.records, _FEWER[name]))
    for line in SUITES[name](scale):
        report.lines.append(line)
        say(f"    {' | '.join(cell for cell in line.cells() if cell)}")
    return report


def _write_page() -> None:
    kept = [_RESULTS / f"{name}.json" for name in SUITES]
    _PAGE.write_text(page([Report.read(each) for each in kept if each.exists()]))


@contextlib.contextmanager
def _home(given: Path | None) -> Iterator[Path]:
    """Return the home that the suites with many records load once, and share."""
    home = given or Path(tempfile.mkdtemp(prefix="apportion-bench-loaded-"))
    try:
        yield home
    finally:
        if given is None:
            shutil.rmtree(home, ignore_errors=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names",
        nargs="*",
        metavar="name",
        help=f"what to measure: {', '.join(SUITES)}; default all but {', '.join(_ON_REQUEST)}",
    )
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="100,000 records, few repetitions: minutes")
    size.add_argument(
        "--full", action="store_true", help="many repetitions, ten minutes of a team, 100 crashes"
    )
    parser.add_argument("--records", type=int, help="records to search, annotate and scan; default a million")
    parser.add_argument("--home", type=Path, help="a folder for the loaded server, kept for the next run")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        help="hostile: the attacks with this in their names; not to be kept",
    )
    parser.add_argument(
        "--keep", action="store_true", help="keep the results, and write the page with them anew"
    )
    parser.add_argument("--page-only", action="store_true", help="measure nothing: only write that page")
    given = parser.parse_args()
    unknown = set(given.names) - set(SUITES)
    if unknown:
        parser.error(f"there is nothing called {', '.join(sorted(unknown))}: choose from {', '.join(SUITES)}")
    if given.keep and given.only:
        parser.error("results of some attacks only are not kept")
    return given


def _scale(given: argparse.Namespace) -> Scale:
    records = given.records or (100_000 if given.quick else 1_000_000)
    return Scale(
        records=records,
        bulk_records=min(records, 40_000 if given.quick else 100_000),
        rounds=3 if given.full else 1,
        calls=40 if given.quick else 200 if given.full else 100,
        seconds=60 if given.full else 5 if given.quick else 20,
        team_seconds=600 if given.full else 30 if given.quick else 90,
        logged=200_000 if given.full else 10_000 if given.quick else 40_000,
        step_seconds=20 if given.full else 4 if given.quick else 6,
        halvings=2 if given.full else 0 if given.quick else 1,
        kills=100 if given.full else 3 if given.quick else 10,
        only=given.only,
    )


def _command(given: argparse.Namespace, name: str) -> str:
    """Return the command that measures this again."""
    parts = ["python -m benchmarks", name]
    parts += [f"--{each}" for each in ("quick", "full") if getattr(given, each)]
    if given.records:
        parts.append(f"--records {given.records}")
    if name in _ON_REQUEST:
        parts.append("--home FOLDER")
    return " ".join([*parts, "--keep"])


if __name__ == "__main__":
    main()
