"""Read a Parquet file from standard input and write its rows as JSON lines: a process of its own, with little memory.

A few kilobytes of Parquet may decode to gigabytes, and pyarrow has no limit for that. Here it runs into a limit of the
process; the server reads the error, or sees that the process has ended. The last line is the outcome.
"""

from __future__ import annotations

import contextlib
import os
import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import IO, Any

import msgspec

__all__ = ["DONE", "NO_PARQUET", "REFUSED", "main"]

DONE = b"!done"
REFUSED = b"!refused "
"""Prefix of an error message for the sender of the file."""
NO_PARQUET = b"!no parquet"
_ROWS = 16
"""Rows that are decoded at once: few, since their texts may be long."""
_MEMORY = 144 * 1024 * 1024
"""Bytes of memory that reading may take in addition to the libraries."""
_CPU_SECONDS = 120


def main(rows: int, columns: int, out: IO[bytes]) -> None:
    """Write the rows of the file to ``out``, or an error if it has more rows or columns than given."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError:
        out.write(NO_PARQUET + b"\n")
        return
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    _limit_memory()
    try:
        with os.fdopen(0, "rb", closefd=False) as source:
            file = pq.ParquetFile(pa.PythonFile(source, mode="r"), pre_buffer=False, buffer_size=1 << 20)
            wrong = _too_large(file.metadata, rows, columns)
            if wrong:
                out.write(REFUSED + wrong.encode() + b"\n")
                return
            for batch in file.iter_batches(batch_size=_ROWS, use_threads=False):
                for row in batch.to_pylist():
                    out.write(_encode({name: _plain(value) for name, value in row.items()}) + b"\n")
    except (MemoryError, pa.ArrowMemoryError):
        out.write(REFUSED + b"it takes more memory to read than a file may; send it in parts\n")
        return
    except (pa.ArrowException, OSError, ValueError, msgspec.MsgspecError, RecursionError) as wrong:
        reason = " ".join(str(wrong).split())[:300]
        out.write(REFUSED + f"it is no Parquet that can be read: {reason}".encode() + b"\n")
        return
    out.write(DONE + b"\n")


def _too_large(found: Any, rows: int, columns: int) -> str | None:
    if found.num_rows > rows:
        return f"it has {found.num_rows:,} rows, and at most {rows:,} are taken at once; send it in parts"
    if found.num_columns > columns:
        return f"it has {found.num_columns:,} columns, and a file may have {columns:,}"
    return None


def _limit_memory() -> None:
    """Limit the memory and CPU time of this process from now on, if the system can."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        with open("/proc/self/status", encoding="ascii") as status:
            taken = next(int(line.split()[1]) for line in status if line.startswith("VmData:")) * 1024
        resource.setrlimit(resource.RLIMIT_DATA, (taken + _MEMORY, taken + _MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))


def _plain(value: Any) -> Any:
    """Return a cell as JSON has it."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value) if isinstance(value, Decimal | timedelta) else value


_encode = msgspec.json.Encoder(enc_hook=_plain).encode

if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.stdout.buffer)
