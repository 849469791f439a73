"""What anchors were shown, and the words of whoever brought a database back."""

from hubspot_retention.core.audit.anchor import Anchored, Token
from hubspot_retention.store.database import SqlStore
from tests.contract.store.values import NOW

FILE = Anchored(name="file", size=2**40, root=bytes(range(32)), at=NOW)
WITNESS = Anchored(name="witness", error="anchor-unreadable")


def test_what_was_stored_comes_back_in_place_of_what_stood_there(store: SqlStore) -> None:
    with store.transaction() as tx:
        assert list(tx.anchored()) == []
        tx.save_anchored([WITNESS, Anchored(name="file")])
        tx.save_anchored([FILE])
    with store.transaction() as tx:
        assert list(tx.anchored()) == [FILE, WITNESS]


def test_what_was_forgotten_is_gone(store: SqlStore) -> None:
    with store.transaction() as tx:
        tx.save_anchored([FILE, WITNESS])
        tx.forget_anchored()
        assert list(tx.anchored()) == []


def test_words_are_committed_to_and_not_told(store: SqlStore) -> None:
    with store.transaction() as tx:
        first, second = tx.keep_words("the disk broke", NOW), tx.keep_words("the disk broke", NOW)
    assert len(first) == len(second) == 64
    assert first != second


def test_proofs_come_back_byte_by_byte_in_the_order_they_were_stored(store: SqlStore) -> None:
    first = Token(note="log.example.dk\n2\n\n— log.example.dk AA==\n", answer=bytes(range(256)), at=NOW)
    second = Token(note="another", answer=b"0", at=NOW)
    with store.transaction() as tx:
        tx.keep_tokens([first])
        tx.keep_tokens([second])
        tx.forget_anchored()
    with store.transaction() as tx:
        assert list(tx.tokens()) == [first, second]
