"""Every fixed table once. The full-text tables, one per dataset, are made by the SQLite engine.

Times are integers: microseconds since 1970 in UTC. Record numbers: ``rid = dataset << 32 | n``,
where ``n`` counts a dataset's records from 1 and is never used twice; whatever speaks of one dataset
only (facets, numbers, vectors, full text, bitmaps) stores the short ``n``.
"""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.event import listen

__all__ = ["metadata"]

metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True, comment="uuid"),
    Column("username", Text, nullable=False, unique=True),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text),
    Column("role", Text, nullable=False),
    Column("password_hash", Text),
    Column("key_hash", Text, unique=True, comment="SHA-256 of the API key; the key itself is never kept"),
    Column("key_prefix", Text),
    Column("active", Boolean, nullable=False, default=True),
    Column("preferences", JSON, nullable=False, default=dict),
    Column("inserted_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", Text, primary_key=True, comment="uuid"),
    Column("name", Text, nullable=False, unique=True),
    Column("inserted_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
)

memberships = Table(
    "memberships",
    metadata,
    Column("no", Integer, primary_key=True, comment="keeps the order of joining"),
    Column("workspace_id", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("user_id", Text, ForeignKey("users.id"), nullable=False, index=True),
    Column("role", Text, nullable=False),
    Column("inserted_at", BigInteger, nullable=False),
    UniqueConstraint("workspace_id", "user_id"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("sid", Text, primary_key=True),
    Column("user_id", Text, ForeignKey("users.id"), nullable=False, index=True),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

datasets = Table(
    "datasets",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("uuid", Text, nullable=False, unique=True),
    Column("workspace", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("task", Text, nullable=False),
    Column("tags", JSON, nullable=False),
    Column("metadata", JSON, nullable=False),
    Column("settings", JSON, comment="label schema and vectors; null when never set"),
    Column("policies", JSON, nullable=False),
    Column("created_by", Text),
    Column("created_at", BigInteger, nullable=False),
    Column("last_updated", BigInteger, nullable=False),
    Column("closed", Boolean, nullable=False, default=False),
    Column("deleted_at", BigInteger, comment="invisible from then on; purged later; 0: being purged or not finished"),
    Column("last_n", Integer, nullable=False, default=0, comment="the highest record number given out"),
    Column("records", Integer, nullable=False, default=0, comment="how many there are"),
    Column("multi_label", Boolean, comment="of the first record stored; null before"),
    Column("rules", JSON, comment="labeling rules, oldest first; null before the first"),
    Index(
        "datasets_live", "workspace", "name", unique=True,
        sqlite_where=Column("deleted_at").is_(None),
    ),
    sqlite_autoincrement=True,
)  # fmt: skip

records = Table(
    "records",
    metadata,
    Column("rid", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("dataset", Integer, nullable=False),
    Column("id", Text, nullable=False, comment="the owner's id, as sent"),
    Column("status", Integer, nullable=False, comment="as viewer 0 sees it: index into vocabulary.Status"),
    Column("updated", BigInteger, nullable=False),
    Column("event", BigInteger, comment="event_timestamp as an instant, for ranges and sorting"),
    Column("content", LargeBinary, nullable=False, comment="JSON members of the record's own fields"),
    Column("prediction", LargeBinary, comment="JSON members prediction and predictions"),
    Column("answer", LargeBinary, comment="JSON members annotation and annotations, as viewer 0 sees them"),
    Column("terms", LargeBinary, nullable=False, comment="packed uint32: the vals of content and prediction"),
    Column("answer_terms", LargeBinary, nullable=False, comment="the same of status and answer, viewer 0"),
    Column("version", Integer, nullable=False),
    UniqueConstraint("dataset", "id"),
    Index("records_updated", "dataset", "updated"),
    Index("records_event", "dataset", "event", sqlite_where=Column("event").is_not(None)),
)

agents = Table(
    "agents",
    metadata,
    Column("no", Integer, primary_key=True, comment="also the viewer number; 0 is nobody: the resolved view"),
    Column("name", Text, nullable=False, unique=True, comment="a username, or whatever 1.x clients named"),
    sqlite_autoincrement=True,
)


def _checksum() -> Column[int]:
    return Column(
        "checksum", Integer, nullable=False, server_default="0", comment="of the columns in storage.checksums"
    )


# Values of any length stand last, and keys in an index beside them: where a table has no row numbers, SQLite reads all
# of a long row before it compares its key, so that one large answer would slow everybody's queue down.

annotations_table = Table(
    "annotations",
    metadata,
    Column("rid", BigInteger, primary_key=True),
    Column("annotator", Integer, primary_key=True, comment="agents.no"),
    Column("state", Integer, nullable=False, comment="index into vocabulary.AnnotationState"),
    Column(
        "counted",
        Boolean,
        nullable=False,
        server_default="0",
        comment="one of the answers wanted; else extra",
    ),
    Column("version", Integer, nullable=False),
    Column("seconds", Float),
    Column("updated", BigInteger, nullable=False),
    _checksum(),
    Column("terms", LargeBinary, nullable=False, comment="packed uint32: the vals of this annotator's view"),
    Column("value", LargeBinary, comment="JSON of the value, without agent"),
    Index("annotations_of", "annotator", "rid"),
)

time_spent = Table(
    "time_spent",
    metadata,
    Column("rid", BigInteger, primary_key=True),
    Column("annotator", Integer, primary_key=True, comment="agents.no"),
    Column("at", BigInteger, primary_key=True, comment="when it was told; 0: of a draft, not answered yet"),
    Column("ms", Integer, nullable=False, comment="milliseconds more than before"),
    Column("first", Boolean, nullable=False, comment="their first answer to the record"),
    sqlite_with_rowid=False,
)

history = Table(
    "history",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("rid", BigInteger, nullable=False, index=True),
    Column("annotator", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("state", Integer, nullable=False),
    Column("value", LargeBinary),
    Column("at", BigInteger, nullable=False),
    Column("why", Text, nullable=False, comment="vocabulary.HistoryReason, :, whom it speaks of"),
    _checksum(),
)

fields = Table(
    "fields",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("dataset", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="keyword, long, float, boolean, date, vector:<dimension>"),
    UniqueConstraint("dataset", "name"),
)

vals = Table(
    "vals",
    metadata,
    Column("vid", Integer, primary_key=True),
    Column("field", Integer, nullable=False),
    Column("viewer", Integer, nullable=False, comment="0: content or the resolved view; else agents.no"),
    Column("value", Text, nullable=False),
    Column("num", Float, comment="the value as a number, where its field has numbers"),
    Column("n", Integer, nullable=False, comment="how many records have it, exactly"),
    UniqueConstraint("field", "viewer", "value"),
    Index("vals_top", "field", "viewer", text("n DESC"), "value"),
)

facet = Table(
    "facet",
    metadata,
    Column("key", Integer, primary_key=True, comment="vid << 32 | n: this record has that value"),
)

numbers = Table(
    "numbers",
    metadata,
    Column("field", Integer, primary_key=True),
    Column("value", Float, primary_key=True),
    Column("n", Integer, primary_key=True),
    sqlite_with_rowid=False,
)

vectors = Table(
    "vectors",
    metadata,
    Column("field", Integer, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("value", LargeBinary, nullable=False, comment="float64, little-endian"),
    Column("more", LargeBinary, comment="JSON members record_properties and model"),
    sqlite_with_rowid=False,
)

gold = Table(
    "gold",
    metadata,
    Column("rid", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("value", LargeBinary, comment="JSON of the value; null: the record is unusable"),
    Column("origin", Text, nullable=False, comment="adjudicated, imported, consensus, earlier"),
    Column("author", Text, nullable=False),
    Column("reason", Text),
    Column("version", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    _checksum(),
)

plans = Table(
    "plans",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True, comment="uuid"),
    Column("dataset", Integer, nullable=False, index=True),
    Column("state", Text, nullable=False, comment="writing, live, undoing, undone"),
    Column("spec", JSON, nullable=False, comment="all that was asked for, with its seed"),
    Column("teams", JSON, nullable=False, comment="per rule, the people as they were resolved"),
    Column("progress", JSON, nullable=False, comment="domain.assignment.state: where the next batch goes on"),
    Column("figures", JSON, nullable=False, comment="what the preview showed"),
    Column("created_by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

reasons = Table(
    "reasons",
    metadata,
    Column("plan", Integer, primary_key=True),
    Column("part", Integer, primary_key=True, comment="a thousand reasons each"),
    Column("items", JSON, nullable=False, comment="pairs of code and arguments"),
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
    Column("needs", JSON, comment="pairs of skill and value"),
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
    Column("detail", JSON),
    Column("workspace", Text, comment="its name, where there is no dataset to tell it"),
    Column("object", Text, comment="the name of what it is about: a user, a rule, a file"),
    Column("before", JSON),
    Column("after", JSON),
    Column("address", Text, comment="where the request came from"),
    Column("request", Text, comment="the id of the request, as in the log"),
    _checksum(),
    Index("events_of", "dataset", "no"),
    Index("events_who", "dataset", "who", "no"),
    Index("events_beside_records", "no", sqlite_where=Column("rid").is_(None)),
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

purged_datasets = Table(
    "purged_datasets",
    metadata,
    Column("no", Integer, primary_key=True, comment="the number it had: events are about it still"),
    Column("uuid", Text, nullable=False),
    Column("workspace", Text, nullable=False),
    Column("name", Text, nullable=False),
)

guidelines = Table(
    "guidelines",
    metadata,
    Column("dataset", Integer, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("author", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    _checksum(),
    Column("text", Text, nullable=False),
)

comments = Table(
    "comments",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("rid", BigInteger, nullable=False, index=True),
    Column("author", Text, nullable=False),
    Column("to", Text, comment="the person it is meant for"),
    Column("text", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    _checksum(),
)

posteriors = Table(
    "posteriors",
    metadata,
    Column("rid", BigInteger, primary_key=True, autoincrement=False),
    Column(
        "question",
        Text,
        primary_key=True,
        server_default="",
        comment="empty: the one there is to each record",
    ),
    Column("model", Text, nullable=False, comment="which one: consensus.resolution.Policy"),
    Column("answers", Text, nullable=False, comment="JSON: the labels people had answered, by name"),
    Column(
        "labels", Text, nullable=False, comment="JSON: the probability of each label; 0 where one is missing"
    ),
)

jobs = Table(
    "jobs",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True, comment="uuid"),
    Column("dataset", Integer, nullable=False, index=True),
    Column("kind", Text, nullable=False, comment="domain.jobs.JobKind"),
    Column("state", Text, nullable=False, comment="domain.jobs.JobState"),
    Column("spec", JSON, nullable=False, comment="all that was asked for"),
    Column("by", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, comment="of how many; null while that is not known"),
    Column("message", Text, comment="why it failed, or what it is at"),
    Column("result", JSON),
    sqlite_autoincrement=True,
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

webhooks = Table(
    "webhooks",
    metadata,
    Column("no", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True, comment="uuid"),
    Column("workspace", Text, comment="null: of all the server"),
    Column("dataset", Integer, comment="null: of all datasets there"),
    Column("dataset_name", Text),
    Column("url", Text, nullable=False),
    Column("events", JSON, nullable=False, comment="codes, or *"),
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
