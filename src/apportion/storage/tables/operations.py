"""Tables of events, jobs and webhooks."""

from __future__ import annotations

from sqlalchemy import DDL, BigInteger, Boolean, Column, Index, Integer, LargeBinary, Table, Text
from sqlalchemy.event import listen

from .base import checksum_column, metadata
from .json_text import JsonText

__all__ = [
    "events",
    "events_pruning",
    "job_changes",
    "job_inputs",
    "jobs",
    "replies",
    "webhook_deliveries",
    "webhooks",
]

events = Table(
    "events",
    metadata,
    Column("no", Integer, primary_key=True, comment="the order of things; what a stream goes on from"),
    Column(
        "dataset", Integer, comment="null where it is about a workspace or the server; may be purged since"
    ),
    Column("rid", BigInteger),
    Column("at", BigInteger, nullable=False),
    Column("who", Text, nullable=False),
    Column("what", Text, nullable=False, comment="vocabulary.EventCode"),
    Column("detail", JsonText),
    Column("workspace", Text, comment="its name, where there is no dataset to tell it"),
    Column("object", Text, comment="the name of what it is about: a user, a rule, a file"),
    Column("before", JsonText),
    Column("after", JsonText),
    Column("address", Text, comment="where the request came from"),
    Column("request", Text, comment="the id of the request, as in the log"),
    checksum_column(),
    Index("events_of", "dataset", "no"),
    Index("events_who", "dataset", "who", "no"),
    Index(
        "events_beside_records",
        "no",
        sqlite_where=Column("rid").is_(None),
    ),
    sqlite_autoincrement=True,
)

events_pruning = Table(
    "events_pruning",
    metadata,
    Column(
        "before",
        BigInteger,
        nullable=False,
        comment="events older than this may be deleted; 0 but while they are",
    ),
)

for _statement in (
    "INSERT INTO events_pruning VALUES (0)",
    "CREATE TRIGGER events_stay_as_they_are BEFORE UPDATE ON events BEGIN "
    "SELECT RAISE(ABORT, 'events are only ever added: none is changed'); END",
    "CREATE TRIGGER events_stay BEFORE DELETE ON events "
    "WHEN OLD.at >= coalesce((SELECT max(before) FROM events_pruning), 0) BEGIN "
    "SELECT RAISE(ABORT, 'events are only ever added: none is deleted before its time'); END",
):
    listen(events_pruning, "after_create", DDL(_statement))  # type: ignore[no-untyped-call]

jobs = Table(
    "jobs",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True, comment="uuid"),
    Column("dataset", Integer, nullable=False, index=True),
    Column("kind", Text, nullable=False, comment="domain.jobs.JobKind"),
    Column("state", Text, nullable=False, comment="domain.jobs.JobState"),
    Column("spec", JsonText, nullable=False, comment="all that was asked for"),
    Column("by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, comment="of how many; null while that is not known"),
    Column("message", Text, comment="why it failed, or what it is at"),
    Column("result", JsonText),
    Column("owner", Integer, comment="the number of the server that runs it; null: none"),
    sqlite_autoincrement=True,
)

replies = Table(
    "replies",
    metadata,
    Column("person", Text, primary_key=True),
    Column("key", Text, primary_key=True, comment="Idempotency-Key of the request"),
    Column("digest", Text, nullable=False, comment="of the request: a key is of one request only"),
    Column("at", BigInteger, nullable=False),
    Column("owner", Integer, comment="the number of the server at work on it"),
    Column("status", Integer, comment="null: there is no reply yet"),
    Column("body", LargeBinary),
)

job_changes = Table(
    "job_changes",
    metadata,
    Column("job", Integer, primary_key=True),
    Column("rid", BigInteger, primary_key=True),
    Column("state", Text, nullable=False, comment="of what was there: none, draft, submitted, discarded"),
    Column("version", Integer, nullable=False, comment="what the job made it; undone only if it still is"),
    Column("before", LargeBinary, comment="JSON of the value that was there"),
)

job_inputs = Table(
    "job_inputs",
    metadata,
    Column("job", Integer, primary_key=True),
    Column("part", Integer, primary_key=True, comment="in this order; gone once it is dealt with"),
    Column(
        "body",
        LargeBinary,
        nullable=False,
        comment="the items that were sent, in MessagePack",
    ),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True, comment="uuid"),
    Column("workspace", Text, comment="null: of all the server"),
    Column("dataset", Integer, comment="null: of all datasets there"),
    Column("dataset_name", Text),
    Column("url", Text, nullable=False),
    Column("events", JsonText, nullable=False, comment="codes, or *"),
    Column("description", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("disabled_why", Text, comment="null where a person disabled it"),
    Column("owner", Text, nullable=False, comment="who chose the address, or enabled it last"),
    Column("salt", LargeBinary, nullable=False, comment="gives the secret, together with that of the server"),
    Column("fingerprint", Text, nullable=False, comment="of the secret that was handed out"),
    Column("created_by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column(
        "cursor", Integer, nullable=False, comment="the last event that was made a delivery or passed over"
    ),
    Column("failures", Integer, nullable=False, comment="attempts that failed since one succeeded"),
    Column("failing_since", BigInteger),
    Column("next_at", BigInteger, nullable=False, comment="nothing is sent before"),
    sqlite_autoincrement=True,
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True, comment="uuid, the same in every attempt"),
    Column("webhook", Text, nullable=False, comment="webhooks.id"),
    Column("event", Integer, comment="events.no; null for a ping"),
    Column("code", Text, nullable=False),
    Column("body", Text, nullable=False, comment="JSON as it is sent, byte for byte"),
    Column("state", Text, nullable=False, comment="domain.webhooks.DeliveryState"),
    Column("attempts", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("first_tried_at", BigInteger),
    Column("next_at", BigInteger),
    Column("status", Integer, comment="HTTP status of the last attempt"),
    Column("problem", Text, comment="why there was none"),
    Column("response", Text, comment="the beginning of the last answer"),
    Index("webhook_deliveries_of", "webhook", "state", "no"),
    sqlite_autoincrement=True,
)
