"""A server that the command line starts in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from patience import patience

__all__ = ["Running", "started"]


@dataclass
class Running:
    """A server that was started by the command line."""

    process: subprocess.Popen[str]
    home: Path
    url: str
    output: list[str]


@contextmanager
def started(home: Path, *words: str, until: str) -> Iterator[Running]:
    """A server on a free port, once it has printed ``until``; stopped afterwards.

    Without words it is started by ``python -m apportion`` alone.
    """
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("APPORTION_", "ARGILLA_"))
    }
    options = ["apportion.cli.main", *words, "--port", "0", "--home", str(home)]
    process = subprocess.Popen(
        [sys.executable, "-m", *(options if words else ["apportion"])],
        env=clean if words else {**clean, "APPORTION_PORT": "0", "APPORTION_HOME": str(home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    output: list[str] = []
    try:
        for line in process.stdout:
            output.append(line)
            if until in line:
                break
        found = re.search(r"http://localhost:\d+", "".join(output))
        assert found is not None, "".join(output)
        yield Running(process, home, found.group(), output)
    finally:
        process.terminate()
        process.wait(patience(20))
        process.stdout.close()
