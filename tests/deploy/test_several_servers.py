"""The examples for several servers, as far as they can be tried without a container engine or a cluster."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from apportion.cli.main import main
from apportion.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "deploy" / "compose"
KUBERNETES = ROOT / "deploy" / "kubernetes"
LINTERS = [
    ["yamllint", "--strict", "--config-file", "tools/yamllint.yaml", "deploy"],
    ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "deploy/compose/compose.yaml"],
    ["kubernetes-validate", "--strict", "--quiet", "--kubernetes-version", "1.31", *(
        f"deploy/kubernetes/{name}.yaml"
        for name in ("deployment", "migrate", "service", "disruption-budget", "secret.example")
    )],
]  # fmt: skip


def manifest(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((KUBERNETES / f"{name}.yaml").read_text()))


@pytest.fixture
def services() -> dict[str, Any]:
    return dict(yaml.safe_load((COMPOSE / "compose.yaml").read_text())["services"])


MISTAKES = {
    "yamllint": ("compose/compose.yaml", "    ports:", "     ports:"),
    "check-jsonschema": ("compose/compose.yaml", "    ports:", "    portz:"),
    "kubernetes-validate": ("kubernetes/deployment.yaml", "maxUnavailable:", "maxUnavailables:"),
}


@pytest.mark.parametrize("command", LINTERS, ids=lambda command: command[0])
def test_linters_find_nothing_but_a_mistake(command: list[str], tmp_path: Path) -> None:
    program = shutil.which(command[0], path=f"{ROOT / '.tools/audit/bin'}:/usr/local/bin:/usr/bin")
    if program is None:
        pytest.skip(f"{command[0]} is not installed here; `make audit` brings it along")
    for name in ("deploy", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    ran = subprocess.run([program, *command[1:]], cwd=tmp_path, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    name, right, wrong = MISTAKES[command[0]]
    file = tmp_path / "deploy" / name
    file.write_text(file.read_text().replace(right, wrong))
    again = subprocess.run([program, *command[1:]], cwd=tmp_path, capture_output=True, text=True)
    assert again.returncode != 0


def understood(words: list[str]) -> bool:
    """Return True if the command line knows a command and its options."""
    command: Any = main
    options = [word for word in words if word.startswith("--")]
    for word in words:
        if not word.startswith("--"):
            command = command.commands[word]
    known = {option for each in command.params for option in each.opts}
    return set(options) <= known


def test_containers_run_commands_that_there_are(services: dict[str, Any]) -> None:
    commands = [each["command"] for each in services.values() if "build" in each]
    for name in ("deployment", "migrate"):
        commands += [each["args"] for each in manifest(name)["spec"]["template"]["spec"]["containers"]]
    assert len(commands) == 5
    assert all(map(understood, commands)), commands
    assert not understood(["server", "start", "--no-such-option"])


def test_the_composed_servers_are_alike_and_start_after_the_tables_are_made(services: dict[str, Any]) -> None:
    first, second = services["server-1"], services["server-2"]
    assert first == second
    assert first["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert services["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert "--locale=C" in services["database"]["environment"]["POSTGRES_INITDB_ARGS"]
    given = {
        name: re.sub(r"\$\{.*?\}", "x" * 32, value)
        for name, value in first["environment"].items()
        if name.startswith("APPORTION_")
    }
    loaded = load_settings(given)
    assert loaded.notices == ()
    assert loaded.settings.database_url
    published = [name for name, each in services.items() if "ports" in each]
    assert published == ["proxy"], "nothing else is reached from outside"
    upstream = re.findall(r"server (\S+):6900", (COMPOSE / "nginx.conf").read_text())
    assert upstream == ["server-1", "server-2"]


def test_every_secret_of_the_compose_file_is_in_the_example_and_has_no_default() -> None:
    named = set(re.findall(r"\$\{(\w+)", (COMPOSE / "compose.yaml").read_text()))
    example = (COMPOSE / "env.example").read_text()
    assert named == set(re.findall(r"^(\w+)=$", example, re.MULTILINE))
    whole = (COMPOSE / "compose.yaml").read_text()
    for name in ("POSTGRES_PASSWORD", "APPORTION_SECRET_KEY"):
        assert all(each.startswith(f"{name}:?") for each in re.findall(rf"\$\{{({name}[^}}]*)", whole))


def test_nginx_understands_the_proxy_of_the_compose_file(tmp_path: Path) -> None:
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if nginx is None:
        pytest.skip("nginx is not installed here")
    text = re.sub(r"server-\d:6900", "127.0.0.1:6900", (COMPOSE / "nginx.conf").read_text())
    places = "".join(
        f"{each}_temp_path {tmp_path}/{each};"
        for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"pid {tmp_path}/pid; error_log {tmp_path}/log; events {{}} http {{ access_log off; {places}\n{text}\n}}"
    (tmp_path / "nginx.conf").write_text(whole)
    ran = subprocess.run(
        [nginx, "-t", "-q", "-c", str(tmp_path / "nginx.conf"), "-p", str(tmp_path)],
        capture_output=True,
        text=True,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_manifests_belong_together() -> None:
    kustomization = manifest("kustomization")
    assert sorted(kustomization["resources"]) == sorted(
        each.name
        for each in KUBERNETES.glob("*.yaml")
        if each.stem not in ("kustomization", "secret.example")
    )
    deployment, job = manifest("deployment"), manifest("migrate")
    pod, other = deployment["spec"]["template"], job["spec"]["template"]
    labels = pod["metadata"]["labels"]
    for selector in (
        deployment["spec"]["selector"]["matchLabels"],
        manifest("disruption-budget")["spec"]["selector"]["matchLabels"],
        manifest("service")["spec"]["selector"],
    ):
        assert selector.items() <= labels.items()
        assert not selector.items() <= other["metadata"]["labels"].items(), "the Job is no server"
    images = {each["image"] for template in (pod, other) for each in template["spec"]["containers"]}
    assert images == {each["name"] for each in kustomization["images"]}
    secret = manifest("secret.example")
    for template in (pod, other):
        (container,) = template["spec"]["containers"]
        assert container["envFrom"] == [{"secretRef": {"name": secret["metadata"]["name"]}}]
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert template["spec"]["securityContext"]["runAsNonRoot"]
        assert all("emptyDir" in volume for volume in template["spec"]["volumes"]), (
            "nothing is kept in a server"
        )
    settings = {name: value for name, value in secret["stringData"].items() if name.startswith("APPORTION_")}
    assert load_settings(settings).notices == ()


def test_a_pod_has_the_time_to_end_what_it_has_begun() -> None:
    spec = manifest("deployment")["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    pause = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert spec["terminationGracePeriodSeconds"] > pause + Settings().stop_seconds + 10
    assert container["livenessProbe"]["httpGet"]["path"] == "/api/health/live"
    assert container["readinessProbe"]["httpGet"]["path"] == "/api/health/ready"


def test_systemd_runs_as_many_servers_as_are_enabled() -> None:
    unit = (ROOT / "deploy" / "systemd" / "apportion@.service").read_text()
    (command,) = re.findall(r"^ExecStart=\S+/apportion (.*)$", unit, re.MULTILINE)
    assert understood(command.replace("%i", "").split())
    assert "--port %i" in command
    one = (ROOT / "deploy" / "systemd" / "apportion.service").read_text()

    def locked(text: str) -> str:
        return text[text.index("# It needs its folder") :]

    assert locked(unit) == locked(one), "the same walls as around a single server"


def test_whoever_migrates_creates_the_administrator_and_servers_do_not(tmp_path: Path) -> None:
    called = tmp_path / "called"
    apportion = tmp_path / "bin" / "apportion"
    apportion.parent.mkdir()
    apportion.write_text(f'#!/bin/sh\necho "$@" "${{APPORTION_NEW_PASSWORD:-}}" >>{called}\n')
    apportion.chmod(0o755)
    given = {
        "PATH": f"{apportion.parent}:/usr/bin:/bin",
        "APPORTION_HOME": str(tmp_path),
        "ADMIN_PASSWORD": "long enough",
    }
    created = "users create --username admin --first-name admin --role admin long enough"
    for words, wanted in (
        (["db", "migrate"], ["db migrate", created]),
        (["server", "start"], [created, "server start"]),
        (["server", "start", "--no-migrate"], ["server start --no-migrate"]),
    ):
        called.unlink(missing_ok=True)
        subprocess.run(["sh", str(ROOT / "deploy" / "entry.sh"), *words], env=given, check=True)
        assert [line.strip() for line in called.read_text().splitlines()] == wanted
