"""Version and memory use of the server."""

from __future__ import annotations

from fastapi import APIRouter, Request

from apportion.domain.errors import Refusal
from apportion.server.auth import identify
from apportion.server.bodies import JsonRoute
from apportion.server.deps import AppState, InAppState
from apportion.server.memory import virtual_and_resident
from apportion.version import COMPATIBLE_WITH, __version__
from apportion.wire.server_state import MemoryUse, SearchEngine, ServerStatus, ServerVersion

__all__ = ["router"]

router = APIRouter(tags=["Server"], route_class=JsonRoute)


@router.get("/api/_info")
async def info() -> ServerVersion:
    """Report the version of the 1.x API that the server speaks, and its own."""
    return ServerVersion(version=COMPATIBLE_WITH, apportion=__version__)


@router.get("/api/_status")
async def status(request: Request, state: InAppState) -> ServerStatus:
    """Report the server's memory use in the form of 1.x; only administrators see the server's own figures."""
    own = await _is_admin(request, state)
    return ServerStatus(
        version=COMPATIBLE_WITH,
        elasticsearch=SearchEngine(version="none: this server brings its own search"),
        mem_info=_memory() if own else MemoryUse(),
        apportion=__version__ if own else None,
    )


async def _is_admin(request: Request, state: AppState) -> bool:
    try:
        return (await identify(request, state)).actor.is_admin
    except Refusal:
        return False


def _memory() -> MemoryUse:
    """Return resident and virtual size, if the system reports them."""
    found = virtual_and_resident()
    return MemoryUse() if found is None else MemoryUse(rss=_short(found[1]), vms=_short(found[0]))


def _short(size: int) -> str:
    for unit in "BKMGT":
        if size < 1024:
            return f"{size}{unit}"
        size //= 1024
    return f"{size}P"
