"""transformers and SetFit in an environment of their own: with torch, they take 6 GB.

`make model-libraries` makes it; where it is not, these tests are skipped.
"""

from __future__ import annotations

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
def models_python() -> Path:
    tool = ROOT / "tools" / "model_libraries.py"
    ran = subprocess.run([sys.executable, tool, "--if-there"], stdout=subprocess.PIPE, text=True, check=True)
    python = Path(ran.stdout.strip())
    if not python.is_file():
        pytest.skip(ran.stdout.strip())
    return python


@pytest.fixture(scope="session")
def in_models(
    models_python: Path, live_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., Any]:
    """Runs a script of ``scripts/`` with our client beside these libraries; returns what it printed as JSON.

    It leaves nothing in the folder it runs in.
    """
    empty = tmp_path_factory.mktemp("empty")

    def run(script: str, **arguments: Any) -> Any:
        clean = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("APPORTION_", "ARGILLA_", "PYTHON"))
        }
        ours = {
            "PYTHONPATH": str(ROOT / "src"),
            "APPORTION_API_URL": live_server,
            "APPORTION_API_KEY": "admin.apikey",
            "HF_HUB_OFFLINE": "1",
        }
        ran = subprocess.run(
            [models_python, "-W", "ignore", HERE / "scripts" / f"{script}.py", json.dumps(arguments)],
            env={**clean, **ours},
            cwd=empty,
            capture_output=True,
            text=True,
            timeout=patience(300),
        )
        assert ran.returncode == 0, f"{script}.py failed:\n{ran.stdout}\n{ran.stderr}"
        assert not list(empty.iterdir())
        return json.loads(ran.stdout.splitlines()[-1])

    return run
