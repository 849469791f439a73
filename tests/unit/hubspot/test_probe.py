import re
from typing import Any

import pytest

from hubspot_retention.core.probe import ProbeQuestion
from hubspot_retention.errors import PortalDeniedError
from hubspot_retention.hubspot.probe import Probe
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.scopes import ALL_SCOPES
from tests.unit.hubspot.surroundings import Surroundings, a_contact, a_document, a_portal, a_record, the_policy

DOCUMENT = a_document(contacts=[a_contact(1)], deals=[a_record(20)], notes=[a_record(40)])


def probe(surroundings: Surroundings, **faults: Any) -> dict[ProbeQuestion, str]:
    if faults:
        surroundings.sandbox.gateway.faults.add(faults)
    results = Probe(surroundings.transport, the_policy(), "retention-probe-test").run()
    return {result.question: result.answer for result in results}


def named(effect: str) -> set[str]:
    return set(re.findall(r"\w+/\d+", effect))


def in_view(surroundings: Surroundings) -> dict[str, list[str]]:
    return {name: list(table.live) for name, table in surroundings.sandbox.portal.tables.items() if table.live}


def test_every_unconfirmed_fact_has_an_answer_and_everything_made_is_removed() -> None:
    with a_portal(DOCUMENT) as surroundings:
        before = in_view(surroundings)
        answers = probe(surroundings)
        assert in_view(surroundings) == before
    assert answers == {
        ProbeQuestion.CORRESPONDENCE_SURVIVES: "yes",
        ProbeQuestion.DETACHED_SURVIVES: "yes",
        ProbeQuestion.ARCHIVE_OF_ARCHIVED: "taken",
        ProbeQuestion.ERASE_OF_ARCHIVED: "refused",
        ProbeQuestion.ARCHIVE_OF_UNKNOWN: "taken",
        ProbeQuestion.ERASE_OF_UNKNOWN: "refused",
        ProbeQuestion.ARCHIVE_OF_MERGED: "takes-winner",
        ProbeQuestion.ERASE_OF_MERGED: "takes-winner",
        ProbeQuestion.PARTIAL_BATCH: "silent",
        ProbeQuestion.SEARCH_LAG: "0",
        ProbeQuestion.CLEANED_UP: "yes",
    }


def test_nothing_is_touched_but_what_the_probe_made() -> None:
    with a_portal(DOCUMENT) as surroundings:
        probe(surroundings)
        entries = surroundings.sandbox.journal.entries()
    effects = [effect for entry in entries for effect in entry.effects]
    made = {name for effect in effects if effect.startswith("created ") for name in named(effect)}
    changed = {name for effect in effects for name in named(effect)}
    assert changed == made
    assert not {"contacts/1", "deals/20", "notes/40"} & changed


def test_everything_made_carries_the_marker_and_an_invented_address() -> None:
    with a_portal(DOCUMENT) as surroundings:
        surroundings.sandbox.gateway.faults.add({"kind": "error_before", "path": "gdpr-delete", "count": 99})
        probe(surroundings)
        contacts = surroundings.sandbox.portal.tables["contacts"].live
        values = [row for record_id, row in contacts.items() if record_id != "1"]
    assert values
    assert all(row["firstname"] == "retention-probe-test" for row in values)
    assert all(row["email"].startswith("retention-probe-test-") for row in values)


def test_a_trial_that_fails_is_unclear_and_the_others_go_on() -> None:
    with a_portal(DOCUMENT) as surroundings:
        answers = probe(surroundings, kind="error_before", method="PUT", path="associations", status=400, count=99)
    assert answers[ProbeQuestion.CORRESPONDENCE_SURVIVES] == "unclear"
    assert answers[ProbeQuestion.PARTIAL_BATCH] == "silent"
    assert answers[ProbeQuestion.CLEANED_UP] == "yes"


def test_what_could_not_be_removed_is_named() -> None:
    with a_portal(DOCUMENT) as surroundings:
        surroundings.sandbox.gateway.faults.add({"kind": "error_before", "path": "gdpr-delete", "count": 99})
        results = Probe(surroundings.transport, the_policy()).run()
    last = results[-1]
    assert (last.question, last.answer) == (ProbeQuestion.CLEANED_UP, "no")
    assert "contacts/" in last.note


def test_a_record_whose_making_was_not_answered_is_looked_for_by_hand() -> None:
    with a_portal(DOCUMENT) as surroundings:
        fault = {"kind": "connection_cut_after_effect", "method": "POST", "path": "objects/2026-03/contacts$"}
        surroundings.sandbox.gateway.faults.add(fault)
        results = Probe(surroundings.transport, the_policy(), "retention-probe-test").run()
    assert results[-1].answer == "no"
    assert "called retention-probe-test" in results[-1].note


def test_how_late_the_search_is_gets_measured() -> None:
    with a_portal(DOCUMENT) as surroundings:
        surroundings.sandbox.gateway.faults.add({"kind": "stale_search", "path": "contacts/search", "count": 99})
        surroundings.sandbox.portal.index.freeze()
        assert probe(surroundings)[ProbeQuestion.SEARCH_LAG] == "unclear"


def test_without_the_scope_to_write_the_probe_leaves_nothing_behind() -> None:
    scopes = frozenset(ALL_SCOPES - {"crm.objects.contacts.write"})
    with a_portal(DOCUMENT, SandboxOptions(scopes=scopes)) as surroundings:
        before = in_view(surroundings)
        answers = probe(surroundings)
        assert in_view(surroundings) == before
    assert set(answers.values()) == {"unclear", "yes"}


def test_a_portal_that_cannot_be_reached_is_not_probed() -> None:
    with a_portal(DOCUMENT) as surroundings:
        fault = {"kind": "error_before", "path": "account-info", "status": 401}
        surroundings.sandbox.gateway.faults.add(fault)
        with pytest.raises(PortalDeniedError):
            Probe(surroundings.transport, the_policy()).run()
        assert not [entry for entry in surroundings.sandbox.journal.entries() if entry.effects]
