"""Clients, the active one and their datasets."""

from __future__ import annotations

import gc
import ssl
import threading
from typing import Any

import httpx
import pytest

import apportion as rg
from apportion.sdk import client as client_module
from apportion.sdk import session
from apportion.sdk._http import HttpClient
from apportion.sdk.errors import (
    AlreadyExistsApiError,
    ForbiddenApiError,
    InputValueError,
    NotFoundApiError,
    UnauthorizedApiError,
)
from sdk_support import URL, ClientAs, InProcess, texts


@pytest.fixture
def reachable(transport: InProcess, monkeypatch: pytest.MonkeyPatch) -> InProcess:
    """Clients made without a transport reach the app, whatever their address."""

    def through(url: str, key: str, headers: Any, timeout: float, given: Any) -> Any:
        return HttpClient(url, key, headers, timeout, given or transport)

    monkeypatch.setattr(client_module, "HttpClient", through)
    monkeypatch.setattr(session, "_active", None)
    return transport


# The active client


def test_init_and_the_attributes_that_notebooks_use(reachable: InProcess) -> None:
    rg.init(api_url=f" {URL}/ ", api_key="eva.apikey", extra_headers={"X-Extra": "yes"}, timeout=5)

    client = rg.active_client()
    assert client.client.base_url == client.http_client.base_url == client.base_url == URL
    assert client.client.token == client.token == "eva.apikey"
    assert client.http_client.headers["X-Extra"] == "yes"
    assert client.http_client.timeout == 5
    assert client.user.username == rg.get_workspace() == "eva"


