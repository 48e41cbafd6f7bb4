"""``apportion index``, as the page about it has it, beside a real OpenSearch and PostgreSQL."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from apportion.cli.main import main
from apportion.domain.records import TextClassificationRecord
from depth import times
from indexed import Indexed, log, opened_indexed, text_of
from page_blocks import blocks_of
from patience import patience
from stored_dataset import StoredDataset

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "search-millions.md"


@pytest.fixture
def indexed(node: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Indexed]:
    with opened_indexed(node) as found:
        monkeypatch.setenv("APPORTION_DATABASE_URL", found.url)
        monkeypatch.setenv("APPORTION_OPENSEARCH_URL", node)
        yield found


@pytest.fixture
def reviews(indexed: Indexed) -> StoredDataset:
    stored = StoredDataset(indexed.store)
    stored.write(lambda tx: tx.datasets.update(stored.dataset, workspace="team", name="reviews"))
    log(stored, [TextClassificationRecord(id=f"r{n}", inputs={"text": text_of(n)}) for n in range(3_000)])
    return stored


@pytest.fixture
def run() -> Callable[[str], Result]:
    def run(line: str) -> Result:
        words = line.removeprefix("$ apportion ").split()
        return CliRunner().invoke(main, [*words, "--yes"] if "drop" in words else words)

    return run


def test_the_commands_of_the_page_do_what_it_says(
    indexed: Indexed, reviews: StoredDataset, run: Callable[[str], Result]
) -> None:
    lines = [line for block in blocks_of(PAGE, "console") for line in block.text.splitlines()]
    ours = [line for line in lines if line.startswith("$ apportion ")]
    assert ours[0] == "$ apportion index status"
    assert run(ours[0]).output == "There are no indexes.\n"
    verify, rebuild, drop = ours[1:]
    assert "has no index that is in use" in run(verify).output
    assert run(rebuild).output == "The index of team/reviews is rebuilt and in use.\n"
    assert run(verify).output == "The index of team/reviews is what the database says.\n"
    (status,) = json.loads(run("index status --json").output)
    assert (status["workspace"], status["dataset"], status["state"], status["lag"]) == (
        "team",
        "reviews",
        "ready",
        0,
    )
    indexed.ask("DELETE", f"/{indexed.name(reviews.dataset.no)}/_doc/7")
    wrong = run(verify)
    assert (
        wrong.exit_code,
        "record 7 is missing" in wrong.output,
        "index rebuild reviews" in wrong.output,
    ) == (1, True, True)
    assert run(rebuild).exit_code == 0
    assert run(verify).exit_code == 0
    assert run(drop).output.startswith("Removed 1 index.")
    assert indexed.indexer.indexes.names() == set()


def test_killed_again_and_again_it_is_gone_on_with(indexed: Indexed, reviews: StoredDataset) -> None:
    wanted = times(3, 10)
    command = [
        sys.executable,
        "-m",
        "apportion.cli.main",
        "index",
        "rebuild",
        "reviews",
        "--workspace",
        "team",
    ]
    kills = 0
    for attempt in range(60):
        began = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if kills < wanted:
            seen = len(indexed.rows(reviews.dataset.no)), _sent(indexed)
            until = time.monotonic() + patience(20)
            while began.poll() is None and time.monotonic() < until:
                if (len(indexed.rows(reviews.dataset.no)), _sent(indexed)) != seen:
                    began.send_signal(signal.SIGKILL)  # as soon as it has done anything
                    kills += 1
                    break
                time.sleep(0.005)
        if began.wait(patience(60)) == 0 and kills >= wanted:
            break
        log(reviews, [TextClassificationRecord(id=f"r{attempt}", inputs={"text": f"again {attempt}"})])
    assert kills >= wanted
    assert indexed.differences("team", "reviews") == []


def _sent(indexed: Indexed) -> object:
    return [tuple(row) for row in indexed.indexer.source.indexes()], sorted(indexed.indexer.indexes.names())


def test_without_an_opensearch_they_say_what_to_set(
    indexed: Indexed, run: Callable[[str], Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APPORTION_OPENSEARCH_URL", "http://127.0.0.1:9")
    away = run("index status")
    assert (away.exit_code, "Look at APPORTION_OPENSEARCH_URL" in away.output) == (3, True)
    monkeypatch.delenv("APPORTION_OPENSEARCH_URL")
    unset = run("index status")
    assert (unset.exit_code, "have to be set" in unset.output) == (3, True)
