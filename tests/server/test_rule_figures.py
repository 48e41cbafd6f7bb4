"""All labeling rules at once: their figures, what they match, searching by them, and undoing changes of them."""

from __future__ import annotations

import base64
import json
import random
import zlib
from typing import Any

import pytest

from dataset_client import DatasetClient
from support import Client

TEXT = "TextClassification"
HERE = {"workspace": "shared"}
RULES = f"/api/datasets/mail/{TEXT}/labeling/rules"
WORDS = ("free", "money", "later", "call", "now")
LABELS = ("spam", "ham", "other")


def ask(client: Client, method: str, path: str, status: int = 200, **more: Any) -> Any:
    more["params"] = {**HERE, **more.get("params", {})}
    answer = client.request(method, path, **more)
    assert answer.status_code == status, answer.text
    return answer.json()


def add(client: Client, query: str, *labels: str, **more: Any) -> Any:
    return ask(client, "POST", RULES, json={"query": query, "labels": labels, **more})


def log(client: Client, records: list[dict[str, Any]], name: str = "mail") -> None:
    ask(client, "POST", f"/api/datasets/{name}/{TEXT}:bulk", json={"records": records})


def record(id: str, text: str, label: str | None = None) -> dict[str, Any]:
    answer = {} if label is None else {"annotation": {"agent": "eva", "labels": [{"class": label}]}}
    return {"id": id, "inputs": {"text": text}, **answer}


def found(client: Client, query: str) -> list[str]:
    body = {"query": {"query_text": query}}
    page = ask(client, "POST", f"/api/datasets/mail/{TEXT}:search", json=body)
    return [each["id"] for each in page["records"]]


def unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))