def test_the_first_call_looks_into_the_environment(
    reachable: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARGILLA_API_URL", "http://old")
    monkeypatch.setenv("ARGILLA_API_KEY", "ana.apikey")
    monkeypatch.setenv("APPORTION_API_URL", URL)
    monkeypatch.setenv("APPORTION_WORKSPACE", "shared")

    assert rg.get_workspace() == "shared"
    assert (rg.active_client().base_url, rg.active_client().user.username) == (URL, "ana")


def test_without_anything_it_is_this_machine_and_the_default_key(reachable: InProcess) -> None:
    with pytest.raises(
        UnauthorizedApiError, match=r"http://localhost:6900.*'argilla.apikey', which is the default"
    ):
        rg.list_datasets()


def test_a_failed_init_leaves_no_client_behind(reachable: InProcess) -> None:
    rg.init(URL, "eva.apikey")
    with pytest.raises(UnauthorizedApiError):
        rg.init(URL, "wrong.apikey")
    with pytest.raises(UnauthorizedApiError):
        rg.get_workspace()


def test_init_sees_that_the_workspace_is_one_s_own(reachable: InProcess) -> None:
    with pytest.raises(InputValueError, match="ana does not belong to a workspace 'other', but to: shared"):
        rg.init(URL, "ana.apikey", workspace="other")


def test_a_notebook_in_the_words_of_1x(reachable: InProcess) -> None:
    rg.init(api_url=URL, api_key="eva.apikey", workspace="shared")
    rg.log(records=texts(4), name="reviews", tags={"a": "b"}, verbose=False)
    settings = rg.TextClassificationSettings(label_schema={"good", "bad"})
    rg.configure_dataset("reviews", settings)
    rg.copy("reviews", "again", workspace="other")
    rg.delete_records("reviews", ids=[0])
    rg.delete("reviews", workspace="other")
    rg.set_workspace("other")

    assert len(rg.load("again")) == 4
    assert len(rg.load("reviews", workspace="shared", query="text", limit=10)) == 3
    assert rg.search("again", limit=1).total == 4
    with pytest.warns(FutureWarning, match="as_pandas"):
        rg.load("again", as_pandas=False)
    with pytest.raises(ValueError, match="to_pandas"):
        rg.load("again", as_pandas=True)


# Workspaces


def test_a_workspace_that_came_later_can_be_set(client_as: ClientAs) -> None:
    eva, ana = client_as("eva"), client_as("ana")
    assert ana.user.workspaces == ("shared",)
    eva.create_workspace("later").add_user("ana")

    ana.set_workspace("later")
    assert ana.get_workspace() == "later"


def test_the_workspace_of_one_s_own_name_can_always_be_set(client_as: ClientAs) -> None:
    ana = client_as("ana")
    ana.set_workspace("ana")
    assert ana.workspace == "ana"


@pytest.mark.parametrize("name", ["", None, "No Such", "other"])
def test_a_wrong_workspace_changes_nothing(client_as: ClientAs, name: Any) -> None:
    ana = client_as("ana")
    with pytest.raises(InputValueError):
        ana.set_workspace(name)
    assert ana.workspace == "shared"


def test_every_request_names_its_workspace_and_no_header_does(
    client: rg.Client, transport: InProcess
) -> None:
    client.log(texts(1), "reviews", verbose=False)
    client.load("reviews")

    for each in transport.asked:
        assert "X-Argilla-Workspace" not in each.headers
        if "/datasets" in each.url.path:
            assert each.url.params["workspace"] == "shared"


# Plain HTTP


def test_any_path_can_be_asked(client: rg.Client) -> None:
    client.log(texts(2), "reviews", verbose=False)
    client.log(texts(1), "elsewhere", workspace="other", verbose=False)
    http = client.http_client

    assert [each["name"] for each in http.get("/api/datasets")] == ["reviews"]
    assert [each["name"] for each in http.get("api/datasets", params={"workspace": "other"})] == ["elsewhere"]
    assert http.post("/api/workspaces", json={"name": "new"})["name"] == "new"
    assert http.patch("/api/datasets/reviews", json={"tags": {"a": "b"}})["tags"] == {"a": "b"}
    assert http.put("/api/datasets/reviews:close") is None
    assert http.delete("/api/datasets/elsewhere", params={"workspace": "other"}) is None
    assert len(http.get("/api/datasets", params={"workspace": "other"})) == 0


def test_a_bearer_token_serves_as_key(app: Any, client_as: ClientAs, transport: InProcess) -> None:
    client_as("eva").create_user("nora", "nora-password", workspaces=["shared"])
    form = {"username": "nora", "password": "nora-password"}
    with httpx.Client(transport=transport) as browser:
        token = browser.post(f"{URL}/api/security/token", data=form).json()["access_token"]

    assert rg.Client(URL, token, transport=transport).user.username == "nora"


# Explicit clients


def test_a_client_sends_nothing_until_asked_and_closes_with_its_block(transport: InProcess) -> None:
    with rg.Client(URL, "ana.apikey", transport=transport) as client:
        assert transport.asked == []
        assert repr(client) == "Client('http://testserver', workspace=None)"
        assert client.workspace == "ana"
    with pytest.raises(RuntimeError):
        client.me()


@pytest.mark.parametrize(("url", "read"), [(URL, False), ("https://team.example.org", True)])
def test_certificates_are_read_where_a_server_shows_one(
    monkeypatch: pytest.MonkeyPatch, url: str, read: bool
) -> None:
    usual, found = ssl.create_default_context, []

    def noted(**given: Any) -> ssl.SSLContext:
        found.append(usual(**given))
        return found[-1]

    monkeypatch.setattr(ssl, "create_default_context", noted)
    with rg.Client(url, "ana.apikey"):
        assert bool(found) == read
    assert all(each.verify_mode is ssl.CERT_REQUIRED for each in found)


def test_a_client_that_is_no_longer_used_closes_its_connections(client_as: ClientAs) -> None:
    other = rg.Client(URL, "ana.apikey")
    inner = other._http._httpx
    del other
    gc.collect()
    assert inner.is_closed


def test_two_clients_do_not_know_each_other(client_as: ClientAs) -> None:
    eva, olga = client_as("eva"), client_as("olga", "other")
    eva.log(texts(1), "reviews", verbose=False)

    assert [each.name for each in eva.list_datasets()] == ["reviews"]
    assert olga.list_datasets() == []


def test_one_client_serves_many_threads(client: rg.Client) -> None:
    client.log(texts(50), "reviews", verbose=False)
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(len(client.load("reviews", batch_size=9))))
        for _ in range(8)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert found == [50] * 8


# Datasets


def test_datasets_are_listed_with_what_is_known_of_them(client: rg.Client) -> None:
    client.log(texts(1), "reviews", tags={"a": "b"}, verbose=False)

    (found,) = client.list_datasets()
    assert (found.name, found.workspace, found.task, found.tags) == (
        "reviews",
        "shared",
        "TextClassification",
        {"a": "b"},
    )
    assert found.created_by == "eva"
    assert found.created_at is not None


