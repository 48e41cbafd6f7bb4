"""The page of the benchmarks has a section for whatever can be measured."""

from __future__ import annotations

from benchmarks.__main__ import SUITES
from benchmarks.page import TITLES


def test_every_suite_has_a_title_on_the_page() -> None:
    assert TITLES.keys() == SUITES.keys()
