"""The wheel that people install: the web app is in it once, and nobody needs Node for it."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APP = "apportion/server/_web/"


def build(source: Path, kind: str, into: Path) -> Path:
    """A distribution, built where no npm can be found."""
    environment = {**os.environ, "PATH": "/nowhere"}
    command = [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(into)]
    ran = subprocess.run(command, cwd=source, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    (built,) = into.iterdir()
    return built


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (ROOT / "src" / APP / "index.html").is_file():
        pytest.skip("the web app has not been built; `make test` does that first")
    return build(ROOT, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """From the source distribution, as a packager would."""
    unpacked = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        if sys.version_info >= (3, 12):
            archive.extractall(unpacked, filter="data")
        else:
            archive.extractall(unpacked)
    (source,) = unpacked.iterdir()
    return zipfile.ZipFile(build(source, "wheel", tmp_path_factory.mktemp("wheel")))


def test_the_wheel_carries_the_web_app_once(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    page = wheel.read(f"{APP}index.html").decode()

    assert max(Counter(names).values()) == 1
    assert sum(name.endswith("index.html") for name in names) == 1
    assert any(name.startswith(f"{APP}assets/app-") and name.endswith(".js") for name in names)
    assert "__NONCE__" in page
    assert "__BASE__" in page


def test_the_wheel_carries_nothing_for_building_the_web_app(wheel: zipfile.ZipFile) -> None:
    strays = [
        name for name in wheel.namelist() if name.endswith((".map", ".ts", ".tsx")) or "node_modules" in name
    ]

    assert strays == []
    assert sum(each.compress_size for each in wheel.infolist()) < 3_000_000


def test_the_source_distribution_can_build_the_web_app_anew(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]

    assert {"web/package-lock.json", "web/src/main.tsx", "hatch_build.py", f"src/{APP}index.html"} <= set(
        names
    )
    assert not any("node_modules" in name for name in names)
    assert max(Counter(names).values()) == 1
