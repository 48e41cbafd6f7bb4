"""``ports.security.Attempts`` in memory, of the one server of a file."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict

__all__ = ["AttemptsInMemory"]


class AttemptsInMemory:
    """Attempts of each kind by who made them; those of whoever was quiet longest are dropped first."""

    def __init__(self, remembered: int = 10_000) -> None:
        self._remembered = remembered
        self._made: defaultdict[str, OrderedDict[str, list[int]]] = defaultdict(OrderedDict)
        self._lock = threading.Lock()

    def add(self, kind: str, who: str, *, at: int, since: int, most: int) -> int | None:
        with self._lock:
            made = self._made[kind]
            recent = [each for each in made.get(who, ()) if each > since]
            if len(recent) >= most:
                return recent[-most]
            recent.append(at)
            made[who] = recent
            made.move_to_end(who)
            while len(made) > self._remembered:
                made.popitem(last=False)
        return None

    def take_back(self, kind: str, who: str) -> None:
        with self._lock:
            if made := self._made[kind].get(who):
                made.pop()

    def forget(self, kind: str, who: str) -> None:
        with self._lock:
            self._made[kind].pop(who, None)

    def prune(self, before: int) -> None:
        with self._lock:
            for made in self._made.values():
                for who in [who for who, each in made.items() if not each or each[-1] < before]:
                    del made[who]
