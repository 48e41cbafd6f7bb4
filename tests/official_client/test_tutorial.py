"""The tutorial's job, in both of its forms, by a 1.x notebook that does not know it talks to us."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.official, pytest.mark.timeout(900)]

TEAM = ["ana", "ben", "cy"]


def test_a_shared_dataset_is_split_by_metadata_annotated_and_loaded_back(
    official: Callable[..., Any],
) -> None:
    found = official("option1", name="option-one", limit=90)

    assert found["annotators"] == TEAM
    assert found["logged"] == 90
    assert found["tags"] == {"with assignments": "True"}
    for person in TEAM:
        seen = found["seen"][person]
        assert seen["listed"]
        assert seen["labels"]
        assert (seen["before"], seen["after"]) == (30, 0)
        assert seen["facet"] == {person: 30}
    assert found["loaded"] == found["as_datasets"] == found["for_training"] == 90
    assert found["by_assignee_and_author"] == [f"{person} {person}: 30" for person in TEAM]
    assert found["accepted_as_predicted"]
    assert found["same_ids"]


def test_everybody_annotates_in_their_own_workspace_and_sees_no_other(official: Callable[..., Any]) -> None:
    found = official("option2", name="option-two", limit=66, overlap=6)

    assert found["parts"] == dict.fromkeys(TEAM, 26)
    for person in TEAM:
        seen = found["seen"][person]
        assert seen["total"] == 26
        assert sorted(seen["workspaces"]) == sorted([person, "recognai"])
        assert seen["listed"] == [f"{person}/option-two"]
        assert seen["others"] == seen["others_records"] == [403, 403]
    assert found["admin_sees"] == TEAM
    assert (found["records"], found["answered_by_all"], found["answered_by_one"]) == (66, 6, 60)
    assert found["agree"]
