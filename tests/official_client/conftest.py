"""The official client in an environment of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from patience import patience

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


@pytest.fixture(scope="session")
def official_python() -> Path:
    tool = ROOT / "tools" / "official_client.py"
    ran = subprocess.run([sys.executable, str(tool)], stdout=subprocess.PIPE, text=True, check=True)
    python = Path(ran.stdout.strip())
    if not python.is_file():
        pytest.skip(ran.stdout.strip())
    return python


def script(name: str) -> Any:
    """Return one of ``scripts/`` as a module: what it does with any client can be done with ours."""
    spec = importlib.util.spec_from_file_location(f"script_{name}", HERE / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def with_ours() -> Callable[[str], Any]:
    return script


@pytest.fixture(scope="session")
def official(official_python: Path, live_server: str) -> Callable[..., Any]:
    """Runs a script of ``scripts/`` with the official client; returns what it printed as JSON."""

    def run(script: str, **arguments: Any) -> Any:
        clean = {
            name: value for name, value in os.environ.items() if not name.startswith(("ARGILLA_", "PYTHON"))
        }
        ran = subprocess.run(
            [official_python, "-W", "ignore", HERE / "scripts" / f"{script}.py", json.dumps(arguments)],
            env={**clean, "ARGILLA_API_URL": live_server, "ARGILLA_API_KEY": "admin.apikey"},
            capture_output=True,
            text=True,
            timeout=patience(300),
        )
        assert ran.returncode == 0, f"{script}.py failed:\n{ran.stdout}\n{ran.stderr}"
        return json.loads(ran.stdout.splitlines()[-1])

    return run
