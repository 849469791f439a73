"""`plan approve | reject | apply`: what a person decides, and carrying it out."""

from dataclasses import replace
from pathlib import Path

import pytest

from hubspot_retention.bootstrap import application
from hubspot_retention.core.plan.model import PlanStatus
from tests.documents import clienti
from tests.faults.people import a_customer, a_letter, a_portal, asks_to_go, inactive
from tests.unit.cli.conftest import MakeHouse
from tests.unit.cli.house import CLIENTI, House


@pytest.fixture
def planned(house_of: MakeHouse) -> House:
    """Two people who asked to go, planned."""
    house = house_of(a_portal(contacts=[asks_to_go(101), asks_to_go(102)]))
    house("plan", "new")
    return house


def test_an_approved_plan_is_carried_out_and_told(planned: House) -> None:
    planned.approved("rights")
    ran = planned("plan", "apply", "1-rights")
    assert ran.code == 0
    assert ran.out == "Plan 1-rights: rights that people exercised, applied\n  2 done\n"
    assert not planned.is_in_view("contacts/101")


def test_approving_names_who_did_it_and_what_to_do_next(planned: House) -> None:
    plan = planned.plans()["rights"]
    ran = planned("plan", "approve", "1-rights", "--digest", plan["digest"][:12], "--who", "bent")
    assert (ran.code, ran.out) == (0, "")
    told = "plan 1-rights is approved by bent; carry it out with: hubspot-retention plan apply 1-rights\n"
    policy = clienti()
    assert ran.err == (
        f"{told}With it {policy.name}, version {policy.version}, digest {policy.digest}, counts as approved.\n"
    )
    again = planned("plan", "approve", "1-time", "--digest", planned.plans()["time"]["digest"], "--who", "bent")
    assert again.err == told.replace("1-rights", "1-time")


@pytest.mark.parametrize("digest", ["0" * 64, "", "abc"])
def test_a_wrong_digest_approves_nothing(planned: House, digest: str) -> None:
    ran = planned("plan", "approve", "1-rights", "--digest", digest)
    assert ran.code == 4
    assert planned.plans()["rights"]["status"] == "awaiting-review"


def test_a_plan_that_nobody_approved_is_not_applied(planned: House) -> None:
    ran = planned("plan", "apply", "1-rights")
    assert ran.code == 4
    assert "nobody has approved it" in ran.err
    assert planned.effects() == []


def test_observe_mode_refuses(planned: House, monkeypatch: pytest.MonkeyPatch) -> None:
    planned.approved("rights")
    monkeypatch.delenv("RETENTION_MODE")
    ran = planned("plan", "apply", "1-rights")
    assert ran.code == 4
    assert "the mode is observe" in ran.err
    assert planned.effects() == []


def test_erasing_needs_its_own_permission(planned: House, monkeypatch: pytest.MonkeyPatch) -> None:
    planned.approved("rights")
    monkeypatch.delenv("RETENTION_ALLOW_ERASE")
    ran = planned("plan", "apply", "1-rights")
    assert ran.code == 4
    assert "erasing is not allowed" in ran.err
    assert planned.effects() == []


def test_a_plan_of_another_policy_is_stale(planned: House, tmp_path: Path) -> None:
    planned.approved("rights")
    other = tmp_path / "other.toml"
    other.write_text(CLIENTI.read_text(encoding="utf-8").replace('version = "2026-11"', 'version = "other"'))
    ran = planned("plan", "apply", "1-rights", "--policy", str(other))
    assert ran.code == 4
    assert "another policy" in ran.err
    assert planned.effects() == []


def test_a_plan_is_applied_once(planned: House) -> None:
    planned.approved("rights")
    planned("plan", "apply", "1-rights")
    ran = planned("plan", "apply", "1-rights")
    assert ran.code == 4
    assert "applied already" in ran.err


def test_a_rejected_plan_is_never_applied(planned: House) -> None:
    ran = planned("plan", "reject", "1-rights", "--why", "too many")
    assert (ran.code, ran.err) == (0, "plan 1-rights is rejected by anna\n")
    assert planned("plan", "apply", "1-rights").code == 4
    shown = planned("plan", "show", "1-rights")
    assert "too many" in shown.out


