"""One type per kind of id, so that one never fits where another belongs."""

from __future__ import annotations

from typing import NewType

__all__ = ["NOBODY", "RESOLVED", "DatasetNo", "UserId", "Viewer", "WorkspaceId"]

UserId = NewType("UserId", str)
WorkspaceId = NewType("WorkspaceId", str)

DatasetNo = NewType("DatasetNo", int)
"""A dataset's number within one store; its address for clients is (workspace, name)."""

Viewer = NewType("Viewer", int)
"""A view of annotations: 0 is the resolved view, any other number one annotator's own."""

RESOLVED = Viewer(0)

NOBODY = Viewer(-1)
"""The view of an annotator who has annotated nothing yet."""
