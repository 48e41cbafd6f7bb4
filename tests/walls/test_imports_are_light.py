"""Importing the package is quick and loads nothing that only a server needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


def test_a_server_on_a_file_starts_without_postgresql_and_numpy(tmp_path: Path) -> None:
    code = f"""if True:
        import sys
        from pathlib import Path
        from apportion.bootstrap import open_store
        import apportion.server.app
        from apportion.settings import Settings
        settings = Settings(home=Path({str(tmp_path)!r}))
        open_store(settings, serving=True).close()
        print(*(name for name in sys.modules if "postgres" in name or name in ("psycopg", "numpy")))
    """
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == []
