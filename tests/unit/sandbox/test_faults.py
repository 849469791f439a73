from collections.abc import Iterator

import httpx
import pytest

from hubspot_retention.sandbox.faults import FaultError, Faults, parse_fault
from hubspot_retention.sandbox.options import SandboxOptions
from hubspot_retention.sandbox.running import RunningSandbox, running_sandbox
from tests.unit.sandbox.portals import CONTACTS, Sandbox, a_document, ids

ERASE = f"{CONTACTS}/gdpr-delete"


@pytest.fixture
def running() -> Iterator[RunningSandbox]:
    with running_sandbox(a_document(), SandboxOptions()) as sandbox:
        yield sandbox


def client(sandbox: RunningSandbox, timeout: float = 10.0) -> httpx.Client:
    return httpx.Client(base_url=sandbox.url, headers={"Authorization": f"Bearer {sandbox.token}"}, timeout=timeout)


def test_an_error_before_the_effect_leaves_everything_as_it_was() -> None:
    sandbox = Sandbox()
    sandbox.fault("error_before", method="POST", path="gdpr-delete", status=502)
    sandbox.do(ERASE, {"objectId": "101"}, 502)
    assert ids(sandbox.json(CONTACTS)) == ["101", "102", "103"]
    sandbox.do(ERASE, {"objectId": "101"}, 204)


def test_an_error_after_the_effect_hides_what_was_done() -> None:
    sandbox = Sandbox()
    sandbox.fault("error_after_effect", path="gdpr-delete", status=504)
    sandbox.do(ERASE, {"objectId": "101"}, 504)
    assert ids(sandbox.json(CONTACTS)) == ["102", "103"]
    entry = sandbox.destructive()[0]
    assert (entry["status"], entry["effect"], entry["fault"]) == (504, ["erased contacts/101"], "error_after_effect")


def test_locked_and_migrating_answers_have_their_status_and_migration_its_delay() -> None:
    sandbox = Sandbox()
    sandbox.fault("423")
    assert sandbox.get(CONTACTS).status_code == 423
    sandbox.fault("477")
    answer = sandbox.get(CONTACTS)
    assert (answer.status_code, answer.headers["retry-after"]) == (477, "86400")
    sandbox.fault("477", retry_after=7)
    assert sandbox.get(CONTACTS).headers["retry-after"] == "7"


def test_a_partial_batch_does_half_and_says_so() -> None:
    sandbox = Sandbox()
    sandbox.fault("partial_207", path="batch/archive")
    body = sandbox.do(f"{CONTACTS}/batch/archive", {"inputs": [{"id": "101"}, {"id": "102"}]}, 207)
    assert body["errors"][0]["context"] == {"ids": ["102"]}
    assert ids(sandbox.json(CONTACTS)) == ["102", "103"]


def test_a_silent_partial_batch_does_half_and_does_not_say_so() -> None:
    sandbox = Sandbox()
    sandbox.fault("silent_partial", path="batch/archive")
    sandbox.do(f"{CONTACTS}/batch/archive", {"inputs": [{"id": "101"}, {"id": "102"}]}, 204)
    assert ids(sandbox.json(CONTACTS)) == ["102", "103"]


def test_a_partial_batch_read_leaves_every_second_one_unread() -> None:
    sandbox = Sandbox()
    sandbox.fault("partial_207")
    asked = {"inputs": [{"id": "101"}, {"id": "102"}, {"id": "103"}], "properties": []}
    body = sandbox.do(f"{CONTACTS}/batch/read", asked, 207)
    assert ids(body) == ["101", "103"]
    assert [error["category"] for error in body["errors"]] == ["INTERNAL_ERROR"]


def test_a_fault_happens_as_often_as_it_says_after_those_it_spares() -> None:
    sandbox = Sandbox()
    sandbox.fault("error_before", path="contacts", count=2, skip=1, status=503)
    assert [sandbox.get(CONTACTS).status_code for _ in range(4)] == [200, 503, 503, 200]
    assert sandbox.json("/__sandbox/faults")["faults"][0]["hits"] == 2


def test_faults_can_be_taken_away() -> None:
    sandbox = Sandbox()
    sandbox.fault("error_before", count=None)
    assert sandbox.get(CONTACTS).status_code == 500
    assert sandbox.delete("/__sandbox/faults").status_code == 204
    assert sandbox.get(CONTACTS).status_code == 200


def test_a_probability_is_repeatable_with_its_seed() -> None:
    def hits(seed: int) -> list[bool]:
        faults = Faults(seed)
        faults.add({"kind": "error_before", "probability": 0.5})
        return [faults.hit("GET", "/x") is not None for _ in range(20)]

    assert hits(1) == hits(1)
    assert 0 < sum(hits(1)) < 20


@pytest.mark.parametrize(
    "raw",
    [
        {"kind": "earthquake"},
        {"kind": "slow", "colour": "red"},
        {"kind": "slow", "path": "("},
        {"kind": "slow", "ms": "long"},
        {"kind": "slow", "probability": "often"},
    ],
)
def test_a_fault_that_cannot_be_read_says_what_was_expected(raw: dict[str, object]) -> None:
    with pytest.raises(FaultError, match="expected"):
        parse_fault(raw)
    assert "expected" in Sandbox().do("/__sandbox/faults", raw, 400)["message"]


