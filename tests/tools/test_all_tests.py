"""Tests of what runs the phases of ``make test``."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _run(folder: Path, makefile: str, *lanes: str) -> subprocess.CompletedProcess[str]:
    (folder / "Makefile").write_text(makefile)
    command = [sys.executable, str(ROOT / "tools/all_tests.py"), *lanes]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_all_phases_run_to_their_end_and_one_that_failed_is_said(tmp_path: Path) -> None:
    ran = _run(tmp_path, "bad:\n\t@echo a reason; false\ngood:\n\t@echo fine\n", "bad,good")

    assert ran.returncode == 1
    assert "a reason" in ran.stdout
    assert "fine" in ran.stdout
    assert re.search(r"^bad .*FAILED$", ran.stdout, re.MULTILINE)
    assert re.search(r"^good +\d+ +\d+$", ran.stdout, re.MULTILINE)


def test_lanes_run_beside_each_other(tmp_path: Path) -> None:
    wait = "first:\n\t@mkfifo here; cat here\nsecond:\n\t@until test -p here; do sleep 0.05; done; echo met > here\n"
    ran = _run(tmp_path, wait, "first", "second")

    assert ran.returncode == 0
    assert "met" in ran.stdout


def test_every_phase_is_a_target_of_make() -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    import all_tests

    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {*all_tests.SHORT, *all_tests.TESTS, *all_tests.JOURNEYS} <= targets
