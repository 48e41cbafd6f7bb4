"""Maintenance: a backup is whole, ``verify`` finds nothing where nothing is wrong, a rebuild loses nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from apportion.domain.errors import BadRequestError
from apportion.ports.upkeep import CannotOpenError
from apportion.settings import Settings
from apportion.vocabulary import Status
from planned import Planned
from stored_dataset import StoredDataset, full
from stores import RoutedStore, opened


def fill(store: RoutedStore) -> Planned:
    planned = Planned(store)
    planned.log(replace(full("full"), status=Status.DEFAULT, annotation=None))
    planned.plan([("a", "ana"), ("b", None)])
    planned.answer("ana", "a")
    return planned


def check(planned: Planned, store: RoutedStore) -> None:
    planned.store = store
    assert planned.ids("fox AND metadata.k:x") == ["full"]
    assert (
        planned.ids("assignment:done") == planned.ids("status:Validated AND annotated_as:A AND id:a") == ["a"]
    )
    planned.check_counters()


def test_a_store_in_use_verifies_and_says_what_is_checked(empty_store: RoutedStore) -> None:
    dataset = fill(empty_store).dataset
    seen: list[tuple[str, int, int]] = []

    assert list(empty_store.upkeep().verify(progress=lambda *step: seen.append(step))) == []
    assert [done for _, done, _ in seen] == list(range(len(seen)))
    assert seen[-1] == (f"{dataset.id}: cache", len(seen) - 1, len(seen))
    assert "checksums of annotations" in [what for what, _, _ in seen]


def test_a_backup_is_a_store_by_itself_and_shows_its_progress(store_kind: str, folder: Path) -> None:
    seen: list[tuple[int, int]] = []
    target = folder / "copy" / "apportion.db"
    target.parent.mkdir()
    with opened(store_kind, folder / "store") as store:
        planned = fill(store)
        store.upkeep().backup(target, progress=lambda left, total: seen.append((left, total)))
        planned.log(full("late"))
    assert seen[-1][0] == 0 < seen[-1][1]
    with opened("sqlite", target.parent) as copy:  # of whatever store: a file
        check(planned, copy)
        assert list(copy.upkeep().verify()) == []


def test_a_backup_that_is_interrupted_leaves_nothing(empty_store: RoutedStore, folder: Path) -> None:
    StoredDataset(empty_store)

    def interrupt(left: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        empty_store.upkeep().backup(folder / "copy.db", progress=interrupt)
    assert list(folder.glob("copy*")) == []


def test_a_backup_over_the_store_itself_is_refused(empty_store: RoutedStore, folder: Path) -> None:
    fill(empty_store)
    itself = Settings(home=folder).database
    if not itself.exists():
        pytest.skip("this kind of store is no file that could be overwritten")
    (folder / "link").symlink_to(itself)

    with pytest.raises(BadRequestError):
        empty_store.upkeep().backup(folder / "link")
    assert list(empty_store.upkeep().verify()) == []


def test_a_rebuild_loses_nothing_and_is_refused_while_a_server_runs(store_kind: str, folder: Path) -> None:
    seen: list[tuple[str, int, int]] = []
    with opened(store_kind, folder) as store:
        planned = fill(store)
        upkeep = store.upkeep()
        with pytest.raises(CannotOpenError):
            upkeep.reindex()
    report = upkeep.reindex(progress=lambda *step: seen.append(step))
    assert not any(report.left_out.values())
    assert report.kept is None or report.kept.exists()
    assert seen
    assert all(0 <= done <= total for _, done, total in seen)
    with opened(store_kind, folder) as store:
        check(planned, store)
        assert list(store.upkeep().verify()) == []
