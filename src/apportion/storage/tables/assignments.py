"""Tables of plans, slots and the queue."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, Index, Integer, Table, Text, text

from .base import metadata
from .json_text import JsonText

__all__ = ["declined", "past_assignees", "plans", "reasons", "slot_counts", "slots", "waiting"]

plans = Table(
    "plans",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True, comment="uuid"),
    Column("dataset", Integer, nullable=False, index=True),
    Column("state", Text, nullable=False, comment="writing, live, undoing, undone"),
    Column("spec", JsonText, nullable=False, comment="all that was asked for, with its seed"),
    Column("teams", JsonText, nullable=False, comment="per rule, the people as they were resolved"),
    Column(
        "progress", JsonText, nullable=False, comment="domain.assignment.state: where the next batch goes on"
    ),
    Column("figures", JsonText, nullable=False, comment="what the preview showed"),
    Column("created_by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("owner", Integer, comment="the number of the server that writes, extends or undoes it"),
    sqlite_autoincrement=True,
)

reasons = Table(
    "reasons",
    metadata,
    Column("plan", Integer, primary_key=True),
    Column("part", Integer, primary_key=True, comment="a thousand reasons each"),
    Column("items", JsonText, nullable=False, comment="pairs of code and arguments"),
)

slots = Table(
    "slots",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("dataset", Integer, nullable=False),
    Column("rid", BigInteger, nullable=False, index=True),
    Column("plan", Integer, nullable=False),
    Column("rule", Integer, nullable=False),
    Column("slot", Integer, nullable=False, comment="which of the record's answers this is, from 0"),
    Column("annotator", Integer, nullable=False, comment="agents.no; 0: whoever takes it"),
    Column("state", Integer, nullable=False, comment="index into assignment.words.RowState"),
    Column("phase", Integer, nullable=False, comment="index into assignment.words.Phase"),
    Column("reason", Integer, nullable=False, comment="number of the reason within its plan"),
    Column("inclusion", Float, nullable=False, comment="probability of this treatment before the seed was drawn"),
    Column("priority", BigInteger, nullable=False, comment="smaller ones are met first"),
    Column("due", BigInteger, nullable=False, comment="an instant; very large when there is none"),
    Column("behind", Integer, nullable=False, comment="how often its person put it back"),
    Column("pull", Boolean, nullable=False, comment="open again once it is given up"),
    Column("needs", JsonText, comment="pairs of skill and value"),
    Column("holder", Integer, comment="agents.no of who has it leased"),
    Column("until", BigInteger, comment="when the lease runs out"),
    Column("token", Text),
    Column("why", Text, comment="why it was withdrawn or changed hands"),
    Index("slots_held", "holder", "dataset", sqlite_where=text("state = 1")),
)  # fmt: skip

waiting = Table(
    "waiting",
    metadata,
    Column("dataset", Integer, primary_key=True),
    Column("annotator", Integer, primary_key=True, comment="agents.no; 0: whoever takes it"),
    Column("behind", Integer, primary_key=True),
    Column("due", BigInteger, primary_key=True),
    Column("priority", BigInteger, primary_key=True),
    Column(
        "slot", Integer, primary_key=True, comment="pending or leased, in the order in which they are met"
    ),
    sqlite_with_rowid=False,
)

declined = Table(
    "declined",
    metadata,
    Column("slot", Integer, primary_key=True),
    Column("annotator", Integer, primary_key=True, comment="agents.no of who skipped it"),
    sqlite_with_rowid=False,
)

past_assignees = Table(
    "past_assignees",
    metadata,
    Column("rid", BigInteger, primary_key=True),
    Column(
        "annotator", Integer, primary_key=True, comment="agents.no of who had a slot or a lease here once"
    ),
    sqlite_with_rowid=False,
)

slot_counts = Table(
    "slot_counts",
    metadata,
    Column("dataset", Integer, primary_key=True),
    Column("plan", Integer, primary_key=True),
    Column("rule", Integer, primary_key=True),
    Column("annotator", Integer, primary_key=True),
    Column("state", Integer, primary_key=True),
    Column("n", Integer, nullable=False, comment="how many slots, exactly"),
    sqlite_with_rowid=False,
)
