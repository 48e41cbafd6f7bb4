"""Health of the server, for administrators and monitoring."""

from __future__ import annotations

import time

import msgspec
from fastapi import APIRouter, Request, Response

from apportion.domain.errors import ForbiddenOperationError
from apportion.domain.permissions import Action, require
from apportion.domain.times import utc_iso
from apportion.ports.upkeep import StoreCondition
from apportion.server.bodies import JsonRoute
from apportion.server.deps import AppState, Context, Ctx, InAppState
from apportion.server.errors import responses
from apportion.server.late_imports import imported
from apportion.server.memory import resident_bytes
from apportion.server.wire_routes import replies
from apportion.version import __version__
from apportion.wire.server_state import (
    Alive,
    Ready,
    Requests,
    SearchIndexes,
    ServerEntryOut,
    ServerOut,
    Storage,
    StoredCounts,
    Writer,
)

__all__ = ["router"]

router = APIRouter(tags=["Server"], route_class=JsonRoute)
_KINDS = ("text/plain", "application/openmetrics-text")
_TEXT = {
    "content": {kind: {"schema": {"type": "string"}} for kind in _KINDS},
    "description": "Figures, one a line.",
}


_NOT_READY = replies(503, Ready, "Not ready, for the reasons in ``checks``.")


@router.get("/api/health")
async def health(state: InAppState) -> Alive:
    """Report that the server is up and can read its store."""
    await state.read(lambda tx: tx.people.count_users())
    return Alive(status="ok")


@router.get("/api/health/live")
async def live() -> Alive:
    """Report that the server answers at all: if it does not, restart it."""
    return Alive(status="ok")


@router.get("/api/health/ready", responses=_NOT_READY)
async def ready(state: InAppState, response: Response) -> Ready:
    """Report whether the server is ready: it can read, its writer is alive, its tables and its disk are in order."""
    checks = await _checks(state)
    if all(each == "ok" for each in checks.values()):
        return Ready(status="ok", checks=checks)
    response.status_code = 503
    return Ready(status="not ready", checks=checks)


async def _checks(state: AppState) -> dict[str, str]:
    try:
        await state.read(lambda tx: tx.people.count_users())
        found = await state.run_short(state.store.condition)
    except Exception as failure:  # any failure means not ready
        return {"store": f"can't be read: {type(failure).__name__}"}
    disk = "ok" if found.free is None or found.free >= state.settings.min_free_disk else "is nearly full"
    store = "ok" if found.damage is None else f"is damaged: {found.damage}; stop the server and look"
    if found.lost is not None:
        store = f"has lost a file: {found.lost} while the server runs; stop it in the usual way and start it again"
    return {
        "store": store,
        "writer": "ok" if found.writing else "has died; restart the server",
        "tables": "ok" if found.tables == found.tables_wanted else "are not those of this version",
        "disk": disk if found.writable else "can't be written to",
        "running": "is shutting down" if state.stopping.is_set() else "ok",
    }


@router.get("/api/server", responses=responses(ForbiddenOperationError))
async def see_server(ctx: Ctx) -> ServerOut:
    """Show the state of the server: writer, file, stored counts, requests; of a cluster also all servers of it.

    Administrators only.
    """
    require(ctx.actor, Action.SEE_SERVER)
    state = ctx.state
    counts = await _counts(ctx)
    condition, stats = await state.run_short(state.store.condition), state.stats
    by_status = [(status, number) for (_, _, status), number in stats.requests.items()]
    return ServerOut(
        version=__version__,
        started_at=utc_iso(int(stats.started * 1_000_000)),
        uptime_seconds=int(time.time() - stats.started),
        memory_bytes=resident_bytes(),
        checks=await _checks(state),
        writer=_writer(condition),
        storage=Storage(
            database=condition.size, log=condition.log_size, free=condition.free, tables=condition.tables
        ),
        holds=counts,
        requests=Requests(
            answered=sum(number for _, number in by_status),
            failed=sum(number for status, number in by_status if status >= 500),
            running=stats.running,
            streams=stats.streams,
            refused_sign_ins=stats.refused_sign_ins,
        ),
        search=_search(condition),
        servers=await _servers(state),
    )


def _search(condition: StoreCondition) -> SearchIndexes | None:
    found = condition.search
    if found is None:
        return None
    return SearchIndexes(
        indexed=found.indexed,
        building=found.building,
        lag=found.lag,
        answered=found.answered,
        left=found.left,
        problem=found.problem,
    )


async def _servers(state: AppState) -> list[ServerEntryOut]:
    cluster = state.store.cluster
    if cluster is None:
        return []
    mine, living = state.store.server, await state.run_short(cluster.servers)
    return [
        ServerEntryOut(
            number=each.number,
            host=each.host,
            version=each.version,
            started_at=utc_iso(each.started_at),
            keeper=each.keeper,
            answering=each.number == mine,
        )
        for each in living
    ]


def _writer(found: StoreCondition) -> Writer:
    return Writer(
        alive=found.writing, waiting=found.waiting, urgent=found.urgent, busy_seconds=round(found.busy, 3)
    )


async def _counts(ctx: Context) -> StoredCounts:
    state = ctx.state
    now = state.clock.now()
    found = await state.run_in_thread(lambda: state.store.counts(now))
    return StoredCounts(**{name: getattr(found, name) for name in StoredCounts.__struct_fields__})


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: _TEXT, **responses(ForbiddenOperationError)},
)
async def prometheus(ctx: Ctx, request: Request) -> Response:
    """Show the server's metrics in the Prometheus format. Administrators only: give Prometheus a key of its own."""
    require(ctx.actor, Action.SEE_SERVER)
    await imported("apportion.server.prometheus")
    from apportion.server.prometheus import (
        ServerStats,
        render_metrics,
    )  # imports a library nothing else needs

    counts = await _counts(ctx)
    state, store = ctx.state, ctx.state.store
    condition = await state.run_short(store.condition)
    stats = ServerStats(state.stats, state.lost_lines(), None if store.cluster is None else store.server)
    accept = request.headers.get("accept", "")
    body, kind = await state.run_in_thread(
        lambda: render_metrics(stats, condition, msgspec.structs.asdict(counts), accept)
    )
    return Response(body, headers={"Content-Type": kind})
