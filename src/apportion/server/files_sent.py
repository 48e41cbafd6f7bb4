"""Files that are sent page by page: they end with the rights of who takes them."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING

from apportion.domain.errors import Refusal

if TYPE_CHECKING:
    from .deps import Context

__all__ = ["while_allowed"]

log = logging.getLogger("apportion.server")


async def while_allowed(ctx: Context, pages: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """Yield pages as long as the caller keeps the rights they began with; else the connection breaks off."""
    async with contextlib.aclosing(pages):
        async for page in pages:
            try:
                await ctx.read(ctx.check_rights)
            except Refusal as refused:  # too late for an error response: the file has begun
                log.info("an export of %s was broken off: %s", ctx.began.username, refused)
                raise ConnectionAbortedError("the rights of who takes this file have ended") from None
            yield page
