"""A real server on throw-away data for the journeys: a team, and nothing else. Stops with whoever started it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import uvicorn

from apportion.bootstrap import open_store
from apportion.cli.serve import tune_gc
from apportion.ports.store import Transaction
from apportion.server.app import create_app
from apportion.server.security import Argon2Passwords
from apportion.services.people.users import NewUser, add_user
from apportion.services.people.workspaces import MemberChange, ensure_workspace, join
from apportion.settings import load_settings
from apportion.vocabulary import MembershipRole, Role

TEAM = {"admin": Role.ADMIN, "ana": Role.ANNOTATOR, "ben": Role.ANNOTATOR, "cy": Role.ANNOTATOR}
ALONE = {"zoe": Role.ANNOTATOR}
"""In no team: her key and password may change."""


def main(port: int, *, empty: bool = False) -> None:
    """Serve until told to stop; an empty server asks for its first administrator, and prints the code."""
    with tempfile.TemporaryDirectory() as home:
        settings = load_settings(home=Path(home), port=port, webhook_allow_private=True).settings
        # Passwords are hashed as in earnest, but cheaply: every journey begins with somebody who signs in
        passwords = Argon2Passwords(time_cost=1, memory_cost=8, parallelism=1)
        app = create_app(settings, open_store(settings, serving=True), passwords=passwords)
        state = app.state.app_state
        hashed = state.passwords.hash("ten words are better")

        def create_team(work: Transaction) -> None:
            for number, (name, role) in enumerate((TEAM | ALONE).items()):
                now = state.clock.now() + number
                new = NewUser(name, name.title(), None, role, hashed)
                add_user(work, new, key=f"{name}.apikey", now=now)
                workspace = ensure_workspace(work, "team" if name in TEAM else name, now=now)
                join(work, workspace, MemberChange(name, MembershipRole.ANNOTATOR, now))

        if empty:
            print(state.setup.code, flush=True)
        else:
            state.store.write(create_team).result()
        tune_gc()
        uvicorn.run(app, port=port, log_level="warning", timeout_keep_alive=75)


if __name__ == "__main__":
    main(int(sys.argv[1]), empty=sys.argv[2:] == ["empty"])
