"""Forged, replayed and shifted webhooks, against the web application as strangers reach it.

`RETENTION_TEST_FORGERIES` says how many (the scoreboard: 1,000,000; else 20,000).
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable

from hubspot_retention.core.webhook.signature import Verdict, verify
from hubspot_retention.web.webhook import Answered
from tests.faults.forgeries import KINDS, SECRETS, a_body, forge, signed
from tests.unit.web.doors import Door

FORGERIES = int(os.environ.get("RETENTION_TEST_FORGERIES", "20000"))


def test_a_request_of_hubspots_is_let_in() -> None:
    door = Door()
    answers = [asyncio.run(door.ask(signed(a_body(), secret=secret))).status for secret in SECRETS]
    assert answers == [204, 204]
    assert len(door.stored) == 2


def test_no_forged_replayed_or_shifted_request_is_accepted_or_answered_with_500(
    record_property: Callable[[str, object], None],
) -> None:
    door = Door()

    async def all_of_them() -> Counter[int]:
        answers: Counter[int] = Counter()
        for seed in range(FORGERIES):
            forgery = forge(seed)
            door.now = forgery.now
            status = (await door.ask(forgery.request)).status
            assert status == 401, (seed, forgery.how, status)
            answers[status] += 1
        return answers

    answers = asyncio.run(all_of_them())
    record_property("forgeries", f"{FORGERIES:,}, seeds from 0 on")
    record_property("accepted", len(door.stored))
    assert answers == {401: FORGERIES}
    assert door.stored == []
    assert set(door.counted) == {Answered.FORGED, Answered.STALE}


def test_every_kind_of_forgery_is_refused_by_the_check_alone() -> None:
    verdicts: dict[str, set[Verdict]] = {}
    for seed in range(40 * len(KINDS)):
        forgery = forge(seed)
        verdict = verify(SECRETS, forgery.request, forgery.now)
        assert verdict is not Verdict.ACCEPTED, (seed, forgery.how)
        verdicts.setdefault(forgery.how, set()).add(verdict)
    assert set(verdicts) == set(KINDS)
    assert verdicts["replayed"] == {Verdict.TOO_OLD}
    assert verdicts["from the future"] == {Verdict.FROM_THE_FUTURE}
    assert verdicts["another spelling of the signature"] == {Verdict.WRONG}
