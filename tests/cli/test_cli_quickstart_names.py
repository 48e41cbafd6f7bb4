"""The environment variables of 1.x's quickstart, in ours."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from command_line import Run
from started_server import started


def test_people_and_data_are_as_the_environment_says(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ADMIN_USERNAME": "boss",
        "ADMIN_PASSWORD": "a sentence of the boss",
        "ADMIN_API_KEY": "key-of-the-boss",
        "ANNOTATOR_USERNAME": "argilla",
        "ANNOTATOR_PASSWORD": "a sentence of argilla",
        "LOAD_DATASETS": "single",
    }.items():
        monkeypatch.setenv(name, value)

    with started(home, "quickstart", "--no-browser", until="Ctrl+C") as running:
        output = "".join(running.output)
        me = httpx.get(f"{running.url}/api/me", headers={"X-Argilla-Api-Key": "key-of-the-boss"}).json()
        other = httpx.get(f"{running.url}/api/me", headers={"X-Argilla-Api-Key": "argilla.apikey"}).json()
        there = httpx.get(f"{running.url}/api/datasets", headers={"X-Argilla-Api-Key": "key-of-the-boss"})
        form = {"username": "argilla", "password": "a sentence of argilla"}
        signed_in = httpx.post(f"{running.url}/api/security/token", data=form)

    assert (me["username"], me["role"]) == ("boss", "admin")
    assert (other["role"], other["workspaces"]) == ("annotator", ["argilla", "recognai"])
    assert [(each["workspace"], each["name"]) for each in there.json()] == [
        ("recognai", "python-docs-topics")
    ]
    assert signed_in.status_code == 200
    assert "boss, ana, ben, cy, argilla; passwords and keys as the environment says" in output
    assert "sentence" not in output
    assert "key-of-the-boss" not in output


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("ADMIN_PASSWORD", "short", "ADMIN_PASSWORD must have 8 to 100 characters; it has 5."),
        ("LOAD_DATASETS", "some", "LOAD_DATASETS is full, single or none; it says 'some'."),
        ("ADMIN_USERNAME", "ana", "ana would be two people"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_made(
    name: str, value: str, says: str, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    refused = run("quickstart", "--no-browser", "--port", "0")
    assert refused.exit_code == 1
    assert says in refused.stderr
    assert run("users", "list").stdout.count("apikey") == 0
