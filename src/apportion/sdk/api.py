"""The functions of `apportion`: operations and methods of the active client."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from . import operations
from ._http import Steps
from ._method import describe
from .client import Client
from .loading import Annotations, Dataset
from .records._values import warn
from .session import active_client

__all__ = [
    "accept_consensus",
    "adjudicate",
    "agreement",
    "annotators",
    "assign",
    "audit",
    "change_webhook",
    "configure_dataset",
    "conflicts",
    "copy",
    "create_webhook",
    "delete",
    "delete_records",
    "delete_webhook",
    "deleted_datasets",
    "events",
    "explain",
    "export",
    "gather",
    "get_workspace",
    "guidelines",
    "hours",
    "list_datasets",
    "load",
    "log",
    "log_async",
    "my_work",
    "next_records",
    "ping_webhook",
    "plan",
    "plans",
    "policies",
    "progress",
    "restore_dataset",
    "rotate_webhook_secret",
    "search",
    "send_delivery_again",
    "set_guidelines",
    "set_policies",
    "set_workspace",
    "skip",
    "submit",
    "webhook_deliveries",
    "webhooks",
]

P = ParamSpec("P")
T = TypeVar("T")


def _on_active(operation: Callable[Concatenate[Any, P], Steps[T]]) -> Callable[P, T]:
    """Return a function that calls the method of the active client that is made from an operation."""

    def function(*args: P.args, **kwargs: P.kwargs) -> T:
        result: T = getattr(active_client(), operation.__name__)(*args, **kwargs)
        return result

    return describe(function, operation)


if TYPE_CHECKING:  # overloads do not pass through a ParamSpec
    _client = Client()
    log = _client.log
    log_async = _client.log_async
else:
    log = _on_active(Client.log)

    async def log_async(*args, **kwargs):
        return await active_client().log_async(*args, **kwargs)

    describe(log_async, Client.log_async)


def load(
    name: str,
    workspace: str | None = None,
    query: str | None = None,
    vector: tuple[str, Sequence[float]] | None = None,
    ids: Sequence[str | int] | None = None,
    limit: int | None = None,
    sort: Sequence[tuple[str, str]] | None = None,
    id_from: str | None = None,
    batch_size: int = 250,
    as_pandas: bool | None = None,
    include_vectors: bool = True,
    include_metrics: bool = False,
    *,
    annotations: Annotations = "resolved",
) -> Dataset:
    """Load records, as the method does; ``as_pandas`` of 1.x has no effect."""
    if as_pandas:
        raise ValueError("as_pandas is gone: rg.load(…).to_pandas() gives a data frame.")
    if as_pandas is not None:
        warn("as_pandas has no effect any more; leave it out.", FutureWarning)
    return active_client().load(
        name,
        workspace,
        query,
        vector,
        ids,
        limit,
        sort,
        id_from,
        batch_size,
        include_vectors,
        include_metrics,
        annotations=annotations,
    )


load.__doc__ = operations.records.load.__doc__


get_workspace = _on_active(operations.people.get_workspace)
set_workspace = _on_active(operations.people.set_workspace)

search = _on_active(operations.records.search)
delete_records = _on_active(operations.records.delete_records)

list_datasets = _on_active(operations.datasets.list_datasets)
copy = _on_active(operations.datasets.copy)
delete = _on_active(operations.datasets.delete)
deleted_datasets = _on_active(operations.datasets.deleted_datasets)
restore_dataset = _on_active(operations.datasets.restore_dataset)
configure_dataset = _on_active(operations.datasets.configure_dataset)

assign = _on_active(operations.plans.assign)
plans = _on_active(operations.plans.plans)
plan = _on_active(operations.plans.plan)

progress = _on_active(operations.work.progress)
hours = _on_active(operations.work.hours)
my_work = _on_active(operations.work.my_work)
explain = _on_active(operations.work.explain)
events = _on_active(operations.work.events)

audit = _on_active(operations.audit.audit)

policies = _on_active(operations.work.policies)
set_policies = _on_active(operations.work.set_policies)
guidelines = _on_active(operations.work.guidelines)
set_guidelines = _on_active(operations.work.set_guidelines)
gather = _on_active(operations.work.gather)

next_records = _on_active(operations.queue.next_records)
submit = _on_active(operations.queue.submit)
skip = _on_active(operations.queue.skip)

agreement = _on_active(operations.agreement.agreement)
conflicts = _on_active(operations.agreement.conflicts)
annotators = _on_active(operations.agreement.annotators)
adjudicate = _on_active(operations.agreement.adjudicate)
accept_consensus = _on_active(operations.agreement.accept_consensus)
export = _on_active(operations.agreement.export)

webhooks = _on_active(operations.webhooks.webhooks)
create_webhook = _on_active(operations.webhooks.create_webhook)
change_webhook = _on_active(operations.webhooks.change_webhook)
rotate_webhook_secret = _on_active(operations.webhooks.rotate_webhook_secret)
delete_webhook = _on_active(operations.webhooks.delete_webhook)
ping_webhook = _on_active(operations.webhooks.ping_webhook)
webhook_deliveries = _on_active(operations.webhooks.webhook_deliveries)
send_delivery_again = _on_active(operations.webhooks.send_delivery_again)
