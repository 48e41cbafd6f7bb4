"""Apportion in the scenario."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from apportion.version import __version__
from benchmarks.server import API_KEY, WORKSPACE, environment, furnish

from .processes import Asker, Processes, until
from .tools import LABELS, TEAM, Row

__all__ = ["Apportion"]

_DATASET = "/api/datasets/side-by-side"
_TASK = "TextClassification"


class Apportion:
    """One process and one file."""

    name = "Apportion"

    def __init__(self) -> None:
        self.versions = f"apportion {__version__}, Python {sys.version.split()[0]}"

    def start(self, folder: Path, port: int) -> None:
        self._port = port
        furnish(folder)
        self.processes = Processes(folder / "server.log")
        command = [sys.executable, "-m", "apportion.cli.main", "server", "start", "--port", str(port)]
        self.processes.start(command, environment(folder), folder)
        self._admin = self._asker(API_KEY)
        until(self._there, 60)
        self._people = {}
        for name in TEAM:
            sent = {
                "username": name,
                "first_name": name,
                "password": "only-for-benchmarks",
                "role": "annotator",
            }
            made = self._admin.json("POST", "/api/users", sent)
            self._admin.json("POST", f"/api/workspaces/{WORKSPACE}/members", {"username": name})
            key = self._admin.json("POST", f"/api/users/{made['id']}:reset_key")["api_key"]
            self._people[name] = self._asker(key)

    def _asker(self, key: str) -> Asker:
        headers = {"X-Argilla-Api-Key": key, "X-Argilla-Workspace": WORKSPACE}
        return Asker(self._port, headers, keep=True)

    def _there(self) -> bool:
        try:
            return bool(self._admin.json("GET", "/api/_info"))
        except OSError:
            return False

    def load(self, rows: Sequence[Row]) -> int:
        for start in range(0, len(rows), 500):
            records = [{"id": row.id, "inputs": {"text": row.text}} for row in rows[start : start + 500]]
            self._admin.json("POST", f"{_DATASET}/{_TASK}:bulk", {"records": records})
        settings = {"label_schema": {"labels": [{"name": each} for each in LABELS]}}
        self._admin.json("PUT", f"{_DATASET}/{_TASK}/settings", settings)
        return self._total(self._admin, None)

    def _total(self, who: Asker, query: str | None, limit: int = 0) -> int:
        sent = {"query": {"query_text": query} if query else {}}
        return int(who.json("POST", f"{_DATASET}/{_TASK}:search", sent, limit=limit, facets="")["total"])

    def share_out(self) -> dict[str, int]:
        plan = {"seed": 7, "rules": [{"users": TEAM, "overlap": 1}]}
        found: dict[str, int] = self._admin.json("POST", f"{_DATASET}/assignments", plan)["loads"]
        return found

    def open_page(self, who: str) -> list[str]:
        found = self._people[who].json("GET", f"{_DATASET}/queue", limit=10)
        return [each["assignment"]["id"] for each in found["records"]]

    def search(self, who: str, word: str) -> int:
        return self._total(self._people[who], word, limit=10)

    def label(self, who: str, label: str) -> None:
        asker = self._people[who]
        given = asker.json("POST", f"{_DATASET}/queue:claim", {"limit": 1})["records"][0]["assignment"]
        path = f"{_DATASET}/records/{quote(given['id'], safe='')}/annotations/me"
        value = {"labels": [{"class": label}]}
        sent = {"value": value, "state": "submitted", "version": given["version"], "token": given["token"]}
        asker.json("PUT", path, sent)

    def export(self) -> int:
        body = self._admin.ask("POST", f"{_DATASET}/export", {"format": "jsonl"})
        return sum(len(json.loads(line).get("annotations") or {}) for line in body.splitlines())

    def close(self) -> None:
        for each in (self._admin, *self._people.values()):
            each.close()
        self.processes.close()
