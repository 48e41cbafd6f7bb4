"""Every method of every port has a contract test that fails when the method is broken; see ``method_coverage``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from method_coverage import UNDONE, port_methods

FOLDER = Path(__file__).parent
UNNOTICED = {
    "Datasets.expect": "it changes no answer, only how many round trips there are before it",
    "Store.warm": "it changes no answer, only how soon the first one comes",
}
"""Methods that no test can notice to be broken, and why. They are called all the same."""


@pytest.mark.timeout(300)
def test_every_method_of_every_port_has_a_test_that_notices_when_it_is_broken(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    files = [path for path in sorted(FOLDER.glob("test_contract_*.py")) if "properties" not in path.name]
    options = ["-q", "-p", "no:cacheprovider", "-p", "method_coverage", f"--break-methods={report}"]
    options.append(
        "--tb=native"
    )  # nobody sees how a broken method fails, and parsing sources takes a fifth of the time
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-k", "sqlite or security or cluster", *files],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(FOLDER.parent), *sys.path])},
        capture_output=True,
        text=True,
    )
    assert report.exists(), ran.stdout + ran.stderr
    found = json.loads(report.read_text())
    methods, calling = port_methods(), set(found["calling"])
    undone = {name for name in calling if name.endswith(UNDONE)} - {
        each + UNDONE for each in found["reading"]
    }

    assert found["unsound"] == [], "these fail, or fail when they are run again"
    assert sorted(methods - calling) == [], "no test calls these"
    assert sorted((methods | undone) - found["noticed"].keys()) == sorted(UNNOTICED), "no test notices these"
