"""The demo team. Passwords and keys are well known, so they are for trying things only."""

from __future__ import annotations

from dataclasses import dataclass

from apportion.vocabulary import Role

__all__ = ["ENTITIES_DATASET", "SHARED_WORKSPACE", "TEAM", "TOPICS_DATASET", "Person"]

SHARED_WORKSPACE = "recognai"
ENTITIES_DATASET = "python-docs-entities"
TOPICS_DATASET = "python-docs-topics"


@dataclass(frozen=True)
class Person:
    """A member of the demo team; everybody also has a workspace named like them."""

    username: str
    first_name: str
    role: Role
    password: str = "12345678"  # noqa: S105  a well-known password is the point of a demo
    key: str | None = None

    @property
    def api_key(self) -> str:
        """The key a notebook connects with."""
        return self.key or f"{self.username}.apikey"

    @property
    def workspaces(self) -> tuple[str, ...]:
        """Their own workspace and the one the whole team shares."""
        return (self.username, SHARED_WORKSPACE)


TEAM = (
    Person("admin", "Admin", Role.ADMIN),
    Person("ana", "Ana", Role.ANNOTATOR),
    Person("ben", "Ben", Role.ANNOTATOR),
    Person("cy", "Cy", Role.ANNOTATOR),
)
