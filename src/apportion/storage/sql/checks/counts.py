"""Count what is in a store."""

from __future__ import annotations

from apportion.domain.jobs import JobState
from apportion.ports.upkeep import StoreCounts
from apportion.storage.sql.connection import RawConnection

__all__ = ["counts_in"]


def counts_in(raw: RawConnection, now: int) -> StoreCounts:
    """Count what there is, as of this snapshot."""
    open_jobs = (str(JobState.WAITING), str(JobState.RUNNING))

    def count(what: str, *given: object) -> int:
        return int(raw.execute(f"SELECT count(*) FROM {what}", given).fetchone()[0])

    datasets, records = raw.execute(
        "SELECT count(*), coalesce(sum(records), 0) FROM datasets WHERE deleted_at IS NULL"
    ).fetchone()
    return StoreCounts(
        users=count("users WHERE active"),
        workspaces=count("workspaces"),
        sessions=count("sessions WHERE expires_at > ?", now),
        datasets=datasets,
        records=records,
        annotations=count("annotations"),
        # Not by state alone: a lease that has run out keeps it until it is released, or the slot taken
        leases=count("slots WHERE state = 1 AND until > ?", now),
        jobs=count("jobs WHERE state IN (?, ?)", *open_jobs),
    )
