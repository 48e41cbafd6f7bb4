"""Version and memory use of the server."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request

from apportion.domain.errors import Refusal
from apportion.server.auth import identify
from apportion.server.bodies import JsonRoute
from apportion.server.deps import AppState, InAppState
from apportion.server.memory import virtual_and_resident
from apportion.version import COMPATIBLE_WITH, __version__

__all__ = ["router"]

router = APIRouter(tags=["Server"], route_class=JsonRoute)

_INFO: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"application/json": {"example": {"version": COMPATIBLE_WITH, "apportion": __version__}}}
    }
}


@router.get("/api/_info", responses=_INFO)
async def info() -> dict[str, str]:
    """Report the version of the 1.x API that the server speaks, and its own."""
    return {"version": COMPATIBLE_WITH, "apportion": __version__}


@router.get("/api/_status")
async def status(request: Request, state: InAppState) -> dict[str, Any]:
    """Report the server's memory use in the form of 1.x; only administrators see the server's own figures."""
    found: dict[str, Any] = {
        "version": COMPATIBLE_WITH,
        "elasticsearch": {"version": "none: this server brings its own search"},
        "mem_info": {},
    }
    if _is_admin(request, state):
        found |= {"apportion": __version__, "mem_info": _memory()}
    return found


def _is_admin(request: Request, state: AppState) -> bool:
    try:
        return identify(request, state).actor.is_admin
    except Refusal:
        return False


def _memory() -> dict[str, str]:
    """Return resident and virtual size, if the system reports them."""
    found = virtual_and_resident()
    return {} if found is None else {"rss": _short(found[1]), "vms": _short(found[0])}


def _short(size: int) -> str:
    for unit in "BKMGT":
        if size < 1024:
            return f"{size}{unit}"
        size //= 1024
    return f"{size}P"
