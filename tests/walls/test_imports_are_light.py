"""Importing the package is quick and loads nothing that only a server needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from unmeasured import environment_unmeasured

SERVER_LIBRARIES = (
    "alembic",
    "fastapi",
    "numpy",
    "pydantic",
    "pyroaring",
    "sqlalchemy",
    "sqlite3",
    "starlette",
    "uvicorn",
)


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    command, env = [sys.executable, "-c", code], environment_unmeasured()
    ran = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return set(ran.stdout.split())


@pytest.mark.parametrize(
    "module", ["apportion", "apportion.vocabulary", "apportion.domain", "apportion.wire"]
)
def test_no_server_library_is_loaded(module: str) -> None:
    assert loaded_by(f"import {module}").isdisjoint(SERVER_LIBRARIES)


def test_importing_the_package_prints_nothing() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", "import apportion"], capture_output=True, text=True, check=True
    )

    assert (ran.stdout, ran.stderr) == ("", "")