def test_a_copy_goes_where_it_is_sent_and_the_active_workspace_stays(client: rg.Client) -> None:
    client.log(texts(3), "reviews", verbose=False)

    client.copy("reviews", "again")
    client.copy("reviews", "again", workspace="other")
    assert (len(client.load("again")), len(client.load("again", workspace="other"))) == (3, 3)
    assert client.workspace == "shared"
    with pytest.raises(AlreadyExistsApiError, match="'again' already"):
        client.copy("reviews", "again")
    with pytest.raises(NotFoundApiError, match="no dataset 'nothing'"):
        client.copy("nothing", "more")
    with pytest.raises(InputValueError):
        client.copy("reviews", "Not A Name")


def test_settings_are_made_kept_in_order_and_changed(client: rg.Client) -> None:
    client.configure_dataset("people", rg.TokenClassificationSettings(["PER", "LOC"]))
    client.configure_dataset("people", rg.TokenClassificationSettings(["ORG", "PER", "LOC"]))

    found = client.load_settings("people")
    assert found == rg.TokenClassificationSettings({"LOC", "ORG", "PER"})
    assert found is not None
    assert list(found.label_schema) == ["ORG", "PER", "LOC"]
    assert found.label_schema == {"LOC", "ORG", "PER"}
    assert client.find_dataset("people").task == "TokenClassification"


def test_settings_go_to_the_workspace_that_is_named(client: rg.Client) -> None:
    client.configure_dataset("people", rg.TokenClassificationSettings(["PER"]), workspace="other")

    assert client.load_settings("people", workspace="other") == rg.TokenClassificationSettings(["PER"])
    assert client.list_datasets("shared") == []


def test_settings_of_another_task_change_nothing(client: rg.Client) -> None:
    client.log(texts(1), "reviews", verbose=False)

    assert client.load_settings("reviews") is None
    with pytest.raises(ValueError, match="TokenClassificationSettings are for TokenClassification"):
        client.configure_dataset("reviews", rg.TokenClassificationSettings(["PER"]))
    with pytest.raises(InputValueError, match="label_schema is a list"):
        rg.TextClassificationSettings("good")


def test_an_annotator_may_not_configure(client_as: ClientAs) -> None:
    with pytest.raises(ForbiddenApiError, match="only managers of workspace shared and administrators"):
        client_as("ana").configure_dataset("new", rg.TextClassificationSettings(["a"]))


def test_calls_under_the_names_of_1x(active: rg.Client) -> None:
    datasets = rg.active_client().datasets
    datasets.create("reviews", "shared", rg.TextClassificationSettings(["good"]))
    active.log(texts(3), "reviews", verbose=False)
    datasets.update_record("reviews", 1, metadata={"seen": True}, status="Discarded")

    assert datasets.find_by_name("reviews").task == "TextClassification"
    assert datasets.load_settings("reviews") == rg.TextClassificationSettings(["good"])
    assert list(datasets.scan("reviews")) == [{"id": "0"}, {"id": "1"}, {"id": "2"}]
    assert list(datasets.scan("reviews", projection={"status"}, limit=1, query_text="status:Discarded")) == [
        {"id": "1", "status": "Discarded"}
    ]
    assert datasets.delete_records("reviews", ids=[0]) == (1, 1)


def test_a_client_that_nobody_holds_is_closed_at_once() -> None:
    client = rg.Client("http://nowhere.example", "ana.apikey")
    closing = client.http_client._close
    gc.disable()
    try:
        del client
        assert not closing.alive
    finally:
        gc.enable()


def test_wrong_arguments_are_refused_by_the_name_of_the_call(client: rg.Client) -> None:
    with pytest.raises(TypeError, match=r"^plans\(\) missing 1 required positional argument: 'name'"):
        client.plans()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"^load\(\) got an unexpected keyword argument 'nonsense'"):
        client.load("talk", nonsense=1)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "call",
    [
        lambda _: rg.log(texts(3), "talk", chunk_size=2, verbose=False),
        lambda ana: ana.log(texts(3), "talk", chunk_size=2, verbose=False),
        lambda _: rg.load("talk", as_pandas=False),
        lambda _: rg.delete_records("talk", ids=[1]),
        lambda ana: ana.delete_records("talk", ids=[1]),
    ],
)
def test_warnings_point_at_the_line_of_the_caller(
    call: Any, client: rg.Client, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.log(texts(3), "talk", verbose=False)
    monkeypatch.setattr(session, "_active", client_as("ana"))

    with pytest.warns(Warning, match=r"batch_size|as_pandas|discarded instead") as caught:
        call(client_as("ana"))
    assert caught[0].filename == __file__
