"""Tables of records and of what people answered and wrote about them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
)

from .base import checksum_column, metadata

__all__ = [
    "agents",
    "annotations_table",
    "comments",
    "gold",
    "history",
    "posteriors",
    "records",
    "time_spent",
]

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
    Index(
        "records_event",
        "dataset",
        "event",
        sqlite_where=Column("event").is_not(None),
    ),
)

agents = Table(
    "agents",
    metadata,
    Column("no", Integer, primary_key=True, comment="also the viewer number; 0 is nobody: the resolved view"),
    Column("name", Text, nullable=False, unique=True, comment="a username, or whatever 1.x clients named"),
    sqlite_autoincrement=True,
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
    checksum_column(),
    Column("terms", LargeBinary, nullable=False, comment="packed uint32: the vals of this annotator's view"),
    Column("value", LargeBinary, comment="JSON of the value, without agent"),
    Index("annotations_of", "annotator", "rid"),
)

time_spent = Table(
    "time_spent",
    metadata,
    Column("rid", BigInteger, primary_key=True),
    Column("annotator", Integer, primary_key=True, comment="agents.no"),
    Column(
        "at",
        BigInteger,
        primary_key=True,
        comment="when the answer was given; 0: of a draft, not answered yet",
    ),
    Column("ms", Integer, nullable=False, comment="milliseconds more than before"),
    Column("first", Boolean, nullable=False, comment="their first answer to the record"),
    Index("time_spent_of", "annotator", "rid"),
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
    checksum_column(),
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
    checksum_column(),
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
    checksum_column(),
    Column("done_by", Text, comment="who has dealt with it"),
    Column("done_at", BigInteger),
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
