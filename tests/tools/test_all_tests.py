"""Tests of what runs the phases of ``make test``."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

from patience import until

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


def test_a_run_that_is_interrupted_begins_nothing_more(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("first:\n\t@touch going; sleep 60\nsecond:\n\t@touch began\n")
    command = [sys.executable, str(ROOT / "tools/all_tests.py"), "first,second"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as running:
        until((tmp_path / "going").exists)
        running.send_signal(signal.SIGINT)

    assert running.returncode == 130
    assert not (tmp_path / "began").exists()


def test_every_phase_is_a_target_of_make() -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    import all_tests

    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for lanes in (all_tests.FEW_CORES, all_tests.MORE_CORES):
        phases = [name for names in lanes for name in names]
        assert sorted(phases) == sorted({"pytest", "e2e", "check", "docs", "web", "weaknesses"})
        assert {*phases} <= targets