def places(text: str, total: int) -> list[int]:
    bits = "".join(f"{byte:08b}" for byte in unpacked(text))
    assert len(bits) == -(-total // 8) * 8
    return [place for place, bit in enumerate(bits) if bit == "1"]


@pytest.fixture
def mail(client: Client) -> Client:
    """Six mails with four rules on them."""
    texts = ("free money", "free call", "call later", "nothing", "money now", "free free")
    labels = ("spam", "ham", "ham", "ham", None, None)
    log(client, [record(*each) for each in zip("abcdef", texts, labels, strict=True)])
    for query, label in (("free", "spam"), ("money", "spam"), ("call", "ham"), ("zebra", "other")):
        add(client, query, label)
    return client


def test_all_rules_are_measured_at_once(mail: Client) -> None:
    figures = ask(mail, "GET", f"{RULES}:figures")
    free, money, call, zebra = figures.pop("rules")

    assert (free["query"], free["coverage"], free["overlaps"], free["conflicts"]) == (
        "free",
        0.5,
        2 / 6,
        1 / 6,
    )
    assert (free["correct"], free["incorrect"], free["precision"]) == (1, 1, 0.5)
    assert (money["overlaps"], money["conflicts"], money["precision"]) == (1 / 6, 0.0, 1.0)
    assert (call["covered_records"], call["annotated_covered_records"], call["precision"]) == (2, 2, 1.0)
    assert (zebra["coverage"], zebra["correct"], "precision" in zebra) == (0.0, 0, False)
    assert figures == {
        "coverage": 5 / 6, "coverage_annotated": 0.75, "overlaps": 2 / 6, "conflicts": 1 / 6, "correct": 4,
        "incorrect": 1, "precision": 0.8, "total_records": 6, "annotated_records": 4, "covered_records": 5,
        "annotated_covered_records": 3,
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
def test_the_figures_are_those_that_counting_by_hand_gives(client: Client, seed: int) -> None:
    dice = random.Random(seed)
    mails = {
        f"m{n}": (set(dice.sample(WORDS, dice.randint(0, 3))) or {"x"}, dice.choice((None, *LABELS)))
        for n in range(40)
    }
    log(client, [record(id, " ".join(words), label) for id, (words, label) in mails.items()])
    rules = {word: dice.choice(LABELS) for word in WORDS}
    for query, label in rules.items():
        add(client, query, label)

    figures = ask(client, "GET", f"{RULES}:figures")

    votes = {id: [rules[word] for word in words if word in rules] for id, (words, _) in mails.items()}
    assert figures["overlaps"] == sum(len(each) > 1 for each in votes.values()) / 40
    assert figures["conflicts"] == sum(len(set(each)) > 1 for each in votes.values()) / 40
    for each in figures["rules"]:
        covered = [id for id, (words, _) in mails.items() if each["query"] in words]
        alone = ask(client, "GET", f"{RULES}/{each['query']}/metrics")
        assert each["overlaps"] == sum(len(votes[id]) > 1 for id in covered) / 40
        assert each["conflicts"] == sum(len(set(votes[id])) > 1 for id in covered) / 40
        assert alone.items() <= each.items()


def test_in_a_dataset_of_several_labels_votes_cannot_conflict(client: Client) -> None:
    several = {"agent": "eva", "labels": [{"class": "X"}, {"class": "Y"}]}
    log(client, [{"id": 1, "inputs": {"text": "a b"}, "multi_label": True, "annotation": several}])
    add(client, "a", "X")
    add(client, "b", "X", "Z")

    figures = ask(client, "GET", f"{RULES}:figures")

    assert "conflicts" not in figures
    assert [(each["correct"], each["incorrect"], each["precision"]) for each in figures["rules"]] == [
        (1, 0, 1.0),
        (1, 1, 0.5),
    ]


def test_a_rule_is_judged_by_the_answers_one_may_see(client_as: Any) -> None:
    talk = DatasetClient(client_as, "abcdefghij")
    talk.answer(ana="spam spam spam ham spam ham - - - spam", ben="spam spam spam ham - - ham - - -")
    rules = f"{TEXT}/labeling/rules"
    talk.post("max", rules, {"query": "text NOT j", "label": "spam"})

    def precision(who: str, **params: Any) -> Any:
        return talk.get(who, f"{rules}:figures", **params)["rules"][0]

    assert precision("eva")["precision"] == 0.75
    assert precision("ana")["precision"] == pytest.approx(4 / 6)
    assert precision("ben")["precision"] == 0.6
    answers = precision("rita", answers=True)["answers"]
    assert answers == {"correct": 7, "incorrect": 4, "precision": pytest.approx(7 / 11)}
    refused = talk.ask("ana", "GET", f"{rules}:figures", params={"answers": True})
    assert refused.status_code == 403


def test_answers_of_others_change_no_figure_of_a_blind_annotator(client_as: Any) -> None:
    talk = DatasetClient(client_as, "abcd")
    rules = f"{TEXT}/labeling/rules"
    talk.post("max", rules, {"query": "text", "label": "spam"})
    talk.answer(ana="spam ham - -")
    queries = (
        "text",
        "annotated_as:ham",
        "annotations.ben.label:ham",
        "disagree:(ana ben)",
        "annotated_by:ben",
    )

    def figures(who: str) -> Any:
        drafts = [talk.get(who, f"{rules}/{each}/metrics", label=["ham"]) for each in queries]
        return talk.get(who, f"{rules}:figures"), drafts

    before, led = figures("ana"), figures("eva")
    talk.answer(ben="ham spam ham ham")

    assert figures("ana") == before
    assert figures("eva") != led


def test_matches_come_as_positions_in_the_order_of_ids(mail: Client) -> None:
    reply = ask(mail, "POST", f"{RULES}:matches", json={})

    assert (reply["total"], reply["multi_label"], json.loads(unpacked(reply["ids"]))) == (
        6,
        False,
        list("abcdef"),
    )
    assert {each["query"]: places(each["positions"], 6) for each in reply["queries"]} == {
        "free": [0, 1, 5], "money": [0, 4], "call": [1, 2], "zebra": [],
    }  # fmt: skip
    assert {each["label"]: places(each["positions"], 6) for each in reply["labels"]} == {
        "spam": [0],
        "ham": [1, 2, 3],
    }
    assert places(reply["annotated"], 6) == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("query", "ids", "free"),
    [
        ({"query_text": "call"}, "bc", [0]),
        ({"ids": ["f", "a", "none"]}, "af", [0, 1]),
        ({"ids": ["x"]}, "", []),
    ],
)
def test_matches_of_a_selection(mail: Client, query: Any, ids: str, free: list[int]) -> None:
    reply = ask(mail, "POST", f"{RULES}:matches", json={"queries": ["free", "not stored"], "query": query})

    assert json.loads(unpacked(reply["ids"])) == list(ids)
    assert [places(each["positions"], len(ids)) for each in reply["queries"]] == [free, []]


def test_matches_show_an_annotator_no_label_that_only_others_gave(client_as: Any) -> None:
    talk = DatasetClient(client_as, "ab")
    talk.answer(ana="good -", ben="secret secret")

    reply = talk.post("ana", f"{TEXT}/labeling/rules:matches", {"queries": ["text", "annotated_by:ben"]})

    assert [each["label"] for each in reply["labels"]] == ["good"]
    assert places(reply["annotated"], 2) == [0]
    assert [places(each["positions"], 2) for each in reply["queries"]] == [[0, 1], []]


def test_a_query_that_cannot_be_parsed_is_named_with_the_place(mail: Client) -> None:
    reply = ask(mail, "POST", f"{RULES}:matches", status=400, json={"queries": ["free", "(money"]})

    assert reply["detail"]["code"] == "argilla.api.errors::InvalidTextSearchError"
    assert reply["detail"]["params"]["position"] == 0


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("covered:false", "d"),
        ("covered:true", "abcef"),
        ("NOT covered:true", "d"),
        ('rule:"free"', "abf"),
        ("rule:free call", "b"),
        ("rule:(free OR money)", "abef"),
        ("rule:f*", "abf"),
        ("rule:*", "abcef"),
        ("_exists_:rule", "abcef"),
        ("rule:mine", "ae"),
        ('rule:"no such"', ""),
        ("annotated_as:ham AND covered:false", "d"),
        ("covered:conflict", "b"),
        ("covered:true NOT covered:conflict", "acef"),
    ],
)
def test_searching_by_rules(mail: Client, query: str, ids: str) -> None:
    ask(mail, "PATCH", f"{RULES}/money", json={"label": "spam", "description": "mine"})

    assert found(mail, query) == list(ids)


