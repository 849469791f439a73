"""`audit`, `explain`, `reconcile`, `policy approve`, `portal`: proof, reasons, and what goes by itself."""

import json
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hubspot_retention.bootstrap import application
from hubspot_retention.clock import Clock
from hubspot_retention.core.audit.entry import Entry
from hubspot_retention.core.audit.kinds import Subject, Verb
from tests.documents import clienti
from tests.faults.people import a_contact, a_customer, a_deal, a_portal, asks_to_go, inactive
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import CLIENTI, House, wide_lines


@pytest.fixture
def applied(house_of: MakeHouse) -> House:
    """Somebody who asked to go has gone; somebody else is held."""
    house = house_of(a_portal(contacts=[asks_to_go(101), inactive(102), a_customer(103, legal_hold="true")]))
    house("plan", "new")
    house.approved("rights")
    house("plan", "apply", "1-rights")
    return house


def test_the_log_verifies(applied: House) -> None:
    ran = applied("audit", "verify")
    assert ran.code == 0
    assert ran.out.startswith("The audit log is intact: ")


def test_json_tells_the_head_of_the_log(applied: House) -> None:
    found = applied("audit", "verify", "--json").json
    assert (found["intact"], found["findings"], len(found["head"])) == (True, [], 64)


def test_a_changed_entry_is_named(applied: House) -> None:
    with sqlite3.connect(applied.folder / "retention.db") as database:
        triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            database.execute(f"DROP TRIGGER {name}")
        database.execute("UPDATE audit_entry SET body = CAST(body || ' ' AS BLOB) WHERE seq = 3")
    database.close()
    ran = applied("audit", "verify")
    assert ran.code == 1
    assert "entry 3: changed" in ran.out
    assert applied("audit", "verify", "--json").json["intact"] is False


def test_the_log_is_exported_as_json_lines_with_the_very_text_that_was_hashed(applied: House) -> None:
    lines = [json.loads(line) for line in applied("audit", "export").out.splitlines()]
    assert applied("audit", "export", "-").out == applied("audit", "export").out
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert all(json.loads(line["body"])["seq"] == line["seq"] for line in lines)
    assert all(len(line["hash"]) == 64 for line in lines)


def test_a_place_that_cannot_be_written_is_told(applied: House, tmp_path: Path) -> None:
    ran = applied("audit", "export", str(tmp_path / "missing" / "log.jsonl"))
    assert ran.code == 2
    assert "cannot be written" in ran.err


def test_the_tail_shows_the_latest_entries(applied: House) -> None:
    out = applied("audit", "tail", "-n", "2").out
    assert "plan.applied" in out
    assert [line.split()[0] for line in out.splitlines() if line[0] != " "] == ["No", "13", "14"]
    assert [entry["subject"] for entry in applied("audit", "tail", "-n", "2", "--json").json] == ["plan", "obligation"]
    assert wide_lines(applied("audit", "tail").out) == []


def test_one_who_was_erased_is_explained_by_what_the_log_knows(applied: House) -> None:
    ran = applied("explain", "contacts/101")
    assert ran.code == 0
    told = " ".join(ran.out.split())
    assert "this service erased it on" in told
    assert "by rule erasure-request, under plan 1-rights." in told
    assert "HubSpot has purged it by" in told
    assert "plan 1-rights: erase, erasure-request: done (read-back-absent)" in told


def test_one_who_was_archived_can_be_restored_for_a_while(applied: House) -> None:
    applied("plan", "new")
    applied.approved("time")
    applied("plan", "apply", "2-time")
    assert "It can be restored in HubSpot until" in applied("explain", "contacts/102").out


def test_of_one_who_is_held_and_not_in_view_it_is_said_that_a_person_must_restore_them(applied: House) -> None:
    applied("plan", "new")
    applied.approved("time")
    applied("plan", "apply", "2-time")
    for record in ("contacts/102", "contacts/999"):
        applied("hold", "place", record, "--matter", "J-1", "--reason", "a dispute")
    archived, unknown = (applied("explain", record).out for record in ("contacts/102", "contacts/999"))
    assert "· a hold is placed on it, matter J-1: it reaches nothing that hung on it" in archived
    assert "It is held: restore it. It can be restored in HubSpot until" in archived
    assert "If it lies in HubSpot's bin, restore it: it is held." in unknown


