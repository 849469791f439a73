"""What people do in HubSpot itself, and what is told of it by webhook: late, twice, in another order, or not at all."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from hubspot_retention.core.facts.observation import CompanyLink, OptOut, OptOutSource
from hubspot_retention.core.record import ObjectType, RecordId, RecordRef
from hubspot_retention.core.webhook.event import Event
from tests.builders import LONG_AGO, a_company, a_contact, a_deal, at, on
from tests.simulator.account import FIVE_DAYS, MONTH, Account
from tests.simulator.database import database
from tests.simulator.letters import Letter
from tests.simulator.portal import PORTAL
from tests.simulator.stage import BEGIN, Stage
from tests.simulator.town import Town

CONTACT, DEAL, COMPANY = ObjectType.CONTACT, ObjectType.DEAL, ObjectType.COMPANY
_WORDS: Final = {CONTACT: "contact", DEAL: "deal", COMPANY: "company"}
FIRM: Final = RecordId(301)
AGREEMENT: Final = RecordId(201)
FIRST: Final = RecordId(104)
"""From here on they are people of whom nothing else is known."""
_SILENT, _FORMER, _CUSTOMER = RecordId(101), RecordId(102), RecordId(103)


def populate(town: Town, people: int) -> None:
    """A silent lead, a former customer with an agreement, a customer, and people of whom nothing is wanted yet; two of
    them work at a firm. Letters hang on most of them, some on two, some on the agreement."""
    lately = at("2026-10-30T09:00")
    town.there[_SILENT] = a_contact(_SILENT)
    town.there[_FORMER] = a_contact(
        _FORMER, stage="other", customer_until=on("2024-03-31"), deals=(AGREEMENT,), active_at=lately
    )
    town.there[_CUSTOMER] = a_contact(_CUSTOMER, stage="customer", active_at=lately)
    town.deals_there[AGREEMENT] = a_deal(AGREEMENT, contacts=(_FORMER,), customer_until=on("2024-03-31"))
    for place in range(people):
        key = RecordId(FIRST + place)
        firm = (CompanyLink(FIRM, True),) if place < 2 else ()
        town.there[key] = a_contact(key, created_at=lately, companies=firm)
    town.companies_there[FIRM] = a_company(FIRM)
    for number, key in enumerate(town.there):
        if key != _CUSTOMER:
            _write(town, number, RecordRef(CONTACT, key))
    _write(town, 50, RecordRef(CONTACT, _FORMER), RecordRef(DEAL, AGREEMENT))
    _write(town, 51, RecordRef(CONTACT, RecordId(104)), RecordRef(CONTACT, RecordId(106)))


def _write(town: Town, number: int, *on_what: RecordRef) -> None:
    kind = (ObjectType.EMAIL, ObjectType.NOTE)[number % 2]
    ref = RecordRef(kind, RecordId(600 + number))
    town.letters[ref] = Letter(ref, LONG_AGO, dict.fromkeys(on_what, -1.0))


@dataclass(slots=True)
class Townsfolk:
    """Acts as the seed says, keeps the account right, and has HubSpot tell of it. `posted`: events on their way."""

    stage: Stage
    town: Town
    account: Account
    posted: list[tuple[float, Event]] = field(default_factory=list)
    told: int = 0

    def act(self) -> None:
        """Something that happens in HubSpot."""
        acts: tuple[Callable[[], None], ...] = (
            *([self.unsubscribe] * 6),
            self.staff_unsubscribes,
            self.asks,
            self.resubscribe,
            *([self.hold] * 2),
            *([self.lift] * 2),
            *([self.merge] * 2),
            self.delete,
            self.restore,
            self.share,
            self.edit,
        )
        self.stage.random.choice(acts)()

    def _somebody(self, *, wished: bool) -> RecordId | None:
        found = [key for key in self.town.there if (key in self.account.wishes) is wished and key > _FORMER]
        return self.stage.random.choice(found) if found else None

    def _say(self, key: RecordId, words: str) -> None:
        self.stage.tell(f"{key} {words}")
        self.town.touch(RecordRef(CONTACT, key))

    def unsubscribe(self) -> None:
        """Somebody clicks in a newsletter."""
        self._opts_out(OptOutSource.PERSON, "unsubscribes")

    def staff_unsubscribes(self) -> None:
        """An import sets it: a person must agree."""
        self._opts_out(OptOutSource.IMPORT, "is unsubscribed by an import")

    def _opts_out(self, source: OptOutSource, words: str) -> None:
        key = self._somebody(wished=False)
        if key is None:
            return
        seconds = self.stage.seconds
        opt_out = OptOut(BEGIN + timedelta(seconds=seconds), source)
        self.town.there[key] = self.town.there[key]._replace(opt_out=opt_out)
        self.account.wish(key, "unsubscribed", seconds, FIVE_DAYS)
        self._say(key, words)
        self._post(key, "propertyChange", property_name="hs_email_optout_501")

    def asks(self) -> None:
        """Somebody's request to be erased is written into HubSpot."""
        key = self._somebody(wished=False)
        if key is not None and key != _CUSTOMER:
            asked_at = BEGIN + timedelta(seconds=self.stage.seconds)
            self.town.there[key] = self.town.there[key]._replace(erasure_requested_at=asked_at)
            self.account.wish(key, "erasure-request", self.stage.seconds, MONTH)
            self._say(key, "asks to be erased")
            self._post(key, "propertyChange", property_name="erasure_requested_at")

    def resubscribe(self) -> None:
        """Somebody changes their mind."""
        key = self._somebody(wished=True)
        if key is not None and self.account.wishes[key].rule == "unsubscribed":
            self.town.there[key] = self.town.there[key]._replace(opt_out=None)
            self.town.came_back.add(key)
            self.account.forget(key)
            self._say(key, "subscribes again")
            self._post(key, "propertyChange", property_name="hs_email_optout_501")

    def hold(self) -> None:
        """A dispute: with a person, a firm, or about an agreement."""
        key = self._somebody(wished=True) or self._somebody(wished=False)
        found = [RecordRef(COMPANY, FIRM), RecordRef(DEAL, AGREEMENT)]
        self.set_hold(self.stage.random.choice([*([RecordRef(CONTACT, key)] * 3 if key else []), *found]), held=True)

    def lift(self) -> None:
        """It ends."""
        if self.town.held_since:
            self.set_hold(self.stage.random.choice(list(self.town.held_since)), held=False)

    def set_hold(self, record: RecordRef, *, held: bool) -> None:
        """A hold of a record, in HubSpot."""
        if not self.town.has(record):
            return
        self.town.set_hold(record, held=held)
        self.stage.tell(f"a hold of {record} is {'set' if held else 'lifted'} in HubSpot")
        self._post(record.record_id, "propertyChange", record.object_type, property_name="legal_hold")

    def merge(self) -> None:
        """Two records turn out to be one person."""
        loser = self._somebody(wished=True) or self._somebody(wished=False)
        winner = self._somebody(wished=self.stage.random.random() < 0.5)
        if loser is None or winner is None or loser == winner or _CUSTOMER in (loser, winner):
            return
        self.town.merge(RecordRef(CONTACT, loser), RecordRef(CONTACT, winner))
        self.account.forget(loser)
        self._say(winner, f"and {loser} are one from now on")
        self._post(winner, "merge", others=(("primary", int(winner)), ("merged", int(loser))))

    def delete(self) -> None:
        """Somebody else deletes a record, into the bin or for good."""
        key = self._somebody(wished=self.stage.random.random() < 0.5)
        if key is None or key == _CUSTOMER:
            return
        for_good = self.stage.random.random() < 0.5
        if not for_good:
            self.town.bin[RecordRef(CONTACT, key)] = (self.town.there[key], self.stage.seconds)
        self.town.remove(RecordRef(CONTACT, key))
        self.account.forget(key)
        self.stage.tell(f"{key} is deleted by somebody else")
        self._post(key, "privacyDeletion" if for_good else "deletion")

    def restore(self) -> None:
        """A deleted record comes back, as somebody who had not unsubscribed."""
        long_there = [each for each, (seen, since) in self.town.bin.items() if self.stage.seconds - since > 3_600]
        if long_there:
            record = self.stage.random.choice(long_there)
            seen, _ = self.town.bin.pop(record)
            self.town.there[record.record_id] = seen._replace(opt_out=None, erasure_requested_at=None, legal_hold=False)
            self._say(record.record_id, "is restored")
            self._post(record.record_id, "restore")

    def share(self) -> None:
        """A letter turns out to be about somebody else as well."""
        key = self._somebody(wished=False)
        if key is not None and self.town.letters:
            letter = self.stage.random.choice(list(self.town.letters.values()))
            letter.links.setdefault(RecordRef(CONTACT, key), self.stage.seconds)
            self.stage.tell(f"{letter.ref} hangs on {key} as well")

    def edit(self) -> None:
        """Something is changed that nobody's deadline hangs on."""
        key = self._somebody(wished=False)
        if key is not None:
            self._say(key, "is edited")
            self._post(key, "propertyChange", property_name="firstname")

    # Webhooks.

    def _post(self, key: RecordId, what: str, kind: ObjectType = CONTACT, **more: Any) -> None:
        if self.stage.fate(0.3, "its webhook is lost"):
            return
        self.told += 1
        occurred_at = BEGIN + timedelta(seconds=self.stage.seconds)
        event = Event(
            portal_id=PORTAL,
            subscription_id=7,
            event_id=self.told,
            event_type=f"{_WORDS[kind]}.{what}",
            object_type=kind,
            object_id=int(key),
            occurred_at=occurred_at,
            change_source="CRM_UI",
            source_id="userId:7",
            **more,
        )
        copies = 2 if self.stage.fate(0.2, "it is told twice") else 1
        for _ in range(copies):
            self.posted.append((self.stage.seconds + self.stage.random.choice((1.0, 60.0, 9_000.0)), event))

    def deliver(self) -> None:
        """What arrives now is in the inbox before it is answered."""
        arrived = [event for at, event in self.posted if at <= self.stage.seconds]
        if arrived:
            self.posted = [each for each in self.posted if each[0] > self.stage.seconds]
            with database()[1].transaction() as tx:
                tx.add_events(arrived, self.stage.now())