def counted(client: Client, query: dict[str, Any], facets: str = "covered,rule") -> dict[str, dict[str, int]]:
    more: dict[str, Any] = {"json": {"query": query}, "params": {"limit": 0, "facets": facets}}
    found: dict[str, dict[str, int]] = ask(client, "POST", f"/api/datasets/mail/{TEXT}:search", **more)[
        "aggregations"
    ]
    return found


@pytest.mark.parametrize(
    ("query", "covered", "rule"),
    [
        ({}, (1, 5, 1), (3, 2, 2, 0)),
        ({"query_text": "free"}, (0, 3, 1), (3, 1, 1, 0)),
        ({"annotated_as": ["ham"]}, (1, 2, 1), (1, 0, 2, 0)),
        ({"ids": ["a", "d"]}, (1, 1, 0), (1, 1, 0, 0)),
    ],
)
def test_a_search_counts_what_rules_match_of_it(
    mail: Client, query: dict[str, Any], covered: tuple[int, ...], rule: tuple[int, ...]
) -> None:
    assert counted(mail, query) == {
        "covered": dict(zip(("false", "true", "conflict"), covered, strict=True)),
        "rule": dict(zip(("free", "money", "call", "zebra"), rule, strict=True)),
    }


def test_rules_are_counted_when_asked_for_only_and_where_there_are_any(client: Client) -> None:
    log(client, [record("a", "x")])

    assert counted(client, {}) == {"covered": {}, "rule": {}}
    assert counted(client, {}, "status") == {"status": {"Default": 1}}


