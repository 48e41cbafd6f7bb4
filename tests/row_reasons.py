"""Check the reasons that rows of a plan give for their people against the rows as they are."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import Any

__all__ = ["check_reasons", "named"]

Json = Any
_NAMED = re.compile(r"(?:fewest records|nothing in common yet) with ([a-z, …]+?)(?: \(\d+\)|$)")
_TOGETHER = ("met the next pair of", "met the next group of", "gives every record to everyone")
_PASSED_ON = ("taken over from", "moved here by hand", "an open slot")


def named(sentence: str) -> set[str]:
    """Return the people that a reason names."""
    found = _NAMED.search(sentence)
    return set() if found is None else set(found[1].removesuffix(", …").split(", "))


def check_reasons(rows: list[Json]) -> int:
    """Assert that every reason holds, given all rows of a plan in any state; return how many name somebody."""
    on, beside = defaultdict(set), defaultdict(list)
    for row in rows:
        beside[row["record"], row["rule"]].append(row)
        if row["state"] != "withdrawn" and row["annotator"] is not None:
            on[row["record"]].add(row["annotator"])
    for row in rows:
        others = on[row["record"]] - {row["annotator"]}
        assert named(row["reason"]) <= others, row
        if row["state"] in ("withdrawn", "skipped"):
            continue
        if any(each in row["reason"] for each in _TOGETHER):
            check_together(row, beside[row["record"], row["rule"]])
        if row["reason"].startswith("had the record before"):
            assert len(beside[row["record"], row["rule"]]) > 1, row
    return sum(bool(named(row["reason"])) for row in rows)


def check_together(row: Json, beside: list[Json]) -> None:
    """Assert that all who were given a record together have it still."""
    for each in beside:
        assert each["state"] not in ("withdrawn", "skipped"), (row, each)
        assert not each["reason"].startswith(_PASSED_ON), (row, each)
    if "next pair" in row["reason"]:
        assert len([each for each in beside if each["phase"] == row["phase"]]) == 2, (row, beside)
