"""Checkpoints that people are sent: what they get, and what counts as told."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from hubspot_retention.addresses import read_addresses
from hubspot_retention.core.audit.anchor import AnchorError
from hubspot_retention.core.audit.checkpoint import open_note
from hubspot_retention.evidence.anchor_message import MessageAnchor
from tests.unit.evidence.anchored import LOG, a_log
from tests.unit.office import Office, an_office, closed_port

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
"""Apprise loads it, to see whether it is there."""

NOTE = a_log(5)[0]


@pytest.fixture
def office() -> Iterator[Office]:
    with an_office() as made:
        yield made


def sending_to(*ports: int) -> MessageAnchor:
    urls = [f"json://127.0.0.1:{port}/a" for port in ports]
    return MessageAnchor(read_addresses(urls, "anchors"), timedelta(hours=24))


def test_what_arrives_is_the_signed_checkpoint_as_it_can_be_verified(office: Office) -> None:
    assert sending_to(office.port).tell(NOTE) == b""
    (received,) = office.received
    assert received["title"] == "Checkpoint of the log log.example.dk: 5 entries. Please keep it."
    seen = open_note(received["message"] + "\n", [LOG.public])
    assert seen.size == 5


def test_everybody_is_sent_it_and_one_who_is_reached_is_enough(office: Office) -> None:
    sending_to(closed_port(), office.port).tell(NOTE)
    assert len(office.received) == 1


def test_where_nobody_is_reached_nobody_is_told(office: Office) -> None:
    office.status = 500
    with pytest.raises(AnchorError, match="nobody whom checkpoints are sent to"):
        sending_to(closed_port(), office.port).tell(NOTE)