def test_what_was_only_seen_is_not_told_as_the_deed_of_whoever_wrote_it_down(house_of: MakeHouse) -> None:
    house = house_of(a_portal(contacts=[inactive(101), a_customer(102, legal_hold="true"), inactive(103)]))
    house("reconcile")
    house.act("archive", record="contacts/101")
    house.act("archive", record="contacts/102")
    house.act("erase", record="contacts/103")
    house("reconcile")
    until = (Clock().now().astimezone(clienti().civil.zone) + timedelta(days=90)).date()
    ran = {number: house("explain", f"contacts/{number}") for number in (101, 102, 103)}
    due, held, lost = (" ".join(each.out.split()) for each in ran.values())
    seen = f"foreign-deletion seen, deletion, restorable until {until}"
    assert f"{seen}, noted by the service" in due
    assert "obligation ended, gone, noted by the service" in due
    assert "this service did not dispose of it: that it was deleted in HubSpot was noted on" in due
    assert f"Next It can be restored in HubSpot until {until}; then it is gone." in due
    assert f"Next It is held: restore it. It can be restored in HubSpot until {until}; then it is gone." in held
    assert f"{seen}, if it lies in the bin, noted by the service" in lost
    assert f"If it lies in HubSpot's bin, it can be restored there until {until}; it was not found in it." in lost
    assert " by service" not in due + held + lost
    assert [line for each in ran.values() for line in wide_lines(each.out)] == []


def test_of_one_whom_somebody_else_erased_for_good_nothing_is_promised(applied: House) -> None:
    applied.act("erase", record="contacts/102")
    facts = (("in_bin", "no"), ("restorable_until", "never"), ("was", "free"), ("what", "privacy-deletion"))
    erased = Entry(
        subject=Subject.FOREIGN_DELETION,
        verb=Verb.SEEN,
        at=Clock().now(),
        record="contacts/102",
        actor="service",
        code="privacy-deletion",
        facts=facts,
    )
    with application().store() as store, store.transaction() as tx:
        tx.audit(erased)
    told = " ".join(applied("explain", "contacts/102").out.split())
    assert "foreign-deletion seen, privacy-deletion, cannot be restored, noted by the service" in told
    assert "Next None: it was erased in HubSpot for good." in told


def test_what_somebody_did_is_told_with_their_name(applied: House) -> None:
    applied("hold", "place", "contacts/102", "--matter", "J-1", "--reason", "a dispute")
    assert "hold placed, J-1, by anna" in applied("explain", "contacts/102").out


def test_one_who_is_kept_is_explained_with_facts_and_rules(applied: House) -> None:
    out = applied("explain", "contacts/103").out
    assert "Held: nothing may happen to it." in out
    assert "A legal hold is set in HubSpot on contacts/103." in out
    assert "its property lifecyclestage" in out
    assert "active-customer" in out
    assert wide_lines(out) == []


def test_an_explanation_as_json_holds_the_same(applied: House) -> None:
    found = applied("explain", "contacts/103", "--json").json
    assert found["in_view"] is True
    assert found["decision"]["outcome"] == "held"
    assert {"fact": "is_customer", "value": "yes", "source": "its property lifecyclestage"} in found["facts"]
    rule = next(rule for rule in found["rules"] if rule["rule"] == "active-customer")
    assert (rule["matched"], rule["keep_end"], rule["effective"]) == ("yes", "never", None)


def test_a_gone_record_as_json_has_no_present(applied: House) -> None:
    found = applied("explain", "contacts/101", "--json").json
    assert (found["in_view"], found["decision"], found["facts"]) == (False, None, [])
    assert [entry["verb"] for entry in found["log"]][-1] == "done"


def test_a_record_that_nobody_knows_is_said_to_be_gone_without_us(applied: House) -> None:
    out = applied("explain", "contacts/999").out
    assert "this service did not dispose of it" in out


def test_a_merged_record_names_its_winner(applied: House) -> None:
    applied.act("merge", record="contacts/102", into="contacts/103")
    assert "HubSpot answers with contacts/103." in applied("explain", "contacts/102").out
    assert applied("explain", "contacts/102", "--json").json["merged_into"] == "contacts/103"


