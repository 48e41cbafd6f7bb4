"""Option 1: one dataset in a shared workspace, the assignee written into ``metadata.user``."""

import json
import random
import sys

import argilla as rg
import httpx
from as_web_ui import WebUI

SHARED = "recognai"
arguments = json.loads(sys.argv[1])
name, limit = arguments["name"], arguments["limit"]

# Connect, load what is open, find out who annotates.
rg.init(workspace="admin")
records = rg.load("python-docs-entities", query="status:Default", limit=limit)
client = rg.active_client().http_client
users = httpx.get(client.base_url + "/api/users", headers={"X-Argilla-API-Key": client.token}).json()
annotators = sorted(user["username"] for user in users if user["role"] == "annotator")

# Shuffle, cut in equal parts, write the assignee down, log.
random.Random(7).shuffle(records)
size = -(-len(records) // len(annotators))
for place, annotator in enumerate(annotators):
    for record in records[place * size : (place + 1) * size]:
        record.metadata["user"] = annotator
logged = rg.log(records, name, workspace=SHARED, tags={"with assignments": True}, verbose=False)

# Everybody annotates what is theirs.
seen = {}
for annotator in annotators:
    tab = WebUI(annotator)
    labels = tab.open(SHARED, name)
    mine = tab.page(SHARED, name, metadata={"user": [annotator]}, status=["Default"])
    tab.validate_predictions(SHARED, name, mine["records"])
    left = tab.page(SHARED, name, metadata={"user": [annotator]}, status=["Default"])
    seen[annotator] = {
        "listed": f"{SHARED}/{name}" in tab.datasets(),
        "labels": sorted(labels),
        "before": mine["total"],
        "facet": mine["aggregations"]["metadata"]["user"],
        "after": left["total"],
    }

# Bring it back.
loaded = rg.load(name, workspace=SHARED, query="status:Validated")
frame = loaded.to_pandas()
print(
    json.dumps(
        {
            "annotators": annotators,
            "logged": logged.processed,
            "tags": client.get(f"/api/datasets/{name}")["tags"],
            "seen": seen,
            "loaded": len(loaded),
            "by_assignee_and_author": sorted(
                f"{user} {agent}: {len(rows)}"
                for (user, agent), rows in frame.groupby(
                    [frame["metadata"].map(lambda m: m["user"]), "annotation_agent"]
                )
            ),
            "accepted_as_predicted": all(
                [span[:3] for span in record.prediction] == [tuple(span) for span in record.annotation]
                for record in loaded
            ),
            "same_ids": sorted(str(r.id) for r in loaded) == sorted(str(r.id) for r in records),
            "as_datasets": loaded.to_datasets().num_rows,
            "for_training": loaded.prepare_for_training(framework="transformers").num_rows,
        }
    )
)
