"""``apportion assign``, ``assignments``, ``progress``, ``policies`` and ``datasets gather`` against a live server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

import apportion as rg
from command_line import Run

Ask = Callable[..., Result]
_numbers = count()


@pytest.fixture
def admin(live_server: str) -> Iterator[rg.Client]:
    with rg.Client(live_server, "admin.apikey", "recognai") as client:
        yield client


@pytest.fixture
def talk(admin: rg.Client) -> str:
    """A dataset of thirty texts of its own."""
    name = f"talk-{next(_numbers)}"
    records = [rg.TextClassificationRecord(text=f"text {n}", id=n) for n in range(30)]
    admin.log(records, name, verbose=False)
    return name


@pytest.fixture
def ask(run: Run, live_server: str) -> Ask:
    """Runs a command as the administrator, in the workspace of the team."""
    who = {"APPORTION_API_KEY": "admin.apikey", "APPORTION_WORKSPACE": "recognai"}
    return lambda *words, **more: run(*words, **{"APPORTION_API_URL": live_server, **who, **more})


def as_json(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_preview_writes_nothing_and_tells_how_to_make_exactly_it(ask: Ask, talk: str) -> None:
    result = ask(
        "assign", talk, "--users", "ana,ben", "--overlap", "2", "--share", "0.2", "--blind", "--preview"
    )

    assert result.exit_code == 0
    assert "ana             18" in result.stdout
    assert as_json(ask("assignments", "list", talk, "--json")) == []
    again = result.stdout.rpartition("with ")[2].split()
    made = ask("assign", talk, "--users", "ana,ben", "--overlap", "2", "--share", "0.2", "--blind", *again)
    assert "36 answers wanted" in made.stdout
    (listed,) = as_json(ask("assignments", "list", talk, "--json"))
    assert listed["loads"] == {"ana": 18, "ben": 18}


def test_a_digest_of_other_data_is_refused(ask: Ask, talk: str) -> None:
    result = ask("assign", talk, "--seed", "7", "--digest", "of-something-else")

    assert result.exit_code == 1
    assert "have changed since the preview" in result.stderr


def test_weights_rules_and_a_split_by_hand_are_understood(ask: Ask, talk: str, tmp_path: Path) -> None:
    weighted = as_json(ask("assign", talk, "--users", "ana=2", "--users", "ben", "--preview", "--json"))
    assert weighted["loads"] == {"ana": 20, "ben": 10}
    rules = tmp_path / "rules.json"
    rules.write_text(json.dumps([{"where": "id:1", "users": ["cy"]}, {"users": ["ana"]}]))
    ruled = as_json(ask("assign", talk, "--rules", str(rules), "--preview", "--json"))
    assert ruled["loads"] == {"ana": 29, "cy": 1}
    adopted = ask("assign", talk, "--adopt", "user", "--preview")
    assert adopted.exit_code == 0, adopted.output


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--share", "0.2"], 2, "--overlap of 2"),
        (["--overlap", "many"], 2, "a number of people or all"),
        (["--users", "ana=much"], 2, "a weight"),
        (["--users", "ana=nan"], 1, "can't be sent"),
        (["--users", ","], 2, "no one"),
        (["--users", "ana", "--adopt", "user"], 2, "Either"),
        (["--users", "ghost"], 1, "ghost"),
        (["--users", "ana", "--overlap", "2"], 1, "2 people are wanted on one record"),
        (["--where", "(((("], 1, "refuses"),
        (["--workspace", "nowhere"], 1, "no such dataset"),
    ],
)
def test_a_bad_plan_is_told_and_changes_nothing(
    ask: Ask, talk: str, words: list[str], code: int, message: str
) -> None:
    answer = ask("assign", talk, *words)

    assert (answer.exit_code, message in answer.stderr) == (code, True), answer.output
    assert as_json(ask("assignments", "list", talk, "--json")) == []


def test_rules_that_are_no_json_are_told(ask: Ask, talk: str, tmp_path: Path) -> None:
    (tmp_path / "rules.json").write_text("users: ana")

    assert ask("assign", talk, "--rules", str(tmp_path / "rules.json")).exit_code == 1
    assert ask("assign", talk, "--rules", str(tmp_path / "none.json")).exit_code == 2


def test_changes_are_shown_asked_for_and_made(ask: Ask, talk: str) -> None:
    ask("assign", talk, "--users", "ana,ben,cy", "--seed", "7")

    look = ask("assignments", "rebalance", talk, "--users", "ana,ben", "--preview")
    assert "would be 10 moved" in look.stdout
    assert ask("assignments", "rebalance", talk, "--users", "ana,ben", input="n\n").exit_code == 1
    assert "cy" in ask("assignments", "show", talk).stdout
    assert "10 moved" in ask("assignments", "rebalance", talk, "--users", "ana,ben", "--yes").stdout
    assert "cy" not in ask("assignments", "show", talk).stdout
    rows = as_json(ask("assignments", "rows", talk, "--annotator", "ana", "--limit", "2", "--json"))
    ids = ",".join(row["record"] for row in rows)
    assert "2 moved" in ask("assignments", "move", talk, "--to", "ben", "--records", ids, "--yes").stdout
    assert "2 removed" in ask("assignments", "withdraw", talk, "--records", ids, input="y\n").stdout
    assert ask("assignments", "withdraw", talk, "--yes").exit_code == 2
    assert as_json(ask("assignments", "undo", talk, "--yes", "--json"))["removed"] == 28
    assert ask("assignments", "undo", talk, "--yes").exit_code == 1


def test_later_records_join_when_told(ask: Ask, talk: str, admin: rg.Client) -> None:
    ask("assign", talk, "--users", "ana,ben")
    admin.log(rg.TextClassificationRecord(text="late", id="late"), talk, verbose=False)

    assert "would be 1 added" in ask("assignments", "extend", talk, "--preview").stdout
    assert "1 added" in ask("assignments", "extend", talk, "--yes").stdout
    assert len(as_json(ask("assignments", "rows", talk, "--json"))) == 31


def test_a_plan_is_named_by_the_beginning_of_its_id(ask: Ask, talk: str) -> None:
    ids = [
        as_json(ask("assign", talk, "--where", f"id:{n}", "--users", "ana", "--json"))["id"] for n in range(2)
    ]

    assert "Which plan?" in ask("assignments", "show", talk).stderr
    assert ids[0] in ask("assignments", "show", talk, ids[0][:12]).stdout
    assert ask("assignments", "show", talk, "no-such").exit_code == 1


def test_progress_is_shown_until_everything_is_done(ask: Ask, talk: str, live_server: str) -> None:
    ask("assign", talk, "--users", "ana", "--where", "id:1", "--blind")
    with rg.Client(live_server, "ana.apikey", "recognai") as ana:
        for item in ana.next_records(talk):
            item.submit("good")

    assert "1 of 30 records complete" in ask("progress", talk).stdout
    assert as_json(ask("progress", talk, "--json"))["annotators"][0]["done"] == 1
    assert as_json(ask("progress", talk, "--json", APPORTION_API_KEY="ana.apikey"))["records"] == 30


def test_hours_are_shown_and_come_as_a_table(ask: Ask, talk: str, live_server: str) -> None:
    ask("assign", talk, "--users", "ana", "--where", "id:1", "--blind")
    assert "No one worked" in ask("hours", talk).stdout
    with rg.Client(live_server, "ana.apikey", "recognai") as ana:
        for item in ana.next_records(talk):
            item.submit("good", seconds=5400)

    assert "1.50" in ask("hours", talk, "--by", "week").stdout
    (row,) = as_json(ask("hours", talk, "--json"))["rows"]
    assert (row["dataset"], row["annotator"], row["answers"], row["hours"]) == (talk, "ana", 1, 1.5)
    assert row in as_json(ask("hours", "--json"))["rows"]
    assert ask("hours", "--csv").stdout.splitlines()[0].split(",")[1:3] == ["annotator", "from"]
    assert ask("hours", talk, "--from", "soon").exit_code == 1
    assert ask("hours", talk, "--csv", "--json").exit_code == 2


def test_watching_stops_when_everything_is_done(ask: Ask, admin: rg.Client) -> None:
    done = rg.TextClassificationRecord(text="a", id=1, annotation="good")
    admin.log(done, "all-done", verbose=False)

    watched = ask("progress", "all-done", "--watch", "--every", "0", "--json")
    assert [json.loads(line)["complete"] for line in watched.stdout.splitlines()] == [1]


def test_policies_are_shown_and_set(ask: Ask, talk: str) -> None:
    assert "individual" in ask("policies", "set", talk, "annotation=individual", "required=2").stdout
    found = as_json(ask("policies", "show", talk, "--json"))
    assert (found["annotation"], found["required"]) == ("individual", 2)
    assert ask("policies", "set", talk, "blind").exit_code == 2
    assert ask("policies", "set", talk, "required=none").exit_code == 1
    assert ask("policies", "set", talk, "blind=true", APPORTION_API_KEY="ana.apikey").exit_code == 1


def test_copies_come_together(ask: Ask, admin: rg.Client, talk: str) -> None:
    for name in ("ana", "ben"):
        records = [rg.TextClassificationRecord(text="a", id=1, annotation=name)]
        admin.log(records, f"{talk}-mine", workspace=name, verbose=False)

    gather = ("datasets", "gather", f"{talk}-mine", "--from", "ana", "--from", "ben")
    assert "2 annotations would come together" in ask(*gather, "--preview").stdout
    assert as_json(ask(*gather, "--json"))["loads"] == {"ana": 1, "ben": 1}
    assert "exists already" in ask(*gather).stderr


def test_annotators_are_refused(ask: Ask, talk: str) -> None:
    for words in (("assign", talk), ("assignments", "list", talk)):
        assert ask(*words, APPORTION_API_KEY="ana.apikey").exit_code == 1


def test_adaptive_overlap_and_checks_have_their_options(ask: Ask, talk: str, admin: rg.Client) -> None:
    options = ["--users", "ana,ben,cy", "--overlap", "2", "--adaptive", "3", "--until", "0.9", "--blind"]
    shown = as_json(ask("assign", talk, *options, "--checks", "0.1", "--feedback", "--preview", "--json"))
    assert (shown["adaptive"], shown["checks"]) == (
        {"max": 3, "until": 0.9},
        {"share": 0.1, "feedback": True},
    )
    assert (
        "nothing to check people with" in ask("assign", talk, *options, "--checks", "0.1", "--preview").stdout
    )
    assert "--feedback needs --checks" in ask("assign", talk, "--feedback").output


def test_how_good_everybody_is_has_a_table(ask: Ask, talk: str) -> None:
    assert ask("assign", talk, "--users", "ana,ben", "--overlap", "2").exit_code == 0
    result = ask("agreement", talk, "--people")
    assert (result.exit_code, "No one has answered yet." in result.output) == (0, True)
