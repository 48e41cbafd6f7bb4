"""Webhooks, and the deliveries of events to them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query

from apportion.domain.errors import (
    ConflictError,
    EntityNotFoundError,
    ForbiddenOperationError,
)
from apportion.domain.times import utc_iso
from apportion.domain.webhooks import Delivery, DeliveryState, Webhook, codes_for
from apportion.server.bodies import JsonRoute
from apportion.server.deps import Context, Ctx
from apportion.server.errors import responses
from apportion.services.notifications import webhooks as manage
from apportion.wire.webhooks import (
    DeletedWebhook,
    DeliveriesOut,
    DeliveryOut,
    NewWebhookIn,
    WebhookChanges,
    WebhookMade,
    WebhookOut,
    WebhooksOut,
)

__all__ = ["router"]

router = APIRouter(tags=["Webhooks"], route_class=JsonRoute)
_PATH = "/api/webhooks"
_REFUSALS = responses(ForbiddenOperationError, EntityNotFoundError)
_BUSY = responses(ForbiddenOperationError, EntityNotFoundError, ConflictError)
Scope = Annotated[
    Literal["workspace", "server"],
    Query(description="The webhooks of the workspace, or those of the whole server, for administrators."),
]


@router.get(_PATH, responses=_REFUSALS)
async def list_webhooks(ctx: Ctx, scope: Scope = "workspace") -> WebhooksOut:
    """List the webhooks of a workspace, or of the whole server."""
    place = _place(ctx, scope)
    found = await ctx.read(lambda tx: manage.list_webhooks(tx, ctx.actor, place))
    return WebhooksOut(webhooks=[_out(*each) for each in found], known_events=sorted(codes_for(place)))


@router.post(_PATH, responses=_BUSY)
async def create_webhook(ctx: Ctx, wanted: NewWebhookIn) -> WebhookMade:
    """Create a webhook, which receives events from now on. Only this reply has its secret."""
    now, secrets = ctx.state.clock.now(), ctx.state.webhook_secrets
    asked = manage.NewWebhook(
        _place(ctx, wanted.scope),
        wanted.url,
        ctx.settings.call_policy,
        tuple(wanted.events),
        wanted.dataset,
        wanted.description,
    )
    made = await ctx.write(lambda tx: manage.create_webhook(tx, ctx.actor, asked, secrets=secrets, now=now))
    return _made(made)


@router.get(_PATH + "/{id}", responses=_REFUSALS)
async def get_webhook(ctx: Ctx, id: str) -> WebhookOut:
    """Show a webhook."""
    return _out(*await ctx.read(lambda tx: manage.find_webhook(tx, ctx.actor, id)))


@router.patch(_PATH + "/{id}", responses=_REFUSALS)
async def change_webhook(ctx: Ctx, id: str, wanted: WebhookChanges) -> WebhookOut:
    """Change a webhook, disable it, or enable it again."""
    now = ctx.state.clock.now()
    change = manage.WebhookChange(
        ctx.settings.call_policy,
        wanted.url,
        None if wanted.events is None else tuple(wanted.events),
        wanted.description,
        wanted.enabled,
        wanted.skip_missed,
    )
    found = await ctx.write(lambda tx: manage.change_webhook(tx, ctx.actor, id, change, now=now))
    ctx.state.webhooks.wake()
    return _out(*found)


@router.delete(_PATH + "/{id}", responses=_REFUSALS)
async def delete_webhook(ctx: Ctx, id: str) -> DeletedWebhook:
    """Delete a webhook with its deliveries; those that wait are never sent."""
    now = ctx.state.clock.now()
    await ctx.write(lambda tx: manage.delete_webhook(tx, ctx.actor, id, now=now))
    return DeletedWebhook(deleted=id)


@router.post(_PATH + "/{id}:rotate_secret", responses=_REFUSALS)
async def rotate_secret(ctx: Ctx, id: str) -> WebhookMade:
    """Rotate a webhook's secret; the new one signs everything from now on, retries included."""
    now, secrets = ctx.state.clock.now(), ctx.state.webhook_secrets
    made = await ctx.write(lambda tx: manage.rotate_secret(tx, ctx.actor, id, secrets=secrets, now=now))
    return _made(made)


@router.post(_PATH + "/{id}:ping", responses=_BUSY)
async def ping(ctx: Ctx, id: str) -> DeliveryOut:
    """Test a webhook: send the event `ping`, once, even if it is disabled. The delivery shows the response."""
    now, secrets = ctx.state.clock.now(), ctx.state.webhook_secrets
    made = await ctx.write(lambda tx: manage.ping(tx, ctx.actor, id, secrets=secrets, now=now))
    ctx.state.webhooks.wake()
    return _delivery_out(made)


@router.get(_PATH + "/{id}/deliveries", responses=_REFUSALS)
async def list_deliveries(
    ctx: Ctx,
    id: str,
    state: DeliveryState | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(description="``next`` of the page before.")] = None,
) -> DeliveriesOut:
    """List a webhook's deliveries, newest first: recently delivered ones, and the others for 30 days."""
    before = int(cursor) if cursor is not None and cursor.isdecimal() and len(cursor) < 19 else None
    found = await ctx.read(
        lambda tx: manage.list_deliveries(tx, ctx.actor, id, manage.DeliveryPage(limit, state, before))
    )
    following = str(found[-1][0]) if len(found) == limit else None
    return DeliveriesOut(deliveries=[_delivery_out(each) for _, each in found], next=following)


@router.post(_PATH + "/{id}/deliveries/{delivery}:send_again", responses=_BUSY)
async def send_again(ctx: Ctx, id: str, delivery: str) -> DeliveryOut:
    """Send a delivery again, under the same id, before those that wait."""
    now = ctx.state.clock.now()
    again = await ctx.write(lambda tx: manage.send_again(tx, ctx.actor, id, delivery, now=now))
    ctx.state.webhooks.wake()
    return _delivery_out(again)


def _place(ctx: Context, scope: str) -> str | None:
    return None if scope == "server" else ctx.require_workspace()


def _when(at: int | None) -> str | None:
    return utc_iso(at) if at else None


def _fields(webhook: Webhook, waiting: int) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "workspace": webhook.workspace,
        "dataset": webhook.dataset_name,
        "url": webhook.url,
        "events": list(webhook.events),
        "description": webhook.description,
        "enabled": webhook.enabled,
        "disabled_why": webhook.disabled_why,
        "owner": webhook.owner,
        "created_by": webhook.created_by,
        "created_at": utc_iso(webhook.created_at),
        "changed_at": utc_iso(webhook.changed_at),
        "failures": webhook.failures,
        "failing_since": _when(webhook.failing_since),
        "next_try": _when(webhook.next_at),
        "waiting": waiting,
    }


def _out(webhook: Webhook, waiting: int) -> WebhookOut:
    return WebhookOut(**_fields(webhook, waiting))


def _made(made: manage.Made) -> WebhookMade:
    return WebhookMade(**_fields(made.webhook, 0), secret=made.secret)


def _delivery_out(delivery: Delivery) -> DeliveryOut:
    return DeliveryOut(
        id=delivery.id,
        event=delivery.code,
        number=delivery.event,
        state=delivery.state.value,
        attempts=delivery.attempts,
        created_at=utc_iso(delivery.created_at),
        changed_at=utc_iso(delivery.changed_at),
        next_try=_when(delivery.next_at),
        status=delivery.status,
        problem=delivery.problem,
        body=delivery.body,
        response=delivery.response,
    )
