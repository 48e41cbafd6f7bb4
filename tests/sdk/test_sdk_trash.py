"""``rg.restore_dataset`` brings back what ``rg.delete`` took away."""

from __future__ import annotations

from datetime import timedelta

import pytest

import apportion as rg
from apportion.sdk.errors import AlreadyExistsApiError, ForbiddenApiError, NotFoundApiError
from sdk_support import ClientAs


def test_a_deleted_dataset_is_listed_and_restored(client_as: ClientAs) -> None:
    client = client_as("max", "shared")
    client.log(rg.TextClassificationRecord(text="soup", id=1), "reviews", verbose=False)
    client.delete("reviews")

    (gone,) = client.deleted_datasets()
    assert (gone.name, gone.workspace, gone.records, gone.deleted_by) == ("reviews", "shared", 1, "max")
    assert gone.purged_at - gone.deleted_at == timedelta(days=7)

    assert client.restore_dataset("reviews").name == "reviews"
    assert [record.id for record in client.load("reviews")] == [1]
    assert client.deleted_datasets("shared") == []
    with pytest.raises(NotFoundApiError):
        client.restore_dataset("reviews")


def test_a_taken_name_needs_another_and_others_may_not(client_as: ClientAs) -> None:
    client = client_as("max", "shared")
    for text in ("old", "new"):
        client.log(rg.TextClassificationRecord(text=text, id=1), "reviews", verbose=False)
        if text == "old":
            client.delete("reviews")

    with pytest.raises(AlreadyExistsApiError):
        client.restore_dataset("reviews")
    with pytest.raises(ForbiddenApiError):
        client_as("ana", "shared").restore_dataset("reviews", into="old-reviews")
    assert client.restore_dataset("reviews", into="old-reviews").name == "old-reviews"
    assert [record.text for record in client.load("old-reviews")] == ["old"]
