"""A large dataset is searched while its index cannot be reached."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest

from apportion.domain.errors import QueryTooSlowError
from apportion.ports.upkeep import SearchCondition
from apportion.storage.sql.query.search import Searcher
from dataset_client import DatasetClient


class AwayAccelerator:
    """An index of every dataset that answers no search."""

    def __init__(self, problem: str) -> None:
        self.problem = problem

    def indexes(self, dataset: int) -> bool:
        return True

    def search(self, question: Any) -> None:
        return None

    def condition(self) -> SearchCondition:
        return SearchCondition(1, 0, 0, 0, 0, self.problem)

    def close(self) -> None:
        pass


def too_slow(*_: Any, **__: Any) -> NoReturn:
    raise QueryTooSlowError(3)


@pytest.mark.parametrize(("problem", "status"), [("No node answers.", 503), ("", 400)])
def test_what_the_database_cannot_answer_alone_says_when_to_try_again(
    client_as: Any, store: Any, monkeypatch: pytest.MonkeyPatch, problem: str, status: int
) -> None:
    talk = DatasetClient(client_as)
    monkeypatch.setattr(store, "accelerator", AwayAccelerator(problem))
    assert talk.found("rita", "*") == ["a", "b", "c"]  # by the database

    monkeypatch.setattr(Searcher, "search", too_slow)
    refused = talk.ask("rita", "POST", "TextClassification:search", json={})
    assert (refused.status_code, refused.headers.get("Retry-After")) == (status, "30" if problem else None)
    if problem:
        assert "search index of this dataset can't be reached" in refused.text
