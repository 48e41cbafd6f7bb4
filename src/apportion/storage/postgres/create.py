"""Check that a database is fit for us, and create the tables in a new one."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

from sqlalchemy import BigInteger, Integer, MetaData, UniqueConstraint

from apportion.storage.sql.dialect import SINGLES, NumberRange
from apportion.storage.tables import metadata as tables
from apportion.storage.versions import LATEST

from .connection import DatabaseError, PostgresConnection, PostgresRaw
from .feed import FEED_TABLES

__all__ = [
    "check_database",
    "check_upgraded",
    "check_version",
    "create_in_transaction",
    "create_tables",
    "migrate",
    "upgrade_lock",
    "version_of",
    "wait_for_tables",
]

TABLES_SECONDS = 60.0
"""Time that a server that may not migrate waits for its tables."""
_OLDEST = 150_000
_UPGRADING = (0x4150504F, 1)
"""Key of the advisory lock of whoever creates or upgrades tables."""
_EVENTS_STAY = (
    "INSERT INTO events_pruning VALUES (0)",
    "CREATE FUNCTION refuse_event_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF TG_OP = 'DELETE' AND OLD.at < coalesce((SELECT max(before) FROM events_pruning), 0) THEN RETURN OLD; END IF; "
    "RAISE EXCEPTION 'events are only ever added: none is changed, or deleted before its time'; END $$",
    "CREATE TRIGGER events_stay BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_event_change()",
)
_NUMBERS = (
    *(f"CREATE SEQUENCE {each.key}" for each in (NumberRange.VALUES, NumberRange.SLOTS)),
    f"CREATE SEQUENCE {NumberRange.ADDED_SLOTS.key} MINVALUE {SINGLES + 1}",
    # a sequence gives out one number at a time, and plans need many that follow each other
    "CREATE FUNCTION reserve_numbers(what text, many bigint) RETURNS bigint LANGUAGE plpgsql AS $$ "
    # Two steps, hence the lock. Sequences do not roll back, so that it need not be kept until the commit; its
    # number is 0x4150504F, as in ``_UPGRADING``
    "DECLARE first bigint; BEGIN PERFORM pg_advisory_lock(1095782479, 3); first := nextval(what::regclass); "
    "PERFORM setval(what::regclass, first + many - 1); PERFORM pg_advisory_unlock(1095782479, 3); RETURN first; "
    "END $$",
)
_SERVERS = (
    "CREATE TABLE heartbeat (at bigint NOT NULL)",
    # the last commit of each process that writes, by which it recognises it
    "CREATE TABLE commits (writer text PRIMARY KEY, mark text NOT NULL, at timestamptz NOT NULL DEFAULT now())",
    "CREATE TABLE servers (no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, started_at bigint NOT NULL, "
    "seen_at bigint NOT NULL, host text NOT NULL, version text NOT NULL)",
    # what a crash forgets of these is not missed, and writing them costs nothing
    "CREATE UNLOGGED TABLE attempts (no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, who text NOT NULL, "
    "at bigint NOT NULL)",
    "CREATE INDEX attempts_of ON attempts (who, at)",
    "CREATE TABLE installation (id text NOT NULL)",
    "INSERT INTO installation VALUES (gen_random_uuid()::text)",
)


def version_of(raw: PostgresRaw) -> int:
    """Return the number of the last migration of a database; 0 is an empty one."""
    # Asked first: a SELECT from a table that is not there would abort the whole transaction
    if raw.execute("SELECT to_regclass('alembic_version') IS NULL").fetchone()[0]:
        return 0
    row = raw.execute("SELECT version_num FROM alembic_version").fetchone()
    return 0 if row is None else int(row[0])


def check_database(raw: PostgresRaw) -> None:
    """Refuse a database on which a promise could not be kept. Raises ``DatabaseError``, which says what to do."""
    version = raw.link.info.server_version
    if version < _OLDEST:
        raise DatabaseError(
            f"This is PostgreSQL {version // 10_000}; 15 or later is needed. Upgrade it, or use another one."
        )
    (encoding, collation, standby, durable, read_only, tables_there) = raw.execute(
        # whatever datcollate says, ICU has an order of its own, and the builtin provider that of code points
        "SELECT pg_encoding_to_char(d.encoding), CASE d.datlocprovider WHEN 'i' THEN 'ICU' "
        "WHEN 'b' THEN 'C' ELSE d.datcollate END, pg_is_in_recovery(), "
        "current_setting('synchronous_commit'), current_setting('default_transaction_read_only') = 'on', "
        "(SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()) "
        "FROM pg_database d WHERE d.datname = current_database()"
    ).fetchone()
    if standby:
        raise DatabaseError(
            "This is a read-only standby. Put the address of the primary in APPORTION_DATABASE_URL."
        )
    if read_only:
        raise DatabaseError(
            "The database is read-only: default_transaction_read_only is on. Set it to off, for this database or its "
            "user, for instance: ALTER DATABASE … SET default_transaction_read_only = off"
        )
    if encoding != "UTF8" or collation not in ("C", "POSIX", "C.UTF-8", "C.utf8"):
        raise DatabaseError(
            f"The database has the encoding {encoding} and the collation {collation}; UTF8 and C are needed, else the "
            "order of ids would not be that of their characters. Create one: createdb --template template0 "
            "--encoding UTF8 --locale C apportion"
        )
    if durable == "off":
        raise DatabaseError(
            "synchronous_commit is off: PostgreSQL would lose answers that were acknowledged. Set it to on, for this "
            "database or its user, for instance: ALTER DATABASE … SET synchronous_commit = on"
        )
    if tables_there and not version_of(raw):
        raise DatabaseError(
            f"The database is in use by something else: its schema has {tables_there} tables, none of them ours. "
            "Create a database for Apportion alone: createdb --template template0 --encoding UTF8 --locale C apportion"
        )


def check_version(connection: PostgresConnection) -> None:
    """Refuse a database whose tables are not those of this version."""
    version = version_of(connection.raw)
    if version == 0:
        raise DatabaseError(
            "The database is empty. Run `apportion db migrate`, or start the server, which creates the tables; or look "
            "whether APPORTION_DATABASE_URL names the right database."
        )
    if version != LATEST:
        raise DatabaseError(
            f"The database has tables {version}, this version of Apportion knows {LATEST}. Run `apportion db migrate`, "
            "or install the version that wrote it."
        )


def check_upgraded(connection: PostgresConnection) -> None:
    """Wait for an upgrade that is under way. Raises ``DatabaseError`` if the tables are of another version then."""
    with upgrade_lock(connection):
        check_version(connection)


def wait_for_tables(connection: PostgresConnection) -> None:
    """Wait for somebody else to create or upgrade the tables. Raises ``DatabaseError`` if nobody does."""
    until = time.monotonic() + TABLES_SECONDS
    while version_of(connection.raw) < LATEST:
        if time.monotonic() > until:
            check_version(connection)
        time.sleep(0.2)


def migrate(connection: PostgresConnection, *, allowed: bool = True) -> None:
    """Create the tables if there are none, or bring older ones up to date; only one process at a time does.

    Raises ``DatabaseError`` if they are newer, or older and that is not ``allowed``.
    """
    with upgrade_lock(connection):
        version = version_of(connection.raw)
        if version == 0:
            create_tables(connection)
        elif version > LATEST:
            raise DatabaseError(
                f"The database was written by a newer version of Apportion (tables {version}, this one knows "
                f"{LATEST}). Install that version."
            )
        elif version < LATEST and not allowed:
            raise DatabaseError(
                f"The database needs an upgrade (tables {version} → {LATEST}). Back it up, and run `apportion db "
                "migrate`, or start without --no-migrate."
            )
        elif version < LATEST:
            from .upgrade import refuse_beside_servers, upgrade

            refuse_beside_servers(connection, version)
            upgrade(connection)


@contextlib.contextmanager
def upgrade_lock(connection: PostgresConnection) -> Iterator[None]:
    """Keep everybody else from creating or upgrading tables."""
    # Held by the session: the transactions that create or upgrade tables begin and end within it
    connection.raw.execute("SELECT pg_advisory_lock(?::int, ?::int)", _UPGRADING)
    try:
        yield
    finally:
        if not connection.lost:
            connection.raw.execute("SELECT pg_advisory_unlock(?::int, ?::int)", _UPGRADING)


def create_tables(connection: PostgresConnection) -> None:
    """Create every table, in one transaction."""
    connection.begin()
    try:
        create_in_transaction(connection)
    except BaseException:  # SQLAlchemy wraps the errors of the driver in its own
        connection.roll_back()
        raise
    connection.commit()


def create_in_transaction(connection: PostgresConnection) -> None:
    """Create every table, within the transaction that there is."""
    _for_postgres(tables).create_all(connection.sql, checkfirst=False)
    for statement in (*_EVENTS_STAY, *FEED_TABLES, *_NUMBERS, *_SERVERS):
        connection.raw.execute(statement)
    connection.raw.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
    connection.raw.execute("INSERT INTO alembic_version VALUES (?)", (f"{LATEST:04}",))


def _for_postgres(metadata: MetaData) -> MetaData:
    """Return the tables with integers of 64 bits, as SQLite's are, and with indexes that serve as its do."""
    wide = MetaData()
    for table in metadata.sorted_tables:
        for column in table.to_metadata(wide).columns:
            if isinstance(column.type, Integer):
                # PostgreSQL shifts within the type of a column: ``vid << 32`` needs all 64 bits
                column.type = BigInteger()
    for table in wide.sorted_tables:
        for index in table.indexes:
            # Said here and not beside the table: SQLAlchemy would load all of PostgreSQL wherever a file is opened
            index.dialect_options["postgresql"]["where"] = index.dialect_options["sqlite"]["where"]
    for constraint in wide.tables["records"].constraints:
        if isinstance(constraint, UniqueConstraint):
            # Their order is read from the index of the ids alone, as in SQLite, whose indexes all have the row's number
            constraint.dialect_options["postgresql"]["include"] = ["rid"]
    return wide
