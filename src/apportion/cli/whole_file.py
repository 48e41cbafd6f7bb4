"""Write a file that gets its name only once it is complete."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import click

from .output import RefusedError

__all__ = ["whole_file"]


@contextmanager
def whole_file(file: Path) -> Iterator[IO[Any]]:
    """Yield a file open for writing bytes, renamed to ``file`` at the end; a dash is standard output.

    Raises ``RefusedError`` where it can't be written; a part is never left behind.
    """
    to_stdout = str(file) == "-"
    part = file if to_stdout else file.with_name(f"{file.name}.part")
    try:
        with click.open_file(str(part), "wb") as target:
            yield target
        if not to_stdout:
            part.replace(file)
    except OSError as failure:
        raise RefusedError(f"{file} can't be written: {failure}.") from failure
    finally:
        if not to_stdout:
            part.unlink(missing_ok=True)
