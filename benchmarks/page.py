"""The results page of the documentation."""

from __future__ import annotations

from collections.abc import Sequence

from .report import Line, Report

__all__ = ["TITLES", "page"]

_HEAD = """\
# Benchmarks

Absolute figures say more about a machine than about a program. What we hold ourselves to are ratios, both sides
measured in the same run on the same machine; the baseline is the same work done by SQLite with no server around it, by
the official 1.6.0 client, or by other annotation tools. Nothing here decides whether a test passes: it is measured,
printed, and written down, targets missed and comparisons lost included. `make bench` writes this page.
"""

TITLES = {
    "startup": "Starting",
    "install": "What an installation weighs",
    "bulk": "Logging in bulk",
    "small": "Ten thousand records",
    "many": "Seventeen hundred datasets, five thousand people",
    "sizing": "What to give a server",
    "search": "Searching and counting",
    "annotate": "Annotating as the 1.x web app does",
    "assign": "Sharing out, claiming, submitting",
    "scan": "Reading everything",
    "sdk": "The Python client",
    "weak": "Weak labels",
    "agreement": "Agreement and consensus",
    "overlap": "How much overlap, and where",
    "resolving": "Agreement, conflicts and export on a running server",
    "browser": "In the browser",
    "team": "A team of thirty, all day",
    "writers": "Claim and submit by eight people: one server on the file, three on PostgreSQL",
    "cluster-team": "Three servers on one PostgreSQL, killed one after the other",
    "cold": "The first search of a server that has just started",
    "indexed": "A million records on PostgreSQL: searched by the database alone, and by OpenSearch",
    "index-away": "OpenSearch away for a minute while a team of thirty works",
    "largest": "Ten million records on PostgreSQL, and OpenSearch",
    "largest-file": "Ten million records in a file",
    "hostile": "One person sends the worst requests, and how long others wait",
    "uploads": "The largest files that are taken",
    "peers": "Side by side with doccano and Label Studio",
}

_BELOW = {
    "largest-file": "Beside each other, and where each ends: "
    "[Where a single machine ends](how-to/choose-machines.md#where-a-single-machine-ends).\n",
}
"""Text below the figures of a suite."""

_HOW = """\
## How it is measured

- The server runs in a process of its own on a fresh folder and is asked over HTTP by the plainest client there is. Its
  processor time is what the operating system counts for it, all threads, user and system, so what the client and the
  load generators take is told apart from it.
- Records are made up and always the same: 25 to 60 words of a vocabulary of 50,000 with Zipf frequencies, five
  metadata keys with 100, 10, 5, a fifth of the number of records, and 500 values, 20 labels with scores, 15 % of them
  annotated or discarded already. Ids come in no order.
- *Bare insert*: the rows the server has just written are read back and inserted into the same schema by
  `executemany`, 500 records to a transaction, with the same settings of SQLite, indexes and counters included, in a
  process of its own. Reading them back and sorting them is not on the clock.
- *Plain SQL*: the same counts by `GROUP BY` over the facet table.
- *Eight annotators*: eight client processes, each by turns asking for a page of one person's open records and
  annotating one of them; against eight threads that do both in SQL, with one lock for writing.
- *The 1.6.0 client*: the official one in an environment of its own with libraries it works with, by turns with ours,
  each in a process of its own; the same made-up records of 25 tokens with 3 predicted spans, half annotated.
- *A team*: thirty people, each a thread with a connection of its own, claim five records, think three seconds on
  average (a tenth of the time they start a stretch of about ten quick ones), save drafts, submit, and now and then
  undo, discard, skip, search and count; two managers look at progress, agreement and conflicts and rebalance, for which
  somebody leaves and comes back; a notebook logs into the same dataset with our client as fast as it can. *Submit →
  next* is the submit and, for one in five, the claim of the next records. In the end everything that was acknowledged
  is read back by each person and compared, the progress too, records with more answers than wanted are looked for, and
  `verify` compares the whole file. *People until it is too slow*: without managers and notebook, everybody on the same
  two cores as the server.
- *Crashes*: the same team, twenty times as fast, and somebody who logs numbered batches; the server is killed with
  `kill -9` at random moments and started again. Whoever had no answer looks what became of the request.
- *Three servers*: the same team of thirty at three servers on one PostgreSQL, each new connection to the next one. One
  server after the other is killed with `kill -9` in the middle of copying the dataset and started again; at the end
  PostgreSQL is restarted, and killed. The same is compared, and how long what the dead server was at stays there.
- *Side by side*: each tool is started as its own command starts it, on an empty database; ten users; 10,000 texts;
  all requests one after the other by the same client. doccano and Label Studio are installed from PyPI into
  environments of their own, in a cache folder outside the checkout (`APPORTION_CACHE`), when they are first needed,
  which takes some minutes. Processor time is that of all of a tool's processes. Label Studio is asked without error
  reports, version check and analytics, and by a new connection for each request, which spares it a stall; doccano's
  project is one in which people annotate together, since otherwise its export has every record once per person. The
  others search for parts of words, ours for words.
- Several rounds give their median. p95: 95 of 100 calls took no longer.
"""


def page(reports: Sequence[Report]) -> str:
    """Markdown with the latest results of each suite."""
    parts = [_HEAD, _promises(reports)]
    for report in reports:
        when = report.began.strftime("%d %B %Y, %H:%M UTC").lstrip("0")
        parts.append(f"## {TITLES[report.name]}\n\n`{report.command}`, {when}: {report.machine()}.\n")
        parts += [_table(lines) for _, lines in report.ordered() if lines]
        parts += [_BELOW[report.name]] if report.name in _BELOW else []
    parts.append(_HOW)
    commands = "\n".join(["make bench", *(report.command for report in reports)])
    parts.append(
        "## Measure it yourself\n\n`make bench` measures everything, in 20 to 25 minutes on two quiet cores; "
        "`make bench BENCH=--quick` in a few, `make bench BENCH=--full` in an hour; `make soak` has the tests that "
        "take long; `largest` takes hours and is not part of it. A suite of its own replaces its own section of this "
        "page:\n\n"
        f"```sh\n{commands}\n```\n"
    )
    return "\n".join(parts)


def _promises(reports: Sequence[Report]) -> str:
    """Return the table of lines with a target, ratios first, below a list of those that missed it."""
    found = [(report, line) for report in reports for line in report.lines if line.target]
    found.sort(key=lambda each: not each[1].is_ratio)
    met = sum(line.verdict == "met" for _, line in found)
    missed = [line.what.strip() for _, line in found if line.verdict == "missed"]
    rows = ["| What | Result | Target | | Measured by |", "|---|---:|---:|---|---|"]
    rows += [
        f"| {' | '.join(cell.strip() for cell in line.cells()[:4])} | {TITLES[report.name]} |"
        for report, line in found
    ]
    shown = "**Missed**: " + "; ".join(missed) + "." if missed else "None was missed."
    return (
        f"## What we promised\n\n{met} of {len(found)} targets are met. {shown}\n\n" + "\n".join(rows) + "\n"
    )


def _table(lines: list[Line]) -> str:
    rows = ["| What | Result | Target | | Behind it |", "|---|---:|---:|---|---|"]
    rows += ["| " + " | ".join(cell.strip() for cell in line.cells()) + " |" for line in lines]
    return "\n".join(rows) + "\n"
