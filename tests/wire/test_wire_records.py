"""The wire types and how the OpenAPI document describes them."""

from __future__ import annotations

import json

import msgspec
import pytest

from apportion.vocabulary import Task
from apportion.wire import records
from apportion.wire.examples import EXAMPLES, RECORDS
from apportion.wire.schemas import BULK_SCHEMAS, STRUCTS, component_schemas


@pytest.mark.parametrize("task", list(Task))
def test_the_example_is_a_clean_record_of_its_type(task: Task) -> None:
    kind = getattr(records, BULK_SCHEMAS[task])
    bulk = msgspec.convert({"records": [RECORDS[task]]}, kind)
    assert str(bulk.records[0].id) == RECORDS[task]["id"]


def test_every_reference_of_the_schemas_leads_somewhere() -> None:
    schemas = component_schemas()
    text, where = json.dumps(schemas), '"#/components/schemas/'

    assert set(BULK_SCHEMAS.values()) <= schemas.keys()
    named = {part.split('"')[0] for part in text.split(where)[1:]}
    assert {"LabelAnswer", "EntityAnswer", "SentenceAnswer"} <= named <= schemas.keys()


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_examples_have_the_shape_they_are_examples_of(name: str) -> None:
    for each in EXAMPLES[name]:
        msgspec.convert(each, STRUCTS[name])


def test_no_two_shapes_have_the_same_name() -> None:
    assert all("." not in name and name.isidentifier() for name in component_schemas())


def test_labels_are_called_class_on_the_wire() -> None:
    assert msgspec.json.encode(records.Label("A", 0.5)) == b'{"class":"A","score":0.5}'
    assert "class" in component_schemas()["Label"]["required"]


def test_lengths_are_counted_in_characters() -> None:
    assert msgspec.convert({"class": "👩" * 128}, records.Label).name == "👩" * 128
