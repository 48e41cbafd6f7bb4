"""Work of a notebook with a client, measured from inside; run by the Python of either client.

``python notebook.py PACKAGE build|datasets COUNT`` with ``argilla`` or ``apportion`` makes the same made-up records
with both; ``python notebook.py apportion stream COUNT URL`` logs from a generator,
``python notebook.py PACKAGE weak COUNT URL KEY WORKSPACE DATASET QUERY`` makes weak labels. Prints one line of JSON.
"""

from __future__ import annotations

import importlib
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

TOKENS, SPANS, BATCH = 25, 3, 500
LABELS = ["PER", "ORG", "LOC", "DATE"]
TAGS = ["O", *(f"{mark}-{label}" for label in LABELS for mark in "BI")]


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Arguments of token classification records: 25 tokens, 3 predicted spans, an annotation on every other one."""
    dice = random.Random(16)
    words = ["".join(dice.choices("abdefgiklmnoprstuvz", k=dice.randint(2, 9))) for _ in range(5000)]
    for number in range(count):
        tokens = dice.choices(words, k=TOKENS)
        ends: list[int] = []
        for token in tokens:
            ends.append((ends[-1] + 1 if ends else 0) + len(token))
        spans = []
        for place in sorted(dice.sample(range(TOKENS), SPANS)):
            spans.append((dice.choice(LABELS), ends[place] - len(tokens[place]), ends[place], 0.75))
        row = {
            "id": f"record-{number}",
            "text": " ".join(tokens),
            "tokens": tokens,
            "prediction": spans,
            "prediction_agent": "model",
            "metadata": {"source": f"page-{number % 500}"},
        }
        if number % 2:
            row["annotation"] = [span[:3] for span in spans]
            row["annotation_agent"] = "ana"
        yield row


def serialised_by(package: str) -> Callable[[Sequence[Any]], bytes]:
    """Return the function that turns a batch of records into the bytes to send, as ``rg.log`` of that client does."""
    if package == "apportion":
        from apportion.sdk._encode import to_bulk

        return to_bulk
    from argilla.client.sdk.client import AuthenticatedClient
    from argilla.client.sdk.token_classification.models import (
        CreationTokenClassificationRecord,
        TokenClassificationBulkData,
    )

    normalised = AuthenticatedClient._normalize_body

    def to_bytes(batch: Sequence[Any]) -> bytes:
        records = [CreationTokenClassificationRecord.from_client(each) for each in batch]
        body = TokenClassificationBulkData(tags={}, metadata={}, records=records).dict(by_alias=True)
        return json.dumps(normalised(body)).encode()

    return to_bytes


def build(package: str, count: int) -> dict[str, Any]:
    """Make records and the bytes of their requests."""
    kind = importlib.import_module(package).TokenClassificationRecord
    to_bytes = serialised_by(package)
    given = list(rows(count))
    began = time.process_time()
    records = [kind(**row) for row in given]
    built = time.process_time()
    size = sum(len(to_bytes(records[start : start + BATCH])) for start in range(0, count, BATCH))
    return {"cpu": time.process_time() - began, "build": built - began, "bytes": size}


def datasets(package: str, count: int) -> dict[str, Any]:
    """Make records of a ``datasets.Dataset`` with tags."""
    import datasets

    kind = importlib.import_module(package).DatasetForTokenClassification
    given: dict[str, list[Any]] = {"id": [], "text": [], "tokens": [], "ner_tags": []}
    for row in rows(count):
        given["id"].append(row["id"])
        given["text"].append(row["text"])
        given["tokens"].append(row["tokens"])
        given["ner_tags"].append(tags(row))
    texts = datasets.Value("string")
    types = {"id": texts, "text": texts, "tokens": datasets.Sequence(texts)}
    types["ner_tags"] = datasets.Sequence(datasets.ClassLabel(names=TAGS))
    dataset = datasets.Dataset.from_dict(given, features=datasets.Features(types))
    del given
    began, wall = time.process_time(), time.perf_counter()
    found = kind.from_datasets(dataset, tags="ner_tags")
    cpu = time.process_time() - began
    spans = sum(len(record.annotation) for record in found)
    assert spans == SPANS * count
    return {"cpu": cpu, "wall": time.perf_counter() - wall, "records": len(found), "spans": spans}


def tags(row: dict[str, Any]) -> list[int]:
    """The predicted spans, a token each, as numbers of tags."""
    begins = {start: TAGS.index(f"B-{label}") for label, start, _, _ in row["prediction"]}
    found, place = [], 0
    for token in row["tokens"]:
        found.append(begins.get(place, 0))
        place += len(token) + 1
    return found


def stream(package: str, count: int, url: str) -> dict[str, Any]:
    """Log from a generator; memory at its highest after a tenth, and in the end."""
    client = importlib.import_module(package).Client(url, "bench-admin.apikey", "bench-admin")
    kind = importlib.import_module(package).TokenClassificationRecord
    peaks = {}

    def records() -> Iterator[Any]:
        for number, row in enumerate(rows(count)):
            yield kind(**row)
            if number == count // 10:
                peaks["early"] = peak()

    began = time.perf_counter()
    result = client.log(records(), "stream", verbose=False)
    return {**peaks, "late": peak(), "seconds": time.perf_counter() - began, "records": result.processed}


def weak(package: str, _: int, url: str, key: str, workspace: str, name: str, query: str) -> dict[str, Any]:
    """Match the stored rules of a dataset with its records; the time of that, and of the summary."""
    importlib.import_module("pandas")  # whichever call comes first would wait for it
    rg = importlib.import_module(package)
    labeling = importlib.import_module(f"{package}.labeling.text_classification")
    rg.init(api_url=url, api_key=key, workspace=workspace)
    began = time.perf_counter()
    found = labeling.WeakLabels(name, query=query or None)
    made = time.perf_counter()
    figures = found.summary()
    summed = time.perf_counter() - made
    return {
        "seconds": made - began,
        "summary": summed,
        "peak": peak(),
        "records": len(found.matrix()),
        "coverage": float(figures["coverage"]["total"]),
    }


def peak() -> float:
    """The highest resident memory so far, in MB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise KeyError("VmHWM")


if __name__ == "__main__":
    parts: dict[str, Callable[..., dict[str, Any]]] = {
        "build": build,
        "datasets": datasets,
        "stream": stream,
        "weak": weak,
    }
    work = parts[sys.argv[2]]
    print(json.dumps(work(sys.argv[1], int(sys.argv[3]), *sys.argv[4:])))
