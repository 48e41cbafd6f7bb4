"""Requests for a plan, and the messages for mistakes in them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apportion.domain.assignment.read_plan import read_plan
from apportion.domain.assignment.spec import (
    MAX_SEED,
    Adaptive,
    Checks,
    Everyone,
    FromMetadata,
    Order,
    Overlap,
    PlanSpec,
    RuleSpec,
    UserEntry,
    WorkspaceEntry,
    double_share_plus_anchors,
    everyone_does_everything,
    show_plan,
    split_evenly,
)
from apportion.domain.assignment.states import Mode, Reason, Skip, Visibility
from apportion.domain.assignment.team import expand_team
from apportion.domain.errors import BadRequestError, ValidationError

NAMES = st.text("abcxyz", min_size=1, max_size=4)
SKILLS = st.dictionaries(NAMES, st.frozensets(NAMES, min_size=1).map(lambda found: tuple(sorted(found))))
USERS = st.lists(
    st.builds(UserEntry, NAMES, st.floats(0.01, 100), st.none() | st.integers(0, 99), SKILLS),
    min_size=3,
    max_size=6,
    unique_by=lambda entry: entry.user,
).map(tuple)
RULES = st.builds(
    RuleSpec,
    where=st.none() | st.text(),
    users=st.none() | USERS | st.just((WorkspaceEntry("team"), UserEntry("ana"))),
    overlap=st.just(Everyone())
    | st.builds(Overlap, st.integers(1, 2), st.floats(0, 1), st.none() | st.just("metadata.source")),
    anchors=st.integers(0, 50),
    needs=st.sampled_from([(), (("metadata.lang", "lang"),)]),
    order=st.builds(Order, st.sampled_from(["shuffled", "as_logged"]))
    | st.builds(Order, st.just("metadata.length"), st.booleans()),
    mode=st.sampled_from(Mode),
    due=st.none() | st.just("2027-01-31"),
    lease=st.integers(1, 100),
    skip=st.none() | st.sampled_from(Skip),
)
PLANS = st.builds(
    PlanSpec,
    rules=st.lists(RULES, min_size=1, max_size=3).map(tuple),
    seed=st.none() | st.integers(0, MAX_SEED),
    blind=st.booleans(),
    visibility=st.none() | st.sampled_from(Visibility),
    standing=st.booleans(),
    checks=st.none() | st.builds(Checks, st.floats(0.001, 0.5), st.booleans()),
    mirror=st.none() | st.just("user"),
    mirror_overwrite=st.booleans(),
).filter(lambda spec: spec.checks is None or all(rule.mode is Mode.PUSH for rule in spec.rules))


@given(PLANS)
def test_a_plan_shown_reads_back_as_the_same_plan(spec: PlanSpec) -> None:
    assert read_plan(show_plan(spec)) == spec


@pytest.mark.parametrize(
    "spec", [split_evenly("ana"), everyone_does_everything(), double_share_plus_anchors()]
)
def test_presets_are_plans_like_any_other(spec: PlanSpec) -> None:
    assert read_plan(show_plan(spec)) == spec


def test_the_shapes_of_the_design_are_read() -> None:
    spec = read_plan(
        {
            "rules": [
                {
                    "users": [
                        "ana",
                        {"user": "ben", "weight": 2, "cap": 100, "skills": {"lang": ["eu"]}},
                        {"workspace": "recognai"},
                    ],
                    "overlap": {"annotators": 2, "share": 0.2, "stratify": "metadata.source"},
                    "needs": "lang",
                },
                {"users": {"metadata": "user"}},
            ],
            "blind": True,
        }
    )

    first, second = spec.rules
    assert first.users == (
        UserEntry("ana"),
        UserEntry("ben", 2.0, 100, {"lang": ("eu",)}),
        WorkspaceEntry("recognai"),
    )
    assert first.keys == ("metadata.lang", "metadata.source")
    assert first.needs == (("metadata.lang", "lang"),)
    assert second.users == FromMetadata("user")
    assert spec.sees is Visibility.ASSIGNED
    assert spec.individual


def rule(**given: Any) -> dict[str, Any]:
    return {"rules": [{"users": ["ana", "ben"], **given}]}


@pytest.mark.parametrize(
    ("json", "loc"),
    [
        ([], []),
        ({"rules": []}, ["rules"]),
        ({"rules": [{}], "sead": 7}, ["sead"]),
        ({"seed": "seven"}, ["seed"]),
        ({"seed": "7"}, ["seed"]),
        ({"seed": 7.0}, ["seed"]),
        ({"seed": True}, ["seed"]),
        ({"seed": -1}, ["seed"]),
        ({"seed": 2**53}, ["seed"]),
        ({"blind": 1}, ["blind"]),
        ({"visibility": "mine"}, ["visibility"]),
        (rule(overlap=3), ["rules", 0, "overlap"]),
        (rule(overlap=0), ["rules", 0, "overlap"]),
        (rule(overlap="everyone"), ["rules", 0, "overlap"]),
        (rule(overlap={"annotators": 2, "share": 1.5}), ["rules", 0, "overlap", "share"]),
        (rule(overlap={"annotators": 2, "share": -0.1}), ["rules", 0, "overlap", "share"]),
        (rule(overlap={"annotators": 2, "share": float("nan")}), ["rules", 0, "overlap", "share"]),
        (rule(overlap={"shares": 0.5}), ["rules", 0, "overlap", "shares"]),
        (rule(users=[]), ["rules", 0, "users"]),
        (rule(users="ana"), ["rules", 0, "users"]),
        (rule(users=["ana", "ana"]), ["rules", 0, "users", 1]),
        (rule(users=[7]), ["rules", 0, "users", 0]),
        (rule(users=[{"weight": 2}]), ["rules", 0, "users", 0, "user"]),
        (rule(users=[{"user": "ana", "weight": 0}]), ["rules", 0, "users", 0, "weight"]),
        (rule(users=[{"user": "ana", "weight": -1}]), ["rules", 0, "users", 0, "weight"]),
        (rule(users=[{"user": "ana", "weight": float("nan")}]), ["rules", 0, "users", 0, "weight"]),
        (rule(users=[{"user": "ana", "weight": float("inf")}]), ["rules", 0, "users", 0, "weight"]),
        (rule(users=[{"user": "ana", "cap": -1}]), ["rules", 0, "users", 0, "cap"]),
        (rule(users=[{"user": "ana", "skills": {"lang": 1}}]), ["rules", 0, "users", 0, "skills", "lang"]),
        (rule(users=[f"u{n}" for n in range(10_000)]), ["rules", 0, "users"]),
        (rule(users={"metadata": "user"}, overlap=2), ["rules", 0]),
        (rule(anchors=-1), ["rules", 0, "anchors"]),
        (rule(order="shuffle"), ["rules", 0, "order"]),
        (rule(mode="pushed"), ["rules", 0, "mode"]),
        (rule(due="tomorrow"), ["rules", 0, "due"]),
        (rule(lease=0), ["rules", 0, "lease"]),
        (rule(skip="never"), ["rules", 0, "skip"]),
        (rule(who="ana"), ["rules", 0, "who"]),
    ],
)
def test_a_mistake_is_named_with_its_path(json: Any, loc: list[str | int]) -> None:
    with pytest.raises(ValidationError) as refused:
        read_plan(json, "body")

    assert [error["loc"] for error in refused.value.errors] == [["body", *loc]]


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(ValidationError) as refused:
        read_plan({"rules": [{"overlap": 0, "lease": 0}], "seed": "x"})

    assert len(refused.value.errors) == 3


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["rules", "users", "overlap", "seed", "needs", "order"]), inner)
        ),
    )
)
def test_no_json_does_more_than_be_refused(json: Any) -> None:
    for each in (json, {"rules": [json]}, {"rules": [{"users": json, "overlap": json, "needs": json}]}):
        with suppress(ValidationError, BadRequestError):
            read_plan(each)


def test_checks_are_a_share_told_or_not_and_read_back() -> None:
    for json, checks in ((0.1, Checks(0.1)), ({"share": 0.1, "feedback": True}, Checks(0.1, feedback=True))):
        spec = read_plan({"rules": [{}], "checks": json})
        assert (spec.checks, show_plan(spec)["checks"]) == (checks, json)
        assert read_plan(show_plan(spec)) == spec


def test_adaptive_overlap_has_a_cap_and_a_probability_and_reads_back() -> None:
    spec = read_plan({"rules": [{}], "adaptive": {"max": 4, "until": 0.95}})

    assert (spec.adaptive, spec.individual) == (Adaptive(4, 0.95), True)
    assert read_plan(show_plan(spec)) == spec
    for wrong in ({"max": 1}, {"until": 2}, {"until": True}, {"most": 3}, 5):
        with pytest.raises(ValidationError):
            read_plan({"rules": [{}], "adaptive": wrong})


def test_a_team_is_everybody_named_and_what_is_said_of_somebody_wins() -> None:
    spec = RuleSpec(users=(WorkspaceEntry("team"), UserEntry("ben", weight=2)))

    team = expand_team(spec, ["zoe"], {"team": ["ben", "ana"]})

    assert [(person.name, person.weight) for person in team] == [("ana", 1), ("ben", 2)]


@pytest.mark.parametrize(
    ("spec", "annotators", "field"),
    [
        (RuleSpec(), [], "users"),
        (RuleSpec(overlap=Overlap(3)), ["ana", "ben"], "overlap"),
        (RuleSpec(), [f"u{n}" for n in range(1001)], "users"),
    ],
)
def test_a_team_that_cannot_do_it_is_refused(spec: RuleSpec, annotators: list[str], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        expand_team(spec, annotators, {}, "rules", 0)

    assert refused.value.errors[0]["loc"] == ["rules", 0, field]


def test_a_reason_reads_as_a_sentence_even_when_its_code_is_of_a_newer_version() -> None:
    assert str(Reason("fewest_shared", (41, 50, "ben", 6))).endswith("then fewest records with ben (6)")
    assert str(Reason("by_tarot", ("moon",))) == "by_tarot moon"
