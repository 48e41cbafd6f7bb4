"""The files of `deploy/` and the Dockerfile, as far as they can be tried without a container engine."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from apportion.settings import Settings, load_settings
from patience import patience

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILES = (ROOT / "Dockerfile", DEPLOY / "space" / "Dockerfile")


def tool(name: str) -> str:
    beside = f"{ROOT / '.tools/audit/bin'}:/usr/sbin:/usr/local/bin"  # `make audit` brings some along
    found = shutil.which(name) or shutil.which(name, path=beside)
    if found is None:
        pytest.skip(f"{name} is not installed here")
    return found


# The entry script


@pytest.fixture
def commands(tmp_path: Path) -> Path:
    """A folder in which `apportion` is this checkout's."""
    folder = tmp_path / "bin"
    folder.mkdir()
    script = folder / "apportion"
    script.write_text(f'#!/bin/sh\nexec {sys.executable} -m apportion.cli.main "$@"\n')
    script.chmod(0o755)
    return folder


def surroundings(commands: Path, home: Path, **more: str) -> dict[str, str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("APPORTION_", "ARGILLA_", "ADMIN_"))}
    return {**clean, "PATH": f"{commands}:{os.environ['PATH']}", "APPORTION_HOME": str(home), **more}


@contextmanager
def container(commands: Path, home: Path, *words: str, **more: str) -> Iterator[tuple[Any, list[str], str]]:
    """Start what `docker run` would: the process, what it said, and its address."""
    process = subprocess.Popen(
        ["sh", str(DEPLOY / "entry.sh"), *words],
        env=surroundings(commands, home, APPORTION_PORT="0", APPORTION_HOST="127.0.0.1", **more),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    output: list[str] = []
    try:
        for line in process.stdout:
            output.append(line)
            if found := re.search(r"http://localhost:\d+", line):
                yield process, output, found[0]
                break
        else:
            pytest.fail("".join(output))
    finally:
        process.terminate()
        process.wait(patience(20))
        process.stdout.close()


def test_the_administrator_is_made_once_and_no_process_shows_the_password(
    commands: Path, tmp_path: Path
) -> None:
    home, secret = (
        tmp_path / "data",
        {"ADMIN_PASSWORD": "long enough", "ADMIN_API_KEY": "key of the administrator"},
    )
    for start in ("first", "again"):
        with container(commands, home, "server", "start", **secret) as (process, answer, url):
            key = {"X-Argilla-Api-Key": "key of the administrator"}
            me = httpx.get(f"{url}/api/me", headers=key).json()
            assert (me["username"], me["role"]) == ("admin", "admin"), start
            assert "long enough" not in "".join(answer)
            assert "key of the administrator" not in "".join(answer)
            proc = Path(f"/proc/{process.pid}")
            if proc.exists():  # the script is the server now, and knows nothing of all that
                for what in ("cmdline", "environ"):
                    assert b"long enough" not in (proc / what).read_bytes()
            process.send_signal(signal.SIGTERM)
            assert process.wait(patience(20)) == 0
    assert home.stat().st_mode & 0o777 == 0o700
    assert {each.name: each.stat().st_mode & 0o077 for each in home.iterdir()} == {
        each.name: 0 for each in home.iterdir()
    }


def test_without_a_password_the_log_has_the_code(commands: Path, tmp_path: Path) -> None:
    with container(commands, tmp_path / "data", "server", "start") as (process, _, url):
        assert process.stdout.readline().startswith("No one can sign in yet")
        assert httpx.get(f"{url}/api/health/ready").json()["status"] == "ok"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_volume_that_cannot_be_written_is_told(commands: Path, tmp_path: Path) -> None:
    shut = tmp_path / "shut"
    shut.mkdir(mode=0o500)
    ran = subprocess.run(["sh", DEPLOY / "entry.sh", "server", "start"], text=True, capture_output=True,
                         env=surroundings(commands, shut))  # fmt: skip
    assert (ran.returncode, "can't be written" in ran.stderr) == (3, True)


def test_a_wrong_password_stops_the_container_with_a_reason(commands: Path, tmp_path: Path) -> None:
    ran = subprocess.run(
        ["sh", DEPLOY / "entry.sh", "server", "start"], text=True, capture_output=True, timeout=patience(60),
        env=surroundings(commands, tmp_path / "data", ADMIN_PASSWORD="short"),
    )  # fmt: skip
    assert ran.returncode == 1
    assert "at least 8 characters" in ran.stderr
    assert "short" not in ran.stderr.replace("shorter", "")


# Dockerfiles


def instructions(file: Path) -> list[tuple[str, str]]:
    text = re.sub(r"\\\n\s*", " ", re.sub(r"^#.*\n", "", file.read_text(), flags=re.MULTILINE))
    return [
        (word, rest.strip()) for word, _, rest in (line.partition(" ") for line in text.splitlines() if line)
    ]


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.parent.name)
def test_images_run_as_nobody_special_and_know_how_they_fare(file: Path) -> None:
    found = instructions(file)
    names = [name for name, _ in found]
    users = [rest for name, rest in found if name == "USER"]

    assert users
    assert not any(each.startswith(("root", "0")) for each in users)
    assert "HEALTHCHECK" in names
    assert names.index("ENTRYPOINT") > names.index("USER")
    assert all(":latest" not in rest for name, rest in found if name == "FROM")
    assert not any("PASSWORD" in rest or "SECRET" in rest for name, rest in found if name in ("ENV", "ARG"))