def test_an_annotator_learns_nothing_of_others_from_counts_of_rules(client_as: Any) -> None:
    eva, ana, ben = client_as("eva"), client_as("ana"), client_as("ben")
    log(eva, [record("a", "x"), record("b", "y")])
    ask(eva, "PATCH", "/api/datasets/mail/policies", json={"annotation": "individual", "blind": True})
    add(eva, "annotated_as:spam", "spam")
    before = counted(ana, {})
    answer = {"value": {"labels": [{"class": "spam"}]}, "state": "submitted", "version": 0}
    ask(ben, "PUT", "/api/datasets/mail/records/a/annotations/me", json=answer)

    assert counted(ana, {}) == before
    assert counted(ben, {})["rule"] == {"annotated_as:spam": 1}


def test_without_rules_everything_is_open(client: Client) -> None:
    log(client, [record("a", "x")])

    assert (found(client, "covered:false"), found(client, "covered:true")) == (["a"], [])


@pytest.mark.parametrize("query", ["covered:maybe", "covered:[a TO b]", "rule:[a TO b]", "rule:free~"])
def test_what_means_nothing_about_rules_is_refused(mail: Client, query: str) -> None:
    body = {"query": {"query_text": query}}
    reply = ask(mail, "POST", f"/api/datasets/mail/{TEXT}:search", status=400, json=body)

    assert "is followed by" in reply["detail"]["params"]["message"]


def test_what_rules_leave_open_can_be_assigned(mail: Client) -> None:
    plan = {"rules": [{"users": ["ana"], "where": "covered:false"}], "seed": 1}
    ask(mail, "POST", "/api/datasets/mail/assignments", json=plan)

    assert found(mail, "assigned_to:ana") == ["d"]


def test_what_rules_disagree_on_can_be_assigned(mail: Client) -> None:
    plan = {"rules": [{"users": ["ana"], "where": "covered:conflict"}], "seed": 1}
    ask(mail, "POST", "/api/datasets/mail/assignments", json=plan)

    assert found(mail, "assigned_to:ana") == ["b"]


def test_what_rules_leave_open_can_be_exported_and_scanned(mail: Client) -> None:
    wanted = {"format": "jsonl", "query": "covered:false"}
    exported = mail.post("/api/datasets/mail/export", params=HERE, json=wanted)
    scanned = ask(
        mail, "POST", "/api/datasets/mail/records/:search", json={"query": {"query_text": "rule:money"}}
    )

    assert [json.loads(line)["id"] for line in exported.text.splitlines()] == ["d"]
    assert [each["id"] for each in scanned["records"]] == ["a", "e"]


def test_a_rule_cannot_be_made_of_rules(mail: Client) -> None:
    reply = ask(mail, "POST", RULES, status=400, json={"query": "x covered:false", "label": "spam"})

    assert "made of others" in reply["detail"]["params"]["message"]
    assert len(ask(mail, "GET", RULES)) == 4


def test_labels_must_be_in_the_schema(mail: Client) -> None:
    schema = {"label_schema": {"labels": ["spam", "ham", "other"]}}
    ask(mail, "PUT", f"/api/datasets/mail/{TEXT}/settings", json=schema)

    for method, path, body in (
        ("POST", RULES, {"query": "new", "labels": ["ham", "eggs"]}),
        ("PATCH", f"{RULES}/free", {"label": "eggs"}),
    ):
        reply = ask(mail, method, path, status=400, json=body)
        assert "['eggs'] are not in the label schema" in reply["detail"]["params"]["message"]
    assert [each["label"] for each in ask(mail, "GET", RULES)] == ["spam", "spam", "ham", "other"]


