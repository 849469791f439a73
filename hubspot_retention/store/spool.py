"""A spool for one assessment: deals, companies and who hangs on whom, on disk, gone when it is closed.

A contact's decision needs its deals and companies, a deal's needs its contacts, and memory must stay flat at a
million records. So what was read is spooled to an anonymous SQLite database that has no name on any file system
and vanishes with the process. It holds ids, dates and truths, as the observations do; no personal data.
Plain sqlite3 rather than SQLAlchemy: it is a spill file, written and read a hundred thousand times a run. And the
interpreter's own, not the store's driver, whose temporary databases never leave memory.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hubspot_retention.core.decision.history import Remembered
from hubspot_retention.core.facts.observation import CompanyObservation, ContactObservation, DealObservation
from hubspot_retention.core.facts.values import UNKNOWN, Unknown
from hubspot_retention.core.portal import UnreadContact
from hubspot_retention.core.record import ObjectType, RecordId
from hubspot_retention.core.view import ContactTrace, ContactView, DealView, Judge
from hubspot_retention.store.spool_rows import (
    pack_company,
    pack_company_view,
    pack_deal,
    pack_memory,
    pack_trace,
    unpack_company,
    unpack_deal,
    unpack_memory,
)
from hubspot_retention.store.spool_views import AroundContacts, AroundDeals, known

_SCHEMA = """
create table company (id integer primary key, seen blob, view blob);
create table deal (id integer primary key, seen blob not null);
create table deal_company (company_id integer not null, deal_id integer not null,
                           primary key (company_id, deal_id)) without rowid;
create table contact_deal (contact_id integer not null, deal_id integer not null,
                           primary key (contact_id, deal_id)) without rowid;
