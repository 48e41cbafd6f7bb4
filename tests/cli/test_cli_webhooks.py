"""``apportion webhooks`` against a live server, with a receiver it may not call."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import Result

from command_line import Run
from patience import until

Ask = Callable[..., Result]
HOOK = "https://example.invalid/hook"


@pytest.fixture
def ask(run: Run, live_server: str) -> Ask:
    """Runs a command about webhooks as the administrator, in the workspace of the team."""
    who = {
        "APPORTION_API_KEY": "admin.apikey",
        "APPORTION_WORKSPACE": "recognai",
        "APPORTION_API_URL": live_server,
    }
    return lambda *words: run("webhooks", *words, **who)


def as_json(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_webhook_is_set_up_tried_and_deleted(ask: Ask) -> None:
    assert ask("list").stdout == "There are no webhooks.\n"
    result = ask("create", HOOK, "--event", "submitted", "--description", "our bot")
    assert result.exit_code == 0, result.output
    (hook,) = as_json(ask("list", "--json"))
    id, secret = hook["id"], result.stdout.splitlines()[1]
    assert (secret.startswith("whsec_"), hook["events"]) == (True, ["submitted"])
    assert secret not in ask("list").stdout
    assert ask("rotate-secret", id).stdout.strip() not in ("", secret)
    assert ask("ping", id).exit_code == 0
    (failed,) = until(lambda: as_json(ask("deliveries", id, "--state", "failed", "--json")), every=0.3)
    assert failed["problem"] in ("the host name couldn't be looked up", "no answer within 10 seconds")
    assert failed["problem"] in ask("deliveries", id).stdout
    assert ask("send-again", id, failed["id"]).exit_code == 0
    assert "is disabled" in ask("change", id, "--disable").stdout
    assert "disabled" in ask("list").stdout
    assert ask("delete", id).exit_code == 0
    assert as_json(ask("list", "--json")) == []


def test_one_of_the_whole_server_is_apart(ask: Ask) -> None:
    made = as_json(ask("create", HOOK, "--everywhere", "--json"))

    assert (made["workspace"], as_json(ask("list", "--json"))) == (None, [])
    assert ask("list", "--everywhere").stdout.splitlines()[1].startswith(made["id"])
    assert ask("delete", made["id"]).exit_code == 0


def test_what_is_refused_has_a_reason(ask: Ask) -> None:
    result = ask("create", "https://127.0.0.1/hook")
    assert (result.exit_code, "not public" in result.stderr) == (1, True), result.output
    assert ask("delete", "nothing").exit_code == 1
    assert ask("change", "nothing").exit_code == 2
