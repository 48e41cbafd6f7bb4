"""A notebook as people write it, for `mypy --strict` to read: nobody runs it. ``assert_type`` says what mypy infers."""

from concurrent.futures import Future
from typing import Any

from typing_extensions import assert_type

import apportion as rg
from apportion.client.models import BulkResponse
from apportion.client.sdk.datasets.models import TaskType


def notebook() -> None:
    rg.init(api_key="ana.apikey")
    records = [rg.TextClassificationRecord(text="a", prediction=[("x", 0.5)], metadata={"a": 1})]
    assert_type(rg.log(records, "reviews"), BulkResponse)
    assert_type(rg.log(records, "reviews", background=True), Future[BulkResponse])
    for record in rg.load("reviews", query="a", limit=3):
        record.metadata["user"] = "ana"
        assert_type(record.status, str)
    assert_type(rg.search("reviews", "x").total, int)
    assert_type([user.username for user in rg.User.list()], list[str])
    assert_type(rg.Workspace.from_name("recognai").members[0].username, str)
    token = rg.TokenClassificationRecord(text="a b", tokens=["a", "b"], prediction=[("X", 0, 1)])
    assert_type(token.prediction, list[tuple[str, int, int, float]] | None)
    assert_type(rg.active_client().search.search_records("reviews", TaskType.text2text).total, int)
    plan = rg.assign("reviews", users=["ana", {"user": "ben", "weight": 2}], overlap="all", dry_run=True)
    assert_type(plan.apply().loads, dict[str, int])
    assert_type(plan.rebalance(dry_run=True).moved, int)
    assert_type(rg.progress("reviews")["ana"].left, int)
    assert_type(rg.hours("reviews", by="week")["ana"], float)
    assert_type([work.left for work in rg.my_work()], list[int])
    assert_type(rg.set_policies("reviews", blind=True, required=2).blind, bool)
    for item in rg.next_records("reviews", limit=20):
        assert_type(item.submit("good").counted, bool)
    for each in rg.load("reviews", annotations="individual"):
        assert_type(each.annotations, dict[str, Any])
    assert_type(rg.agreement("reviews", by="pair").by[0].pair, tuple[str, str] | None)
    assert_type(rg.conflicts("reviews", open=True)[0].id, str)
    rg.plans(name="reviews", nonsense=1)  # type: ignore[call-arg]
    rg.audit(whom="ana")  # type: ignore[call-arg]
    rg.submit("reviews", 1, state="done")  # type: ignore[arg-type]
    with rg.Client("http://localhost:6900", "ana.apikey") as client:
        assert_type([each.name for each in client.list_datasets()], list[str])
        assert_type(client.plans("reviews")[0].loads, dict[str, int])
        assert_type(client.search("reviews", limit=3).total, int)
        assert_type(client.log(records, "reviews"), BulkResponse)
        client.load("reviews", workspace=1)  # type: ignore[arg-type]


async def notebook_on_a_loop() -> None:
    records = [rg.TextClassificationRecord(text="a")]
    assert_type(await rg.log_async(records, "reviews"), BulkResponse)
    async with rg.AsyncClient("http://localhost:6900", "ana.apikey") as client:
        assert_type(await client.log(records, "reviews"), BulkResponse)
        assert_type((await client.search("reviews")).total, int)
        assert_type([each.name for each in await client.list_datasets()], list[str])
        for item in await client.next_records("reviews", limit=20):
            assert_type((await client.submit("reviews", item.id, "good", seconds=1)).counted, bool)
        client.plans("reviews")[0]  # type: ignore[index]
        await client.assign("reviews", overlap="all", users=["ana"], nonsense=1)  # type: ignore[call-arg]
