"""Journeys of several files share a server, so each file's datasets have names of their own."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

JOURNEYS = Path(__file__).parents[2] / "web" / "e2e"
MADE = re.compile(r'(?:server\.(?:log|create)|team\.blind)\("([^"]+)"')
OWN_SERVER = "servedFor:"


def test_no_two_files_of_journeys_make_a_dataset_of_the_same_name() -> None:
    made = defaultdict(set)
    for path in JOURNEYS.glob("*.spec.ts"):
        text = path.read_text("utf-8")
        if OWN_SERVER not in text:
            for name in MADE.findall(text):
                made[name].add(path.name)
    assert len(made) > 50
    assert {name: files for name, files in made.items() if len(files) > 1} == {}
