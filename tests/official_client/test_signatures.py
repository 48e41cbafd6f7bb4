"""Every public name, parameter and default of the 1.6.0 client is ours, too, but for what is listed here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from patience import patience

pytestmark = [pytest.mark.official, pytest.mark.timeout(900)]

SCRIPT = Path(__file__).parent / "scripts" / "signatures.py"
ERRORS = (
    "BaseClientError InputValueError WrongResponseError ApiCompatibilityError HttpResponseError "
    "ArApiResponseError BadRequestApiError UnauthorizedApiError ForbiddenApiError NotFoundApiError "
    "MethodNotAllowedApiError AlreadyExistsApiError ValidationApiError GenericApiError"
)
TOP = (
    "init active_client get_workspace set_workspace log log_async load copy delete delete_records "
    "TextClassificationRecord TokenClassificationRecord Text2TextRecord TextGenerationRecord TokenAttributions "
    "DatasetForTextClassification DatasetForTokenClassification DatasetForText2Text read_datasets read_pandas "
    "configure_dataset TextClassificationSettings TokenClassificationSettings monitor app __version__"
)
TOKEN_METRICS = (
    "entity_capitalness entity_consistency entity_density entity_labels mention_length token_capitalness "
    "token_frequency token_length tokens_length top_k_mentions"
)
LABELING = (
    "Rule load_rules add_rules update_rules delete_rules WeakLabels WeakMultiLabels MajorityVoter "
    "find_label_errors"
)
CONSTANTS = (
    "API_KEY_HEADER_NAME WORKSPACE_HEADER_NAME DEFAULT_API_KEY DEFAULT_USERNAME DEFAULT_PASSWORD "
    "DEFAULT_MAX_KEYWORD_LENGTH ES_INDEX_REGEX_PATTERN"
)
PLACES = [
    # (behind argilla., behind apportion. where that differs, names)
    ("", "", TOP),
    ("datasets", "", "configure_dataset TextClassificationSettings TokenClassificationSettings"),
    ("client.api", "", "active_api active_client Api ArgillaSingleton"),
    ("client.client", "", "Argilla"),
    ("client.models", "", "Framework Record BulkResponse"),
    ("client.datasets", "", "WrongRecordTypeError Dataset"),
    ("client.sdk.commons.errors", "", ERRORS),
    ("client.sdk.datasets.models", "", "TaskType"),
    ("utils.span_utils", "", "SpanUtils"),
    ("utils", "", "setup_loop_in_thread"),
    ("_constants", "", CONSTANTS),
    ("labeling.text_classification", "", LABELING),
    ("labeling.text_classification.label_models", "", "TieBreakPolicy"),
    ("labeling.text_classification.label_errors", "", "SortBy"),
    ("metrics.commons", "", "keywords records_status text_length"),
    ("metrics.text_classification", "", "f1 f1_multilabel"),
    ("metrics.token_classification", "", TOKEN_METRICS),
    ("metrics.models", "", "MetricSummary"),
    ("monitoring.base", "", "ModelNotSupportedError"),
    ("training", "", "ArgillaTrainer"),
    # not imported or made by people, but reached through the active client
    ("client.sdk.client", "sdk._http", "AuthenticatedClient=HttpClient"),
    ("client.sdk.users.models", "sdk.people", "User"),
    ("client.apis.datasets", "sdk.compat_1x", "Datasets"),
    ("client.apis.search", "sdk.compat_1x", "Search SearchResults=SearchPage"),
    ("client.apis.metrics", "sdk.compat_1x", "MetricsAPI=Metrics"),
    ("client.metrics.models", "sdk.results", "MetricResults"),
]

DIFFERENT = {
    # what differs: why
    "app is missing": "the server is started by its command; the message says so",
    "__version__ has another value: *": "it is ours",
    "A*.load(as_pandas) is missing": "it had no effect; rg.load takes it with a warning",
    "MetricSummary.new_summary is missing": "made by the metrics, not by people",
    "ArgillaTrainer.update_config(args) is missing": "settings have names: others were of no effect",
    "Record(*args) is missing": "a union of types there, a class here: isinstance works",
    "Dataset(*args) is missing": "a union of types there, a class here: isinstance works",
    "*Error(*": "made by the client, not by people",
    "[UM]*.copy is missing": "users and metrics are frozen dataclasses: dataclasses.replace",
    "[UM]*.dict is missing": "users and metrics are frozen dataclasses: dataclasses.asdict",
    "[UM]*.json is missing": "users and metrics are frozen dataclasses",
    "[UM]*.parse_* is missing": "users and metrics are frozen dataclasses",
    "AuthenticatedClient.*(args) is missing": "left over from a decorator: they took a path and nothing else",
    "AuthenticatedClient.get_* is missing": "the attributes are there",
    "AuthenticatedClient.stream is missing": "nothing calls it in 1.6.0",
    "AuthenticatedClient.with_httpx_error_handler is missing": "a decorator of its own",
    "*(query) is missing": "named query_text, ids and vector, so that a misspelt name is refused",
    "MajorityVoter.predict(prediction_agent) has another default: None": "the name of the model, whichever it is",
    "MajorityVoter.fit(*args) is missing": "it has nothing to fit, and says so",
    "*.http_client is missing": "active_client().http_client is there",
}


REACHED = (
    "AuthenticatedClient",
    "User",
    "Datasets",
    "Search",
    "SearchResults",
    "MetricsAPI",
    "MetricResults",
)


def described(python: str | Path, package: str) -> dict[str, Any]:
    """The surface of a package; a name of ours that stands for one of theirs goes by theirs."""
    places, official = [], {}
    for there, here, names in PLACES:
        place = there if package == "argilla" else here or there
        pairs = [name.partition("=")[::2] for name in names.split()]
        wanted = [there if package == "argilla" else here or there for there, here in pairs]
        official.update({mine: name for mine, (name, _) in zip(wanted, pairs, strict=True)})
        places.append((f"{package}.{place}".rstrip("."), wanted))
    ran = subprocess.run(
        [python, "-W", "ignore", SCRIPT, json.dumps({"places": places})],
        env={
            name: value for name, value in os.environ.items() if name != "PYTHONPATH" or package != "argilla"
        },
        capture_output=True,
        text=True,
        timeout=patience(300),
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout.splitlines()[-1])
    return {official[name]: each for name, each in found.items()}


def differences(name: str, official: dict[str, Any], ours: dict[str, Any]) -> Iterator[str]:
    """Return the differences that a call which suits the official signature would fail on with ours."""
    if "missing" in ours:
        yield f"{name} is missing"
        return
    made_by_people = name not in REACHED and official.get("parameters") is not None
    if made_by_people and ours.get("parameters") is not None:
        yield from parameters(name, official["parameters"], ours["parameters"])
    for member, each in official.get("members", {}).items():
        otherwise = {} if member in ours["fields"] else {"missing": ""}
        yield from differences(f"{name}.{member}", each, ours["members"].get(member, otherwise))
    for field in official.get("fields", ()):
        if field not in [*ours["fields"], *ours["members"]]:
            yield f"{name} has no field {field}"
    if missing := set(official.get("bases", ())[1:]) & set(ERRORS.split()) - set(ours.get("bases", ())):
        yield f"{name} is no {', '.join(missing)}"
    for kind in ("value", "values"):
        if official.get(kind) != ours.get(kind):
            yield f"{name} has another value: {ours.get(kind)}"


def parameters(name: str, official: list[list[str]], ours: list[list[str]]) -> Iterator[str]:
    known = {each[0]: each for each in ours}
    takes_all = any(kind == "VAR_KEYWORD" for _, kind, _ in ours)
    for place, (parameter, kind, default) in enumerate(official):
        if parameter not in known:
            if not (takes_all and kind in ("KEYWORD_ONLY", "VAR_KEYWORD")):
                yield f"{name}({parameter}) is missing"
        elif kind == "POSITIONAL_OR_KEYWORD" and ours[place][:2] != [parameter, kind]:
            yield f"{name}({parameter}) is in another place"
        elif known[parameter][2] not in (default, "something"):
            yield f"{name}({parameter}) has another default: {known[parameter][2]}"
    official_too = {each[0] for each in official}
    for parameter, kind, default in ours:
        if default == "required" and parameter not in official_too and not kind.startswith("VAR"):
            yield f"{name}({parameter}) is required"


@pytest.fixture(scope="module")
def found(official_python: Path) -> list[str]:
    official, ours = described(official_python, "argilla"), described(sys.executable, "apportion")
    assert not [name for name, each in official.items() if "missing" in each]
    return [each for name in official for each in differences(name, official[name], ours[name])]


def test_nothing_differs_but_what_is_meant_to(found: list[str]) -> None:
    assert [each for each in found if not any(fnmatchcase(each, known) for known in DIFFERENT)] == []


def test_every_difference_that_is_meant_to_be_is_there(found: list[str]) -> None:
    assert [known for known in DIFFERENT if not any(fnmatchcase(each, known) for each in found)] == []
