"""Programs that monitor a model and end: nothing is lost, and nothing hangs."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import Any

import apportion as rg
from patience import patience

PROGRAM = """
import os, sys
import spacy
import apportion as rg

rg.init(sys.argv[1], "admin.apikey", "admin")
nlp = rg.monitor(spacy.blank("en"), sys.argv[2], sample_rate=1, log_interval=1000)
"""


def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean: dict[str, Any] = {
        name: value for name, value in os.environ.items() if not name.startswith(("APPORTION_", "ARGILLA_"))
    }
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env=clean,
        capture_output=True,
        text=True,
        timeout=patience(100),
    )


def logged(url: str, dataset: str) -> list[str]:
    with rg.Client(url, "admin.apikey", "admin") as client:
        return sorted(str(each.text) for each in client.load(dataset))


def test_what_is_waiting_when_a_program_ends_is_logged(live_server: str) -> None:
    use = "for n in range(700): nlp(f'text {n}')\n"

    done = run(PROGRAM + use, live_server, "at-exit")
    assert done.returncode == 0, done.stderr
    assert len(logged(live_server, "at-exit")) == 700


def test_what_is_waiting_is_sent_before_the_client_is_closed_whatever_was_imported_first(
    live_server: str,
) -> None:
    program = """
import sys
from apportion.monitoring import DatasetRecordsConsumer
import apportion as rg

rg.init(sys.argv[1], "admin.apikey", "admin")
consumer = DatasetRecordsConsumer(sys.argv[2], client=rg.active_client(), log_interval=1000)
consumer.put([rg.TextClassificationRecord(text="text")])
"""
    done = run(program, live_server, "imported-first")

    assert (done.returncode, done.stderr) == (0, "")
    assert logged(live_server, "imported-first") == ["text"]


def test_what_is_waiting_when_a_program_fails_is_logged(live_server: str) -> None:
    done = run(PROGRAM + "nlp('text')\nraise KeyError('mine')\n", live_server, "at-failure")

    assert "KeyError: 'mine'" in done.stderr
    assert logged(live_server, "at-failure") == ["text"]


def test_a_monitor_that_nobody_holds_any_more_has_logged_all_the_same(live_server: str) -> None:
    done = run(PROGRAM + "nlp('text')\ndel nlp\n", live_server, "let-go")

    assert done.returncode == 0, done.stderr
    assert logged(live_server, "let-go") == ["text"]


def test_a_forked_process_logs_with_a_thread_and_connections_of_its_own(live_server: str) -> None:
    use = """
nlp("of the parent")
child = os.fork()
if child == 0:
    nlp("of the child")
    nlp.shutdown()
    os._exit(0 if nlp.dropped == 0 else 1)
sys.exit(os.waitpid(child, 0)[1])
"""
    done = run(PROGRAM + use, live_server, "forked")

    assert done.returncode == 0, done.stderr
    assert logged(live_server, "forked") == ["of the child", "of the parent"]


def test_a_program_ends_and_says_what_was_lost_when_the_server_is_gone() -> None:
    program = """
import os, sys
os.environ["APPORTION_API_URL"] = sys.argv[1]
import apportion as rg
from apportion.monitoring import DatasetRecordsConsumer

consumer = DatasetRecordsConsumer("gone", log_interval=1000)
consumer.put([rg.TextClassificationRecord(text=f"text {n}") for n in range(1000)])
"""
    with socket.socket() as taken:  # bound, and nobody listens there
        taken.bind(("127.0.0.1", 0))
        done = run(program, f"http://127.0.0.1:{taken.getsockname()[1]}")

    assert done.returncode == 0, done.stderr
    assert "1,000 records were not logged to gone: Nothing answers at" in done.stderr
