"""Messages to people when something is wrong: each kind has a class and a message of its own."""

from __future__ import annotations

import pickle
from typing import Any

import httpx
import pytest

import apportion as rg
from apportion.sdk import errors
from apportion.sdk.errors import (
    ApiCompatibilityError,
    ArApiResponseError,
    BaseClientError,
    HttpResponseError,
    InputValueError,
    NotFoundApiError,
    ServerUnreachableError,
    UnauthorizedApiError,
    WrongResponseError,
)
from apportion.version import __version__
from sdk_support import URL, ClientAs, InProcess, texts


def saying(*args: Any, **kwargs: Any) -> rg.Client:
    """A client of something that answers everything like this."""
    answer = httpx.Response(*args, **kwargs)
    return rg.Client(URL, "ana.apikey", transport=httpx.MockTransport(lambda _: answer))


def test_nobody_answers() -> None:
    with (
        rg.Client("http://127.0.0.1:9", "ana.apikey") as client,
        pytest.raises(
            ServerUnreachableError, match=r"Nothing answers at http://127\.0\.0\.1:9 .*APPORTION_API_URL"
        ),
    ):
        client.me()
    assert issubclass(ServerUnreachableError, ConnectionError)


@pytest.mark.parametrize("url", ["localhost:6900", "", "ftp://example.org", "http://", "http://a b"])
def test_what_is_no_address(url: str) -> None:
    if not url:
        assert rg.Client(url).base_url == "http://localhost:6900"
        return
    with pytest.raises(BaseClientError), rg.Client(url, "ana.apikey") as client:
        client.me()


def test_a_key_with_a_slip_of_the_pen() -> None:
    with pytest.raises(InputValueError, match="An API key has no accents"):
        rg.Client(URL, "schlüssel")


def test_a_wrong_key(client_as: ClientAs) -> None:
    with pytest.raises(
        UnauthorizedApiError, match=r"does not know the API key 'nobo…'.*reset.*rg\.init"
    ) as caught:
        client_as("nobody").me()

    assert (caught.value.HTTP_STATUS, caught.value.code) == (401, "UnauthorizedError")
    assert "nobody.apikey" not in str(caught.value)


def test_a_token_that_has_expired(transport: InProcess) -> None:
    with pytest.raises(UnauthorizedApiError, match="this token: it has expired or was revoked"):
        rg.Client(URL, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJl", transport=transport).me()


@pytest.mark.parametrize("status", [200, 404])
def test_the_address_of_a_web_page(status: int) -> None:
    with pytest.raises(WrongResponseError, match=r"answered with a web page.*Check api_url"):
        saying(status, html="<h1>Welcome to nginx!</h1>").me()


def test_the_address_of_some_other_service() -> None:
    with pytest.raises(WrongResponseError, match="knows no /api/_info"):
        saying(404, json={"detail": "Not Found"}).me()
    with pytest.raises(WrongResponseError, match="does not say which version"):
        saying(200, json={"hello": "world"}).me()
    with pytest.raises(WrongResponseError, match=r"does not say who you are.*Check api_url"):
        saying(200, json={"version": "1.6.0"}).me()


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number", r"try api_url='http://team\.example\.org'"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate", "does not trust its certificate"),
    ],
)
def test_an_address_whose_https_does_not_work(failure: str, message: str) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(failure, request=request)

    client = rg.Client("https://team.example.org", "ana.apikey", transport=httpx.MockTransport(fail))

    with pytest.raises(ServerUnreachableError, match=message):
        client.me()


def test_an_address_that_has_moved() -> None:
    with pytest.raises(WrongResponseError, match=r"sends us on to https://new\.example\.org/"):
        saying(301, headers={"location": "https://new.example.org/"}).me()


def test_a_proxy_whose_server_is_down() -> None:
    with pytest.raises(
        HttpResponseError, match="a proxy is there, but the server behind it is not up"
    ) as caught:
        saying(502, html="<h1>Bad Gateway</h1>").me()
    assert caught.value.status_code == 502


