"""The wire types and how the OpenAPI document describes them."""

from __future__ import annotations

import json

import msgspec
import pytest

from apportion.vocabulary import Task
from apportion.wire import records
from apportion.wire.schemas import BULK_SCHEMAS, EXAMPLES, record_schemas


@pytest.mark.parametrize("task", list(Task))
def test_the_example_is_a_clean_record_of_its_type(task: Task) -> None:
    kind = getattr(records, BULK_SCHEMAS[task])
    bulk = msgspec.convert({"records": [EXAMPLES[task]]}, kind)
    assert str(bulk.records[0].id) == EXAMPLES[task]["id"]


def test_every_reference_of_the_schemas_leads_somewhere() -> None:
    schemas = record_schemas("#/x/{name}")
    text = json.dumps(schemas)

    assert set(BULK_SCHEMAS.values()) <= schemas.keys()
    assert all(f'"#/x/{name}"' in text for name in ("LabelAnswer", "EntityAnswer", "SentenceAnswer"))
    named = {part.split('"')[0] for part in text.split('"#/x/')[1:]}
    assert named <= schemas.keys()


def test_labels_are_called_class_on_the_wire() -> None:
    assert msgspec.json.encode(records.Label("A", 0.5)) == b'{"class":"A","score":0.5}'
    assert "class" in record_schemas()["Label"]["required"]


def test_lengths_are_counted_in_characters() -> None:
    assert msgspec.convert({"class": "👩" * 128}, records.Label).name == "👩" * 128
