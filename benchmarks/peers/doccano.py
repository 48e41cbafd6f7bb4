"""doccano in the scenario: its web server behind gunicorn and its task queue, as its own command starts them.

Only that its command listens on every address, so gunicorn is started directly, on the loopback. The project is one in
which people annotate together: otherwise its export has all records once per person.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import uuid
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .environments import versions_of
from .processes import Asker, Processes, Refused, until
from .tools import LABELS, TEAM, Cannot, Row

__all__ = ["Doccano"]

_PASSWORD = "only-for-benchmarks-1"
_WORKERS = 2 * (os.cpu_count() or 1) + 1
"""As its own command has it."""


class Doccano:
    """Two kinds of processes on one SQLite file."""

    name = "doccano"

    def __init__(self, python: Path) -> None:
        self._python = python
        self.versions = versions_of(python, "doccano", "django")
        (self._code,) = python.parents[1].glob("lib/python*/site-packages/backend")

    def start(self, folder: Path, port: int) -> None:
        self._port = port
        environment = {
            "PATH": f"{self._python.parent}:/usr/bin:/bin", "HOME": str(folder), "DOCCANO_HOME": str(folder),
            "STANDALONE": "True", "DEBUG": "False", "DJANGO_SETTINGS_MODULE": "config.settings.production",
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3", "MEDIA_ROOT": str(folder / "media"),
            "PYTHONPATH": str(self._code), "SECRET_KEY": "only-for-benchmarks",
        }  # fmt: skip
        self._manage(environment, "migrate", "--verbosity", "0")
        self._manage(environment, "create_roles")
        self._manage(
            environment, "create_admin", "--noinput", "--username", "admin", "--password", _PASSWORD,
            "--email", "admin@example.com",
        )  # fmt: skip
        self.processes = Processes(folder / "server.log")
        bind = ["--bind", f"127.0.0.1:{port}", "--workers", str(_WORKERS), "config.wsgi"]
        self.processes.start([self._python, "-m", "gunicorn", *bind], environment, self._code)
        queue = ["--app=config", "worker", "--loglevel=info", "--concurrency=2"]
        self.processes.start([self._python, "-m", "celery", *queue], environment, self._code)
        until(self._there, 120)
        self._admin = self._signed_in("admin")
        self._furnish()

    def _manage(self, environment: dict[str, str], *command: str) -> None:
        subprocess.run(
            [str(self._python), "manage.py", *command], env=environment, cwd=self._code, check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip

    def _there(self) -> bool:
        try:
            Asker(self._port, {}, keep=False).ask("GET", "/favicon.ico")
        except Refused:
            return True
        except OSError:
            return False
        return True

    def _signed_in(self, name: str) -> Asker:
        sent = {"username": name, "password": _PASSWORD}
        key = Asker(self._port, {}, keep=False).json("POST", "/v1/auth/login/", sent)["key"]
        return Asker(self._port, {"Authorization": f"Token {key}"}, keep=True)

    def _furnish(self) -> None:
        project = {
            "name": "side by side", "description": "the same for all", "project_type": "DocumentClassification",
            "guideline": "", "random_order": False, "collaborative_annotation": True, "tags": [],
            "single_class_classification": True, "resourcetype": "TextClassificationProject",
        }  # fmt: skip
        self._dataset = f"/v1/projects/{self._admin.json('POST', '/v1/projects', project)['id']}"
        self._labels = {
            each: self._admin.json("POST", f"{self._dataset}/category-types", {"text": each})["id"]
            for each in LABELS
        }
        roles = {each["name"]: each["id"] for each in self._admin.json("GET", "/v1/roles")}
        self._people = {}
        for name in TEAM:
            sent = {"username": name, "password1": _PASSWORD, "password2": _PASSWORD}
            made = self._admin.json("POST", "/v1/users/create", sent)
            member = {"user": made["id"], "role": roles["annotator"]}
            self._admin.json("POST", f"{self._dataset}/members", member)
            self._people[name] = self._signed_in(name)

    def load(self, rows: Sequence[Row]) -> int:
        lines = "".join(json.dumps({"text": row.text, "id": row.id, "label": []}) + "\n" for row in rows)
        edge = uuid.uuid4().hex
        body = (
            f'--{edge}\r\nContent-Disposition: form-data; name="filepond"; filename="rows.jsonl"\r\n'
            f"Content-Type: application/json\r\n\r\n{lines}\r\n--{edge}--\r\n"
        ).encode()
        kind = f"multipart/form-data; boundary={edge}"
        upload = self._admin.ask("POST", "/v1/fp/process/", raw=body, kind=kind).decode()
        sent = {
            "format": "JSONL", "task": "DocumentClassification", "uploadIds": [upload],
            "column_data": "text", "column_label": "label", "encoding": "utf_8",
        }  # fmt: skip
        task = self._admin.json("POST", f"{self._dataset}/upload", sent)["task_id"]
        shown = until(lambda: self._ready(f"/v1/tasks/status/{task}"), 600)
        if shown["error"] or shown["result"]["error"]:
            raise Refused(str(shown))
        return int(self._admin.json("GET", f"{self._dataset}/examples", limit=1)["count"])

    def _ready(self, path: str) -> Any:
        found = self._admin.json("GET", path)
        return found if found["ready"] else None

    def share_out(self) -> dict[str, int]:
        raise Cannot("it has no assignments: everybody sees every record")

    def open_page(self, who: str) -> list[str]:
        return [str(each["id"]) for each in self._open(who, 10)]

    def _open(self, who: str, limit: int) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._people[who].json(
            "GET", f"{self._dataset}/examples", confirmed="false", limit=limit, offset=0
        )["results"]
        return found

    def search(self, who: str, word: str) -> int:
        return int(
            self._people[who].json("GET", f"{self._dataset}/examples", q=word, search=word, limit=10)["count"]
        )

    def label(self, who: str, label: str) -> None:
        asker = self._people[who]
        record = self._open(who, 1)[0]["id"]
        asker.json("POST", f"{self._dataset}/examples/{record}/categories", {"label": self._labels[label]})
        asker.json("POST", f"{self._dataset}/examples/{record}/states", {})

    def export(self) -> int:
        sent = {"format": "JSONL", "exportApproved": False}
        task = self._admin.json("POST", f"{self._dataset}/download", sent)["task_id"]
        until(lambda: self._ready(f"/v1/tasks/status/{task}"), 600)
        found = self._admin.ask("GET", f"{self._dataset}/download", taskId=task)
        with zipfile.ZipFile(io.BytesIO(found)) as archive:
            lines = [line for each in archive.namelist() for line in archive.read(each).splitlines()]
        return sum(len(json.loads(line)["label"]) for line in lines)

    def close(self) -> None:
        for each in (self._admin, *self._people.values()):
            each.close()
        self.processes.close()
