"""The statement that reads a person's counters and leases under some rules."""

from __future__ import annotations

from apportion.storage.sql.codec.rule_keys import COUNTERS_OF_KEY
from apportion.storage.sql.dialect import Dialect

__all__ = ["LEASE", "CountRow", "counts_of_person"]

CountRow = tuple[int, int, int, int, int]
"""Plan, rule, annotator, state and number of slots; or ``LEASE`` as state, and until when it is."""
LEASE = -1


def counts_of_person(sql: Dialect, dataset: str, me: str, rules: str) -> str:
    """Write the statement that reads rows of ``CountRow``; the other parameters are places."""
    return (  # by the keys of the counters: a dataset has some of every person
        "SELECT c.plan AS plan, c.rule AS rule, c.annotator AS annotator, c.state AS state, c.n AS n "
        f"FROM {sql.listed_numbers('k', rules)} "
        f"{sql.then_join} slot_counts c ON c.dataset = {dataset} AND {COUNTERS_OF_KEY} "
        f"AND c.annotator = {me} WHERE c.n != 0 UNION ALL "
        f"SELECT plan, rule, annotator, {LEASE}, until FROM slots "
        f"WHERE holder = {me} AND dataset = {dataset} AND state = 1"
    )
