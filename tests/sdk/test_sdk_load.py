"""`rg.load` and `rg.search`: what comes back, how it is asked for, and deleting what is no longer wanted."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import httpx
import pytest

import apportion as rg
from apportion.sdk.errors import (
    BadRequestApiError,
    ForbiddenApiError,
    InputValueError,
    NotFoundApiError,
    WrongResponseError,
)
from patience import patience
from sdk_support import URL, ClientAs, Flaky, InProcess, texts


@pytest.fixture
def reviews(client: rg.Client) -> str:
    """Twelve records; the even ones are good, the others are from a survey."""
    client.log(
        [
            rg.TextClassificationRecord(
                text=f"the soup number {n}",
                id=n,
                prediction=[("good" if n % 2 == 0 else "bad", 0.8)],
                metadata={"source": "survey" if n % 2 else "mail", "n": n},
                vectors={"place": [float(n), 1.0]},
            )
            for n in range(12)
        ],
        "reviews",
        verbose=False,
    )
    return "reviews"


def ids(records: Any) -> list[Any]:
    return [record.id for record in records]


def scans(transport: InProcess) -> list[str]:
    return [each for each in transport.paths if "records/:search" in each]


def test_everything_comes_back_in_the_order_of_ids_as_text(client: rg.Client, reviews: str) -> None:
    found = client.load(reviews)

    assert isinstance(found, rg.DatasetForTextClassification)
    assert ids(found) == [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9]
    assert found[1].prediction == [("bad", 0.8)]
    assert found[1].vectors == {"place": [1.0, 1.0]}


def test_one_request_brings_a_thousand_and_no_metrics(
    client: rg.Client, reviews: str, transport: InProcess
) -> None:
    client.load(reviews)

    assert scans(transport) == [
        "POST /api/datasets/reviews/records/:search?limit=1000&include_metrics=false&workspace=shared"
    ]


def test_small_pages_bring_the_same(client: rg.Client, reviews: str, transport: InProcess) -> None:
    assert ids(client.load(reviews, batch_size=5)) == ids(client.load(reviews))
    assert len(scans(transport)) == 3 + 1


def test_a_last_page_that_is_full_is_followed_by_an_empty_one(
    client: rg.Client, reviews: str, transport: InProcess
) -> None:
    assert len(client.load(reviews, batch_size=6)) == 12
    assert len(scans(transport)) == 3


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        ({"query": "metadata.source:survey"}, [1, 11, 3, 5, 7, 9]),
        ({"query": "number AND 3"}, [3]),
        ({"query": ""}, [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9]),
        ({"ids": [3, "7"]}, [3, 7]),
        ({"ids": []}, []),
        ({"limit": 3}, [0, 1, 10]),
        ({"limit": 7, "batch_size": 3}, [0, 1, 10, 11, 2, 3, 4]),
        ({"limit": 0}, [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9]),
        ({"sort": [("metadata.n", "desc")], "limit": 3}, [11, 10, 9]),
        ({"sort": [("metadata.n", "desc")], "batch_size": 5}, list(range(11, -1, -1))),
        ({"id_from": "7"}, [8, 9]),
        ({"id_from": "7", "batch_size": 1}, [8, 9]),
        ({"vector": ("place", [5.2, 1.0]), "limit": 2}, [5, 6]),
        ({"vector": ("place", [5.2, 1.0]), "query": "metadata.source:mail", "limit": 2}, [6, 4]),
    ],
    ids=str,
)
def test_what_is_asked_for_comes(
    client: rg.Client, reviews: str, arguments: dict[str, Any], wanted: list[int]
) -> None:
    assert ids(client.load(reviews, **arguments)) == wanted


def test_vectors_and_metrics_come_if_wanted(client: rg.Client, reviews: str) -> None:
    without = client.load(reviews, include_vectors=False)[0]
    with_ = client.load(reviews, include_metrics=True)[0]

    assert (without.vectors, without.metrics) == (None, None)
    assert (with_.vectors, with_.metrics) == ({"place": [0.0, 1.0]}, {"text_length": 17})


def test_words_that_matched_come_along(client: rg.Client, reviews: str) -> None:
    assert client.load(reviews, query="soup")[0].search_keywords == ["soup"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"limit": -1},
        {"batch_size": 0},
        {"sort": [("id", "up")]},
        {"sort": ["id"]},
        {"ids": "1"},
        {"vector": [1.0, 2.0, 3.0]},
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_a_value_error(
    client: rg.Client, transport: InProcess, arguments: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match=next(iter(arguments))):
        client.load("reviews", **arguments)
    assert transport.paths == []


def test_a_query_that_cannot_be_understood_says_where(client: rg.Client, reviews: str) -> None:
    with pytest.raises(
        BadRequestApiError, match=r"The query can't be understood.*nothing to search for follows AND"
    ) as caught:
        client.load(reviews, query="(soup AND")
    assert caught.value.code == "InvalidTextSearchError"


def test_a_dataset_is_looked_up_each_time(client: rg.Client) -> None:
    client.log(texts(1), "things", verbose=False)
    client.log(
        rg.TokenClassificationRecord(text="a b", tokens=["a", "b"]),
        "things",
        workspace="other",
        verbose=False,
    )

    assert isinstance(client.load("things"), rg.DatasetForTextClassification)
    assert isinstance(client.load("things", workspace="other"), rg.DatasetForTokenClassification)
    client.delete("things")
    client.log(rg.Text2TextRecord(text="a"), "things", verbose=False)
    assert isinstance(client.load("things"), rg.DatasetForText2Text)


def test_the_next_page_is_asked_for_before_one_is_read(
    transport: InProcess, client_as: ClientAs, reviews: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apportion.sdk.loading import Scan

    second = threading.Event()
    asked = 0

    def decide(request: httpx.Request) -> None:
        nonlocal asked
        asked += request.url.path.endswith("records/:search")
        if asked == 2:
            second.set()

    read = Scan.read

    def patient_read(scan: Scan, body: bytes) -> Any:
        assert second.wait(patience(20))
        return read(scan, body)

    monkeypatch.setattr(Scan, "read", patient_read)
    assert len(client_as("eva", transport=Flaky(transport, decide)).load(reviews, batch_size=6)) == 12


def test_a_page_that_is_cut_off_is_told_as_such(
    transport: InProcess, client_as: ClientAs, reviews: str
) -> None:
    def decide(request: httpx.Request) -> httpx.Response | None:
        cut = httpx.Response(200, text='{"records":[{"id":', headers={"content-type": "application/json"})
        return cut if request.url.path.endswith("records/:search") else None

    with pytest.raises(WrongResponseError, match="broken page"):
        client_as("eva", transport=Flaky(transport, decide)).load(reviews)


def test_an_async_client_loads_and_searches_the_same(
    client: rg.Client, reviews: str, transport: InProcess
) -> None:
    async def act() -> tuple[Any, Any, Any]:
        async with rg.AsyncClient(URL, "ana.apikey", "shared", transport=transport) as other:
            return (
                await other.load(reviews, batch_size=5),
                await other.load(reviews, ids=[]),
                await other.search(reviews, "survey", limit=1),
            )

    everything, nothing, page = asyncio.run(act())
    assert ids(everything) == ids(client.load(reviews))
    assert (len(nothing), page.total) == (0, 0)


# Search


def test_a_page_has_records_a_total_and_facets(client: rg.Client, reviews: str) -> None:
    page = client.search(reviews, "metadata.source:survey", limit=2, sort=[("metadata.n", "asc")])

    assert (ids(page), len(page), page.total) == ([1, 3], 2, 6)
    assert page.facets["predicted_as"] == {"bad": 6}
    assert ids(client.search(reviews, start=10, sort=[("metadata.n", "asc")])) == [10, 11]


def test_facets_are_those_that_are_asked_for(client: rg.Client, reviews: str) -> None:
    assert client.search(reviews, limit=0, facets=["status"]).facets["status"] == {"Default": 12}
    assert "predicted_as" not in client.search(reviews, limit=0, facets=["status"]).facets
    assert not any(client.search(reviews, limit=0, facets=False).facets.values())


def test_a_page_is_readable_in_a_notebook(client: rg.Client, reviews: str) -> None:
    html = client.search(reviews, "metadata.source:survey", limit=2)._repr_html_()

    assert html.startswith("<p><b>6 records match</b>; 2 of them here")
    assert "status</span> Default 6" in html
    assert html.count("<tr>") == 3


# Deleting


def test_records_are_deleted_or_discarded_by_id_and_query(client: rg.Client, reviews: str) -> None:
    assert client.delete_records(reviews, ids=[0, 1]) == (2, 2)
    assert client.delete_records(reviews, query="metadata.source:mail") == (5, 5)
    assert client.delete_records(reviews, ids=[3], discard_only=True) == (1, 1)
    assert {each.id: each.status for each in client.load(reviews)} == {
        3: "Discarded",
        **dict.fromkeys([5, 7, 9, 11], "Default"),
    }
    assert client.delete_records(reviews) == (5, 5)


def test_no_ids_and_an_empty_query_do_not_mean_everything(client: rg.Client, reviews: str) -> None:
    assert client.delete_records(reviews, ids=[]) == (0, 0)
    with pytest.raises(InputValueError, match="An empty query would mean every record"):
        client.delete_records(reviews, query=" ")
    assert len(client.load(reviews)) == 12


def test_who_may_not_delete_discards_those_records_and_no_others(
    client_as: ClientAs, client: rg.Client, reviews: str, transport: InProcess
) -> None:
    with pytest.warns(UserWarning, match="The same records are marked as discarded instead"):
        assert client_as("ana").delete_records(reviews, ids=[0, 1]) == (2, 2)

    assert ids(client.load(reviews, query="status:Discarded")) == [0, 1]
    sent = [json.loads(each.content) for each in transport.asked if each.method == "DELETE"]
    assert sent == [{"ids": [0, 1]}] * 2


def test_a_forbidden_delete_never_discards_everything(
    client_as: ClientAs, client: rg.Client, reviews: str
) -> None:
    with pytest.raises(ForbiddenApiError, match="may delete records"):
        client_as("ana").delete_records(reviews)
    with pytest.raises(ForbiddenApiError, match="may delete records"):
        client_as("ana").delete_records(reviews, ids=[1], discard_when_forbidden=False)
    assert len(client.load(reviews, query="status:Default")) == 12


def test_a_dataset_that_is_not_there(client: rg.Client) -> None:
    for act in (client.load, client.search, client.delete_records, client.find_dataset):
        with pytest.raises(NotFoundApiError, match="There is no dataset 'nothing' in workspace 'shared'"):
            act("nothing")
    client.delete("nothing")