def test_a_cut_connection_gives_no_answer_and_has_no_effect(running: RunningSandbox) -> None:
    running.gateway.faults.add({"kind": "connection_cut", "path": "gdpr-delete"})
    with client(running) as http, pytest.raises(httpx.TransportError):
        http.post(ERASE, json={"objectId": "101"})
    assert "101" in running.portal.tables["contacts"].live


def test_a_connection_cut_after_the_effect_gives_no_answer_either(running: RunningSandbox) -> None:
    running.gateway.faults.add({"kind": "connection_cut_after_effect", "path": "gdpr-delete"})
    with client(running) as http:
        with pytest.raises(httpx.TransportError):
            http.post(ERASE, json={"objectId": "101"})
        assert ids(http.get(CONTACTS).json()) == ["102", "103"]
    entry = running.journal.entries(destructive=True)[0]
    assert (entry.status, entry.effects) == (None, ("erased contacts/101",))


@pytest.mark.parametrize(("kind", "left"), [("timeout_before", True), ("timeout_after_effect", False)])
def test_a_time_out_leaves_the_client_waiting_on_either_side_of_the_effect(
    running: RunningSandbox, kind: str, left: bool
) -> None:
    running.gateway.faults.add({"kind": kind, "path": "gdpr-delete"})
    with client(running, timeout=0.2) as http, pytest.raises(httpx.ReadTimeout):
        http.post(ERASE, json={"objectId": "101"})
    assert ("101" in running.portal.tables["contacts"].live) is left


def test_a_time_out_that_nobody_waits_for_ends_with_a_cut(running: RunningSandbox) -> None:
    running.gateway.faults.add({"kind": "timeout_before", "ms": 20})
    with client(running) as http, pytest.raises(httpx.RemoteProtocolError):
        http.get(CONTACTS)


def test_a_slow_answer_is_an_answer(running: RunningSandbox) -> None:
    running.gateway.faults.add({"kind": "slow", "ms": 30})
    with client(running) as http:
        assert http.get(CONTACTS).status_code == 200


def test_too_many_requests_say_by_which_policy_as_the_limits_do() -> None:
    sandbox = Sandbox()
    sandbox.fault("429", count=None, retry_after=3)
    answer = sandbox.get(CONTACTS)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
    assert answer.json()["policyName"] == "TEN_SECONDLY_ROLLING"
    assert sandbox.post(f"{CONTACTS}/search", json={}).json()["policyName"] == "SECONDLY"


LASTING = ["429", "error_before", "error_after_effect", "423", "477"]


@pytest.mark.parametrize("kind", LASTING)
def test_a_fault_can_last_until_it_is_taken_away(kind: str) -> None:
    sandbox = Sandbox()
    sandbox.fault(kind, count=None)
    assert all(sandbox.get(CONTACTS).status_code >= 400 for _ in range(50))
    sandbox.delete("/__sandbox/faults")
    assert sandbox.get(CONTACTS).status_code == 200


@pytest.mark.parametrize("kind", LASTING)
def test_a_fault_can_hit_a_share_of_the_requests_the_same_ones_for_a_seed(kind: str) -> None:
    def hits() -> list[bool]:
        sandbox = Sandbox(seed=5)
        sandbox.fault(kind, probability=0.5)
        return [sandbox.get(CONTACTS).status_code >= 400 for _ in range(40)]

    found = hits()
    assert found == hits()
    assert 5 < sum(found) < 35


def test_a_fault_can_last_for_hours_of_the_portals_clock() -> None:
    sandbox = Sandbox()
    sandbox.fault("error_before", status=503, for_seconds=3 * 3600)
    assert sandbox.get(CONTACTS).status_code == 503
    sandbox.do("/__sandbox/clock", {"forward_seconds": 3 * 3600 - 60})
    assert sandbox.get(CONTACTS).status_code == 503
    sandbox.do("/__sandbox/clock", {"forward_seconds": 60})
    assert sandbox.get(CONTACTS).status_code == 200
    assert sandbox.json("/__sandbox/faults")["faults"][0]["ends_at"] is not None


@pytest.mark.parametrize("kind", ["connection_cut", "connection_cut_after_effect"])
def test_connections_can_be_cut_until_that_is_taken_away(running: RunningSandbox, kind: str) -> None:
    running.gateway.faults.add({"kind": kind, "count": None})
    with client(running) as http:
        for _ in range(20):
            with pytest.raises(httpx.TransportError):
                http.get(CONTACTS)
        running.gateway.faults.clear()
        assert http.get(CONTACTS).status_code == 200


def test_time_outs_after_the_effect_can_last_too(running: RunningSandbox) -> None:
    running.gateway.faults.add({"kind": "timeout_after_effect", "count": None, "ms": 5})
    with client(running) as http:
        for record in ("101", "102", "103"):
            with pytest.raises(httpx.RemoteProtocolError):
                http.post(ERASE, json={"objectId": record})
    assert running.portal.tables["contacts"].live == {}
