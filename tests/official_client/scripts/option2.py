"""Option 2: everybody's records go into the workspace named like them, some of them to two people."""

import json
import random
import sys

import argilla as rg
import httpx
from as_web_ui import WebUI

arguments = json.loads(sys.argv[1])
name, limit, overlap = arguments["name"], arguments["limit"], arguments["overlap"]

rg.init(workspace="admin")
records = rg.load("python-docs-entities", query="status:Default", limit=limit)
client = rg.active_client().http_client
users = httpx.get(client.base_url + "/api/users", headers={"X-Argilla-API-Key": client.token}).json()
annotators = sorted(user["username"] for user in users if user["role"] == "annotator")

# The first few go to everybody, the rest in equal parts.
random.Random(7).shuffle(records)
everybody, rest = records[:overlap], records[overlap:]
parts = {annotator: everybody + rest[place :: len(annotators)] for place, annotator in enumerate(annotators)}
for annotator, part in parts.items():
    rg.log(part, name, workspace=annotator, verbose=False)

seen = {}
for annotator in annotators:
    tab = WebUI(annotator)
    tab.open(annotator, name)
    mine = tab.page(annotator, name, status=["Default"])
    tab.validate_predictions(annotator, name, mine["records"])
    others = [other for other in annotators if other != annotator]
    seen[annotator] = {
        "total": mine["total"],
        "workspaces": tab.me["workspaces"],
        "listed": [where for where in tab.datasets() if where.endswith(f"/{name}")],
        "others": [tab.get(f"/api/datasets/{name}", other).status_code for other in others],
        "others_records": [
            tab.post(f"/api/datasets/{name}/TokenClassification:search", other, {}).status_code
            for other in others
        ],
    }

# Bring everybody's copy back together by record id.
answers = {}
for annotator in annotators:
    for record in rg.load(name, workspace=annotator, query="status:Validated"):
        answers.setdefault(str(record.id), {})[record.annotation_agent] = record.annotation
listed = httpx.get(client.base_url + "/api/datasets", headers={"X-Argilla-API-Key": client.token}).json()
print(
    json.dumps(
        {
            "annotators": annotators,
            "parts": {annotator: len(part) for annotator, part in parts.items()},
            "seen": seen,
            "admin_sees": sorted(found["workspace"] for found in listed if found["name"] == name),
            "records": len(answers),
            "answered_by_all": sum(sorted(by) == annotators for by in answers.values()),
            "answered_by_one": sum(len(by) == 1 for by in answers.values()),
            "agree": all(len({str(value) for value in by.values()}) == 1 for by in answers.values()),
        }
    )
)