def test_there_is_an_image_to_try_and_one_for_a_team_which_is_the_default() -> None:
    stages = [
        rest.rpartition(" AS ")[2] for name, rest in instructions(ROOT / "Dockerfile") if name == "FROM"
    ]

    assert {"quickstart", "server"} <= set(stages)
    assert stages[-1] == "server"


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.parent.name)
def test_images_set_what_can_be_set(file: Path) -> None:
    given = [rest for name, rest in instructions(file) if name == "ENV"]
    pairs = dict(each.split("=", 1) for each in " ".join(given).split() if each.startswith("APPORTION_"))
    loaded = load_settings(pairs)

    assert loaded.notices == ()
    assert loaded.settings.host == "0.0.0.0"


def test_everything_the_images_copy_goes_to_the_builder() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for name, rest in instructions(ROOT / "Dockerfile"):
        if name == "COPY" and not rest.startswith(". "):
            source = rest.split()[-2]
            assert (ROOT / source).exists()
            assert f"!{source}" in ignored
    for source in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "src", "web"):
        assert f"!{source}" in ignored


def test_the_front_page_of_the_space_is_what_the_hub_reads() -> None:
    _, front, _ = (DEPLOY / "space" / "README.md").read_text().split("---\n", 2)
    given = yaml.safe_load(front)

    assert (given["sdk"], given["app_port"]) == ("docker", 6900)
    assert ("EXPOSE", "6900") in instructions(DEPLOY / "space" / "Dockerfile")


@pytest.mark.parametrize("file", DOCKERFILES, ids=lambda file: file.parent.name)
def test_hadolint_finds_nothing(file: Path) -> None:
    ran = subprocess.run([tool("hadolint"), str(file)], capture_output=True, text=True)

    assert ran.returncode == 0, ran.stdout


# Units and proxies


def test_systemd_understands_the_units(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze")
    for unit in (DEPLOY / "systemd").iterdir():
        text = unit.read_text().replace("/opt/apportion/bin/apportion", "/bin/true")
        (tmp_path / unit.name).write_text(re.sub("(User|Group)=apportion", r"\1=daemon", text))
    units = sorted(f"./{each.name}" for each in tmp_path.iterdir())
    ran = subprocess.run([analyze, "verify", *units], cwd=tmp_path, capture_output=True, text=True)

    assert (ran.returncode, ran.stderr) == (0, "")


def test_the_unit_waits_longer_than_the_server_does() -> None:
    unit = (DEPLOY / "systemd" / "apportion.service").read_text()
    waits = re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)

    assert waits is not None
    assert int(waits[1]) > Settings().stop_seconds + 10


@pytest.mark.parametrize("name", ["apportion.service", "apportion@.service"])
def test_the_units_of_servers_limit_files_tasks_and_memory(name: str) -> None:
    unit = dict(re.findall(r"^(\w+)=(\w+)$", (DEPLOY / "systemd" / name).read_text(), re.MULTILINE))

    assert int(unit["LimitNOFILE"]) >= 10_000, "every connection is an open file"
    assert 100 <= int(unit["TasksMax"]) <= 10_000
    assert re.fullmatch(r"\d+G", unit["MemoryHigh"])
    assert int(unit["MemoryMax"].removesuffix("G")) > int(unit["MemoryHigh"].removesuffix("G"))


