"""Make the environment in which the official 1.6.0 client still works, once, and print its Python.

It lives in a cache folder outside the checkout: APPORTION_CACHE, else XDG_CACHE_HOME, else ~/.cache.
The client needs Python 3.10, or 3.11 with a few paths of its own; with neither, this says so and succeeds.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

PINS = Path(__file__).parents[1] / "tests" / "official_client" / "constraints.txt"
VERSIONS = ("3.10", "3.11")
WANTED = ("argilla[listeners]==1.6.0", "datasets", "scikit-learn", "setuptools")
"""The client with what its listeners and its scores need."""
MISSING = "No Python 3.10 or 3.11 was found, so the tests with the official 1.6.0 client are skipped."
CHECK = "import argilla as rg, datasets, pkg_resources; rg.init, rg.TokenClassificationRecord"


def official_python() -> Path | None:
    """The Python of that environment, made now if need be; None where no suitable Python is."""
    for version in VERSIONS:
        base = working_python(version)
        if base is not None:
            folder = cache() / f"argilla-1.6.0-py{version.replace('.', '')}"
            with locked(folder.with_suffix(".lock")):
                return ready(folder, base)
    return None


def cache() -> Path:
    default = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "apportion"
    return Path(os.environ.get("APPORTION_CACHE") or default)


def working_python(version: str) -> str | None:
    """A Python of that version that can make environments. Tried by running: shims may lead nowhere."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser()
    installed = sorted(map(str, pyenv.glob(f"versions/{version}.*/bin/python")), reverse=True)
    check = (
        f"import sys, ensurepip; sys.exit(sys.version_info[:2] != tuple(map(int, '{version}'.split('.'))))"
    )
    for candidate in (f"python{version}", *installed, "python3", sys.executable):
        try:
            ran = subprocess.run([candidate, "-c", check], capture_output=True, timeout=30)
        except (OSError, subprocess.TimeoutExpired):
            continue
        if ran.returncode == 0:
            return candidate
    return None


def ready(folder: Path, base: str) -> Path:
    """The environment's Python; the environment is made anew when what we pin has changed."""
    python, stamp = folder / "bin" / "python", folder / "made-from"
    digest = hashlib.sha256(PINS.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest and python.exists():
        return python
    print(f"Making an environment for the official 1.6.0 client in {folder} …", file=sys.stderr, flush=True)
    make_environment(base, folder, PINS, WANTED)
    run(python, "-W", "ignore", "-c", CHECK)
    stamp.write_text(digest)
    return python


def make_environment(base: str, folder: Path, pins: Path, wanted: Sequence[str]) -> None:
    """Make an environment with these distributions, as pinned."""
    # Without a pip of its own, which takes longer to put there than most of what is wanted
    run(base, "-m", "venv", "--clear", "--without-pip", str(folder))
    install = ("-m", "pip", "--python", folder / "bin" / "python", "install", "--no-compile")
    run(
        sys.executable, *install, "--quiet", "--disable-pip-version-check", "--constraint", str(pins), *wanted
    )


def run(*command: str | Path) -> None:
    subprocess.run(command, check=True, stdout=sys.stderr, cwd=cache())


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Two test runs at once make the environment once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    print(official_python() or MISSING)
