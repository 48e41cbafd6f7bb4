"""Weak labels: rules kept with a dataset, what they and functions vote for, and what that comes to."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import apportion as rg
from apportion.labeling.text_classification import (
    MajorityVoter,
    Rule,
    WeakLabels,
    WeakMultiLabels,
    add_rules,
    delete_rules,
    load_rules,
    rules_summary,
    update_rules,
)
from apportion.labeling.text_classification.rule import RuleNotAppliedError
from apportion.labeling.text_classification.weak_labels import (
    DuplicatedRuleNameError,
    MissingLabelError,
    MultiLabelError,
    NoRecordsFoundError,
    NoRulesFoundError,
    WeakLabelsError,
)
from apportion.sdk import session
from apportion.sdk.errors import (
    AlreadyExistsApiError,
    BadRequestApiError,
    ForbiddenApiError,
    NotFoundApiError,
)
from sdk_support import ClientAs
from weak_label_records import FUNCTIONS, LABELS, TEXTS, VECTORS, call, weak

# Rules


def test_rules_come_back_as_they_were_stored(mail: None) -> None:
    add_rules("mail", [Rule("x?y#z/ä", ["a", "b"], name="odd")])
    update_rules("mail", [Rule("free", "junk", name="gratis"), Rule("new", "ham")])
    delete_rules("mail", [Rule("money", "spam"), Rule("no such", "spam")])

    assert [(each.query, each.label, each.name, each.author) for each in load_rules("mail")] == [
        ("free", "junk", "gratis", "eva"),
        ("later", "ham", "later", "eva"),
        ("x?y#z/ä", ["a", "b"], "odd", "eva"),
        ("new", "ham", "new", "eva"),
    ]
    assert repr(Rule("free", "spam")) == "Rule(query='free', label='spam', name='free')"


def test_a_rule_that_is_refused_is_named_and_none_is_stored(mail: None) -> None:
    before = list(map(repr, load_rules("mail")))

    with pytest.raises(BadRequestApiError, match=r"Rule 'broken'.*No rule was stored") as bad:
        add_rules("mail", [Rule("fine", "spam"), Rule("(money", "spam", name="broken")])
    with pytest.raises(AlreadyExistsApiError, match=r"Rule 'free'.*No rule was stored"):
        add_rules("mail", [Rule("fine", "spam"), Rule("free", "spam")])
    with pytest.raises(BadRequestApiError, match=r"Rule '\(x'.*No rule was changed"):
        update_rules(
            "mail",
            [Rule("free", "spam", name="named"), Rule("money", "spam"), Rule("fine", "x"), Rule("(x", "x")],
        )

    assert bad.value.params["position"] == 0
    assert list(map(repr, load_rules("mail"))) == before


def test_a_label_outside_the_schema_and_a_dataset_of_another_task_are_refused(mail: None) -> None:
    rg.configure_dataset("mail", rg.TextClassificationSettings(label_schema={"spam", "ham", "other"}))
    rg.log([rg.Text2TextRecord(text="x")], "talk", verbose=False)

    with pytest.raises(BadRequestApiError, match=r"Rule 'fine': .*\['eggs'\] are not in the label schema"):
        add_rules("mail", [Rule("fine", "eggs")])
    with pytest.raises(BadRequestApiError, match="TextClassification"):
        add_rules("talk", [Rule("fine", "eggs")])
    with pytest.raises(BadRequestApiError, match="TextClassification"):
        WeakLabels("talk", [Rule("fine", "eggs")])
    with pytest.raises(NotFoundApiError):
        WeakLabels("nowhere", [Rule("fine", "eggs")])


def test_who_may_not_write_rules_is_told_so(
    mail: None, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    rg.set_policies("mail", annotators_may=[])
    monkeypatch.setattr(session, "_active", client_as("ana"))

    with pytest.raises(ForbiddenApiError, match=r"Rule 'free'.*No rule was deleted"):
        delete_rules("mail", load_rules("mail"))
    assert len(load_rules("mail")) == 3


def test_a_rule_votes_once_it_is_applied(mail: None) -> None:
    rule = Rule("free", "spam")
    records = [each for each in rg.load("mail") if isinstance(each, rg.TextClassificationRecord)]

    with pytest.raises(RuleNotAppliedError):
        rule(records[0])
    rule.apply("mail")
    assert [rule(each) for each in records] == [
        "spam",
        "spam",
        None,
        None,
        None,
        "spam",
        None,
        None,
        None,
        "spam",
    ]


def test_a_rule_of_a_class_of_its_own_is_applied_and_called(mail: None) -> None:
    class Loud(Rule):
        def __call__(self, record: Any) -> Any:
            found = super().__call__(record)
            return found and f"loud {found}"

    assert WeakLabels("mail", [Loud("free", "spam")]).label2int["loud spam"] == 1


def test_the_figures_of_a_rule(mail: None) -> None:
    assert Rule("free", "spam").metrics("mail") == {
        "coverage": 0.4, "annotated_coverage": 0.5, "correct": 2, "incorrect": 1, "precision": pytest.approx(2 / 3),
    }  # fmt: skip
    assert Rule("free", ["spam", "ham"]).metrics("mail")["correct"] == 3
    assert Rule("nothing", "ham").metrics("mail")["precision"] is None


def test_a_query_of_ten_thousand_characters_is_a_rule_like_any(mail: None) -> None:
    long = " OR ".join(["free"] * 1_250) + "ly "
    rule = Rule(long.ljust(10_000, "x"), "spam", name="long")
    add_rules("mail", [rule])

    update_rules("mail", [Rule(rule.query, "ham", name="long")])
    assert load_rules("mail")[3].label == "ham"
    assert rule.metrics("mail")["coverage"] == 0.4
    assert WeakLabels("mail").summary()["coverage"]["long"] == 0.4
    delete_rules("mail", [rule])
    assert len(load_rules("mail")) == 3


@pytest.mark.parametrize("letter", ["x", "ä"])
def test_a_long_query_reaches_a_real_server(
    live_server: str, monkeypatch: pytest.MonkeyPatch, letter: str
) -> None:
    with rg.Client(live_server, "admin.apikey", "recognai") as admin:
        monkeypatch.setattr(session, "_active", admin)
        rg.log([rg.TextClassificationRecord(text="free", id=1)], "long", verbose=False)
        rule = Rule("free OR " + letter * 9_992, "spam", name=letter)
        try:
            add_rules("long", [rule])
            update_rules("long", [Rule(rule.query, "ham", name=letter)])
            assert rule.metrics("long")["coverage"] == 1
            assert WeakLabels("long").matrix().tolist() == [[0]]
        finally:
            delete_rules("long", [rule])
        assert load_rules("long") == []


def test_a_rule_that_no_url_could_name_is_not_stored(mail: None) -> None:
    with pytest.raises(BadRequestApiError, match=r"Rule 'long'.*90,000 characters in a URL"):
        add_rules("mail", [Rule("漢" * 10_000, "spam", name="long")])
    assert len(load_rules("mail")) == 3


# Weak labels


def test_votes_are_numbered_as_they_appear(mail: None) -> None:
    found = weak()

    x = -1
    assert found.label2int == LABELS
    assert found.matrix().tolist() == [
        [0, 0, x, x, 0, x], [0, x, x, x, x, x], [x, 0, x, x, x, x], [x, x, 1, 1, x, x], [x, x, 1, x, x, x],
        [0, x, x, 1, 0, x], [x, 0, x, x, 0, x], [x] * 6, [x, x, 1, x, x, 2], [0, x, x, x, x, x],
    ]  # fmt: skip
    assert found.annotation().tolist() == [0, 0, 1, 1, 0, 2]
    assert found.annotation(include_missing=True).tolist() == [0, 0, x, 1, x, 1, 0, x, 2, x]
    assert (found.matrix().dtype, found.annotation().dtype) == (np.int16, np.int16)
    assert [each.id for each in found.records(has_annotation=False)] == [2, 4, 7, 9]
    assert found.matrix(has_annotation=False).shape == (4, 6)
    assert (found.labels, found.cardinality) == (["spam", "ham", "other"], 3)


def test_the_summary(mail: None) -> None:
    found = weak().summary()

    assert list(found.columns) == [
        "label", "coverage", "annotated_coverage", "overlaps", "conflicts", "correct", "incorrect", "precision",
    ]  # fmt: skip
    expected = {
        "free": (0.4, 0.5, 0.2, 0.1, 2, 1, 0.6667),
        "money": (0.3, 0.3333, 0.2, 0, 2, 0, 1),
        "later": (0.3, 0.3333, 0.2, 0.1, 1, 1, 0.5),
        "call": (0.2, 0.3333, 0.2, 0.1, 2, 0, 1),
        "now": (0.3, 0.5, 0.3, 0.1, 2, 1, 0.6667),
        "rule_5": (0.1, 0.1667, 0.1, 0.1, 1, 0, 1),
        "total": (0.9, 1, 0.5, 0.2, 10, 3, 0.7692),
    }
    assert list(found.index) == list(expected)
    for name, figures in expected.items():
        assert tuple(found.loc[name][1:]) == pytest.approx(figures, abs=1e-4)
    assert found["label"]["rule_5"] == {"other"}
    normal = weak().summary(normalize_by_coverage=True)
    assert list(normal["overlaps"]) == pytest.approx([0.5, 0.6667, 0.6667, 1, 1, 1, 0.5556], abs=1e-4)
    assert list(normal["conflicts"]) == pytest.approx([0.25, 0, 0.3333, 0.5, 0.3333, 1, 0.2222], abs=1e-4)
    other = weak().summary(annotation=np.full(10, -1))
    assert "precision" not in other


def test_the_server_sums_stored_rules_up_as_weak_labels_do(mail: None) -> None:
    ours, official = rules_summary("mail"), WeakLabels("mail").summary()

    assert list(ours.columns) == list(official.columns)
    assert list(ours.index) == list(official.index)
    for column in ours.columns[1:]:
        assert list(ours[column]) == pytest.approx(list(official[column]))
    assert list(ours["label"]) == list(official["label"])
    assert len(rg.load("mail", query="covered:false")) == 1
    assert [each.id for each in rg.load("mail", query='rule:"money"')] == [0, 2, 6]


def test_rules_of_the_same_name_are_all_in_the_summary(mail: None) -> None:
    update_rules("mail", [Rule("free", "spam", name="mine"), Rule("money", "spam", name="mine")])

    found = rules_summary("mail")
    assert list(found.index) == ["mine", "mine", "later", "total"]
    assert list(found["coverage"]) == pytest.approx([0.4, 0.3, 0.3, 0.9])


def test_a_summary_of_nothing_has_its_rows_and_claims_no_figure(mail: None) -> None:
    rg.delete_records("mail")
    emptied = rules_summary("mail")
    assert list(emptied.index) == ["free", "money", "later", "total"]
    assert list(emptied.columns) == ["label"]
    assert emptied["label"]["free"] == {"spam"}
    assert emptied["label"]["total"] == set()  # nothing got a label

    rg.log(rg.TextClassificationRecord(text="x", annotation="y"), "bare", verbose=False)
    without = rules_summary("bare")
    assert list(without.index) == ["total"]
    assert (without["coverage"]["total"], without["label"]["total"]) == (0.0, set())
    assert "precision" not in without

    rg.configure_dataset("new", rg.TextClassificationSettings(label_schema=["y"]))
    assert rules_summary("new").to_dict("index") == {"total": {"label": set()}}


def test_stored_rules_alone_need_no_record(
    mail: None, active: rg.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rg.Client, "load", None)

    assert WeakLabels("mail").summary()["coverage"]["total"] == 0.9


def test_records_are_shown_by_rules_and_by_labels(mail: None) -> None:
    found = weak()

    assert list(found.show_records(rules=["free", 3])["id"]) == [5]
    assert list(found.show_records(labels=["spam"], rules=["money"])["id"]) == [0, 2, 6]
    assert list(found.show_records(labels=["spam", "ham"])["id"]) == [5]
    assert len(found.show_records(labels=["spam", "other"])) == 0
    assert len(found.show_records()) == 10


def test_numbers_can_be_given_and_changed(mail: None) -> None:
    found = WeakLabels("mail")
    found.change_mapping({None: -1, "ham": 5, "spam": 3, "other": 9})

    assert found.annotation().tolist() == [3, 3, 5, 5, 3, 9]
    assert found.labels == ["ham", "spam", "other"]
    assert found.matrix()[0].tolist() == [3, 3, -1]
    given = {None: 7, "spam": 1, "ham": 2, "other": 0}
    assert WeakLabels("mail", label2int=given).label2int is given
    for wrong in ({None: -1, "spam": 0, "ham": 1}, {"spam": 0, "ham": 1, "other": 2}):
        with pytest.raises(MissingLabelError):
            WeakLabels("mail", label2int=wrong)  # type: ignore[arg-type]
        with pytest.raises(MissingLabelError):
            found.change_mapping(wrong)  # type: ignore[arg-type]
    assert found.labels == ["ham", "spam", "other"]


def test_a_rule_is_extended_to_records_that_are_alike(mail: None) -> None:
    found = WeakLabels("mail")
    with pytest.raises(ValueError, match="needs embeddings"):
        found.extend_matrix([0.9] * 3)
    found.extend_matrix([0.9] * 3, VECTORS)

    assert found.matrix()[7].tolist() == [0, 0, -1]
    assert (
        np.delete(found.matrix(), 7, axis=0).tolist()
        == np.delete(WeakLabels("mail").matrix(), 7, axis=0).tolist()
    )
    found.extend_matrix([0.999] * 3)
    assert found.matrix()[7].tolist() == [0, -1, -1]
    summary = found.summary()
    assert (summary["coverage"]["free"], summary["coverage"]["total"], summary["overlaps"]["total"]) == (
        0.5,
        1.0,
        0.1,
    )
    found.change_mapping({None: -1, "ham": 5, "spam": 3, "other": 9})
    assert found.matrix()[7].tolist() == [3, -1, -1]
    with pytest.raises(ValueError, match="thresholds needs"):
        found.extend_matrix([0.9])
    with pytest.raises(ValueError, match="embeddings needs"):
        found.extend_matrix([0.9] * 3, VECTORS[1:])


def test_of_several_labels_a_rule_gives_all_of_its_nearest_record(several: WeakMultiLabels) -> None:
    vectors = [(1, 0), (0, 1), (-1, 0), (0.2, 1), (0.99, 0.1), (0, -1), (0.1, 1), (-1, 0.1)]
    before = several.matrix().copy()
    several.extend_matrix([0.9, 2, 2, 2], vectors)

    # "good" matches 0, 1 and 5; 3 and 6 are like 1, 4 is like 0, 2 and 7 are like none of them
    good = several.matrix()[:, 0]
    assert [row for row in range(8) if (good[row] != before[row, 0]).any()] == [3, 4, 6]
    assert good[[3, 4, 6]].tolist() == [[0, 1, 0]] * 3
    assert (several.matrix()[:, 1:] == before[:, 1:]).all()
    # rows that have votes already get more of them, other than with one label
    assert several.matrix()[3].tolist() == [[0, 1, 0], [-1] * 3, [0, 1, 1], [-1] * 3]
    summary = several.summary()
    assert (summary["coverage"]["good"], summary["overlaps"]["good"]) == (0.75, 0.75)
    assert [each.id for each in MajorityVoter(several).predict()] == [3, 5, 6]
    several.extend_matrix([2] * 4)
    assert (several.matrix() == before).all()
    with pytest.raises(ValueError, match="thresholds needs"):
        several.extend_matrix([0.9])


def test_what_has_no_effect_or_another_name_now_says_so(mail: None) -> None:
    found = WeakLabels("mail")
    with pytest.warns(UserWarning, match="gpu has no effect"):
        found.extend_matrix([0.9] * 3, VECTORS, gpu=True)
    assert found.matrix()[7].tolist() == [0, 0, -1]
    for old, new in ((True, False), (False, True)):
        with pytest.warns(FutureWarning, match="use include_missing"):
            given = found.annotation(exclude_missing_annotations=old)
        assert given.tolist() == found.annotation(include_missing=new).tolist()
    with pytest.warns(FutureWarning):  # as in 1.x, the old name wins
        assert len(found.annotation(include_missing=True, exclude_missing_annotations=True)) == 6


def test_a_terminal_sees_a_bar_before_the_first_rule_is_matched(
    mail: None, active: rg.Client, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apportion.sdk.progress._is_terminal", lambda: True)
    seen: list[str] = []
    post = active.http_client.post

    def asked(*args: Any, **options: Any) -> Any:
        seen.append(capsys.readouterr().err)
        return post(*args, **options)

    monkeypatch.setattr(active.http_client, "post", asked)

    WeakLabels("mail", [*load_rules("mail"), call])

    assert seen[0] == "\rMatching rules [..............................] 0 of 3 rules "
    shown = "".join(seen) + capsys.readouterr().err
    assert "\rMatching rules [##############################] 3 of 3 rules" in shown
    assert "\rApplying rule call [##############################] 10 of 10 records" in shown


@pytest.mark.parametrize("block", [1, 7, 4_000_000])
def test_neighbours_are_the_same_in_blocks_of_any_size(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from apportion.labeling.text_classification import _extend

    dice = np.random.default_rng(block)
    vectors, voted = dice.normal(size=(60, 5)), dice.random((60, 2)) < 0.4
    monkeypatch.setattr(_extend, "_BLOCK", block)
    found = _extend.Neighbours.of(vectors, voted)

    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    for column, (rows, nearest, likeness) in enumerate(found.rules):
        products = unit @ unit.T
        products[:, ~voted[:, column]] = -2
        assert rows.tolist() == np.flatnonzero(~voted[:, column]).tolist()
        assert likeness == pytest.approx(products[rows].max(axis=1), abs=1e-5)
        assert products[rows, nearest] == pytest.approx(likeness, abs=1e-5)


def test_several_labels(several: WeakMultiLabels) -> None:
    assert several.labels == ["neg", "pos", "speed"]
    assert several.matrix().dtype == np.int8
    assert several.matrix()[4].tolist() == [[-1] * 3, [-1] * 3, [-1] * 3, [0, 0, 0]]
    assert several.matrix()[7].tolist() == [[-1] * 3, [1, 0, 0], [0, 1, 1], [-1] * 3]
    assert several.annotation().tolist() == [[0, 1, 1], [0, 1, 0], [1, 0, 1], [0, 0, 0], [1, 0, 0]]
    assert several.annotation(include_missing=True)[3].tolist() == [-1, -1, -1]
    found = several.summary()
    expected = {
        "good": (0.375, 0.4, 0.375, 2, 0, 1),
        "bad": (0.375, 0.4, 0.375, 2, 0, 1),
        "fast OR slow": (0.75, 0.8, 0.5, 4, 4, 0.5),
        "rule_3": (0.125, 0.2, 0, 0, 0, float("nan")),
        "total": (1, 1, 0.625, 8, 4, 0.6667),
    }
    assert list(found.index) == list(expected)
    assert "conflicts" not in found
    for name, figures in expected.items():
        assert tuple(found.loc[name][1:]) == pytest.approx(figures, abs=1e-4, nan_ok=True)
    assert list(several.show_records(labels=["pos", "neg"])["id"]) == [2, 5, 7]


@pytest.mark.parametrize(
    ("more", "among"),
    [
        ({}, "no records"),
        ({"query": "zebra"}, "query 'zebra'"),
        ({"ids": ["x"]}, r"ids \['x'\]"),
        ({"ids": []}, r"ids \[\]"),
    ],
)
def test_without_records_there_are_no_weak_labels(mail: None, more: Any, among: str) -> None:
    if not more:
        rg.delete_records("mail")
    with pytest.raises(NoRecordsFoundError, match=f"mail.*{among}"):
        WeakLabels("mail", [Rule("x", "y")], **more)


def test_rules_need_names_of_their_own_and_must_exist(mail: None) -> None:
    with pytest.raises(DuplicatedRuleNameError, match="'call': 2"):
        WeakLabels("mail", [call, call, FUNCTIONS[2], FUNCTIONS[2]])
    rg.log(rg.TextClassificationRecord(text="x"), "bare", verbose=False)
    with pytest.raises(NoRulesFoundError, match="bare"):
        WeakLabels("bare")
    with pytest.raises(TypeError):
        WeakLabels(7)  # type: ignore[arg-type]


def test_several_labels_where_one_is_wanted_are_refused(mail: None, several: WeakMultiLabels) -> None:
    for rule in (Rule("free", ["a", "b"]), lambda record: [], lambda record: ["a", "b"]):
        with pytest.raises(MultiLabelError):
            WeakLabels("mail", [rule])
    with pytest.raises(MultiLabelError, match="WeakMultiLabels"):
        WeakLabels("several", [Rule("good", "pos")])


def test_a_function_that_fails_is_named_with_the_record(mail: None) -> None:
    def wrong(record: Any) -> str:
        return str(1 / (record.id - 3))

    with pytest.raises(
        WeakLabelsError, match=r"Rule 'wrong' fails on record 3 .*ZeroDivisionError"
    ) as failure:
        WeakLabels("mail", [wrong])
    assert isinstance(failure.value.__cause__, ZeroDivisionError)


def test_records_are_those_of_the_workspace_that_was_active(mail: None) -> None:
    found = WeakLabels("mail")
    rg.set_workspace("other")
    rg.log(rg.TextClassificationRecord(text="elsewhere", id=0), "mail", verbose=False)

    assert [each.text for each in found.records()] == list(TEXTS)


def test_records_that_are_gone_when_they_are_asked_for_are_missed(mail: None) -> None:
    found = WeakLabels("mail")
    rg.delete_records("mail", ids=[3])

    with pytest.raises(WeakLabelsError, match=r"1 of the 10 records are no longer.*'3'"):
        found.records()


@pytest.mark.parametrize("who", ["ana", "ben", "eva"])
def test_everybody_sees_votes_judged_by_the_annotations_they_may_see(
    active: rg.Client, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    rg.log([rg.TextClassificationRecord(text=f"text {id}", id=id) for id in "abcdef"], "talk", verbose=False)
    rg.set_policies("talk", blind=True, required=2)
    answer = {"ana": "good good good bad - -", "ben": "good bad - bad odd -"}
    for name, labels in answer.items():
        for id, label in zip("abcdef", labels.split(), strict=True):
            state = "draft" if (name, id) == ("ana", "d") else "submitted"
            sent = {"value": {"labels": [{"class": label}]}, "state": state, "version": 0}
            if label != "-":
                path = f"/api/datasets/talk/records/{id}/annotations/me?workspace=shared"
                client_as(name).http_client.put(path, sent)
    monkeypatch.setattr(session, "_active", client_as(who))

    found = WeakLabels("talk", [Rule("text", "good")])

    seen = [each.annotation for each in rg.load("talk")]
    assert [found.int2label[each] for each in found.annotation(include_missing=True).tolist()] == seen
    assert len(set(seen)) > 1
    add_rules("talk", [Rule("text", "good", name="all")])
    answers = who == "eva"
    summary = rules_summary("talk", answers=answers)
    assert summary["precision"]["all"] == found.summary()["precision"]["text"]
    if answers:
        assert tuple(summary.loc["all"][["correct_answers", "incorrect_answers"]]) == (4, 3)
    figures = Rule("text", "good").metrics("talk")
    assert found.summary()["precision"]["text"] == figures["precision"]


@pytest.mark.parametrize("seed", range(3))
def test_columns_from_the_server_are_what_loading_every_record_gives(active: rg.Client, seed: int) -> None:
    dice, name = random.Random(seed), f"random-{seed}"
    words, labels = ["a", "b", "c", "d", "e"], ["x", "y", "z"]
    records = [
        rg.TextClassificationRecord(
            text=" ".join(dice.choices(words, k=3)), id=n if dice.random() < 0.5 else f"id {n}",
            annotation=dice.choice([None, *labels]),
        )
        for n in range(60)
    ]  # fmt: skip
    rg.log(records, name, verbose=False)
    rules = [Rule(word, dice.choice(labels)) for word in words]
    found = WeakLabels(name, rules, query="NOT e")

    loaded = [each for each in rg.load(name, query="NOT e") if isinstance(each, rg.TextClassificationRecord)]
    assert [each.id for each in found.records()] == [each.id for each in loaded]
    for row, record in enumerate(loaded):
        votes = [rule.label if rule.query in str(record.text).split() else None for rule in rules]
        assert [found.int2label[number] for number in found.matrix()[row].tolist()] == votes
        assert [rule(record) for rule in rules] == votes
        assert found.int2label[int(found.annotation(include_missing=True)[row])] == record.annotation
