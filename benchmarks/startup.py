"""From nothing to the first answer, and what an idle server weighs."""

from __future__ import annotations

import time
from collections.abc import Iterator

from .report import Line, middle
from .scale import Scale, say
from .server import Server, made_home

__all__ = ["measure"]


def measure(scale: Scale) -> Iterator[Line]:
    seconds, cpus, memory = [], [], []
    with made_home() as home:
        bytecode = home / "bytecode"
        say("  compiling, as installing does")
        with Server(home, bytecode=bytecode):
            pass
        for number in range(max(3, scale.rounds)):
            say(f"  start {number + 1}")
            with Server(home, bytecode=bytecode) as server:
                seconds.append(server.seconds_to_start)
                cpus.append(server.cpu())
                time.sleep(1)
                memory.append(server.memory())
    detail = f"CPU {middle(cpus):.2f} s; slowest {max(seconds):.2f} s"
    yield Line("start, until the first answer", middle(seconds), "s", detail, at_most=1.5)
    yield Line(
        "idle memory, before data", middle(memory), "MB", "resident, after the first answer", at_most=130
    )
