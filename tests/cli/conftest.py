"""Commands, run on a home of their own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from apportion.bootstrap import open_store
from apportion.cli.main import main
from apportion.settings import Settings
from command_line import Run


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with tables and nothing in them."""
    home = tmp_path_factory.mktemp("template") / "home"
    open_store(Settings(home=home)).close()
    return home


@pytest.fixture
def home(empty_home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(empty_home, tmp_path / "home"))


@pytest.fixture
def run(home: Path) -> Run:
    """Runs a command as a shell would, with ``APPORTION_HOME`` set."""
    client = ("API_URL", "API_KEY", "WORKSPACE")
    unset = {f"{prefix}_{name}": None for prefix in ("APPORTION", "ARGILLA") for name in client}

    def run(*words: str | Path, input: str | None = None, **environment: str) -> Result:
        env = {**unset, "APPORTION_HOME": str(home), **environment}
        return CliRunner().invoke(main, [str(word) for word in words], input=input, env=env)

    return run
