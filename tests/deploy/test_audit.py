"""Verdicts of the audit on what its databases report."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NOTHING = 'echo "No known vulnerabilities found"'
SOME = 'echo "Found 1 known vulnerability in 1 package"; exit 1'
UNREACHABLE = 'echo "ConnectionError" >&2; exit 1'
NPM_NOTHING = """echo '{"metadata": {"vulnerabilities": {"total": 0}}}'"""
NPM_SOME = """echo '{"metadata": {"vulnerabilities": {"total": 2}}}'"""


def program(path: Path, does: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{does}\n")
    path.chmod(0o755)


def audit(tree: Path, *, python: str, npm: str, flag: str = "") -> int:
    program(tree / ".tools/audit/bin/pip-audit", python)
    program(tree / "venv/bin/npm", npm)
    for linter in ("hadolint", "shellcheck", "yamllint", "check-jsonschema", "kubernetes-validate"):
        program(tree / f".tools/audit/bin/{linter}", "true")
    program(tree / "venv/bin/python", f'exec "{sys.executable}" "$@"')
    asked = subprocess.run(
        ["sh", "tools/audit.sh", "venv", flag],
        cwd=tree,
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": "/usr/bin:/bin"},
    )
    assert asked.returncode != 3 or "NOT AUDITED" in asked.stdout
    return asked.returncode


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("tools", "deploy"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Dockerfile", "constraints.txt", "pyproject.toml", "web/package-lock.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_all_asked_and_nothing_found(tree: Path) -> None:
    assert audit(tree, python=NOTHING, npm=NPM_NOTHING) == 0


@pytest.mark.parametrize(("python", "npm"), [(SOME, NPM_NOTHING), (NOTHING, NPM_SOME), (SOME, UNREACHABLE)])
@pytest.mark.parametrize("flag", ["", "--where-reachable"])
def test_what_is_found_fails_everywhere(tree: Path, python: str, npm: str, flag: str) -> None:
    assert audit(tree, python=python, npm=npm, flag=flag) == 1


@pytest.mark.parametrize(("python", "npm"), [(UNREACHABLE, NPM_NOTHING), (NOTHING, UNREACHABLE)])
def test_what_cannot_be_asked_is_no_clean_bill_of_health(tree: Path, python: str, npm: str) -> None:
    assert audit(tree, python=python, npm=npm) == 3
    assert audit(tree, python=python, npm=npm, flag="--where-reachable") == 0
