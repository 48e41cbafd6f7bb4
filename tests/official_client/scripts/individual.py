"""A manager and an annotator load an individual dataset and log it back, as 1.x notebooks do."""

import json
import sys

import argilla as rg

arguments = json.loads(sys.argv[1])
name, workspace = arguments["name"], "recognai"

seen = {}
for who in ("admin", "ana"):
    rg.init(api_key=f"{who}.apikey", workspace=workspace)
    loaded = rg.load(name)
    seen[who] = {
        str(record.id): [record.status, record.annotation, record.annotation_agent] for record in loaded
    }
    if who == "admin":
        for record in loaded:
            record.metadata["seen"] = "by a notebook"
    rg.log(loaded, name, verbose=False)

# Ana annotates one more, and signs with whatever her client calls itself.
record = rg.load(name, ids=[arguments["new"]])[0]
record.annotation, record.status = "from a notebook", "Validated"
rg.log(record, name, verbose=False)

print(json.dumps(seen))
