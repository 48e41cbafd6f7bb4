"""The results page of the documentation."""

from __future__ import annotations

from collections.abc import Sequence

from .report import Line, Report

__all__ = ["page"]

_HEAD = """\
# Benchmarks

Absolute figures say more about a machine than about a program. What we hold ourselves to are ratios, both sides
measured in the same run on the same machine; the baseline is the same work done by SQLite with no server around it.
Nothing here decides whether a test passes: it is measured, printed, and written down, targets missed included.
"""

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
- Several rounds give their median. p95: 95 of 100 calls took no longer.
"""


def page(reports: Sequence[Report]) -> str:
    """Markdown with the results of some runs."""
    parts = [_HEAD]
    for report in reports:
        when = report.began.strftime("%d %B %Y").lstrip("0")
        parts.append(f"## `{report.command}`\n\nOn {when}: {report.machine()}.\n")
        for title, lines in report.ordered():
            if lines:
                parts.append(f"### {title}\n")
                parts.append(_table(lines))
        missed = [line.what.strip() for line in report.lines if line.verdict == "missed"]
        if missed:
            parts.append("**Missed in this run**: " + "; ".join(missed) + ".\n")
    parts.append(_HOW)
    commands = "\n".join(["make bench", *(report.command for report in reports)])
    parts.append(f"## Measure it yourself\n\n```sh\n{commands}\n```\n")
    return "\n".join(parts)


def _table(lines: list[Line]) -> str:
    rows = ["| What | Result | Target | | Behind it |", "|---|---:|---:|---|---|"]
    rows += ["| " + " | ".join(cell.strip() for cell in line.cells()) + " |" for line in lines]
    return "\n".join(rows) + "\n"
