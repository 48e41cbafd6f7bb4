"""Refusals: their status, their envelope, their order, and what surrounds them."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Query
from pydantic import BaseModel, Field

from apportion.domain import errors as refusals
from apportion.server.deps import Ctx
from apportion.server.errors import STATUS, status_of, v1_errors
from support import Client


class Body(BaseModel):
    number: int
    words: list[str | int] = Field(default=[], max_length=2)
    maybe: Annotated[float, Field(le=1, gt=0)] | None = None
    flag: bool = False


@pytest.fixture
def app(app: FastAPI) -> FastAPI:
    """The app with a few routes that fail."""

    @app.post("/try")
    async def attempt(ctx: Ctx, body: Body, limit: Annotated[int, Query(le=1000)] = 5) -> str:
        return ctx.require_workspace()

    @app.get("/crash")
    async def crash() -> None:
        raise ZeroDivisionError("of all things")

    return app


def code(answer: httpx.Response) -> str:
    return str(answer.json()["detail"]["code"]).removeprefix("argilla.api.errors::")


def test_every_refusal_has_a_status() -> None:
    kinds = [each for each in vars(refusals).values() if isinstance(each, type)]
    ours = [each for each in kinds if issubclass(each, refusals.Refusal) and each is not refusals.Refusal]

    assert all(any(base in STATUS for base in each.__mro__) for each in ours)
    assert status_of(refusals.RecordNotFound("ws.name", "1")) == 404
    assert status_of(refusals.ClosedDatasetError("name")) == 400


def test_failures_win_in_the_order_of_1x(client_as: Any) -> None:
    nobody, ana = client_as(None), client_as("ana")

    broken = nobody.post("/try", content=b'{"number": ')
    assert (broken.status_code, broken.json()["detail"]["params"]["errors"][0]["type"]) == (
        422,
        "value_error.jsondecode",
    )
    assert nobody.post("/try?limit=x", json={}).status_code == 401
    assert code(ana.post("/try", json={})) == "ValidationError"
    assert ana.post("/try?limit=1001", json={"number": 1}).status_code == 422
    missing = ana.post("/try", json={"number": 1})
    assert (missing.status_code, code(missing)) == (400, "MissingInputParamError")


def test_the_workspace_is_taken_from_the_query_then_the_header(client_as: Any) -> None:
    ana = client_as("ana", **{"X-Argilla-Workspace": "header"})

    assert ana.post("/try?workspace=query", json={"number": 1}).json() == "query"
    assert ana.post("/try?workspace=", json={"number": 1}).json() == "header"
    assert ana.post("/try", json={"number": 1}).json() == "header"


def test_json_is_understood_without_a_content_type_but_not_as_text(client_as: Any) -> None:
    ana = client_as("ana", **{"X-Argilla-Workspace": "ours"})

    assert ana.post("/try", content=b'{"number": "7"}').status_code == 200
    answer = ana.post("/try", content=b'{"number": 7}', headers={"Content-Type": "text/plain"})
    (error,) = answer.json()["detail"]["params"]["errors"]
    assert error == {"loc": ["body"], "msg": "value is not a valid dict", "type": "type_error.dict"}


@pytest.mark.parametrize(
    ("body", "loc", "kind"),
    [
        ({}, ["body", "number"], "value_error.missing"),
        ({"number": "x"}, ["body", "number"], "type_error.integer"),
        ({"number": 1, "words": ["a", {}]}, ["body", "words", 1], "type_error.str"),
        ({"number": 1, "words": ["a", "b", "c"]}, ["body", "words"], "value_error.list.max_items"),
        ({"number": 1, "words": "ab"}, ["body", "words"], "type_error.list"),
        ({"number": 1, "maybe": 2}, ["body", "maybe"], "value_error.number.not_le"),
        ({"number": 1, "maybe": 0}, ["body", "maybe"], "value_error.number.not_gt"),
        ({"number": 1, "flag": "x"}, ["body", "flag"], "type_error.bool"),
        ([], ["body"], "type_error.dict"),
    ],
)
def test_validation_errors_are_as_pydantic_1_had_them(
    client_as: Any, body: Any, loc: list[Any], kind: str
) -> None:
    params = client_as("ana").post("/try", json=body).json()["detail"]["params"]

    assert params["model"] == "Request"
    assert (params["errors"][0]["loc"], params["errors"][0]["type"]) == (loc, kind)


def test_limits_are_in_the_context() -> None:
    error = {"type": "string_too_short", "loc": ("body", "x"), "msg": "", "ctx": {"min_length": 8}}

    (shown,) = v1_errors([error], {"x": "short"})

    assert shown["msg"] == "ensure this value has at least 8 characters"
    assert shown["ctx"] == {"limit_value": 8}


def test_what_nobody_foresaw_names_its_type_only_and_where_to_read_on(client_as: Any, caplog: Any) -> None:
    answer = client_as(None).get("/crash", headers={"X-Request-ID": "mine-7"})

    assert answer.status_code == 500
    assert answer.json()["detail"] == {
        "code": "argilla.api.errors::GenericServerError",
        "params": {
            "type": "builtins.ZeroDivisionError",
            "message": "The server failed to answer this. Its log says why, under the id of this request.",
            "request_id": "mine-7",
        },
    }
    assert "ZeroDivisionError: of all things" in caplog.text


def test_errors_of_the_framework_keep_its_form(client_as: Any) -> None:
    nobody = client_as(None)

    assert nobody.get("/api/nothing").json() == {"detail": "Not Found"}
    assert nobody.post("/api/nothing").status_code == 405
    assert nobody.put("/api/_info").json() == {"detail": "Method Not Allowed"}


def test_too_large_requests_are_refused_announced_or_not(make_app: Any, settings: Any, app: Any) -> None:
    small = make_app(replace(settings, max_body=2000))
    key = {"X-Argilla-Api-Key": "ana.apikey"}

    with Client(small, headers=key) as client:
        announced = client.put("/api/me/preferences", json={"x": "y" * 2000})
        streamed = client.put("/api/me/preferences", content=iter([b"x" * 1500] * 2))
        fitting = client.put("/api/me/preferences", json={"x": "y" * 1000})

    assert (announced.status_code, code(announced)) == (413, "PayloadTooLargeError")
    assert (streamed.status_code, code(streamed)) == (413, "PayloadTooLargeError")
    assert fitting.status_code == 200


def test_other_sites_are_let_in_only_when_named_and_then_hear_errors_too(
    make_app: Any, settings: Any, client_as: Any
) -> None:
    origin = {"Origin": "https://notebook.example.org"}
    opened = make_app(replace(settings, cors_origins=("https://notebook.example.org",)))

    async def crash() -> None:
        raise ZeroDivisionError

    opened.add_api_route("/crash", crash)
    with Client(opened, headers=origin) as client:
        for path in ("/api/_info", "/api/me", "/crash"):
            answer = client.get(path)
            assert answer.headers["access-control-allow-origin"] == "https://notebook.example.org"
    assert "access-control-allow-origin" not in client_as(None).get("/api/_info", headers=origin).headers


def test_every_answer_has_security_headers(client_as: Any) -> None:
    for path in ("/", "/api/_info", "/api/me", "/crash"):
        headers = client_as(None).get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "script-src 'self'" in headers["content-security-policy"]
        assert "frame-ancestors 'self'" in headers["content-security-policy"]