def test_what_cannot_be_parsed_is_refused_with_the_place_and_nothing_is_stored(mail: Client) -> None:
    for method, path, more in (
        ("POST", RULES, {"json": {"query": "free (money", "label": "spam"}}),
        ("GET", f"{RULES}/free (money/metrics", {}),
        ("POST", f"{RULES}:matches", {"json": {"queries": ["free (money"]}}),
    ):
        reply = ask(mail, method, path, status=400, **more)
        assert reply["detail"]["params"]["position"] == 5, path
    assert len(ask(mail, "GET", RULES)) == 4


def test_a_dataset_of_another_task_has_no_rules(mail: Client) -> None:
    tokens = {"records": [{"text": "x", "tokens": ["x"]}]}
    ask(mail, "POST", "/api/datasets/tokens/TokenClassification:bulk", json=tokens)
    rule = {"query": "x", "label": "spam"}

    for task in (TEXT, "TokenClassification"):
        path = f"/api/datasets/tokens/{task}/labeling/rules"
        for method, what, body in (("GET", ":figures", None), ("POST", "", rule), ("POST", ":matches", {})):
            reply = ask(mail, method, path + what, status=400, json=body)
            assert reply["detail"]["code"].endswith("WrongTaskError"), (task, what)


def test_an_emptied_dataset_keeps_its_rules_and_measures_nothing(mail: Client) -> None:
    ask(mail, "DELETE", "/api/datasets/mail/data", json={"query_text": "*"})

    figures = ask(mail, "GET", f"{RULES}:figures")
    assert (figures["total_records"], len(figures["rules"])) == (0, 4)
    assert not {"coverage", "precision", "overlaps", "conflicts"} & (
        figures.keys() | figures["rules"][0].keys()
    )
    assert ask(mail, "POST", f"{RULES}:matches", json={})["total"] == 0
    assert ask(mail, "GET", f"{RULES}/free/metrics") == {"total_records": 0, "annotated_records": 0}


def test_a_query_of_ten_thousand_characters_is_a_rule_and_a_longer_one_is_refused(mail: Client) -> None:
    long = " OR ".join(["word"] * 1_250) + "s" * 4
    assert len(long) == 10_000
    add(mail, long, "spam")
    add(mail, "short", "spam")

    assert ask(mail, "GET", f"{RULES}/{long}/metrics")["coverage"] == 0.0
    assert ask(mail, "GET", f"{RULES}:figures")["rules"][4]["query"] == long
    ask(mail, "POST", RULES, status=422, json={"query": long + "s", "label": "x"})
    assert len(ask(mail, "GET", RULES)) == 6


def test_a_change_of_a_rule_is_undone_and_undone_again(mail: Client) -> None:
    before = ask(mail, "GET", RULES)
    ask(mail, "DELETE", f"{RULES}/money")
    ask(mail, "PATCH", f"{RULES}/free", json={"labels": ["ham", "spam"], "description": "both"})

    ask(mail, "POST", f"{RULES}:undo", json={"query": "money"})
    ask(mail, "POST", f"{RULES}:undo", json={"query": "free"})
    assert ask(mail, "GET", RULES) == before
    ask(mail, "POST", f"{RULES}:undo")
    assert ask(mail, "GET", RULES)[0]["labels"] == ["ham", "spam"]
    assert ask(mail, "POST", f"{RULES}:undo", json={"query": "call"}) is None
    assert [each["query"] for each in ask(mail, "GET", RULES)] == ["free", "money", "zebra"]


def test_only_ones_own_changes_are_undone_and_only_as_one_left_them(mail: Client, client_as: Any) -> None:
    ana = client_as("ana")
    ask(ana, "POST", f"{RULES}:undo", status=400)
    ask(ana, "PATCH", f"{RULES}/free", json={"label": "ham"})

    refused = ask(mail, "POST", f"{RULES}:undo", status=409, json={"query": "free"})

    assert "someone has changed the rule since" in refused["detail"]["params"]["message"]
    assert ask(mail, "GET", RULES)[0]["label"] == "ham"
    ask(ana, "POST", f"{RULES}:undo")
    assert ask(mail, "GET", RULES)[0]["label"] == "spam"


