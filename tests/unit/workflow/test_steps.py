"""The steps of a bundle, in their order, each written down, and nothing after one that failed."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

import pytest

from hubspot_retention.core.audit.kinds import Subject, Verb
from hubspot_retention.core.facts.values import UNKNOWN, Unknown
from hubspot_retention.core.plan.bundle import Fate as Engaged
from hubspot_retention.core.plan.bundle import Settled
from hubspot_retention.core.policy.model import AttachmentPolicy
from hubspot_retention.core.portal import CallResult, Engagement, Fate, Gone, MergedInto
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.workflow.bundles import DealStamp
from hubspot_retention.workflow.protocol import CAME_FARTHER, Part, Sending
from hubspot_retention.workflow.reported import Reported
from hubspot_retention.workflow.steps import BundleSteps
from tests.unit.core.plan.plans import an_item

ITEM = an_item("contacts/101")
SENDING = Sending(100.0)
TAKEN = CallResult(Fate.DONE, 204)
REFUSED = CallResult(Fate.REFUSED, 400)
LOST = CallResult(Fate.UNKNOWN, 502)
STAMP = DealStamp(RecordId(21), date(2024, 10, 31))


def a_letter(ref: str, fate: Engaged, *files: str, home: int | None = None) -> Settled:
    """A piece of correspondence and its fate."""
    found = Engagement(ref=RecordRef.parse(ref), occurred_at=None, contacts=(), deals=(), tickets=(), files=files)
    return Settled(found, fate, None if home is None else RecordId(home))


GOES = a_letter("emails/41", Engaged.ARCHIVE, "7", "8")
NOTE = a_letter("notes/42", Engaged.ARCHIVE)
STAYS = a_letter("emails/43", Engaged.STAY_ON_DEAL)
MOVES = a_letter("emails/44", Engaged.REHOME, home=22)
SHARED = a_letter("emails/45", Engaged.DETACH, "9")
EVERY = (GOES, NOTE, STAYS, MOVES, SHARED)


@dataclass(slots=True)
class Bench:
    """A portal and a ledger that only note what is asked of them. `answers`: the answer to a call, else it is done;
    `there`: what is in view after an archive, `homes` on which deals a letter is
    seen to hang; `calls_in_time`: how many calls can be made before it is too late."""

    answers: dict[str, CallResult] = field(default_factory=dict)
    there: dict[int, Any] = field(default_factory=dict)
    homes: tuple[RecordId, ...] | Unknown = (RecordId(21), RecordId(22))
    calls_in_time: float = float("inf")
    late: str = ""
    calls: list[str] = field(default_factory=list)
    said: list[tuple[Any, ...]] = field(default_factory=list)

    def steps(self, attachments: AttachmentPolicy = AttachmentPolicy.REPORT) -> BundleSteps:
        """The steps."""
        reported = Reported(cast(Any, None), "1-rights", begun=False)
        return BundleSteps(cast(Any, self), cast(Any, self), cast(Any, self), attachments, reported.is_first)

    def _call(self, what: str) -> CallResult:
        self.calls.append(what)
        return self.answers.get(what, TAKEN)

    # Disposer

    def stamp_deal_end(self, deal_id: RecordId, day: str) -> CallResult:
        return self._call(f"stamp deals/{deal_id} {day}")

    def associate(self, engagement: RecordRef, target: RecordRef) -> CallResult:
        return self._call(f"associate {engagement} {target}")

    def dissociate(self, engagement: RecordRef, target: RecordRef) -> CallResult:
        return self._call(f"dissociate {engagement} {target}")

    def archive(self, kind: ObjectType, ids: list[RecordId]) -> CallResult:
        return self._call(f"archive {kind.value} {len(ids)}x{ids[0]}")

    def erase_file(self, file: str) -> CallResult:
        return self._call(f"erase {file}")

    # RecordSource

    def linked(self, kind: ObjectType, other: ObjectType, ids: list[RecordId]) -> dict[RecordId, Any]:
        assert other is ObjectType.DEAL
        self.calls.append(f"homes of {kind.value} {' '.join(map(str, ids))}")
        return dict.fromkeys(ids, self.homes)

    def presence(self, kind: ObjectType, ids: list[RecordId]) -> dict[RecordId, Any]:
        self.calls.append(f"look {kind.value} {len(ids)}x{ids[0]}")
        return {key: self.there.get(key, Gone.ABSENT) for key in ids}

    # Ledger

    def may_call(self, items: list[Any], sending: Sending) -> bool:
        assert (items, sending.at) == ([ITEM], SENDING.at)
        self.late = sending.late
        return len(self.calls) < self.calls_in_time

    def step(self, item: Any, subject: Subject, verb: Verb, result: CallResult, about: str) -> None:
        assert item is ITEM
        self.said.append((subject, verb, result, about))

    def settle_refusal(self, items: list[Any], result: CallResult, about: str) -> None:
        assert (items, about) == ([ITEM], "bundle-")
        self.said.append(("settled", result))


LETTER, DEAL, FILE = Subject.ENGAGEMENT, Subject.DEAL, Subject.ATTACHMENT


def test_every_call_is_announced_by_what_it_will_be_done_to() -> None:
    going = (Part(LETTER, "emails/41", "archive"), Part(LETTER, "notes/42", "archive"))
    letters = (
        *going,
        Part(LETTER, "emails/43", "stay-on-deal"),
        Part(LETTER, "emails/44", "rehome"),
        Part(LETTER, "emails/45", "detach"),
    )
    stamp = Part(DEAL, "deals/21", "stamp")
    assert Bench().steps().parts(EVERY, [STAMP]) == (stamp, *letters)
    files = (Part(FILE, "files/7", "erase"), Part(FILE, "files/8", "erase"))
    assert Bench().steps(AttachmentPolicy.ERASE).parts(EVERY) == (*letters, *files)
    assert Bench().steps(AttachmentPolicy.ERASE).archive_parts(EVERY) == (*going, *files)


def test_all_steps_are_taken_children_first_and_each_is_written_down() -> None:
    bench = Bench()
    assert bench.steps().settle_bundle(ITEM, SENDING, EVERY, [STAMP])
    assert bench.calls == [
        "stamp deals/21 2024-10-31",
        "dissociate emails/43 contacts/101",
        "associate emails/44 deals/22",
        "homes of emails 44",
        "dissociate emails/44 contacts/101",
        "dissociate emails/45 contacts/101",
        "archive emails 1x41",
        "look emails 1x41",
        "archive notes 1x42",
        "look notes 1x42",
    ]
    reported = CallResult(Fate.DONE)
    assert bench.said == [
        (DEAL, Verb.STAMPED, TAKEN, "deals/21"),
        (LETTER, Verb.DISSOCIATED, TAKEN, "emails/43"),
        (LETTER, Verb.ASSOCIATED, TAKEN, "emails/44"),
        (LETTER, Verb.DISSOCIATED, TAKEN, "emails/44"),
        (LETTER, Verb.DISSOCIATED, TAKEN, "emails/45"),
        (FILE, Verb.REPORTED, reported, "files/7"),
        (FILE, Verb.REPORTED, reported, "files/8"),
        (LETTER, Verb.ARCHIVED, TAKEN, "emails/41"),
        (LETTER, Verb.ARCHIVED, TAKEN, "notes/42"),
    ]


@pytest.mark.parametrize(("answer", "verb"), [(REFUSED, Verb.FAILED), (LOST, Verb.UNKNOWN)])
@pytest.mark.parametrize(
    ("call", "subject", "about"),
    [
        ("stamp deals/21 2024-10-31", DEAL, "deals/21"),
        ("dissociate emails/43 contacts/101", LETTER, "emails/43"),
        ("associate emails/44 deals/22", LETTER, "emails/44"),
        ("dissociate emails/45 contacts/101", LETTER, "emails/45"),
        ("erase 7", FILE, "files/7"),
    ],
)
def test_a_step_that_fails_stops_the_bundle(
    call: str, subject: Subject, about: str, answer: CallResult, verb: Verb
) -> None:
    bench = Bench(answers={call: answer})
    assert not bench.steps(AttachmentPolicy.ERASE).settle_bundle(ITEM, SENDING, EVERY, [STAMP])
    assert bench.calls[-1] == call
    assert bench.said[-2:] == [(subject, verb, answer, about), ("settled", answer)]


@pytest.mark.parametrize("homes", [(), (RecordId(21),), UNKNOWN])
def test_a_letter_is_not_taken_off_the_contact_until_it_is_seen_to_hang_on_its_deal(homes: Any) -> None:
    bench = Bench(homes=homes)
    assert not bench.steps().settle_bundle(ITEM, SENDING, (MOVES, GOES), ())
    assert bench.calls == ["associate emails/44 deals/22", "homes of emails 44"]
    doubtful = CallResult(Fate.UNKNOWN, 204, "not-seen-there")
    assert bench.said == [(LETTER, Verb.UNKNOWN, doubtful, "emails/44"), ("settled", doubtful)]


def test_an_archive_that_is_refused_stops_the_bundle_and_nothing_is_looked_at() -> None:
    bench = Bench(answers={"archive emails 2x41": REFUSED})
    more = a_letter("emails/46", Engaged.ARCHIVE)
    assert not bench.steps().archive_letters(ITEM, SENDING, (more, GOES))
    assert bench.calls == ["archive emails 2x41"]
    assert bench.said[2:] == [
        (LETTER, Verb.FAILED, REFUSED, "emails/41"),
        (LETTER, Verb.FAILED, REFUSED, "emails/46"),
        ("settled", REFUSED),
    ]


@pytest.mark.parametrize("answer", [TAKEN, LOST])
@pytest.mark.parametrize("there", [True, MergedInto(RecordId(47))])
def test_each_piece_is_proved_out_of_view_whatever_the_answer_was(answer: CallResult, there: object) -> None:
    bench = Bench(answers={"archive emails 2x41": answer}, there={46: there})
    more = a_letter("emails/46", Engaged.ARCHIVE)
    assert not bench.steps().archive_letters(ITEM, SENDING, (GOES, more, NOTE))
    left = CallResult(Fate.UNKNOWN, answer.status, "still-in-view")
    assert bench.said[2:] == [
        (LETTER, Verb.ARCHIVED, CallResult(Fate.DONE, answer.status), "emails/41"),
        (LETTER, Verb.UNKNOWN, left, "emails/46"),
        ("settled", left),
    ]
    assert bench.calls == ["archive emails 2x41", "look emails 2x41"]


def test_a_bundle_that_stops_after_some_of_its_letters_has_come_farther() -> None:
    bench = Bench(calls_in_time=1)
    many = [a_letter(f"emails/{number}", Engaged.ARCHIVE) for number in range(101, 301)]
    assert not bench.steps().archive_letters(ITEM, SENDING, many)
    assert (bench.calls, bench.late) == (["archive emails 100x101", "look emails 100x101"], CAME_FARTHER)


def test_an_answer_that_was_lost_is_made_good_by_what_is_seen() -> None:
    bench = Bench(answers={"archive notes 1x42": LOST})
    assert bench.steps().archive_letters(ITEM, SENDING, (NOTE,))
    assert bench.said == [(LETTER, Verb.ARCHIVED, CallResult(Fate.DONE, 502), "notes/42")]


def test_letters_go_a_hundred_at_a_time() -> None:
    bench = Bench()
    many = [a_letter(f"emails/{number}", Engaged.ARCHIVE) for number in range(350, 100, -1)]
    assert bench.steps().archive_letters(ITEM, SENDING, many)
    assert [call for call in bench.calls if call.startswith("archive")] == [
        "archive emails 100x101",
        "archive emails 100x201",
        "archive emails 50x301",
    ]


def test_a_letter_stays_whose_file_answers_404_without_proof_that_it_is_gone() -> None:
    unheard_of = CallResult(Fate.REFUSED, 404, "OBJECT_NOT_FOUND")
    bench = Bench(answers={"erase 8": unheard_of})
    assert not bench.steps(AttachmentPolicy.ERASE).archive_letters(ITEM, SENDING, (GOES, NOTE))
    assert bench.calls == ["erase 7", "erase 8"]
    assert bench.said[1:] == [(FILE, Verb.FAILED, unheard_of, "files/8"), ("settled", unheard_of)]


def test_a_file_is_erased_where_the_policy_says_so_and_one_that_is_gone_is_gone() -> None:
    gone = CallResult(Fate.DONE, 404, "gone-already")
    bench = Bench(answers={"erase 8": gone})
    assert bench.steps(AttachmentPolicy.ERASE).archive_letters(ITEM, SENDING, (GOES,))
    assert bench.said[:2] == [
        (FILE, Verb.ERASED, TAKEN, "files/7"),
        (FILE, Verb.ERASED, gone, "files/8"),
    ]


@pytest.mark.parametrize(
    ("calls_in_time", "calls", "late"),
    [
        (0, [], "too-late-to-call"),
        (1, ["erase 7"], "too-late-to-call"),
        (2, ["erase 7", "erase 8"], "too-late-to-call"),
        (4, ["erase 7", "erase 8", "archive emails 1x41", "look emails 1x41"], CAME_FARTHER),
    ],
)
def test_nothing_is_destroyed_too_late_after_the_last_check(calls_in_time: int, calls: list[str], late: str) -> None:
    bench = Bench(calls_in_time=calls_in_time)
    assert not bench.steps(AttachmentPolicy.ERASE).archive_letters(ITEM, SENDING, (NOTE, GOES))
    assert (bench.calls, bench.late) == (calls, late)
    assert ("settled",) not in [said[:1] for said in bench.said]


@pytest.mark.parametrize(
    ("fate", "steps"),
    [
        (Engaged.REHOME, ["associate emails/44 deals/22", "homes of emails 44", "dissociate emails/44 contacts/101"]),
        (Engaged.STAY_ON_DEAL, ["dissociate emails/44 contacts/101"]),
        (Engaged.DETACH, ["dissociate emails/44 contacts/101"]),
    ],
)
def test_a_file_that_a_letter_which_stays_names_too_is_only_reported_and_that_letter_is_detached_last(
    fate: Engaged, steps: list[str]
) -> None:
    kept = a_letter("emails/44", fate, "7", home=22 if fate is Engaged.REHOME else None)
    bench = Bench()
    assert bench.steps(AttachmentPolicy.ERASE).settle_bundle(ITEM, SENDING, (kept, GOES, SHARED), ())
    assert bench.calls == [
        "dissociate emails/45 contacts/101",
        "erase 8",
        "archive emails 1x41",
        "look emails 1x41",
        *steps,
    ]
    assert [said for said in bench.said if said[0] is FILE] == [
        (FILE, Verb.REPORTED, CallResult(Fate.DONE), "files/7"),
        (FILE, Verb.ERASED, TAKEN, "files/8"),
    ]
    erased = [part.about for part in bench.steps(AttachmentPolicy.ERASE).parts((kept, GOES)) if part.subject is FILE]
    assert erased == ["files/8"]


def test_a_file_that_two_letters_name_is_reported_once_however_often_the_bundle_begins_again() -> None:
    bench, twice = Bench(), a_letter("emails/46", Engaged.ARCHIVE, "7")
    steps = bench.steps()
    for _ in range(2):
        assert steps.archive_letters(ITEM, SENDING, (GOES, twice))
    assert [said[3] for said in bench.said if said[0] is FILE] == ["files/7", "files/8"]


def test_a_file_that_two_letters_name_is_erased_once() -> None:
    bench, twice = Bench(), a_letter("emails/46", Engaged.ARCHIVE, "7")
    steps = bench.steps(AttachmentPolicy.ERASE)
    assert [part.about for part in steps.parts((GOES, twice)) if part.subject is FILE] == ["files/7", "files/8"]
    assert steps.archive_letters(ITEM, SENDING, (GOES, twice))
    assert [call for call in bench.calls if not call.startswith("look")] == [
        "erase 7",
        "erase 8",
        "archive emails 1x41",
        "archive emails 1x46",
    ]


def test_a_letter_goes_right_after_its_files_so_that_who_begins_again_has_fewer_left() -> None:
    bench, more = Bench(), a_letter("emails/46", Engaged.ARCHIVE, "6")
    assert bench.steps(AttachmentPolicy.ERASE).archive_letters(ITEM, SENDING, (GOES, NOTE, more))
    assert [call for call in bench.calls if not call.startswith("look")] == [
        "erase 7",
        "erase 8",
        "archive emails 1x41",
        "erase 6",
        "archive emails 1x46",
        "archive notes 1x42",
    ]


def test_a_letter_without_a_new_home_is_only_detached() -> None:
    bench = Bench()
    assert bench.steps().settle_bundle(ITEM, SENDING, (a_letter("emails/44", Engaged.REHOME),), ())
    assert bench.calls == ["dissociate emails/44 contacts/101"]
