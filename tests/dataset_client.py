"""A dataset whose records everybody answers for themselves, with one client a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Json = Any
SPEECH = {"text": "Ana met Ben", "tokens": ["Ana", "met", "Ben"]}


class DatasetClient:
    """Dataset ``talk`` in ``shared``, individual and blind, with two answers wanted unless told otherwise."""

    def __init__(
        self,
        client_as: Any,
        ids: Sequence[str] = "abc",
        task: str = "TextClassification",
        content: Json = None,
        **policies: Any,
    ) -> None:
        self.client_as = client_as
        self.task = task
        records = [{"id": id, **(content or {"inputs": {"text": f"text {id}"}})} for id in ids]
        self.ask("eva", "POST", f"{task}:bulk", json={"records": records}).raise_for_status()
        wanted = {"blind": True, "required": 2, **policies}
        self.ask("max", "PATCH", "policies", json=wanted).raise_for_status()

    def ask(self, who: str, method: str, path: str, **options: Any) -> Any:
        options["params"] = {"workspace": "shared", **options.get("params", {})}
        return self.client_as(who).request(method, f"/api/datasets/talk/{path}", **options)

    def get(self, who: str, path: str, **params: Any) -> Json:
        found = self.ask(who, "GET", path, params=params)
        assert found.status_code == 200, found.text
        return found.json()

    def post(self, who: str, path: str, body: Json) -> Json:
        found = self.ask(who, "POST", path, json=body)
        assert found.status_code == 200, found.text
        return found.json()

    def put(self, who: str, id: str, value: Json, version: int = 0, state: str = "submitted") -> Any:
        """An answer: a label, or a whole value."""
        if isinstance(value, str):
            value = {"labels": [{"class": value}]}
        sent = {"value": value, "state": state, "version": version}
        return self.ask(who, "PUT", f"records/{id}/annotations/me", json=sent)

    def answer(self, **labels: str) -> None:
        """Everybody's labels for the records in order: ``ana="good bad -"``, with a dash for none."""
        for who, given in labels.items():
            for id, label in zip("abcdefghij", given.split(), strict=False):
                if label != "-":
                    assert self.put(who, id, label).status_code == 200

    def see(self, who: str, id: str = "a") -> Json:
        return self.get(who, f"records/{id}")

    def found(self, who: str, query: str) -> list[str]:
        body = {"query": {"query_text": query}}
        return [record["id"] for record in self.post(who, f"{self.task}:search", body)["records"]]
