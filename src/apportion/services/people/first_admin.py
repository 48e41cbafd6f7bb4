"""Create the first administrator of an empty server, guarded by a code that only its console shows."""

from __future__ import annotations

import hashlib
import secrets

from apportion.domain.errors import ForbiddenOperationError
from apportion.domain.people import Actor
from apportion.ports.people import People
from apportion.ports.security import Attempts, Clock
from apportion.ports.store import Transaction
from apportion.vocabulary import MembershipRole, Role

from .sign_in import LONGEST, Throttle
from .users import NewUser, add_user, new_key
from .workspaces import MemberChange, ensure_workspace, join

__all__ = ["SetupCode", "create_first_admin", "require_no_admin"]

LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Letters and digits without those that look alike."""


class SetupCode:
    """The code that a console shows; few guesses are allowed, from all addresses together.

    It is drawn when the server starts. Servers that share a database give a ``seed``, so that they all show the same.
    """

    def __init__(self, attempts: Attempts, clock: Clock, seed: bytes | None = None) -> None:
        drawn = hashlib.sha256(seed or secrets.token_bytes(32)).digest()
        letters = [
            LETTERS[(drawn[place] << 8 | drawn[place + 1]) % len(LETTERS)] for place in range(0, 24, 2)
        ]
        self.code = "-".join("".join(letters[part : part + 4]) for part in (0, 4, 8))
        self._throttle = Throttle(attempts, clock, "setup", most=20, within=LONGEST)

    def check(self, given: str) -> None:
        """Refuse any other code."""
        self._throttle.attempt("anybody")
        if not secrets.compare_digest(given.strip().lower().encode(), self.code.encode()):
            raise ForbiddenOperationError(
                "This is not the setup code. It is printed in the terminal where the server was started."
            )
        self._throttle.forget("anybody")


def require_no_admin(people: People) -> None:
    """Refuse once there is an administrator."""
    if people.has_admin():
        raise ForbiddenOperationError("There is an administrator already. Ask them for an account.")


def create_first_admin(tx: Transaction, new: NewUser, *, now: int) -> tuple[Actor, str]:
    """Create the first administrator, in a workspace of their own name; return them and their API key."""
    require_no_admin(tx.people)
    key = new_key()
    add_user(tx, NewUser(new.username, new.first_name, new.last_name, Role.ADMIN, new.password_hash),
             key=key, now=now, by=new.username)  # fmt: skip
    workspace = ensure_workspace(tx, new.username, now=now, by=new.username)
    return join(tx, workspace, MemberChange(new.username, MembershipRole.ANNOTATOR, now, new.username)), key
