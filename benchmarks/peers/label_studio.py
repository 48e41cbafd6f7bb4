"""Label Studio's community edition in the scenario, as its own command starts it, with nothing sent anywhere.

Its empty database takes minutes to make, so it is made once, with the team in it, and kept in the cache folder.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from .environments import cache, versions_of
from .processes import Asker, Processes, free_port, until
from .tools import LABELS, TEAM, Cannot, Row

__all__ = ["LabelStudio"]

_TOKEN = "0123456789012345678901234567890123456789"
_PASSWORD = "only-for-benchmarks"
_CONFIG = (
    '<View><Text name="text" value="$text"/><Choices name="label" toName="text" choice="single">'
    + "".join(f'<Choice value="{each}"/>' for each in LABELS)
    + "</Choices></View>"
)


class LabelStudio:
    """One process, which is the development server of Django, and one SQLite file."""

    name = "Label Studio"

    def __init__(self, python: Path) -> None:
        self._python = python
        self.versions = versions_of(python, "label-studio", "django")

    def start(self, folder: Path, port: int) -> None:
        home = cache() / f"label-studio-home-{self.versions.split(',')[0].split()[1]}"
        if not (home / "team.json").exists():
            self._make(home)
        shutil.copytree(home, folder, dirs_exist_ok=True)
        self._run(folder, port)
        tokens = json.loads((folder / "team.json").read_text())
        self._people = {name: self._asker(tokens[name]) for name in TEAM}
        project = {"title": "side by side", "label_config": _CONFIG}
        self._project = self._admin.json("POST", "/api/projects", project)["id"]

    def _run(self, folder: Path, port: int) -> None:
        self._port = port
        environment = {
            "PATH": f"{self._python.parent}:/usr/bin:/bin", "HOME": str(folder), "SENTRY_DSN": "",
            "FRONTEND_SENTRY_DSN": "", "LATEST_VERSION_CHECK": "false", "COLLECT_ANALYTICS": "false",
        }  # fmt: skip
        command: list[str | Path] = [
            self._python.parent / "label-studio", "start", "--no-browser", "--data-dir", str(folder),
            "--internal-host", "127.0.0.1", "--port", str(port), "--username", "admin@example.com",
            "--password", _PASSWORD, "--user-token", _TOKEN, "--enable-legacy-api-token", "--log-level", "ERROR",
        ]  # fmt: skip
        self.processes = Processes(folder / "server.log")
        self.processes.start(command, environment, folder)
        self._admin = self._asker(_TOKEN)
        until(self._there, 900, 0.5)

    def _asker(self, token: str) -> Asker:
        """With a new connection for each request, which spares it a stall of delayed acknowledgements."""
        return Asker(self._port, {"Authorization": f"Token {token}"}, keep=False)

    def _there(self) -> bool:
        try:
            return bool(self._admin.json("GET", "/api/version"))
        except OSError:
            return False

    def _make(self, home: Path) -> None:
        """An empty database with the team, who have signed up by the invitation."""
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        self._run(home, free_port())
        try:
            invitation = self._admin.json("GET", "/api/invite")["invite_url"]
            tokens = {name: self._signed_up(name, invitation) for name in TEAM}
            time.sleep(1)
        finally:
            self.processes.close()
        (home / "team.json").write_text(json.dumps(tokens))

    def _signed_up(self, name: str, invitation: str) -> str:
        cookies = self._cookies(HTTPConnection("127.0.0.1", self._port, timeout=60), "GET", invitation)
        form = {
            "csrfmiddlewaretoken": cookies["csrftoken"], "email": f"{name}@example.com", "password": _PASSWORD,
            "allow_newsletters": "false",
        }  # fmt: skip
        headers = {
            "Cookie": f"csrftoken={cookies['csrftoken']}", "Content-Type": "application/x-www-form-urlencoded",
        }  # fmt: skip
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        signed_in = self._cookies(connection, "POST", invitation, urlencode(form), headers)
        mine = Asker(self._port, {"Cookie": f"sessionid={signed_in['sessionid']}"}, keep=False)
        return str(mine.json("GET", "/api/current-user/token")["token"])

    def _cookies(self, connection: HTTPConnection, *request: Any) -> dict[str, str]:
        connection.request(*request)
        answer = connection.getresponse()
        answer.read()
        given = [value.strip() for name, value in answer.getheaders() if name.lower() == "set-cookie"]
        connection.close()
        return dict(each.split(";")[0].split("=", 1) for each in given)

    def load(self, rows: Sequence[Row]) -> int:
        sent = [{"data": {"text": row.text, "id": row.id}} for row in rows]
        return int(self._admin.json("POST", f"/api/projects/{self._project}/import", sent)["task_count"])

    def share_out(self) -> dict[str, int]:
        raise Cannot("its community edition has no assignments: everybody draws from the same queue")

    def open_page(self, who: str) -> list[str]:
        me = TEAM.index(who) + 2  # the admin is number 1
        wanted = {
            "filter": "filter:tasks:annotators",
            "operator": "not_contains",
            "type": "List",
            "value": me,
        }
        return [str(each["id"]) for each in self._page(who, wanted)["tasks"]]

    def search(self, who: str, word: str) -> int:
        wanted = {"filter": "filter:tasks:data.text", "operator": "contains", "type": "String", "value": word}
        return int(self._page(who, wanted)["total"])

    def _page(self, who: str, wanted: dict[str, Any]) -> Any:
        query = json.dumps({"filters": {"conjunction": "and", "items": [wanted]}})
        return self._people[who].json("GET", "/api/tasks", project=self._project, page_size=10, query=query)

    def label(self, who: str, label: str) -> None:
        asker = self._people[who]
        task = asker.json("GET", f"/api/projects/{self._project}/next")["id"]
        said = {"from_name": "label", "to_name": "text", "type": "choices", "value": {"choices": [label]}}
        asker.json("POST", f"/api/tasks/{task}/annotations/", {"result": [said], "lead_time": 1.5})

    def export(self) -> int:
        found = self._admin.json(
            "GET", f"/api/projects/{self._project}/export", exportType="JSON", download_all_tasks="true"
        )
        return sum(len(each["annotations"]) for each in found)

    def close(self) -> None:
        self.processes.close()
