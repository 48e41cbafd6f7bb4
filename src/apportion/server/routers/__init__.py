"""Routes, one module per noun. Handlers are short: read, decide elsewhere, answer."""

from __future__ import annotations

from fastapi import APIRouter

from . import info, me, security, session, setup, users, workspaces

__all__ = ["ROUTERS"]

ROUTERS: list[APIRouter] = [
    info.router,
    security.router,
    session.router,
    me.router,
    users.router,
    workspaces.router,
    setup.router,
]
"""Everything under ``/api``, in the order of the documentation."""
