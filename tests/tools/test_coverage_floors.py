"""Tests of the floors of coverage."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "services", "storage", "server", "sdk")


def _checked(tmp_path: Path, covered: dict[str, int]) -> tuple[int, str]:
    files = {
        f"src/apportion/{package}/part.py": {"summary": {"num_statements": 100, "covered_lines": lines}}
        for package, lines in covered.items()
    }
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"files": files}))
    ran = subprocess.run(
        [sys.executable, str(ROOT / "tools/coverage_floors.py"), str(report)], capture_output=True, text=True
    )
    return ran.returncode, ran.stdout


def test_packages_above_their_floors_pass(tmp_path: Path) -> None:
    status, output = _checked(tmp_path, dict.fromkeys(PACKAGES, 98))
    assert status == 0
    assert "raise its floor" in output


@pytest.mark.parametrize("package", PACKAGES)
def test_one_package_below_its_floor_fails_and_is_named(tmp_path: Path, package: str) -> None:
    status, output = _checked(tmp_path, {**dict.fromkeys(PACKAGES, 98), package: 50})
    assert status == 1
    assert f"{package:16}  50.0 %  BELOW" in output


def test_a_package_of_which_nothing_was_measured_fails(tmp_path: Path) -> None:
    status, output = _checked(tmp_path, {"domain": 99})
    assert status == 1
    assert "sdk" in output
