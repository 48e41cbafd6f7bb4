"""``apportion users`` and ``apportion workspaces``."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

from apportion.server.security import Argon2Passwords
from apportion.services.people.sign_in import hash_key
from command_line import ANA, Run, people_in


def rows(result: Result) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(result.stdout)
    return found


def test_a_created_user_signs_in_and_has_a_workspace_of_their_own(run: Run, home: Path) -> None:
    made = run("users", "create", *ANA, "--workspace", "team", "--api-key", "ana.apikey.of-sixteen")

    assert made.exit_code == 0
    with people_in(home) as people:
        found = people.password_hash("ana")
        assert found is not None
        assert found[1] is not None
        assert Argon2Passwords().verify("ten long words", found[1])
        ana = people.by_key(hash_key("ana.apikey.of-sixteen"))
        assert ana is not None
        assert ana.workspaces == ("ana", "team")


def test_without_a_key_one_is_made_up_and_shown_once(run: Run, home: Path) -> None:
    key = run("users", "create", *ANA, "--no-workspace").stdout.rpartition(" ")[2].strip()

    with people_in(home) as people:
        ana = people.by_key(hash_key(key))
        assert ana is not None
        assert ana.workspaces == ()


def test_what_is_missing_is_asked_for_and_the_password_twice(run: Run) -> None:
    made = run("users", "create", input="ben\nBen\n\nten long words\nother\nten long words\nten long words\n")

    assert made.exit_code == 0, made.output
    assert rows(run("users", "list", "--json"))[0]["role"] == "annotator"


@pytest.mark.parametrize(
    "again", [ANA, (*ANA[2:], "--username", "ben", "--api-key", "ana.apikey.of-sixteen")], ids=["name", "key"]
)
def test_a_name_or_key_in_use_is_told_and_changes_nothing(run: Run, again: tuple[str, ...]) -> None:
    run("users", "create", *ANA, "--api-key", "ana.apikey.of-sixteen")

    result = run("users", "create", *again, "--workspace", "new")

    assert result.exit_code == 0
    assert "ana" in result.stdout
    assert "Nothing was created" in result.stdout
    assert [row["name"] for row in rows(run("workspaces", "list", "--json"))] == ["ana"]


@pytest.mark.parametrize(
    "wrong",
    [
        ("--username", "Ana"),
        ("--username", "me"),
        ("--password", "short"),
        ("--api-key", "short"),
        ("--workspace", "-bad"),
    ],
    ids=" ".join,
)
def test_whatever_is_invalid_creates_nothing(run: Run, wrong: tuple[str, str]) -> None:
    refused = run("users", "create", *ANA, "--workspace", "team", *wrong)

    assert refused.exit_code == 1
    assert "Traceback" not in refused.output
    assert rows(run("users", "list", "--json")) == []
    assert rows(run("workspaces", "list", "--json")) == []


def test_the_only_administrator_stays_one(run: Run) -> None:
    run("users", "create", *ANA)

    assert run("users", "set-role", "ana", "admin").exit_code == 0
    refused = run("users", "set-role", "ana", "annotator")
    assert refused.exit_code == 1
    assert "only administrator" in refused.stderr


def test_a_reset_key_takes_the_place_of_the_old_one(run: Run, home: Path) -> None:
    run("users", "create", *ANA, "--api-key", "ana.apikey.of-sixteen")

    key = json.loads(run("users", "reset-key", "ana", "--json").stdout)["api_key"]

    with people_in(home) as people:
        assert people.by_key(hash_key("ana.apikey.of-sixteen")) is None
        assert people.by_key(hash_key(key)) is not None


def test_unknown_users_and_workspaces_are_refused(run: Run) -> None:
    assert run("users", "reset-key", "nobody").exit_code == 1
    assert run("workspaces", "add-user", "nowhere", "nobody").exit_code == 1


def test_joining_a_workspace_twice_changes_the_role_there(run: Run) -> None:
    run("users", "create", *ANA, "--no-workspace")
    run("workspaces", "create", "team")
    run("workspaces", "add-user", "team", "ana")
    run("workspaces", "add-user", "team", "ana", "--role", "reviewer")

    (team,) = rows(run("workspaces", "list", "--json"))
    assert team["members"] == [{"username": "ana", "role": "reviewer"}]
    assert "ana (reviewer)" in run("workspaces", "list").stdout
    assert "exists already" in run("workspaces", "create", "team").stdout


def test_a_home_without_a_database_is_told_and_not_made(run: Run, tmp_path: Path) -> None:
    result = run("users", "list", "--home", tmp_path / "elsewhere")

    assert result.exit_code == 3
    assert "There is no database" in result.stderr
    assert not (tmp_path / "elsewhere").exists()


# Users of 1.x

FILE = """
- username: huang
  full_name: Huang W
  api_key: huang.apikey
  hashed_password: "$2y$05$ImqrEJmmoPrHBJ3bpVcLCuCdVXFwMy6GrVjAL6PUnLCB0lZ8ylDnO"
  email: huang@example.org
  disabled: false
