"""Run the phases of `make test` beside each other, and print what each of them took.

    python tools/all_tests.py                  # all of them
    python tools/all_tests.py docs,check web   # these targets of make: a lane each, in a lane one after another

What a phase prints is shown once it has ended; until then it is in .tools/phases/. All phases run to their end,
whatever fails.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock, Thread

Lanes = Sequence[Sequence[str]]
LOGS = Path(".tools/phases")
FEW_CORES: Lanes = (("pytest",), ("e2e", "check", "web", "docs", "weaknesses"))
MORE_CORES: Lanes = (("pytest",), ("e2e",), ("check", "web", "docs", "weaknesses"))
"""Targets of make: those of a lane run one after another, lanes beside each other."""
CORES = 4
"""Cores from which on each lane has one of its own."""
WORKERS_OF_FEW_CORES = {"JOURNEY_WORKERS": "2", "PYTEST_XDIST_AUTO_NUM_WORKERS": "4"}
"""A browser is three processes: with more of them, on two cores, beside the tests, they would wait for each other. Of
four workers of pytest one or two always wait for a server that was started, or for a node."""
BESIDE_EACH_OTHER = 3.0
"""By how much waits grow because the lanes share the machine."""


@dataclass(frozen=True)
class Done:
    """A phase that has ended, and the seconds it took."""

    name: str
    status: int
    wall: float
    cpu: float


class Run:
    """One run of all phases."""

    def __init__(self) -> None:
        self.done: list[Done] = []
        self._stopped = False
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._printing = Lock()

    def lane(self, names: Sequence[str]) -> None:
        for name in names:
            if self._stopped:
                return
            self._say(f"{name} begins: .tools/phases/{name}.log")
            done = self._phase(name)
            self.done.append(done)
            shown = (LOGS / f"{name}.log").read_text(errors="replace")
            self._say(f"{_headline(done)}\n{shown}")

    def _phase(self, name: str) -> Done:
        began = time.monotonic()
        with (LOGS / f"{name}.log").open("wb") as log:
            command = ["make", "--no-print-directory", name]
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
            self._running[name] = process
            _, status, used = os.wait4(process.pid, 0)  # with the CPU time of all its processes
            process.returncode = os.waitstatus_to_exitcode(status)
        return Done(name, process.returncode, time.monotonic() - began, used.ru_utime + used.ru_stime)

    def stop(self) -> None:
        """End what still runs, as Ctrl+C would, and begin nothing more."""
        self._stopped = True
        for process in self._running.values():
            if process.returncode is None:
                os.killpg(process.pid, signal.SIGINT)

    def _say(self, text: str) -> None:
        with self._printing:
            print(text, flush=True)


def _headline(done: Done) -> str:
    how = "passed" if done.status == 0 else f"FAILED ({done.status})"
    return f"\n===== {done.name} {how} after {done.wall:.0f} s"


def _waits() -> str:
    """Return by how much tests wait longer than on an ordinary machine with nothing else to do."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    import patience

    return f"{patience.factor() * BESIDE_EACH_OTHER:.1f}"


def main(lanes: Lanes) -> int:
    """Run all phases, the lanes beside each other. Return 1 if a phase failed."""
    LOGS.mkdir(parents=True, exist_ok=True)
    os.environ["PATIENCE_FACTOR"] = _waits()
    for stop in (signal.SIGINT, signal.SIGTERM):  # a shell has what runs in the background ignore the first
        signal.signal(stop, signal.default_int_handler)
    began, run = time.monotonic(), Run()
    try:
        threads = [Thread(target=run.lane, args=(names,)) for names in lanes]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    except KeyboardInterrupt:
        run.stop()
        return 130
    print("\nphase                    seconds   CPU seconds")
    for done in sorted(run.done, key=lambda each: -each.wall):
        print(f"{done.name:24} {done.wall:7.0f} {done.cpu:13.0f}" + ("" if done.status == 0 else "   FAILED"))
    print(f"{'all':24} {time.monotonic() - began:7.0f} {sum(each.cpu for each in run.done):13.0f}")
    return int(any(each.status for each in run.done))


if __name__ == "__main__":
    asked = [each.split(",") for each in sys.argv[1:]]
    if asked:
        sys.exit(main(asked))
    if (os.cpu_count() or 1) >= CORES:
        sys.exit(main(MORE_CORES))
    os.environ.update(WORKERS_OF_FEW_CORES)
    sys.exit(main(FEW_CORES))