def test_a_plan_is_not_rejected_without_a_reason(planned: House) -> None:
    ran = planned("plan", "reject", "1-rights", "--why", " ")
    assert ran.code == 2
    assert "--why: found nothing" in ran.err
    assert planned.plans()["rights"]["status"] == "awaiting-review"


def test_four_eyes_refuse_the_one_who_asked(planned: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETENTION_FOUR_EYES", "true")
    digest = planned.plans()["rights"]["digest"]
    assert planned("plan", "approve", "1-rights", "--digest", digest).code == 4
    assert planned("plan", "approve", "1-rights", "--digest", digest, "--who", "bent").code == 0


def test_what_is_skipped_is_told_with_its_reason(planned: House) -> None:
    planned.approved("rights")
    planned.act("edit", record="contacts/102", properties={"legal_hold": "true"})
    ran = planned("plan", "apply", "1-rights")
    assert ran.code == 0
    assert "1 done" in ran.out
    assert "1 skipped: held now" in ran.out
    assert planned.is_in_view("contacts/102")


def test_what_is_blocked_leaves_the_plan_partly_applied(house_of: MakeHouse) -> None:
    document = a_portal(
        contacts=[asks_to_go(101), asks_to_go(102), a_customer(103)],
        notes=[a_letter(31)],
        links=(("contacts/101", "notes/31"), ("contacts/103", "notes/31")),
    )
    house = house_of(document)
    house("plan", "new")
    house.approved("rights")
    ran = house("plan", "apply", "1-rights", "--json")
    assert ran.code == 3
    assert ran.json == {
        "plan_id": "1-rights",
        "status": "partly-applied",
        "done": 1,
        "skipped": {},
        "failed": {},
        "answer_lost": 0,
        "waiting": 1,
        "blocked": {"unverified": 1},
    }
    assert house.is_in_view("contacts/101")


def test_what_the_probe_has_verified_is_carried_out(house_of: MakeHouse) -> None:
    document = a_portal(
        contacts=[asks_to_go(101), a_customer(103)],
        notes=[a_letter(31)],
        links=(("contacts/101", "notes/31"), ("contacts/103", "notes/31")),
    )
    house = house_of(document)
    house.verified()
    house("plan", "new")
    house.approved("rights")
    assert house("plan", "apply", "1-rights").code == 0
    assert house.is_in_view("notes/31")


def test_a_refusal_of_hubspot_fails_the_item_and_the_plan_is_partly_applied(planned: House) -> None:
    planned.approved("rights")
    planned.sandbox.gateway.faults.add({"kind": "error_before", "status": 400, "path": "gdpr-delete"})
    ran = planned("plan", "apply", "1-rights")
    assert ran.code == 3
    assert "1 failed" in ran.out


def test_a_second_plan_has_nothing_due(planned: House) -> None:
    planned.approved("rights")
    planned("plan", "apply", "1-rights")
    out = planned("plan", "new").out
    assert out.count("Nothing is to be done.") == 2
    assert "Nothing to decide." in out


def test_a_plan_that_the_service_approved_is_not_widened_by_who_applies_it(house_of: MakeHouse) -> None:
    house = house_of(a_portal(contacts=[inactive(101)]))
    house("plan", "new")
    with application().store() as store, store.transaction() as tx:
        plan = tx.plan("1-time")
        assert plan is not None
        tx.save_plan(replace(plan, status=PlanStatus.APPROVED, decided_by="service"))
    assert house("plan", "apply", "1-time").code == 3
    assert house.is_in_view("contacts/101")


def test_who_approves_a_plan_that_is_blocked_for_fewer_records_accepts_that_figure_alone(house_of: MakeHouse) -> None:
    house = house_of(a_portal(contacts=[asks_to_go(101), *map(a_customer, range(102, 106))]))
    house("plan", "new")
    for number in (102, 103):
        house.act("archive", record=f"contacts/{number}")
    assert house("plan", "new").code == 4
    plan = house.plans()["rights"]
    ran = house("plan", "approve", plan["plan_id"], "--digest", plan["digest"], "--who", "bent")
    assert (ran.code, ran.out) == (0, "")
    read = f"bent accepts what plan {plan['plan_id']} read"
    assert ran.err == f"{read}; it stays blocked: make a new one with `plan new`\n"
    assert house.plans()["rights"]["status"] == "blocked"
    assert house("plan", "new").code == 0
