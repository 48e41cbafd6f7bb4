"""Size of an installation: distributions and megabytes, of the client alone and with the server."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .report import Line, middle
from .scale import Scale, say

__all__ = ["measure"]

_ROOT = Path(__file__).parent.parent
_IMPORT = "import time; a = time.perf_counter(); import apportion; print(time.perf_counter() - a)"


def measure(_: Scale) -> Iterator[Line]:
    with tempfile.TemporaryDirectory(prefix="apportion-install-") as folder:
        say("  building a wheel")
        _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", f"{folder}/wheel")
        (wheel,) = Path(folder, "wheel").iterdir()
        say("  installing the client")
        python = _installed(Path(folder, "client"), str(wheel))
        many, size = _weighed(python)
        yield Line("client: distributions", many, "", f"{size:.0f} MB without bytecode", at_most=14)
        _run(str(python), "-c", _IMPORT)  # compiles
        taken = [float(_run(str(python), "-c", _IMPORT)) for _ in range(5)]
        yield Line("import apportion", middle(taken), "s", f"slowest {max(taken):.2f} s", at_most=0.3)
        say("  installing the server")
        python = _installed(Path(folder, "server"), f"{wheel}[server]")
        many, size = _weighed(python)
        yield Line("server: distributions", many, "", "ours and the client's included", at_most=60)
        app = any(python.parent.parent.rglob("_web/index.html"))
        detail = "without bytecode; " + ("the web app is in it" if app else "the web app was not built")
        yield Line("server: installed", size, "MB", detail, at_most=150)


def _run(*command: str) -> str:
    ran = subprocess.run(command, cwd=_ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return ran.stdout


def _installed(home: Path, what: str) -> Path:
    """The Python of a new environment with nothing else in it, not even pip."""
    _run(sys.executable, "-m", "venv", "--without-pip", str(home))
    python = home / "bin" / "python"
    quietly = ("--quiet", "--no-compile", "--disable-pip-version-check")
    _run(sys.executable, "-m", "pip", "--python", str(python), "install", *quietly, what)
    return python


def _weighed(python: Path) -> tuple[int, float]:
    """Return the numbers of distributions and of megabytes."""
    (site,) = python.parent.parent.glob("lib/python*/site-packages")
    files = [each for each in site.rglob("*") if each.is_file() and "__pycache__" not in each.parts]
    return len([*site.glob("*.dist-info")]), sum(each.stat().st_size for each in files) / 1e6
