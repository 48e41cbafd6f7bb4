"""Webhooks, and the deliveries of events to them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from apportion.vocabulary import EventCode

__all__ = [
    "DeletedWebhook",
    "DeliveriesOut",
    "DeliveryOut",
    "NewWebhookIn",
    "WebhookChanges",
    "WebhookMade",
    "WebhookOut",
    "WebhooksOut",
]


class NewWebhookIn(Struct, kw_only=True):
    """A webhook to create: its URL and events."""

    url: Annotated[str, Meta(max_length=2_000, description="Where deliveries are posted to, over https.")]
    events: Annotated[
        list[str],
        Meta(
            description="Codes of events, or `*` for all, later kinds included.",
            max_length=100,
            extra_json_schema={"examples": [["submitted", "adjudicated"]], "default": ["*"]},
        ),
    ] = field(default_factory=lambda: ["*"])
    dataset: Annotated[
        str | None, Meta(description="Only of this dataset; default all of the workspace.")
    ] = None
    description: Annotated[str, Meta(max_length=500)] = ""
    scope: Annotated[
        Literal["workspace", "server"],
        Meta(description="`server`: of everything on the server, for administrators."),
    ] = "workspace"


class WebhookChanges(Struct, kw_only=True):
    """Changes to a webhook; what is left out stays."""

    url: Annotated[str, Meta(max_length=2_000)] | None = None
    events: Annotated[list[str], Meta(max_length=100)] | None = None
    description: Annotated[str, Meta(max_length=500)] | None = None
    enabled: Annotated[
        bool | None,
        Meta(description="Enabled again it goes on with what waits, and you answer for it from then on."),
    ] = None
    skip_missed: Annotated[
        bool, Meta(description="Never send what waits, nor what happened while it was disabled.")
    ] = False


class WebhookOut(Struct, kw_only=True):
    """A webhook. ``workspace`` is null for one of the whole server, ``dataset`` for one of all datasets there."""

    id: str
    workspace: str | None
    dataset: str | None
    url: str
    events: list[str]
    description: str
    enabled: bool
    disabled_why: Annotated[
        str | None, Meta(description="Why the server disabled it; null where a person did.")
    ]
    owner: Annotated[str, Meta(description="Who chose the address or enabled it last, and answers for it.")]
    created_by: str
    created_at: str
    changed_at: str
    failures: Annotated[int, Meta(description="Attempts that failed since the last that did not.")]
    failing_since: str | None
    next_try: Annotated[
        str | None, Meta(description="Nothing is sent before; null where nothing is in the way.")
    ]
    waiting: Annotated[int, Meta(description="Deliveries that wait.")]


class WebhookMade(WebhookOut, kw_only=True):
    """A webhook with its secret, which is never shown again."""

    secret: str


class WebhooksOut(Struct, kw_only=True):
    """Webhooks, oldest first, and the codes of events they can receive."""

    webhooks: list[WebhookOut]
    known_events: list[EventCode]


class DeletedWebhook(Struct, kw_only=True):
    """The id of the webhook that was deleted."""

    deleted: str


class DeliveryOut(Struct, kw_only=True):
    """Delivery of one event to one webhook."""

    id: Annotated[
        str, Meta(description="The same in every attempt: a receiver that keeps it handles nothing twice.")
    ]
    event: str
    number: Annotated[int | None, Meta(description="The number of the event; null for a ping.")]
    state: Literal["waiting", "delivered", "failed", "skipped"]
    attempts: int
    created_at: str
    changed_at: str
    next_try: str | None
    status: Annotated[int | None, Meta(description="HTTP status of the last attempt.")]
    problem: Annotated[str | None, Meta(description="Why the last attempt had none.")]
    body: Annotated[str, Meta(description="What is sent, byte for byte.")]
    response: Annotated[str | None, Meta(description="The beginning of the last answer.")]


class DeliveriesOut(Struct, kw_only=True):
    """Deliveries, newest first."""

    deliveries: list[DeliveryOut]
    next: str | None