@pytest.fixture
def plain_nginx(tmp_path: Path) -> Path:
    """Our example inside a configuration of its own, with a certificate of its own."""
    openssl = tool("openssl")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=annotate.example.org",
         "-keyout", str(tmp_path / "privkey.pem"), "-out", str(tmp_path / "fullchain.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    example = (DEPLOY / "nginx" / "apportion.conf").read_text()
    example = re.sub(r"/etc/letsencrypt/live/[^/]+", str(tmp_path), example)
    places = "".join(
        f"{each}_temp_path {tmp_path}/{each};"
        for each in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    logs = f"pid {tmp_path}/pid; error_log {tmp_path}/error.log;"
    if os.geteuid() == 0:  # else its workers are somebody else, who cannot keep large bodies here
        logs += " user root;"
    whole = f"daemon off; {logs} events {{}} http {{ access_log off; {places}\n{example}\n}}"
    (tmp_path / "nginx.conf").write_text(whole)
    return tmp_path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


BEHIND = {
    "ADMIN_PASSWORD": "long enough",
    "ADMIN_API_KEY": "key of the administrator",
    "APPORTION_TRUSTED_PROXY": "127.0.0.1",
}


def serves_over_tls(client: httpx.Client) -> None:
    """Check all that a proxy has to get right, seen from outside."""
    _until_up(client)
    login = {"username": "admin", "password": "long enough"}
    answer = client.post("/api/session", json=login, headers={"X-Apportion": "1"})
    assert "Secure" in answer.headers["set-cookie"]  # the server knows that it is reached by https
    assert "max-age" in answer.headers["strict-transport-security"]
    key, where = {"X-Argilla-Api-Key": "key of the administrator"}, {"workspace": "admin"}
    body = {"name": "reviews", "task": "TextClassification"}
    client.post("/api/datasets", json=body, params=where, headers=key).raise_for_status()
    records = [
        {"id": n, "inputs": {"text": f"{n} " * 20_000}} for n in range(300)
    ]  # more than proxies take unasked
    url = "/api/datasets/reviews/TextClassification:bulk"
    client.post(url, json={"records": records}, params=where, headers=key).raise_for_status()
    listening = {**where, "dataset": "reviews"}
    with client.stream("GET", "/api/events", params=listening, headers=key) as events:
        assert next(events.iter_raw()).startswith(b": here")  # at once, though the answer has no end
    large = client.post("/api/session", content=b"x" * (65 * 2**20), headers=key)
    assert large.status_code == 413


def test_the_nginx_example_serves_over_tls_and_passes_events_on(
    plain_nginx: Path, commands: Path, tmp_path: Path
) -> None:
    nginx = tool("nginx")
    secure, home = free_port(), tmp_path / "data"
    with container(commands, home, "server", "start", **BEHIND) as (_, _, url):
        text = (plain_nginx / "nginx.conf").read_text().replace("127.0.0.1:6900", url.partition("://")[2])
        text = re.sub(r"listen \[::\].*;", "", text).replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
        (plain_nginx / "nginx.conf").write_text(text.replace("listen 443", f"listen 127.0.0.1:{secure}"))
        proxy = subprocess.Popen([nginx, "-c", str(plain_nginx / "nginx.conf"), "-p", str(plain_nginx)])
        try:
            with httpx.Client(
                base_url=f"https://localhost:{secure}", verify=False, timeout=patience(20)
            ) as client:
                serves_over_tls(client)
        finally:
            proxy.terminate()
            proxy.wait(patience(20))


def _until_up(client: httpx.Client) -> None:
    until = time.monotonic() + patience(20)
    while True:
        try:
            client.get("/api/health/live").raise_for_status()
        except httpx.TransportError:
            assert time.monotonic() < until
            time.sleep(0.05)
        else:
            return


def test_caddy_understands_its_example(tmp_path: Path) -> None:
    caddy = tool("caddy")
    place = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    command = [caddy, "validate", "--config", str(DEPLOY / "caddy" / "Caddyfile"), "--adapter", "caddyfile"]
    ran = subprocess.run(command, env=place, capture_output=True, text=True)

    assert ran.returncode == 0, ran.stderr


def test_the_caddy_example_serves_over_tls_and_passes_events_on(commands: Path, tmp_path: Path) -> None:
    caddy = tool("caddy")
    secure = free_port()
    with container(commands, tmp_path / "data", "server", "start", **BEHIND) as (_, _, url):
        own = "admin off\n\tlocal_certs\n\tskip_install_trust\n\tauto_https disable_redirects"
        text = (DEPLOY / "caddy" / "Caddyfile").read_text()
        text = text.replace("127.0.0.1:6900", url.partition("://")[2])
        text = text.replace("annotate.example.org {", f"https://localhost:{secure} {{")
        (tmp_path / "Caddyfile").write_text(f"{{\n\t{own}\n}}\n{text}")
        place = {**os.environ, "XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
        with (tmp_path / "caddy.log").open("wb") as raised:
            command = [caddy, "run", "--config", str(tmp_path / "Caddyfile"), "--adapter", "caddyfile"]
            proxy = subprocess.Popen(command, env=place, stdout=raised, stderr=raised)
            try:
                with httpx.Client(
                    base_url=f"https://localhost:{secure}", verify=False, timeout=patience(20)
                ) as client:
                    serves_over_tls(client)
            finally:
                proxy.terminate()
                proxy.wait(patience(20))


def test_examples_in_the_documentation_name_settings_that_exist() -> None:
    known = {f"APPORTION_{name.upper()}" for name in Settings.__dataclass_fields__}
    known |= {
        f"APPORTION_{name}" for name in ("API_URL", "API_KEY", "WORKSPACE", "NEW_PASSWORD", "NEW_API_KEY")
    }
    files = [
        *DEPLOY.rglob("*"),
        ROOT / "Dockerfile",
        ROOT / "docs/how-to/run-for-your-team.md",
        ROOT / "docs/how-to/several-servers.md",
        ROOT / "SECURITY.md",
    ]
    for file in files:
        if file.is_file():
            named = set(re.findall(r"APPORTION_[A-Z_]+", file.read_text()))
            assert named <= known, textwrap.shorten(f"{file.name}: {named - known}", 200)
