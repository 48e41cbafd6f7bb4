"""Files of the repository are fit for everybody's machine: no package index, no path of one machine."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Spelled so that this file does not match itself.
INDEX = re.compile(r"p[y]pi\.org|python[h]osted|np[m]js\.org|de[b]\.debian|in[d]ex-url")
MACHINE = re.compile(r"(?<![\w.~])/(?:[w]ork|[h]ome|[r]oot|[U]sers)/\w")
MEGABYTE = 1 << 20


def committed() -> list[Path]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if ran.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in ran.stdout.splitlines() if (ROOT / name).is_file()]


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in committed()
        for line in path.read_text(encoding="utf-8", errors="ignore").splitlines()
        if pattern.search(line)
    ]


def test_no_file_names_a_package_index() -> None:
    assert lines_with(INDEX) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert lines_with(MACHINE) == []


def test_no_file_is_larger_than_a_megabyte() -> None:
    assert [path.name for path in committed() if path.stat().st_size > MEGABYTE] == []
