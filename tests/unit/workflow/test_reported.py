"""Which files a plan has told of, in this process and by the log of an earlier one."""

from typing import Any, cast

from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.record import RecordRef
from hubspot_retention.workflow.reported import Reported
from tests.unit.workflow.desk import NOW, Desk

ONE, OTHER = RecordRef.parse("contacts/101"), RecordRef.parse("contacts/102")


def write(desk: Desk, verb: Verb, about: str, plan_id: str = "1-rights") -> None:
    """An entry of a file that hangs on a letter of the first record."""
    facts = (("about", about), ("fate", "done"))
    entry = Entry(subject=Subject.ATTACHMENT, verb=verb, at=NOW, record=str(ONE), plan_id=plan_id, facts=facts)
    with desk.store.transaction() as tx:
        tx.audit(entry)


def test_each_file_of_a_record_is_told_of_once() -> None:
    reported = Reported(cast(Any, None), "1-rights", begun=False)
    asked = [(ONE, "files/7"), (ONE, "files/8"), (ONE, "files/7"), (OTHER, "files/7")]
    assert [reported.is_first(*each) for each in asked] == [True, True, False, True]


def test_what_an_earlier_process_told_of_by_the_same_plan_is_not_told_of_again(desk: Desk) -> None:
    write(desk, Verb.REPORTED, "files/7")
    write(desk, Verb.SENT, "files/8")
    write(desk, Verb.REPORTED, "files/9", plan_id="1-time")
    reported = Reported(desk.store, "1-rights", begun=True)
    files = ("files/7", "files/8", "files/9", "files/9")
    assert [reported.is_first(ONE, file) for file in files] == [False, True, True, False]
    assert reported.is_first(OTHER, "files/7")