- username: ana
  api_key: ana.apikey
  workspaces: [team, team]
- username: ben
  api_key: ben.apikey
  workspaces: []
"""


def test_users_of_1x_keep_keys_and_passwords_and_get_their_roles(
    run: Run, home: Path, tmp_path: Path
) -> None:
    (tmp_path / "users.yml").write_text(FILE)

    assert run("users", "import-1x", tmp_path / "users.yml").exit_code == 0

    found = {
        row["username"]: (row["name"], row["role"], row["workspaces"])
        for row in rows(run("users", "list", "--json"))
    }
    assert found == {
        "huang": ("Huang W", "admin", ["huang"]),
        "ana": ("ana", "annotator", ["ana", "team"]),
        "ben": ("ben", "annotator", ["ben"]),
    }
    with people_in(home) as people:
        assert people.by_key(hash_key("huang.apikey")) is not None
        kept = people.password_hash("huang")
        assert kept is not None
        assert str(kept[1]).startswith("$2y$05$")


@pytest.mark.parametrize(
    "wrong",
    [
        "- {username: Ana, api_key: other.key}",
        "- {username: ben, api_key: other.key}",
        "- {username: cy, api_key: ben.apikey}",
        "- {username: cy}",
        "- {username: cy, api_key: cy.apikey, workspaces: [No Such]}",
        "- {username: cy, api_key: cy.apikey, workspaces: team}",
        "- just a word",
        "- {username: [",
    ],
)
def test_one_wrong_entry_keeps_the_whole_file_out(run: Run, tmp_path: Path, wrong: str) -> None:
    (tmp_path / "users.yml").write_text(FILE + wrong)

    refused = run("users", "import-1x", tmp_path / "users.yml")

    assert refused.exit_code == 1
    assert "Traceback" not in refused.output
    assert rows(run("users", "list", "--json")) == []
    assert rows(run("workspaces", "list", "--json")) == []


def test_a_users_file_that_is_not_there_is_refused(run: Run, tmp_path: Path) -> None:
    assert run("users", "import-1x", tmp_path / "users.yml").exit_code == 1


def test_a_password_need_not_stand_where_others_can_read_it(run: Run, home: Path) -> None:
    create = ("users", "create", "--username", "cy", "--first-name", "Cy", "--role", "annotator")

    assert run(*create, "--password-stdin", input="piped in 1\n").exit_code == 0
    assert run("users", "set-password", "cy", input="typed in 2\ntyped in 2\n").exit_code == 0
    with people_in(home) as people:
        assert Argon2Passwords().verify("typed in 2", people.password_hash("cy")[1])  # type: ignore[index, arg-type]
    assert run("users", "set-password", "cy", APPORTION_NEW_PASSWORD="set around 3").exit_code == 0
    with people_in(home) as people:
        assert Argon2Passwords().verify("set around 3", people.password_hash("cy")[1])  # type: ignore[index, arg-type]
    assert run("users", "set-password", "cy", "--password-stdin", input="short\n").exit_code == 1


def test_an_api_key_may_come_from_the_environment(run: Run, home: Path) -> None:
    made = run("users", "create", *ANA, APPORTION_NEW_API_KEY="from around the corner")

    assert "API key" not in made.stdout
    with people_in(home) as people:
        assert people.by_key(hash_key("from around the corner")) is not None


# The database of 1.x

TABLES = """
CREATE TABLE users (id CHAR(32) PRIMARY KEY, first_name VARCHAR NOT NULL, last_name VARCHAR, username VARCHAR UNIQUE,
    role VARCHAR, api_key VARCHAR UNIQUE, password_hash VARCHAR, inserted_at DATETIME, updated_at DATETIME);
CREATE TABLE workspaces (id CHAR(32) PRIMARY KEY, name VARCHAR UNIQUE, inserted_at DATETIME, updated_at DATETIME);
CREATE TABLE workspaces_users (id CHAR(32) PRIMARY KEY, workspace_id CHAR(32), user_id CHAR(32),
    inserted_at DATETIME, updated_at DATETIME);