create table contact (id integer primary key, trace blob not null);
create table note (kind text not null, id integer not null, starts text not null, rest blob);
"""
_PAGE = 500
_NOTES = 5_000
_DEALS_AT_ONCE = 1_000

_COMPANIES = "select id, seen from company where id in ({marks})"
_DEALS_OF_COMPANIES = (
    "select l.company_id, d.seen from deal_company l join deal d on d.id = l.deal_id"
    " where l.company_id in ({marks}) order by 1, d.id"
)
_DEALS_OF_CONTACTS = "select contact_id, deal_id from contact_deal where contact_id in ({marks}) order by 1, 2"
_COMPANY_VIEWS = "select id, view from company where id in ({marks})"
_DEALS = "select id, seen from deal where id in ({marks})"
_DEALS_AFTER = "select id, seen from deal where id > ? order by id limit ?"
_TRACES = "select id, trace from contact where id in ({marks})"


class Spool:
    """What one assessment has read of deals and companies, and what it concluded of contacts with deals."""

    def __init__(self) -> None:
        # An empty name is SQLite's private temporary database: a file already unlinked, spilled to only when the
        # page cache (8 MiB here) is full. Durability is worthless for it, so nothing is synchronised.
        self._db = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._deals_unplaced = False
        self._judge: Judge | None = None
        self._db.executescript("pragma cache_size=-8192; pragma synchronous=off; pragma journal_mode=off;" + _SCHEMA)
        # One transaction for all its life: nothing is ever taken back, and each end of one walks through all the pages.
        self._db.execute("begin")

    def close(self) -> None:
        """Let it vanish."""
        self._db.close()

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def restart(self) -> None:
        """Forget everything: the lists are read again with one cursor."""
        self._deals_unplaced = False
        for table in ("company", "deal", "deal_company", "contact_deal", "contact", "note"):
            self._db.execute(f"delete from {table}")

    def add_companies(self, page: Sequence[CompanyObservation]) -> None:
        """Spool companies."""
        rows = [(company.record_id, pack_company(company)) for company in page]
        self._db.executemany("insert or replace into company (id, seen) values (?, ?)", rows)

    def add_deals(self, page: Sequence[DealObservation]) -> None:
        """Spool deals with their companies."""
        self._deals_unplaced |= any(deal.companies is UNKNOWN for deal in page)
        self._db.executemany(
            "insert or replace into deal values (?, ?)", [(deal.record_id, pack_deal(deal)) for deal in page]
        )
        links = [
            (link.company_id, deal.record_id)
            for deal in page
            if deal.companies is not UNKNOWN
            for link in deal.companies
        ]
        self._db.executemany("insert or ignore into deal_company values (?, ?)", links)
        people = [(contact, deal.record_id) for deal in page for contact in known(deal.contacts)]
        self._db.executemany("insert or ignore into contact_deal values (?, ?)", people)

    def judge_companies(self, judge: Judge) -> None:
        """After companies and deals are read, before any contact is asked for: what a company passes on is what this
        judge says, each when it is first asked for.

        A deal whose companies could not be read may belong to any of them, with its debt and its contract.
        """
        self._judge = judge
        self._db.execute("update company set view = null where view is not null")

    def _company_views(self, ids: set[RecordId]) -> dict[RecordId, bytes]:
        """What companies pass on. One that was not read is not there, nor is any before there is a judge."""
        found = self._fetch(_COMPANY_VIEWS, ids)
        if self._judge is not None and (new := ids - found.keys()):
            judged = self._judged(self._judge, self._fetch(_COMPANIES, new))
            found.update(judged)
            rows = [(view, company_id) for company_id, view in judged.items()]
            self._db.executemany("update company set view = ? where id = ?", rows)
        return found

    def _judged(self, judge: Judge, companies: dict[RecordId, bytes]) -> dict[RecordId, bytes]:
        deals: dict[int, list[DealObservation]] = {}
        for company_id, seen in self._rows(_DEALS_OF_COMPANIES, list(companies)):
            deals.setdefault(company_id, []).append(unpack_deal(seen))
        judged = {}
        for company_id, seen in companies.items():
            own = UNKNOWN if self._deals_unplaced else deals.get(company_id, ())
            judged[company_id] = pack_company_view(judge.company(unpack_company(seen), own))
        return judged

    def neighbours(self, contacts: Sequence[ContactObservation | UnreadContact]) -> AroundContacts:
        """What is around some contacts."""
        deals = self._fetch(_DEALS, {deal for seen in contacts if seen.deals for deal in known(seen.deals)})
        wanted = {link.company_id for seen in contacts if seen.companies for link in known(seen.companies)}
        wanted |= {link.company_id for row in deals.values() for link in known(unpack_deal(row).companies)}
        return AroundContacts(deals, self._company_views(wanted))

    def contact_views(self, contacts: Sequence[ContactObservation]) -> list[ContactView]:
        """Contacts with their neighbours. A neighbour that was not read makes the association unknown."""
        return self.neighbours(contacts).views(contacts)

    def keep_traces(self, traces: Iterable[tuple[RecordId, ContactTrace]]) -> None:
        """Note what the deals of these contacts need to know of them."""
        rows = [(contact_id, pack_trace(trace)) for contact_id, trace in traces]
        self._db.executemany("insert or replace into contact values (?, ?)", rows)

    def keep_notes(self, kind: ObjectType, notes: Iterable[tuple[RecordId, Remembered, Remembered]]) -> None:
        """Keep what later runs shall know, with what was known before, until the run is whole."""
        name = kind.value
        rows = [(name, record_id, after.starts, pack_memory(before, after)) for record_id, before, after in notes]
        self._db.executemany("insert into note values (?, ?, ?, ?)", rows)

    def notes(self, kind: ObjectType) -> Iterator[list[tuple[RecordId, Remembered, Remembered]]]:
        """What was kept for later runs, in pages."""
        cursor = self._db.execute("select id, starts, rest from note where kind = ? order by rowid", (kind.value,))
        while rows := cursor.fetchmany(_NOTES):
            yield [(RecordId(record_id), *unpack_memory(starts, rest)) for record_id, starts, rest in rows]

    def deal_neighbours(self) -> Iterator[AroundDeals]:
        """Every deal and what is around it, in pages by id. After the contacts."""
        last: int = -1
        while rows := self._db.execute(_DEALS_AFTER, (last, _DEALS_AT_ONCE)).fetchall():
            last = rows[-1][0]
            yield self._around(dict(rows))

    def views_of(self, deal_ids: Iterable[RecordId]) -> list[tuple[DealView, tuple[ContactTrace, ...] | Unknown]]:
        """Some deals with their neighbours."""
        return self._around(self._fetch(_DEALS, set(deal_ids))).views()

    def deals_of_contacts(
        self, ids: Sequence[RecordId]
    ) -> dict[RecordId, list[tuple[DealView, tuple[ContactTrace, ...] | Unknown]]]:
        """The deals of some contacts, with their neighbours."""
        pairs = list(self._rows(_DEALS_OF_CONTACTS, ids))
        views = {entry[0].seen.record_id: entry for entry in self.views_of({deal for _, deal in pairs})}
        found: dict[RecordId, list[tuple[DealView, tuple[ContactTrace, ...] | Unknown]]] = {}
        for contact, deal in pairs:
            found.setdefault(contact, []).append(views[deal])
        return found

    def _around(self, deals: dict[RecordId, bytes]) -> AroundDeals:
        seen = [unpack_deal(row) for row in deals.values()]
        people = {contact for deal in seen for contact in known(deal.contacts)}
        companies = {link.company_id for deal in seen for link in known(deal.companies)}
        return AroundDeals(deals, self._fetch(_TRACES, people), self._company_views(companies))

    def _fetch(self, query: str, ids: set[RecordId]) -> dict[RecordId, bytes]:
        return {key: row for key, row in self._rows(query, sorted(ids)) if row is not None}

    def _rows(self, query: str, ids: Sequence[RecordId]) -> Iterator[Any]:
        """The rows of some ids, which stand in the query for `{marks}`, a page of them at a time."""
        for start in range(0, len(ids), _PAGE):
            part = ids[start : start + _PAGE]
            yield from self._db.execute(query.format(marks=",".join("?" * len(part))), part)