def test_the_two_metrics_of_rules(client: Client) -> None:
    log(
        client,
        [record(*each) for each in (("1", "a b", "X"), ("2", "b c", "Y"), ("3", "c d"), ("4", "a d", "X.1"))],
    )

    def metric(id: str, body: Any = None, **params: Any) -> Any:
        return ask(
            client, "POST", f"/api/datasets/mail/{TEXT}/metrics/{id}:summary", json=body or {}, params=params
        )

    listed = ask(client, "GET", f"/api/datasets/mail/{TEXT}/metrics")
    assert len(listed) == 15
    assert metric("labeling_rule") == metric("dataset_labeling_rules") == {}
    bare = {"covered_records": 2, "annotated_covered_records": 2}
    assert metric("labeling_rule", rule_query="a") == {**bare, "correct_records": 0, "incorrect_records": 0}
    assert metric("labeling_rule", rule_query="a", labels=["X.1", "Z"]) == {
        **bare, "correct_records": 1, "incorrect_records": 3, "precision": 0.25,
        "X.1": {"correct_records": 1, "incorrect_records": 1, "annotated": 2, "precision": 0.5},
        "Z": {"correct_records": 0, "incorrect_records": 2, "annotated": 2, "precision": 0.0},
    }  # fmt: skip
    assert metric("dataset_labeling_rules", queries=["a", "c"]) == {
        "covered_records": 4,
        "annotated_covered_records": 3,
    }
    assert metric("labeling_rule", {"query_text": "d"}, rule_query="a")["covered_records"] == 1
    assert metric("labeling_rule", {"ids": ["1", "3"]}, rule_query="a")["covered_records"] == 1


def test_figures_of_rules_are_the_numbers_1x_gives(client: Client) -> None:
    log(
        client,
        [record(*each) for each in (("1", "a b", "X"), ("2", "b c", "Y"), ("3", "c d"), ("4", "a d", "X.1"))],
    )
    add(client, "a", "X")
    add(client, "b", "X", "Y")

    def figures(query: str, *labels: str) -> tuple[Any, ...]:
        some = ask(client, "GET", f"{RULES}/{query}/metrics", params={"label": labels})
        return some["correct"], some["incorrect"], some.get("precision")

    alone = ask(client, "GET", f"{RULES}/a/metrics")
    assert (alone["coverage"], alone["coverage_annotated"]) == (0.5, pytest.approx(2 / 3))
    assert figures("a") == (1, 1, 0.5)
    assert figures("b") == (2, 2, 0.5)
    assert figures("a", "X", "Y") == (1, 3, 0.25)
    assert figures("a", "X.1") == (1, 1, 0.5)
    assert figures("a OR c") == (0, 0, None)
    unstored = ask(client, "GET", f"{RULES}/a OR c/metrics")
    assert (unstored["coverage"], unstored["coverage_annotated"]) == (1, 1)
    text = client.get(f"{RULES}/a/metrics", params=HERE).text
    assert '"total_records":4,' in text
    assert '"annotated_records":3' in text


def test_where_nothing_is_annotated_no_share_of_it_is_claimed(client: Client) -> None:
    log(client, [record("1", "a"), record("2", "b")])
    add(client, "a", "X")

    assert ask(client, "GET", f"{RULES}/metrics") == {
        "coverage": 0.5,
        "total_records": 2,
        "annotated_records": 0,
    }
    together = ask(client, "GET", f"{RULES}:figures")
    assert (together["coverage"], "coverage_annotated" in together, "precision" in together) == (
        0.5,
        False,
        False,
    )
