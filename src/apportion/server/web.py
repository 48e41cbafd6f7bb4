"""The built web app: its files, and the page that all its addresses load."""

from __future__ import annotations

import gzip
import mimetypes
import secrets
from functools import lru_cache
from html import escape
from pathlib import Path

from fastapi import HTTPException, Request
from fastapi.responses import HTMLResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from apportion.settings import Settings

from .guard_middleware import page_policy
from .request_log import APP, request_info

__all__ = ["FOLDER", "WebApp"]

FOLDER = Path(__file__).parent / "_web"
"""Folder of the built app; empty in a checkout that has not built it."""

_YEAR = "public, max-age=31536000, immutable"
_TEXT = frozenset({".css", ".html", ".js", ".json", ".svg", ".txt"})


class WebApp:
    """The web app. Files below ``assets/`` have a hash in their name and are cached forever; the page is not."""

    def __init__(self, settings: Settings, folder: Path = FOLDER) -> None:
        self._settings = settings
        self._folder = folder.resolve()

    @property
    def is_built(self) -> bool:
        """Return whether there is an app to serve."""
        return (self._folder / "index.html").is_file()

    def page(self) -> Response:
        """Return the page with the base URL, the hosts of images, and a fresh nonce for the styles the app adds."""
        nonce = secrets.token_urlsafe(16)
        html = _read(self._folder / "index.html").decode()
        html = html.replace("__BASE__", escape(self._settings.base_url)).replace("__NONCE__", nonce)
        html = html.replace("__IMAGE_HOSTS__", escape(" ".join(self._settings.image_hosts)))
        policy = page_policy(self._settings, style=f"'nonce-{nonce}'")
        return HTMLResponse(html, headers={"Cache-Control": "no-cache", "Content-Security-Policy": policy})

    def file(self, name: str, *, zipped: bool) -> Response | None:
        """Return one of the built files, compressed if that helps; None if there is no such file."""
        try:
            path = (self._folder / name).resolve()
            if self._folder not in path.parents or not path.is_file():
                return None
        except (OSError, ValueError):  # no file has such a name
            return None
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        headers = {"Cache-Control": _YEAR if name.startswith("assets/") else "no-cache"}
        if path.suffix not in _TEXT:
            return Response(_read(path), media_type=kind, headers=headers)
        headers["Vary"] = "Accept-Encoding"
        if not zipped:
            return Response(_read(path), media_type=kind, headers=headers)
        headers["Content-Encoding"] = "gzip"
        return Response(_zip(path), media_type=kind, headers=headers)

    def fallback(self, otherwise: ASGIApp) -> ASGIApp:
        """Return an app for requests that match no route: files and addresses of the web app, else ``otherwise``."""
        prefix = self._settings.prefix

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            path = scope["path"] if scope["type"] == "http" else ""
            inside = path.removeprefix(f"{prefix}/")
            if path == inside or scope["method"] not in ("GET", "HEAD") or not self.is_built:
                await otherwise(scope, receive, send)
                return
            if inside == "api" or inside.startswith("api/"):
                raise HTTPException(404, "Not Found")
            if (seen := request_info(scope)) is not None:
                seen.route = APP
            zipped = "gzip" in Request(scope).headers.get("accept-encoding", "")
            found = self.file(inside, zipped=zipped)
            if found is None and inside.startswith("assets/"):
                raise HTTPException(404, "Not Found")
            await (found or self.page())(scope, receive, send)

        return answer


@lru_cache(maxsize=256)
def _read_once(path: Path, _: int) -> bytes:
    return path.read_bytes()


@lru_cache(maxsize=256)
def _zip_once(path: Path, changed: int) -> bytes:
    return gzip.compress(_read_once(path, changed), 6, mtime=0)


def _read(path: Path) -> bytes:
    return _read_once(path, path.stat().st_mtime_ns)


def _zip(path: Path) -> bytes:
    return _zip_once(path, path.stat().st_mtime_ns)
