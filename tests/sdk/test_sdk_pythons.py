"""The light client on every supported Python that is found: what it brings, and that all of it can be imported."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))

from official_client import cache, locked, make_environment, working_python  # noqa: E402

pytestmark = pytest.mark.timeout(600)

FEWER_THAN = 15  # distributions, our own included
TRY = """
import importlib, json, pkgutil, sys
from importlib.metadata import distributions
import apportion as rg, apportion.client, apportion.listeners, apportion.metrics, apportion.monitoring
import apportion.sdk, apportion.training, apportion.utils

for name in rg.__all__:
    getattr(rg, name)
for package in (rg.client, rg.listeners, rg.metrics, rg.monitoring, rg.sdk, rg.training, rg.utils):
    for each in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        importlib.import_module(each.name)
records = rg.DatasetForTokenClassification([rg.TokenClassificationRecord("a b", ["a", "b"], ["O", "B-X"])])
names = {each.name.lower() for each in distributions()} - {"pip", "setuptools", "wheel", "apportion"}
print(json.dumps([list(sys.version_info[:2]), records[0].annotation, sorted(names)]))
"""


def environment(version: str) -> Path:
    """The Python of an environment with what ``pip install apportion`` brings, made once."""
    base = working_python(version)
    if base is None:
        pytest.skip(f"Python {version} was not found")
    wanted = [each for each in requires("apportion") or [] if "extra ==" not in each]
    pins = ROOT / "constraints.txt"
    digest = hashlib.sha256(pins.read_bytes() + "".join(wanted).encode()).hexdigest()
    folder = cache() / f"client-py{version.replace('.', '')}"
    python, stamp = folder / "bin" / "python", folder / "made-from"
    with locked(folder.with_suffix(".lock")):
        if not (stamp.exists() and stamp.read_text() == digest and python.exists()):
            make_environment(base, folder, pins, wanted)
            stamp.write_text(digest)
    return python


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13"])
def test_the_light_client_runs_on(version: str) -> None:
    command = [str(environment(version)), "-W", "error", "-c", TRY]
    ran = subprocess.run(command, env={"PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True)

    assert ran.returncode == 0, ran.stderr
    found: Any = json.loads(ran.stdout)
    assert found[:2] == [[*map(int, version.split("."))], [["X", 2, 3]]]
    assert 1 + len(found[2]) < FEWER_THAN, found[2]
