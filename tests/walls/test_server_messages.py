"""Messages of the server that the web app has translations of."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTED = ROOT / "web" / "src" / "text" / "server" / "messages.json"

sys.path.insert(0, str(ROOT / "tools"))
import server_messages  # noqa: E402


def test_the_app_knows_every_message_of_the_server() -> None:
    assert json.loads(LISTED.read_text("utf-8")) == server_messages.messages(), (
        "Sentences of the server have changed: run `make schema`, then translate what is new in "
        "web/src/text/de/server.ts and web/src/text/es/server.ts."
    )


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('raise Refusal(f"Dataset {found.name} is closed. Open it first.")', "Dataset {name} is closed."),
        ('raise Refusal(f"Dataset {found.name} is closed. Open it first.")', "Open it first."),
        ('problem = f"{to.name} is not active"', "{name} is not active"),
        ('WHY = {1: "the votes are tied"}', "the votes are tied"),
        (
            'def why(): return f"only {len(found)} of the {len(found)} people"',
            "only {found} of the {found2} people",
        ),
        ("refuse(f\"{counted(n, 'slot')} are left over\")", "{counted} are left over"),
    ],
)
def test_a_sentence_is_found_where_people_are_told_something(
    tmp_path: Path, source: str, message: str
) -> None:
    module = tmp_path / "domain" / "module.py"
    module.parent.mkdir()
    module.write_text(source, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server_messages, "ROOT", tmp_path)
        assert message in server_messages.messages()


def test_statements_and_names_of_jobs_are_no_sentences(tmp_path: Path) -> None:
    module = tmp_path / "domain" / "module.py"
    module.parent.mkdir()
    module.write_text('SQL = "SELECT value, n FROM vals"\nNAME = "finish plan"\n', "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server_messages, "ROOT", tmp_path)
        assert server_messages.messages() == []
