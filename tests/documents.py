"""Decide a portal document in memory: document -> observations -> spool -> decisions, without HTTP.

The subscription rows of the document are read here as the adapter reads HubSpot's answers.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from hubspot_retention.core.decision.decide import NO_HISTORY
from hubspot_retention.core.decision.model import Decision
from hubspot_retention.core.facts.observation import (
    CompanyLink,
    CompanyObservation,
    ContactObservation,
    DealObservation,
    OptOut,
)
from hubspot_retention.core.facts.values import Unknown
from hubspot_retention.core.hold import HoldRegister
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.core.record import RecordId
from hubspot_retention.core.view import ContactView, DealView, Judge
from hubspot_retention.hubspot.subscriptions import State, earliest_opt_out
from hubspot_retention.hubspot.translate import CompanyTranslator, ContactTranslator, DealTranslator
from hubspot_retention.hubspot.wire import row_type
from hubspot_retention.store.spool import Spool

Record = dict[str, Any]
_rows = cache(row_type)
CLIENTI = Path(__file__).parent.parent / "config" / "clienti.toml"


@cache
def clienti() -> RetentionPolicy:
    """Clienti's policy."""
    return parse_policy(CLIENTI.read_text())


class Document:
    """A portal document as observations."""

    def __init__(self, document: Mapping[str, Any], policy: RetentionPolicy) -> None:
        self.policy = policy
        self.raw = document
        self._newsletters = [row["id"] for row in document["subscriptionTypes"] if row["name"] in policy.newsletters]
        self._links: dict[tuple[str, str], list[tuple[int, bool]]] = {}
        for row in document["associations"]:
            self._link(row["from"], row["to"], bool(row.get("primary")))
            self._link(row["to"], row["from"], bool(row.get("primary")))
        dates = dict.fromkeys(("customer_until", "contract_end_date", "retention_confirmed_on", "event_on"), "date")
        self._contact = ContactTranslator(policy.sources.contact, [str(i) for i in self._newsletters], dates)

    def _link(self, one: str, other: str, primary: bool) -> None:
        kind, number = other.split("/")
        links = self._links.setdefault((one, kind), [])
        known = {record_id: index for index, (record_id, _) in enumerate(links)}
        if int(number) in known:
            index = known[int(number)]
            links[index] = (int(number), primary or links[index][1])
        else:
            links.append((int(number), primary))

    def _ids(self, record: str, kind: str) -> tuple[RecordId, ...]:
        return tuple(RecordId(number) for number, _ in sorted(self._links.get((record, kind), [])))

    def _companies(self, record: str) -> tuple[CompanyLink, ...]:
        links = sorted(self._links.get((record, "companies"), []))
        return tuple(CompanyLink(RecordId(number), primary) for number, primary in links)

    def _properties(self, record: Record, names: tuple[str, ...]) -> Any:
        values = {name: record["properties"].get(name) for name in names}
        return msgspec.convert({"id": record["id"], "properties": values}, _rows(names)).properties

    def contacts(self) -> list[ContactObservation]:
        """The contacts, opt-outs with their instants."""
        found = []
        for record in self.raw["contacts"]:
            ref = f"contacts/{record['id']}"
            properties = self._properties(record, self._contact.names)
            seen, _, _ = self._contact.observe(
                int(record["id"]), properties, self._ids(ref, "deals"), self._companies(ref)
            )
            if isinstance(seen.opt_out, OptOut):
                seen = seen._replace(opt_out=self._opt_out(record))
            found.append(seen)
        return found

    def _opt_out(self, record: Record) -> OptOut | Unknown:
        states = [
            State(
                status=row["status"],
                timestamp=row.get("timestamp"),
                source=row.get("source") or "",
                subscription_id=row.get("subscriptionId"),
                wide_status_type=row.get("wide"),
            )
            for row in record.get("subscriptions", [])
        ]
        return earliest_opt_out(states, [str(i) for i in self._newsletters], self.policy) or OptOut(None)

    def companies(self) -> list[CompanyObservation]:
        """The companies."""
        company = CompanyTranslator(self.policy.sources.company)
        return [company.observe(int(r["id"]), self._properties(r, company.names)) for r in self.raw["companies"]]

    def deals(self) -> list[DealObservation]:
        """The deals."""
        deal = DealTranslator(self.policy.sources.deal)
        found = []
        for record in self.raw["deals"]:
            ref = f"deals/{record['id']}"
            properties = self._properties(record, deal.names)
            found.append(deal.observe(int(record["id"]), properties, self._ids(ref, "contacts"), self._companies(ref)))
        return found

    def spool(self, judge: Judge) -> Spool:
        """Companies and deals, spooled and judged."""
        spool = Spool()
        spool.add_companies(self.companies())
        spool.add_deals(self.deals())
        spool.judge_companies(judge)
        return spool

    def decide(self, as_of: datetime, register: HoldRegister | None = None) -> dict[str, Decision]:
        """Every record's decision."""
        judge = Judge.of(self.policy, register or {}, as_of)
        decisions: dict[str, Decision] = {}
        with self.spool(judge) as spool:
            views: list[ContactView] = spool.contact_views(self.contacts())
            for view in views:
                facts = judge.contact_facts(view)
                spool.keep_traces([(view.seen.record_id, judge.trace(view, facts))])
                decision = judge.decide_contact(view, facts, NO_HISTORY)
                decisions[str(decision.record)] = decision
            deal_view: DealView
            for around in spool.deal_neighbours():
                for deal_view, traces in around.views():
                    decision = judge.decide_deal(deal_view, traces, NO_HISTORY)
                    decisions[str(decision.record)] = decision
        return decisions


def decide_document(document: Mapping[str, Any], as_of: datetime) -> dict[str, Decision]:
    """Every record's decision by Clienti's policy."""
    return Document(document, clienti()).decide(as_of)


def in_observe(*rules: str) -> Callable[[str], str]:
    """Clienti's policy with these rules in mode observe."""

    def changed(text: str) -> str:
        for rule in rules:
            head, found, tail = text.partition(f'[[rules]]\nid = "{rule}"\n')
            assert found
            own, mark, others = tail.partition("\nmode = ")
            text = f'{head}{found}{own}{mark}"observe"\n{others.partition(chr(10))[2]}'
        return text

    return changed
