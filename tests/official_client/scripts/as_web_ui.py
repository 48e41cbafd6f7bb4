"""Annotate over HTTP the way the 1.6 web app does: log in by form, list, filter, send whole records back."""

import os

import httpx

URL = os.environ["ARGILLA_API_URL"]


class WebUI:
    """One person's browser tab."""

    def __init__(self, username, password="12345678"):
        self.username = username
        form = {"username": username, "password": password}
        answer = httpx.post(f"{URL}/api/security/token", data=form)
        answer.raise_for_status()
        self.headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        self.me = self.get("/api/me", None).json()

    def get(self, path, workspace):
        return httpx.get(URL + path, headers=self._in(workspace))

    def post(self, path, workspace, body):
        return httpx.post(URL + path, headers=self._in(workspace), json=body, timeout=None)

    def datasets(self):
        """Return the datasets that the home page lists."""
        return sorted(
            f"{found['workspace']}/{found['name']}" for found in self.get("/api/datasets/", None).json()
        )

    def open(self, workspace, name):
        """Send what a dataset page asks for before it shows a record; return the labels on offer."""
        dataset = self.get(f"/api/datasets/{name}", workspace)
        dataset.raise_for_status()
        task = dataset.json()["task"]
        settings = self.get(f"/api/datasets/{name}/{task}/settings", workspace)
        assert settings.status_code in (200, 404), settings.text
        totals = self.post(f"/api/datasets/{name}/{task}:search?limit=0", workspace, {})
        totals.raise_for_status()
        if settings.status_code == 200:
            return [label["name"] for label in settings.json()["label_schema"]["labels"]]
        summary = self.post(f"/api/datasets/{task}/{name}/metrics/dataset_labels:summary", workspace, {})
        summary.raise_for_status()
        return summary.json()["labels"]

    def page(self, workspace, name, limit=1000, **query):
        """One page of records, filtered as the side bar would."""
        body = {"query": {"query_text": "", "vector": None, **query}, "sort": []}
        path = f"/api/datasets/{name}/TokenClassification:search?limit={limit}&from=0"
        answer = self.post(path, workspace, body)
        answer.raise_for_status()
        return answer.json()

    def validate_predictions(self, workspace, name, records):
        """Accept what was predicted, one by one: the whole record goes back, as the web app sends it."""
        for record in records:
            entities = [
                {key: entity[key] for key in ("start", "end", "label")}
                for entity in (record.get("prediction") or {"entities": []})["entities"]
            ]
            sent = {
                **record,
                "annotation": {"agent": self.username, "entities": entities},
                "status": "Validated",
                "vectors": {},
                "selected": True,
            }
            body = {"records": [sent]}
            self.post(f"/api/datasets/{name}/TokenClassification:bulk", workspace, body).raise_for_status()

    def _in(self, workspace):
        return self.headers if workspace is None else {**self.headers, "X-Argilla-Workspace": workspace}