@pytest.mark.parametrize(
    ("contact", "told"),
    [
        (inactive(105), "Archive, due since 2015-01-10 10:00. · By rule inactive-contact"),
        (
            inactive(105),
            "Next To be archived by 2015-02-09 09:00, so that it is gone from HubSpot's bin by 2015-05-10 10:00.",
        ),
        (asks_to_go(105), "Next To be erased by 2015-05-10 10:00."),
        (a_customer(105, customer_until="2030-10-31"), "Kept until 2032-11-01 00:00."),
        (a_customer(105, event_on="2030-01-01"), "A person must look at it."),
        (a_contact(105, createdate="2030-01-01T09:00:00Z"), "It cannot be told, so nothing happens to it."),
        (asks_to_go(105, lifecyclestage="customer"), "The person must be answered by 2020-03-31 11:00."),
        (asks_to_go(105, lifecyclestage="customer"), "Marketing to it ends."),
    ],
)
def test_each_outcome_is_told_with_its_next_date(house_of: MakeHouse, contact: dict[str, Any], told: str) -> None:
    out = house_of(a_portal(contacts=[contact]))("explain", "contacts/105").out
    assert told in " ".join(out.split())


def test_a_contact_with_an_open_deal_is_kept_without_a_date(house_of: MakeHouse) -> None:
    recent = (Clock().now() - timedelta(days=10)).isoformat()
    document = a_portal(
        contacts=[a_contact(105, createdate=recent)], deals=[a_deal(201)], links=(("contacts/105", "deals/201"),)
    )
    assert "Kept; no end is known." in house_of(document)("explain", "contacts/105").out


@pytest.mark.parametrize("record", ["companies/1", "101", "contacts/x"])
def test_only_contacts_and_deals_are_explained(applied: House, record: str) -> None:
    assert applied("explain", record).code == 2


@pytest.fixture
def rights(house_of: MakeHouse) -> House:
    """Somebody who asked to go, and somebody inactive."""
    return house_of(a_portal(contacts=[asks_to_go(101), inactive(102)]))


def approve_policy(house: House) -> None:
    """A named person approves the policy."""
    digest = house("policy", "check", "--json").json["digest"]
    assert house("policy", "approve", "--digest", digest, "--who", "bent").code == 0


def test_reconcile_in_review_waits_for_a_person(rights: House) -> None:
    ran = rights("reconcile")
    assert ran.code == 0
    assert "plan 1-rights waits: it is new: a person must approve it" in ran.err
    assert rights.effects() == []


def test_reconcile_in_enforce_carries_out_what_goes_by_itself(rights: House, monkeypatch: pytest.MonkeyPatch) -> None:
    approve_policy(rights)
    monkeypatch.setenv("RETENTION_MODE", "enforce")
    ran = rights("reconcile", "--json")
    assert ran.code == 0
    assert [(one["plan_id"], one["status"], one["done"]) for one in ran.json["applied"]] == [("1-rights", "applied", 1)]
    assert [one["plan_id"] for one in ran.json["waiting"]] == ["1-time"]
    assert not rights.is_in_view("contacts/101")
    assert rights.is_in_view("contacts/102")