@pytest.mark.parametrize(
    ("info", "message"),
    [
        ({"version": "1.3.9"}, "speaks version 1.3.9 of the API; this SDK needs 1.4"),
        ({"version": "2.1.0"}, "speaks version 2.1.0"),
        (
            {"version": "1.6.0", "apportion": "0.9.0"},
            f"is Apportion 0.9.0, this SDK is {__version__}.*Upgrade the SDK",
        ),
        ({"version": "1.6.0", "apportion": "odd"}, "Upgrade the server"),
    ],
    ids=str,
)
def test_a_server_that_does_not_fit(info: dict[str, str], message: str) -> None:
    with pytest.raises(ApiCompatibilityError, match=message) as caught:
        saying(200, json=info).me()
    assert caught.value.min_version
    assert caught.value.api_version in info.values()


def test_a_server_of_1x_is_spoken_to() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        shown = (
            {"version": "1.6.0"}
            if request.url.path.endswith("_info")
            else {"username": "ana", "workspaces": None}
        )
        return httpx.Response(200, json=shown)

    assert rg.Client(URL, "k", transport=httpx.MockTransport(answer)).user.workspaces == ()


def test_the_server_fails() -> None:
    body = {"detail": {"code": "argilla.api.errors::GenericServerError", "params": {"message": "oops"}}}
    with pytest.raises(errors.GenericApiError, match="The server failed, which is a bug: oops"):
        saying(500, json=body).me()


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "BadRequestApiError"),
        (401, "UnauthorizedApiError"),
        (403, "ForbiddenApiError"),
        (404, "NotFoundApiError"),
        (405, "MethodNotAllowedApiError"),
        (409, "AlreadyExistsApiError"),
        (422, "ValidationApiError"),
        (500, "GenericApiError"),
        (418, "HttpResponseError"),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        {"detail": {"code": "argilla.api.errors::SomethingNew", "params": {"message": "no"}}},
        {"detail": "no"},
        {"detail": [{"loc": ["body"], "msg": "no", "type": "value_error"}]},
        {"detail": {"code": None, "params": None}},
        {"no": "detail"},
        ["no"],
        None,
    ],
    ids=str,
)
def test_every_status_has_its_class_whatever_the_body(status: int, name: str, body: Any) -> None:
    with pytest.raises(getattr(errors, name)) as caught:
        saying(status, json=body).http_client.get("/api/datasets")

    assert str(caught.value)
    if isinstance(caught.value, ArApiResponseError):
        assert status == caught.value.HTTP_STATUS
        assert isinstance(caught.value.ctx, dict)


def test_what_the_server_said_can_be_acted_on(client: rg.Client) -> None:
    with pytest.raises(NotFoundApiError) as caught:
        client.load("nothing")

    assert caught.value.ctx["code"] == "argilla.api.errors::EntityNotFoundError"
    assert caught.value.params["name"] == "nothing"


def test_one_class_catches_them_all_and_each_is_in_the_tree_that_is_drawn() -> None:
    assert errors.__doc__ is not None
    for name in errors.__all__:
        kind = getattr(errors, name)
        assert issubclass(kind, BaseClientError) or name == "WrongRecordTypeError"
        assert kind.__doc__
        assert name in errors.__doc__


def test_errors_survive_a_trip_to_another_process(client: rg.Client) -> None:
    with pytest.raises(NotFoundApiError) as caught:
        client.load("nothing")

    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.ctx) == (str(caught.value), caught.value.ctx)


def test_no_exception_of_httpx_escapes() -> None:
    kinds = [
        kind
        for kind in vars(httpx).values()
        if isinstance(kind, type) and issubclass(kind, httpx.RequestError)
    ]
    for kind in kinds:

        def fail(_: httpx.Request, kind: type[httpx.RequestError] = kind) -> httpx.Response:
            raise kind("broken")

        with pytest.raises(BaseClientError):
            rg.Client(URL, "k", transport=httpx.MockTransport(fail)).me()
        with pytest.raises(BaseClientError):
            rg.Client(URL, "k", transport=httpx.MockTransport(fail)).http_client.get("/")


def test_an_error_of_a_log_says_how_far_it_came_and_others_do_not(client: rg.Client) -> None:
    with pytest.raises(BaseClientError) as caught:
        client.log(texts(1), "reviews", workspace="nowhere", verbose=False)
    assert caught.value.accepted == 0
    assert "No record was stored" in str(caught.value)
    with pytest.raises(BaseClientError) as caught:
        client.load("nothing")
    assert caught.value.accepted is None
