"""Tests of the check of commit summaries."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _checked(tmp_path: Path, summary: str) -> tuple[int, str]:
    message = tmp_path / "message"
    message.write_text(f"{summary}\n\nA body of any kind.\n", encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, str(ROOT / "tools/commit_summary.py"), str(message)], capture_output=True, text=True
    )
    return ran.returncode, ran.stderr


@pytest.mark.parametrize(
    "summary",
    [
        "queue: renew leases in one statement",
        "storage, ports: embed the dialect",
        "web: address what two people said",
        "Merge branch 'main'",
    ],
)
def test_a_good_summary_passes(tmp_path: Path, summary: str) -> None:
    assert _checked(tmp_path, summary) == (0, "")


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        ("queue: renewed leases", "imperative"),
        ("queue: renewing leases", "imperative"),
        ("queue: renews leases", "imperative"),
        ("Renew leases", "area"),
        ("queue: renew leases.", "full stop"),
        ("queue: renew " + "x" * 60, "73 characters"),
        ("", "area"),
    ],
)
def test_a_bad_summary_is_refused_with_the_reason(tmp_path: Path, summary: str, expected: str) -> None:
    code, message = _checked(tmp_path, summary)
    assert code == 1
    assert expected in message
