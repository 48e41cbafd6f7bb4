"""A dataset of texts, and a team that annotates them over HTTP."""

from __future__ import annotations

from typing import Any

Json = Any
N = 30


class Team:
    """A dataset of thirty texts in `shared`, with one client a person; ana and ben annotate there."""

    def __init__(self, client_as: Any) -> None:
        self.client_as = client_as
        self.log("eva", *({"id": f"r{n:02}", "inputs": {"text": f"text {n}"}} for n in range(N)))

    def ask(self, who: str, method: str, path: str, **options: Any) -> Any:
        options.setdefault("params", {})["workspace"] = "shared"
        return self.client_as(who).request(method, f"/api/datasets/talk/{path}", **options)

    def log(self, who: str, *records: Json) -> Any:
        return self.ask(who, "POST", "TextClassification:bulk", json={"records": list(records)})

    def plan(self, **spec: Any) -> Json:
        answer = self.ask("max", "POST", "assignments", json={"seed": 7, **spec})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def change(self, plan: Json, verb: str, **sent: Any) -> Json:
        answer = self.ask("max", "POST", f"assignments/{plan['id']}:{verb}", json=sent)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def claim(self, who: str, limit: int = 5, **more: Any) -> Json:
        answer = self.ask(who, "POST", "queue:claim", json={"limit": limit, **more})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def answer(self, who: str, id: str, label: str = "good", version: int = 0) -> Json:
        sent = {"value": {"labels": [{"class": label}]}, "state": "submitted", "version": version}
        answer = self.ask(who, "PUT", f"records/{id}/annotations/me", json=sent)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def found(self, who: str, query: str) -> list[str]:
        answer = self.ask(who, "POST", "TextClassification:search", json={"query": {"query_text": query}})
        assert answer.status_code == 200, answer.text
        return [record["id"] for record in answer.json()["records"]]

    def rows(self, plan: Json, **params: Any) -> list[Json]:
        found: list[Json] = self.ask(
            "max", "GET", f"assignments/{plan['id']}/rows", params={"limit": 1000, **params}
        ).json()["rows"]
        return found

    def progress(self, who: str = "max") -> dict[str, Json]:
        return {each["annotator"]: each for each in self.ask(who, "GET", "progress").json()["annotators"]}