@pytest.mark.parametrize("mode", ["review", "enforce"])
def test_a_reconciliation_that_somebody_stopped_ends_as_blocked(
    rights: House, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETENTION_MODE", mode)
    if mode == "enforce":
        approve_policy(rights)
    else:
        assert rights("plan", "new").code == 0
        rights.approved("rights")
    assert rights("stop", "--why", "look first").code == 0
    assert rights("reconcile").code == 4
    assert rights.effects() == []
    assert rights("resume").code == 0
    assert rights("reconcile").code == 0


def test_reconcile_tells_what_was_carried_out(rights: House, monkeypatch: pytest.MonkeyPatch) -> None:
    approve_policy(rights)
    monkeypatch.setenv("RETENTION_MODE", "enforce")
    ran = rights("reconcile")
    assert "  1 done" in ran.out
    assert "plan 1-time waits: no rule in it goes by itself" in ran.err


def test_reconcile_warns_the_owners_of_what_will_be_due_and_tells_who_has_none(house_of: MakeHouse) -> None:
    people = [inactive(101, hubspot_owner_id="77"), inactive(102)]
    house = house_of(a_portal(contacts=people, owners=[{"id": "77"}]))
    ran = house("reconcile")
    assert "owners were warned of 1 record, by 1 task in HubSpot" in ran.err
    assert "due soon, without an owner who could be warned: 1 record" in ran.err
    (task,) = house.sandbox.portal.tables["tasks"].live.values()
    assert (task["hubspot_owner_id"], task["hs_task_subject"]) == ("77", "1 contact of yours to be archived")
    assert "owner-warning done" in house("explain", "contacts/101").out
    assert house("reconcile", "--json").json["owners"]["told"] == 0


def test_a_new_plan_alone_warns_nobody_and_says_so(house_of: MakeHouse) -> None:
    house = house_of(a_portal(contacts=[inactive(101, hubspot_owner_id="77")], owners=[{"id": "77"}]))
    ran = house("plan", "new")
    assert "Owner warned 30 days ahead (inactive-contact): 0 of 1." in ran.out
    assert list(house.sandbox.portal.tables["tasks"].live) == []


def test_reconcile_tells_why_not_every_owner_was_warned(house_of: MakeHouse) -> None:
    house = house_of(a_portal(contacts=[inactive(101, hubspot_owner_id="77")], owners=[{"id": "77"}]))
    house.sandbox.gateway.faults.add({"kind": "error_before", "status": 403, "path": "owners"})
    ran = house("reconcile")
    assert (ran.code, "not every owner was warned: GET /crm/v3/owners" in ran.err) == (0, True)


def test_reconcile_exits_four_where_a_guardrail_blocks(rights: House, tmp_path: Path) -> None:
    path = tmp_path / "service.toml"
    path.write_text("[guardrails]\nmax_disposals = 0\n")
    ran = rights("--settings", str(path), "reconcile")
    assert ran.code == 4
    assert "at most 0 may go" in ran.err


def test_reconcile_exits_three_where_something_failed(rights: House, monkeypatch: pytest.MonkeyPatch) -> None:
    approve_policy(rights)
    monkeypatch.setenv("RETENTION_MODE", "enforce")
    rights.sandbox.gateway.faults.add({"kind": "error_before", "status": 400, "path": "gdpr-delete"})
    assert rights("reconcile").code == 3


def test_a_policy_is_approved_by_its_digest(rights: House) -> None:
    digest = rights("policy", "check", "--json").json["digest"]
    ran = rights("policy", "approve", "--digest", digest[:12], "--who", "bent")
    assert ran.code == 0
    assert ran.out == f"Clienti: Persondatapolitik, version 2026-11, digest {digest}, is approved by bent\n"
    entries = [json.loads(json.loads(line)["body"]) for line in rights("audit", "export").out.splitlines()]
    (found,) = [entry for entry in entries if entry["subject"] == "policy"]
    assert (found["verb"], found["actor"], found["policy_digest"]) == ("approved", "bent", digest)


@pytest.mark.parametrize("words", [(), ("--digest", "abc"), ("--digest", "0" * 64)])
def test_without_its_digest_a_policy_is_not_approved(rights: House, words: tuple[str, ...]) -> None:
    ran = rights("policy", "approve", *words)
    assert ran.code == 2
    assert "nothing is approved" in ran.err
    assert rights("audit", "export").out == ""


def test_what_a_policy_widens_is_told_before_it_is_approved_and_blocks_until_then(
    rights: House, tmp_path: Path
) -> None:
    approve_policy(rights)
    wider = tmp_path / "wider.toml"
    text = CLIENTI.read_text(encoding="utf-8")
    wider.write_text(
        text.replace('after = "P12M"\nfrom = "last_activity_at"', 'after = "P6M"\nfrom = "last_activity_at"')
    )
    told = "rule inactive-contact disposes after P6M, before it was P12M"
    blocked = rights("plan", "new", "--policy", str(wider))
    assert blocked.code == 4
    assert told in blocked.err
    digest = rights("policy", "check", str(wider), "--json").json["digest"]
    approved = rights("policy", "approve", "--policy", str(wider), "--digest", digest)
    assert f"- {told}" in approved.err
    assert rights("plan", "new", "--policy", str(wider)).code == 0


def test_a_policy_is_approved_also_where_the_one_approved_before_can_no_longer_be_read(rights: House) -> None:
    approve_policy(rights)
    with sqlite3.connect(rights.folder / "retention.db") as database:
        database.execute("UPDATE policy_approval SET document = replace(document, 'review_after', 'reviewed_after')")
    assert rights("plan", "new").code == 4
    digest = rights("policy", "check", "--json").json["digest"]
    ran = rights("policy", "approve", "--digest", digest[:12])
    assert ran.code == 0
    assert "The policy last approved can no longer be read" in ran.err
    assert rights("plan", "new").code == 0


@pytest.mark.parametrize("words", [("policy", "approve"), ("plan", "new"), ("reconcile",)])
def test_by_a_policy_that_cannot_do_what_it_says_nothing_is_decided(
    house_of: MakeHouse, tmp_path: Path, words: tuple[str, ...]
) -> None:
    house = house_of(a_portal(contacts=[asks_to_go(101)]))
    unfit = tmp_path / "unfit.toml"
    was = 'when = { known = "unsubscribed_at" }'
    text = CLIENTI.read_text(encoding="utf-8")
    assert was in text
    unfit.write_text(text.replace(was, 'when = { all = [{ is = "is_partner" }, { not = { is = "is_partner" } }] }'))
    ran = house(*words, "--policy", str(unfit))
    assert ran.code == 2
    assert "- rules[unsubscribed].when: never applies: its criteria contradict each other" in ran.err
    assert house("audit", "export").out == ""


def test_settings_that_were_changed_between_two_decisions_stand_in_the_log(
    rights: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    rights("plan", "new")
    monkeypatch.setenv("RETENTION_ALLOW_ERASE", "false")
    rights("reconcile")
    entries = [json.loads(json.loads(line)["body"]) for line in rights("audit", "export").out.splitlines()]
    (found,) = [entry for entry in entries if entry["subject"] == "settings"]
    assert (found["verb"], found["actor"]) == ("changed", "anna")
    assert found["facts"] == {"allow_erase": 0, "allow_erase_before": 1}


def test_duties_that_a_policy_drops_are_told_before_it_is_approved(rights: House, tmp_path: Path) -> None:
    approve_policy(rights)
    later = tmp_path / "later.toml"
    later.write_text(CLIENTI.read_text(encoding="utf-8").replace('within = "P5D"', 'within = "P20D"'))
    digest = rights("policy", "check", str(later), "--json").json["digest"]
    ran = rights("policy", "approve", "--policy", str(later), "--digest", digest)
    assert ran.code == 0
    assert "- rule unsubscribed may take 20 days, before it was 5 days\n" in ran.err


def test_the_portal_is_checked(rights: House) -> None:
    ran = rights("portal", "check")
    assert ran.code == 0
    assert "Portal 25412345" in ran.out
    assert "Archiving an e-mail removes it for good at once" in " ".join(ran.out.split())
    assert wide_lines(ran.out) == []


def test_a_portal_that_lacks_properties_fails_the_check_until_it_is_set_up(house_of: MakeHouse) -> None:
    house = house_of(a_portal(contacts=[inactive(102)]), with_setup=False)
    ran = house("portal", "check", "--json")
    assert ran.code == 1
    assert ran.json["fine"] is False
    problems = [found["text"] for found in ran.json["findings"] if found["verdict"] == "problem"]
    assert "contacts legal_hold is not there: `portal setup` makes ours." in problems
    made = house("portal", "setup", "--yes")
    assert made.code == 0
    assert "made: the property legal_hold (bool) for contacts" in made.out
    assert house("portal", "check").code == 0
    assert '\\"subject\\":\\"property\\"' in house("audit", "export").out


def test_setup_asks_first_and_says_what_it_would_make(house_of: MakeHouse) -> None:
    house = house_of(a_portal(), with_setup=False)
    ran = house("portal", "setup")
    assert ran.code == 2
    assert "the property group Retention for contacts" in ran.out
    assert "give --yes" in ran.err
    assert house("portal", "check").code == 1


def test_a_portal_that_lacks_nothing_is_left_alone(rights: House) -> None:
    ran = rights("portal", "setup")
    assert ran.code == 0
    assert "nothing is made" in ran.out


def test_the_probe_asks_first(rights: House) -> None:
    ran = rights("portal", "probe")
    assert ran.code == 2
    assert "give --yes" in ran.err
    assert rights("audit", "export").out == ""


def test_the_probe_stores_and_tells_what_it_found(rights: House) -> None:
    ran = rights("portal", "probe", "--yes", "--json")
    assert ran.code == 0
    assert ran.json["correspondence_is_verified"] is True
    entries = [json.loads(json.loads(line)["body"]) for line in rights("audit", "export").out.splitlines()]
    assert [(entry["subject"], entry["verb"]) for entry in entries] == [("probe", "started"), ("probe", "done")]


def test_the_answers_of_the_probe_are_told_in_words(rights: House) -> None:
    ran = rights("portal", "probe", "--yes")
    told = " ".join(ran.out.split())
    assert "Does correspondence on a deal survive the erasure of its contact? yes" in told
    assert "contacts that have some may be erased" in told
    assert wide_lines(ran.out) == []


def test_nothing_is_tried_on_another_portal_than_the_settings_name(
    rights: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUBSPOT_PORTAL_ID", "1")
    for words in (("portal", "probe", "--yes"), ("portal", "setup", "--yes")):
        ran = rights(*words)
        assert ran.code == 4
        assert "the settings name portal 1" in ran.err
