"""Tokens and positions as the web app sees them: the same cases its own tests read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from apportion.spans import token_offsets

CASES = json.loads((Path(__file__).parents[2] / "web/src/core/offsets.cases.json").read_text("utf-8"))


def units(text: str, points: int) -> int:
    """Return the number of UTF-16 units, as browsers count, that the first code points take."""
    return len(text[:points].encode("utf-16-le")) // 2


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["about"])
def test_server_and_browser_agree_where_tokens_are(case: dict[str, Any]) -> None:
    found = token_offsets(case["text"], case["tokens"])

    assert [list(each) for each in found] == case["points"]
    assert [[units(case["text"], at) for at in each] for each in found] == case["units"]
