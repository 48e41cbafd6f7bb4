"""Tests of making a release, in a small checkout."""

from __future__ import annotations

import importlib.util
import subprocess
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
DAY = date(2027, 1, 2)


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release_tool", ROOT / "tools/release.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A package of one file, with our version and a changelog, all committed."""
    (tmp_path / "src/apportion").mkdir(parents=True)
    (tmp_path / "src/apportion/__init__.py").touch()
    (tmp_path / "src/apportion/version.py").write_text('__version__ = "0.1.0"\n')
    (tmp_path / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n- Something.\n")
    (tmp_path / ".gitignore").write_text("dist/\n")
    (tmp_path / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "apportion"\ndynamic = ["version"]\n'
        '[tool.hatch.version]\npath = "src/apportion/version.py"\n'
    )
    for command in (
        ["init", "--quiet"],
        ["config", "user.email", "a@b.example"],
        ["config", "user.name", "a"],
        ["add", "-A"],
        ["commit", "--quiet", "-m", "all: begin"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def _git(folder: Path, *command: str) -> str:
    return subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, check=True).stdout


def test_a_release_is_a_version_a_dated_section_a_tag_and_two_files(tool: ModuleType, checkout: Path) -> None:
    made = tool.release(checkout, "0.2.0", DAY)
    assert [each.suffix for each in made] == [".whl", ".gz"]
    assert '"0.2.0"' in (checkout / "src/apportion/version.py").read_text()
    assert "## Unreleased\n\n## 0.2.0 (2027-01-02)\n\n- Something." in (checkout / "CHANGELOG.md").read_text()
    assert _git(checkout, "describe") == "v0.2.0\n"
    assert _git(checkout, "status", "--porcelain") == ""


def test_a_release_that_cannot_be_built_leaves_everything_as_it_was(tool: ModuleType, checkout: Path) -> None:
    (checkout / "pyproject.toml").write_text("[nothing\n")
    _git(checkout, "commit", "--quiet", "-am", "all: break it")
    with pytest.raises(tool.ReleaseError, match="hatchling"):
        tool.release(checkout, "0.2.0", DAY)
    assert _git(checkout, "status", "--porcelain") == ""
    assert _git(checkout, "tag") == ""


@pytest.mark.parametrize("version", ["0.1.0", "0.0.9", "1.0", "v0.2.0"])
def test_a_version_has_to_be_a_later_one(tool: ModuleType, checkout: Path, version: str) -> None:
    with pytest.raises(tool.ReleaseError, match=version):
        tool.release(checkout, version, DAY)


def test_nothing_is_released_beside_uncommitted_changes(tool: ModuleType, checkout: Path) -> None:
    (checkout / "CHANGELOG.md").write_text("changed")
    with pytest.raises(tool.ReleaseError, match="CHANGELOG"):
        tool.release(checkout, "0.2.0", DAY)


def test_a_changelog_without_news_is_not_released(tool: ModuleType, checkout: Path) -> None:
    (checkout / "CHANGELOG.md").write_text("# Changelog\n\n## Unreleased\n\n## 0.1.0\n\n- Old.\n")
    _git(checkout, "commit", "--quiet", "-am", "all: have no news")
    with pytest.raises(tool.ReleaseError, match="nothing under"):
        tool.release(checkout, "0.2.0", DAY)
