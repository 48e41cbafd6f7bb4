"""Every method of every port has a contract test that fails when the method is broken; see ``method_coverage``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from method_coverage import port_methods

FOLDER = Path(__file__).parent


@pytest.mark.timeout(300)
def test_every_method_of_every_port_is_called_by_a_test_that_notices_when_it_is_broken(
    tmp_path: Path,
) -> None:
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "method_coverage"]
    paths = os.pathsep.join([str(FOLDER), *sys.path])
    ran = subprocess.run(
        [
            *command,
            "--durations=0",
            f"--break-methods={report}",
            "-k",
            "sqlite or security",
            *FOLDER.glob("test_contract_*.py"),
        ],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
    )
    assert report.exists(), ran.stdout + ran.stderr
    found = json.loads(report.read_text())
    wanted = port_methods()

    assert found["unsound"] == []
    assert sorted(wanted - found["calling"].keys()) == [], "these are called by no test"
    assert sorted(wanted - found["noticed"].keys()) == [], "no test notices when one of these is broken"
