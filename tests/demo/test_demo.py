"""The demo data: real sentences, well-formed records, the same on every run."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

from apportion.demo import TEAM, answer, entities_records, sentences, shared_topics_records, topics_records
from apportion.demo.entities import LABELS
from apportion.demo.topics import CUES


def test_there_are_some_two_thousand_distinct_sentences() -> None:
    texts = [sentence.text for sentence in sentences()]

    assert 2000 <= len(texts) <= 2600
    assert len(set(texts)) == len(texts)


def test_sentences_are_whole_and_free_of_markup() -> None:
    for sentence in sentences():
        assert sentence.text == " ".join(sentence.text.split())
        assert sentence.text.rstrip(')"”]')[-1] in ".!?", sentence
        assert not any(mark in sentence.text for mark in (">>>", "::=", "+--", "***")), sentence


def test_ids_are_unique_and_mean_the_same_sentence_on_every_run() -> None:
    ids = [sentence.id for sentence in sentences()]
    again = subprocess.run(
        [sys.executable, "-c", "from apportion.demo import sentences; print(*(s.id for s in sentences()))"],
        capture_output=True,
        text=True,
        check=True,
    )

    assert len(set(ids)) == len(ids)
    assert again.stdout.split() == ids


def test_tokens_follow_each_other_in_the_text_with_nothing_but_blanks_between() -> None:
    for record in entities_records():
        assert "".join(record["tokens"]) == "".join(record["text"].split())


def test_every_predicted_span_starts_and_ends_with_a_token() -> None:
    for record in entities_records():
        starts, ends, position = set(), set(), 0
        for token in record["tokens"]:
            position = record["text"].index(token, position)
            starts.add(position)
            position += len(token)
            ends.add(position)
        for entity in record["prediction"]["entities"]:
            assert entity["start"] in starts, record
            assert entity["end"] in ends, record


def test_every_entity_label_is_predicted_often_enough_to_be_worth_looking_at() -> None:
    seen = Counter(e["label"] for record in entities_records() for e in record["prediction"]["entities"])

    assert set(seen) == set(LABELS)
    assert min(seen.values()) > 50


def test_special_methods_exceptions_keywords_and_built_ins_are_told_apart() -> None:
    found = {
        record["text"][e["start"] : e["end"]]: e["label"]
        for record in entities_records()
        for e in record["prediction"]["entities"]
    }

    assert found["__init__"] == "SPECIAL"
    assert found["TypeError"] == "EXCEPTION"
    assert found["yield"] == "KEYWORD"
    assert found["len"] == "BUILTIN"


def test_topic_scores_are_a_single_label_prediction_the_server_accepts() -> None:
    for record in topics_records():
        labels = record["prediction"]["labels"]
        assert [label["class"] for label in labels] != []
        assert sum(label["score"] for label in labels) <= 1.0 + 1e-9
        assert labels == sorted(labels, key=lambda label: -label["score"])


def test_every_topic_is_the_best_guess_for_some_sentences() -> None:
    best = Counter(record["prediction"]["labels"][0]["class"] for record in topics_records())

    assert set(best) == set(CUES)
    assert min(best.values()) > 100


def test_the_team_shares_three_hundred_sentences_from_many_pages() -> None:
    shared = shared_topics_records()

    assert len(shared) == len({record["id"] for record in shared}) == 300
    assert len({record["metadata"]["page"] for record in shared}) > 30


def test_each_person_of_the_team_has_a_workspace_of_their_own_and_the_shared_one() -> None:
    assert [person.username for person in TEAM] == ["admin", "ana", "ben", "cy"]
    assert TEAM[1].workspaces == ("ana", "recognai")
    assert TEAM[1].api_key == "ana.apikey"


def test_what_the_team_has_answered_is_the_same_on_every_run_and_not_all_alike() -> None:
    records = shared_topics_records()
    given = {name: [answer(name, record) for record in records] for name in ("ana", "ben", "cy")}
    alike = sum(a["value"] == b["value"] for a, b in zip(given["ana"], given["ben"], strict=True))

    assert given["ana"] == [answer("ana", record) for record in records]
    assert 150 < alike < 270
