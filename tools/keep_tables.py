"""Write a database as this version makes it, with something of everything in it, for the tests of later upgrades.

To be run once for each step of ``storage/migrations/versions``, before the next step is added. A test fails as long
as a step has no such file, and upgrades each of them.
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from pathlib import Path

from apportion.storage.sqlite.create import LATEST
from apportion.storage.sqlite.upkeep import SqliteUpkeep

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Refuses to write over what an earlier version made."""
    file = ROOT / "tests" / "storage" / "data" / f"tables-{LATEST}.db.gz"
    if file.exists():
        sys.exit(f"{file} is there already, and what was kept is not made anew.")
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "robustness")]
    from seeded_data import seed_data  # type: ignore[import-not-found]
    from servers import local_server  # type: ignore[import-not-found]

    with tempfile.TemporaryDirectory() as folder:
        with local_server(Path(folder)) as local:
            seed_data(local)
            SqliteUpkeep(local.path).backup(Path(folder) / "kept.db")
        with gzip.GzipFile(file, "wb", mtime=0) as packed:
            packed.write((Path(folder) / "kept.db").read_bytes())
    print(f"{file}: {file.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
