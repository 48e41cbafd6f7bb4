"""The environments the others live in, made once, in a cache folder outside the checkout."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

__all__ = ["cache", "peer_python", "versions_of"]

PEERS = {
    "doccano": ("3.10", ["doccano==1.8.4", "marshmallow<4", "numpy<2"]),
    "label-studio": ("3.10", ["label-studio==1.23.2"]),
}
"""Packages to install, and the Python for each: doccano's libraries want no newer one."""


def cache() -> Path:
    """APPORTION_CACHE, else XDG_CACHE_HOME, else ~/.cache."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "apportion"
    return Path(os.environ.get("APPORTION_CACHE") or default) / "peers"


def peer_python(name: str) -> Path | None:
    """The Python of that tool's environment, made now if need be; None where no suitable Python is."""
    version, wanted = PEERS[name]
    base = _base(version)
    if base is None:
        return None
    folder, digest = cache() / name, hashlib.sha256(json.dumps(wanted).encode()).hexdigest()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        python, stamp = folder / "bin" / "python", folder / "made-from"
        if not (stamp.exists() and stamp.read_text() == digest and python.exists()):
            print(f"  making an environment for {name} in {folder} …", file=sys.stderr, flush=True)
            subprocess.run([base, "-m", "venv", "--clear", str(folder)], check=True, stdout=sys.stderr)
            pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, "setuptools<81", "wheel"], check=True, stdout=sys.stderr)
            subprocess.run([*pip, *wanted], check=True, stdout=sys.stderr)
            stamp.write_text(digest)
        return python


def versions_of(python: Path, *names: str) -> str:
    """``doccano 1.8.4, django 4.2.30``."""
    code = (
        "import sys; from importlib.metadata import version\n"
        "print(', '.join(f'{name} {version(name)}' for name in sys.argv[1:]))"
    )
    ran = subprocess.run([str(python), "-c", code, *names], check=True, stdout=subprocess.PIPE, text=True)
    return f"{ran.stdout.strip()}, Python {_version(python)}"


def _version(python: Path | str) -> str:
    code = "import platform; print(platform.python_version())"
    ran = subprocess.run([str(python), "-c", code], stdout=subprocess.PIPE, text=True, check=True)
    return ran.stdout.strip()


def _base(version: str) -> str | None:
    pyenv = Path(os.environ.get("PYENV_ROOT") or "~/.pyenv").expanduser()
    installed = sorted(map(str, pyenv.glob(f"versions/{version}.*/bin/python")), reverse=True)
    for candidate in (*installed, f"python{version}"):
        try:
            if _version(candidate).startswith(version + "."):
                return candidate
        except (OSError, subprocess.CalledProcessError):
            continue
    return None