INSERT INTO users VALUES
    ('a1', 'Huang', 'W', 'huang', 'admin', 'huang.key', '$2b$12$abcdefghijklmnopqrstuv', '2023-01-01', '2023-01-01'),
    ('a2', '', NULL, 'ana', 'annotator', 'ana.key', '$2y$05$ImqrEJmmoPrHBJ3bpVcLCu', '2023-01-02', '2023-01-02'),
    ('a3', 'Ben', NULL, 'ben', 'annotator', 'ben.key', 'x', '2023-01-03', '2023-01-03');
INSERT INTO workspaces VALUES ('b1', 'team', '2023-01-01', '2023-01-01'), ('b2', 'ana', '2023-01-02', '2023-01-02'),
    ('b3', 'empty', '2023-01-03', '2023-01-03');
INSERT INTO workspaces_users VALUES ('c1', 'b2', 'a2', '2023-01-02', ''), ('c2', 'b1', 'a2', '2023-01-03', '');
"""


@pytest.fixture
def argilla(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "argilla.db")) as raw:
        raw.executescript(TABLES)
    return tmp_path / "argilla.db"


def test_the_database_of_1x_comes_over_with_roles_keys_passwords_and_workspaces(
    run: Run, home: Path, argilla: Path
) -> None:
    before = argilla.read_bytes()
    shown = rows(run("users", "import-1x", argilla, "--json"))

    assert [
        (row["username"], row["name"], row["role"], row["workspaces"], row["outcome"]) for row in shown
    ] == [
        ("huang", "Huang W", "admin", ["huang"], "created"),
        ("ana", "ana", "annotator", ["ana", "team"], "created"),
        ("ben", "Ben", "annotator", ["ben"], "created"),
    ]
    with people_in(home) as people:
        for name, hashed in (("huang", "$2b$12$"), ("ana", "$2y$05$")):
            owner, kept = people.by_key(hash_key(f"{name}.key")), people.password_hash(name)
            assert owner is not None
            assert owner.username == name
            assert kept is not None
            assert str(kept[1]).startswith(hashed)
        assert people.workspace_named("empty") is not None
    assert argilla.read_bytes() == before
    assert [each.name for each in argilla.parent.glob("argilla.db*")] == ["argilla.db"]
    assert b"ana.key" not in (home / "apportion.db").read_bytes()


def test_coming_twice_changes_only_what_is_new(run: Run, home: Path, argilla: Path) -> None:
    run("users", "import-1x", argilla)
    run("users", "set-role", "ben", "admin")
    with closing(sqlite3.connect(argilla)) as raw, raw:
        raw.execute("INSERT INTO workspaces_users VALUES ('c3', 'b3', 'a3', '2023-02-01', '')")
        raw.execute(
            "INSERT INTO users VALUES ('a4', 'Cy', '', 'cy', 'annotator', 'cy.key', NULL, '2024', '')"
        )

    looked = run("users", "import-1x", argilla, "--dry-run")
    assert "Nothing was stored." in looked.stdout
    assert "cy" not in run("users", "list").stdout

    shown = {row["username"]: row for row in rows(run("users", "import-1x", argilla, "--json"))}
    assert {name: row["outcome"] for name, row in shown.items()} == {
        "huang": "here", "ana": "here", "ben": "completed", "cy": "created",
    }  # fmt: skip
    assert (shown["ben"]["role"], shown["ben"]["workspaces"]) == ("admin", ["ben", "empty"])
    assert {row["outcome"] for row in rows(run("users", "import-1x", argilla, "--json"))} == {"here"}


def test_somebody_else_of_the_same_name_or_key_keeps_the_whole_database_out(run: Run, argilla: Path) -> None:
    run("users", "create", *ANA, "--api-key", "another.key.of-sixteen")
    refused = run("users", "import-1x", argilla)

    assert refused.exit_code == 1
    assert "User ana already exists, with another key" in refused.stderr
    assert "huang" not in run("users", "list").stdout


def test_what_is_no_database_of_1x_is_refused(run: Run, home: Path, tmp_path: Path) -> None:
    (tmp_path / "torn.db").write_bytes(b"SQLite format 3\0" + b"x" * 4000)

    assert "is no database of 1.x" in run("users", "import-1x", home / "apportion.db").stderr
    assert "is no database of 1.x, or is damaged" in run("users", "import-1x", tmp_path / "torn.db").stderr
