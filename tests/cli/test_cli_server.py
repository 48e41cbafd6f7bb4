"""``apportion quickstart`` and ``server``, as processes; ``datasets`` against them."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from command_line import Run
from patience import patience
from started_server import Running, started


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("demo") / "home"
    with started(home, "quickstart", "--no-browser", until="Ctrl+C") as running:
        yield running


@pytest.fixture
def as_admin(demo: Running) -> dict[str, str]:
    return {
        "APPORTION_API_URL": demo.url,
        "APPORTION_API_KEY": "admin.apikey",
        "APPORTION_WORKSPACE": "admin",
    }


def test_quickstart_prints_what_to_open_and_how_to_sign_in(demo: Running) -> None:
    output = "".join(demo.output)

    assert demo.url in output
    assert "admin, ana, ben, cy; password 12345678" in output
    assert "cy.apikey" in output


def test_quickstart_answers_under_the_names_of_this_machine_only(demo: Running) -> None:
    key, port = {"X-Argilla-Api-Key": "ana.apikey"}, demo.url.rpartition(":")[2]
    ours = httpx.get(f"{demo.url}/api/me", headers={**key, "Host": f"localhost:{port}"})
    foreign = httpx.get(f"{demo.url}/api/me", headers={**key, "Host": f"evil.example:{port}"})

    assert ours.status_code == 200
    assert foreign.status_code == 400
    assert "ana" not in foreign.text


def test_quickstart_brings_the_team_and_two_datasets(
    demo: Running, run: Run, as_admin: dict[str, str]
) -> None:
    listed = json.loads(run("datasets", "list", "--json", **as_admin).stdout)
    ana = httpx.get(f"{demo.url}/api/me", headers={"X-Argilla-Api-Key": "ana.apikey"}).json()

    assert [row["name"] for row in listed] == ["python-docs-entities", "python-docs-topics"]
    assert ana["workspaces"] == ["ana", "recognai"]


def test_quickstart_gives_each_annotator_their_share_a_third_of_it_done(
    demo: Running, run: Run, as_admin: dict[str, str]
) -> None:
    for name in ("ana", "ben", "cy"):
        own = httpx.get(f"{demo.url}/api/me/work", headers={"X-Argilla-Api-Key": f"{name}.apikey"}).json()
        assert [(each["name"], each["assigned"], each["left"]) for each in own["work"]] == [
            ("python-docs-topics", 120, 78)
        ]
    (plan,) = json.loads(
        run(
            "assignments", "list", "python-docs-topics", "--json", "--workspace", "recognai", **as_admin
        ).stdout
    )
    assert (plan["records"], plan["slots"], plan["pairs"]["min"], plan["pairs"]["max"]) == (300, 360, 20, 20)


def test_commands_on_the_file_work_beside_the_server(demo: Running, run: Run, tmp_path: Path) -> None:
    assert run("verify", "--home", demo.home).exit_code == 0
    assert run("backup", tmp_path / "copy.db", "--home", demo.home).exit_code == 0
    assert run("workspaces", "create", "more", "--home", demo.home).exit_code == 0
    assert run("db", "migrate", "--home", demo.home).exit_code == 0


def test_status_tells_version_and_health(demo: Running, run: Run) -> None:
    found = json.loads(run("server", "status", "--json", "--url", demo.url).stdout)

    assert (found["version"], found["status"]) == ("1.6.0", "ok")


def test_a_second_server_on_the_same_home_is_told_in_one_line(demo: Running, run: Run) -> None:
    result = run("server", "start", "--port", "0", "--home", demo.home)

    assert result.exit_code == 3
    assert result.stderr.startswith("Error: Another server is already running")
    assert result.stderr.count("\n") == 1


def test_a_taken_port_is_told_in_one_line(demo: Running, run: Run) -> None:
    result = run("server", "start", "--port", demo.url.rpartition(":")[2])

    assert result.exit_code == 3
    assert "Choose another with --port" in result.stderr


def test_only_those_who_may_delete_a_dataset(demo: Running, run: Run, as_admin: dict[str, str]) -> None:
    delete = ("datasets", "delete", "python-docs-topics")

    assert run(*delete, "--yes", **{**as_admin, "APPORTION_API_KEY": "ana.apikey"}).exit_code == 1
    assert run(*delete, input="n\n", **as_admin).exit_code == 1
    assert run(*delete, "--yes", **as_admin).exit_code == 0
    assert "no such dataset" in run(*delete, "--yes", **as_admin).stderr


def test_agreement_conflicts_and_export_ask_the_server(
    demo: Running, run: Run, as_admin: dict[str, str], tmp_path: Path
) -> None:
    name, file = "python-docs-entities", tmp_path / "entities.jsonl"

    assert json.loads(run("agreement", name, "--json", **as_admin).stdout)["measure"] == "span_f1"
    assert "no answers count here" in run("agreement", name, **as_admin).stdout
    assert "No one disagrees." in run("conflicts", name, "--open", **as_admin).stdout
    assert run("export", name, file, **as_admin).exit_code == 0
    assert {"id", "tokens"} <= json.loads(file.read_text().splitlines()[0]).keys()
    assert run("export", name, tmp_path / "file", **as_admin).exit_code == 2
    assert run("agreement", "nowhere", **as_admin).exit_code == 1


def test_the_audit_log_is_shown_and_written_to_a_file(
    demo: Running, run: Run, as_admin: dict[str, str], tmp_path: Path
) -> None:
    exported = run("export", "python-docs-entities", tmp_path / "entities.csv", **as_admin)
    assert exported.exit_code == 0, exported.output

    shown = run("audit", "--area", "downloads", "--dataset", "python-docs-entities", **as_admin)
    listed = json.loads(run("audit", "--what", "exported", "--limit", "1", "--json", **as_admin).stdout)
    written = run("audit", "--csv", tmp_path / "audit.csv", "--who", "admin", **as_admin)
    printed = run("audit", "--jsonl", "-", "--what", "exported", **as_admin)

    assert "exported" in shown.stdout
    assert "admin.python-docs-entities" in shown.stdout
    assert (listed[0]["who"], listed[0]["dataset"]) == ("admin", "python-docs-entities")
    assert written.exit_code == 0
    assert (tmp_path / "audit.csv").read_text().startswith("no,at,who,what,area,")
    assert json.loads(printed.stdout.splitlines()[0])["what"] == "exported"
    assert run("audit", "--what", "nonsense", **as_admin).exit_code == 2
    assert run("audit", **{**as_admin, "APPORTION_API_KEY": "ana.apikey"}).exit_code == 1


def test_what_commands_do_to_the_file_is_in_the_audit_log(
    demo: Running, run: Run, as_admin: dict[str, str], tmp_path: Path
) -> None:
    run("backup", tmp_path / "noted.db", "--home", demo.home)
    run("workspaces", "create", "noted", "--home", demo.home)

    asked = ("audit", "--what", "backed_up", "--what", "created_workspace", "--limit", "2", "--json")
    made, backed_up = json.loads(run(*asked, **as_admin).stdout)

    assert (made["who"], made["workspace"]) == ("command line", "noted")
    assert (backed_up["who"], backed_up["object"]) == ("command line", "noted.db")
    assert backed_up["address"].startswith("account ")


def test_quickstart_stays_away_from_a_team_of_ones_own(run: Run) -> None:
    run(
        "users",
        "create",
        "--username",
        "eva",
        "--first-name",
        "Eva",
        "--role",
        "admin",
        "--password",
        "ten long words",
    )

    result = run("quickstart", "--no-browser", "--port", "0")

    assert result.exit_code == 1
    assert "apportion server start" in result.stderr
    assert "ana" not in run("users", "list").stdout


def test_an_empty_server_shows_the_code_for_its_first_administrator(home: Path) -> None:
    with started(home, "server", "start", until="enter this setup code") as running:
        code = running.output[-1].rpartition(" ")[2].strip()
        setup = {"code": code, "first_name": "Eva", "username": "eva", "password": "ten long words"}
        assert httpx.post(f"{running.url}/", data=setup).status_code == 200


def test_the_package_run_as_a_module_without_a_command_starts_the_server(home: Path) -> None:
    with started(home, until="enter this setup code") as running:
        assert httpx.get(f"{running.url}/api/health").status_code == 200
    assert (home / "apportion.db").exists()


def test_well_known_keys_on_an_open_door_are_warned_about(
    demo: Running, run: Run, home: Path, tmp_path: Path
) -> None:
    run("backup", home / "apportion.db", "--force", "--home", demo.home)

    with started(home, "server", "start", "--host", "0.0.0.0", until="listens on") as running:
        assert "WARNING" in "".join(running.output)
        assert "ana.apikey" in "".join(running.output)


def test_agreement_is_listed_with_its_cautions(demo: Running, run: Run, as_admin: dict[str, str]) -> None:
    asked = ("agreement", "python-docs-topics", "--workspace", "recognai", "--by", "pair")
    answered = run(*asked, "--json", **as_admin)
    assert answered.exit_code == 0, answered.stderr
    found = json.loads(answered.stdout)
    shown = run(*asked, "--interval", "bootstrap", "--seed", "3", **as_admin).stdout
    assert {each["caution"] for each in found["by"]} == {"few_other_labels"}
    assert "few_other_labels" in shown
    assert (f"Caution: {found['caution_why']}." in shown) == (found["caution"] is not None)
    again = run(*asked, "--interval", "bootstrap", "--seed", "3", **as_admin).stdout
    assert again == shown != run(*asked, "--interval", "none", **as_admin).stdout


def test_stopping_is_no_failure_and_the_next_start_goes_on(demo: Running) -> None:
    headers = {"X-Argilla-Api-Key": "admin.apikey"}
    httpx.post(f"{demo.url}/api/workspaces", json={"name": "mine"}, headers=headers).raise_for_status()
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(patience(10)) == 0

    with started(demo.home, "quickstart", "--no-browser", until="Ctrl+C") as again:
        names = [each["name"] for each in httpx.get(f"{again.url}/api/workspaces", headers=headers).json()]
        assert names[:2] == ["admin", "recognai"]
        assert names[-1] == "mine"
        again.process.send_signal(signal.SIGINT)
        assert again.process.wait(patience(10)) == 0
