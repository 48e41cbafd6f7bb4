"""Schemathesis over the OpenAPI document: whatever fits the document, or just does not, is no server error."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.schemas import APIOperation

from depth import times
from patience import patience
from servers import SHARED, LocalServer, furnish

EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", str(times(4, 10))))
NAMES = {
    "name": "reviews",
    "task": "TextClassification",
    "id": "1",
    "metric": "dataset_labels",
    "plan": "unknown",
}
REPLACED = (
    "DELETE /api/datasets/{name}",
    "DELETE /api/datasets/{name}/data",
    "PUT /api/datasets/{name}:close",
)
SKIPPED = {
    # The document says what a body looks like; whether it makes sense (spans on tokens, names in use, queries
    # that parse) is decided after that, so that data which fits may still be refused
    "positive_data_acceptance",
    # As 1.x did, we take numbers for text, text for numbers, and ignore members we do not know
    "negative_data_rejection",
    # 1.x answered 405 to everything but GET on any path it did not know, and named no methods
    "unsupported_method",
    "allow_header_conformance",
    # The tables of permissions ask every route as a stranger, by name
    "object_level_authorization",
    # Tells by status codes alone whether something was deleted, and deleting twice is no error in 1.x
    "use_after_free",
    "ensure_resource_availability",
}

ENDLESS = "GET /api/events"
"""A stream ends when whoever listens goes away, which Schemathesis does not; tests of its own listen to it."""

MODES = [GenerationMode(each) for each in ("positive", "negative")]

load_all_checks()
UNUSED: list[Any] = [CHECKS.get_one(each) for each in SKIPPED]


@pytest.fixture(scope="module")
def document(furnished: LocalServer) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_asgi("/api/docs/spec.json", furnished.app)


def test_no_request_makes_the_server_fail(
    document: schemathesis.BaseSchema,
    furnished: LocalServer,
    subtests: pytest.Subtests,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # it tries a wrong key with every request; that these are throttled has a test of its own
    wrong_keys = furnished.app.state.app_state.keys._wrong
    monkeypatch.setattr(wrong_keys, "attempt", lambda address: None)
    for found in document.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if operation.label == ENDLESS:
            continue
        for mode in MODES:
            with subtests.test(f"{mode.value}: {operation.label}"), suppress(Unsatisfiable):
                _try(operation, mode)
        if operation.label in REPLACED:
            furnished.client().put("/api/datasets/reviews:open", params=SHARED)
            furnish(furnished.client())


def _try(operation: APIOperation[Any, Any, Any, Any], mode: GenerationMode) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=EXAMPLES // len(MODES),
        derandomize=True,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def run(case: schemathesis.Case[Any]) -> None:
        for name in NAMES.keys() & case.path_parameters.keys():
            if len(str(case.path_parameters[name])) % 2:  # the others keep what Schemathesis thought of
                case.path_parameters[name] = NAMES[name]
        case.query = {**(case.query or {}), **SHARED}
        case.call_and_validate(
            headers={"X-Argilla-Api-Key": "eva.apikey"}, excluded_checks=UNUSED, timeout=patience(60)
        )

    run()
