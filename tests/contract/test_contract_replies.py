"""Replies that are kept for requests which may be sent again."""

from __future__ import annotations

import pytest

from apportion.ports.replies import KeptReply, RequestKey
from apportion.ports.store import Store, Transaction
from stored_dataset import read, write

KEY = RequestKey("ana", "one", "digest")


def test_a_key_is_claimed_once_and_the_reply_is_found_by_person_and_key(empty_store: Store) -> None:
    mine = empty_store.server
    assert read(empty_store, lambda tx: tx.replies.find(KEY)) is None

    assert write(empty_store, lambda tx: tx.replies.claim(KEY, at=10))

    assert read(empty_store, lambda tx: tx.replies.find(KEY)) == KeptReply("digest", mine, None)
    assert not write(empty_store, lambda tx: tx.replies.claim(KEY._replace(digest="other"), at=11))
    write(empty_store, lambda tx: tx.replies.keep(KEY, b'{"a": 1}'))
    found = read(empty_store, lambda tx: tx.replies.find(KEY._replace(digest="whatever")))
    assert found == KeptReply("digest", mine, b'{"a": 1}')
    for other in (KEY._replace(person="ben"), KEY._replace(key="two")):
        assert read(empty_store, lambda tx: tx.replies.find(other)) is None
        assert write(empty_store, lambda tx: tx.replies.claim(other, at=12))


def test_a_claim_is_gone_with_its_transaction(empty_store: Store) -> None:
    def work(tx: Transaction) -> None:
        assert tx.replies.claim(KEY, at=10)
        raise LookupError

    with pytest.raises(LookupError):
        write(empty_store, work)
    assert read(empty_store, lambda tx: tx.replies.find(KEY)) is None


def test_a_request_without_a_reply_can_be_forgotten_and_one_with_a_reply_cannot(empty_store: Store) -> None:
    write(empty_store, lambda tx: tx.replies.claim(KEY, at=10))
    write(empty_store, lambda tx: tx.replies.forget(KEY))
    assert write(empty_store, lambda tx: tx.replies.claim(KEY, at=10))
    write(empty_store, lambda tx: tx.replies.keep(KEY, b"{}"))
    write(empty_store, lambda tx: tx.replies.forget(KEY))
    assert read(empty_store, lambda tx: tx.replies.find(KEY)) is not None


def test_old_replies_are_deleted_some_at_a_time(empty_store: Store) -> None:
    for at in range(5):
        key = KEY._replace(key=f"{at}")
        write(empty_store, lambda tx: tx.replies.claim(key, at=at))

    counts = [write(empty_store, lambda tx: tx.replies.prune(before=4, limit=3)) for _ in range(3)]

    assert counts == [3, 1, 0]
    assert read(empty_store, lambda tx: tx.replies.find(KEY._replace(key="4"))) is not None
    assert read(empty_store, lambda tx: tx.replies.find(KEY._replace(key="3"))) is None
