"""Permissions by role."""

from __future__ import annotations

import pytest

from apportion.domain.errors import ForbiddenOperationError
from apportion.domain.permissions import ALLOWED, Action, EffectiveRole, allowed, require
from apportion.vocabulary import Role
from support import actor

ADMIN = actor("eva", Role.ADMIN)
MANAGER = actor("max", ours="manager")
REVIEWER = actor("rita", ours="reviewer")
MEMBER = actor("ana", ours="annotator")
OUTSIDER = actor("olga", elsewhere="manager")


def test_every_action_has_a_row() -> None:
    assert set(ALLOWED) == set(Action)


@pytest.mark.parametrize("action", Action)
def test_whoever_stands_higher_may_do_all_that_those_below_may(action: Action) -> None:
    may = [allowed(each, action, "ours") for each in (OUTSIDER, MEMBER, REVIEWER, MANAGER, ADMIN)]

    assert may == sorted(may)
    assert may[-1]


@pytest.mark.parametrize(
    ("action", "who"),
    [
        (Action.SEARCH, MEMBER),
        (Action.BULK, MEMBER),
        (Action.EDIT_TAGS, MEMBER),
        (Action.EDIT_RULES, MEMBER),
        (Action.DISCARD_RECORDS, MEMBER),
        (Action.SEE_ANNOTATIONS, REVIEWER),
        (Action.ADJUDICATE, REVIEWER),
        (Action.CREATE_DATASET, MANAGER),
        (Action.CREATE_BY_LOGGING, MANAGER),
        (Action.DELETE_DATASET, MANAGER),
        (Action.DELETE_RECORDS, MANAGER),
        (Action.EDIT_SETTINGS, MANAGER),
        (Action.ASSIGN, MANAGER),
        (Action.ADD_MEMBER, MANAGER),
        (Action.CREATE_USER, ADMIN),
        (Action.CREATE_WORKSPACE, ADMIN),
    ],
)
def test_what_one_may_the_next_lower_may_not(action: Action, who: object) -> None:
    ladder = [OUTSIDER, MEMBER, REVIEWER, MANAGER, ADMIN]
    place = ladder.index(who)  # type: ignore[arg-type]

    assert allowed(ladder[place], action, "ours")
    assert not allowed(ladder[place - 1], action, "ours")


def test_creators_may_do_what_their_rows_say_while_they_belong() -> None:
    gone = actor("ana")

    for action in (Action.DELETE_DATASET, Action.OPEN_CLOSE, Action.DELETE_RECORDS):
        assert allowed(MEMBER, action, "ours", created_by="ana")
        assert not allowed(MEMBER, action, "ours", created_by="ben")
        assert not allowed(gone, action, "ours", created_by="ana")
    assert not allowed(MEMBER, Action.COPY_DATASET, "ours", created_by="ana")
    assert all(
        ALLOWED[each] >= {EffectiveRole.CREATOR} for each in Action if EffectiveRole.MEMBER in ALLOWED[each]
    )


def test_a_refusal_says_who_could() -> None:
    with pytest.raises(
        ForbiddenOperationError, match=r"only managers of workspace ours and admin.* may copy"
    ):
        require(MEMBER, Action.COPY_DATASET, "ours")
    require(MANAGER, Action.COPY_DATASET, "ours")
