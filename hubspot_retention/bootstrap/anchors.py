"""The anchors of the audit log, as the settings name them."""

from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from hubspot_retention.bootstrap.given import Given
from hubspot_retention.credentials import read_urls
from hubspot_retention.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from hubspot_retention.evidence.keys import SigningKey
    from hubspot_retention.settings_anchors import AnchorSettings
    from hubspot_retention.workflow.anchoring import Anchor, Anchoring
    from hubspot_retention.workflow.ports import Store
    from hubspot_retention.workflow.telling import Told


def anchoring_of(given: Given, store: "Store") -> "Anchoring | None":
    """What keeps the anchors of a store's log; `None` if none is set. Raises UsageError for what cannot be."""
    from hubspot_retention.core.audit.checkpoint import ED25519
    from hubspot_retention.evidence.keys import SigningKey

    file = given.settings().anchors.key
    if file is None:
        return None
    keys = SigningKey.load_all(file)
    if keys[0].kind != ED25519:
        raise UsageError(f"[anchors] key: {file} is the key of a witness, expected one of a log")
    return _anchoring(given, store, keys)


def signing_of(given: Given, store: "Store", file: Path, keys: "Sequence[SigningKey]") -> "Anchoring":
    """What signs a store's log with the keys of a file, the newest first, and shows it to the anchors that are set, if
    any. Raises UsageError where those are signed for with another file."""
    set_file = given.settings().anchors.key
    if set_file is not None and set_file.resolve() != file.resolve():
        raise UsageError(f"the anchors are shown what another key signs: [anchors] key is {set_file}, not {file}")
    return _anchoring(given, store, keys)


def _anchoring(given: Given, store: "Store", keys: "Sequence[SigningKey]") -> "Anchoring":
    from hubspot_retention.evidence.anchor_file import FileAnchor
    from hubspot_retention.evidence.anchor_witness import WitnessAnchor
    from hubspot_retention.evidence.keys import VerifyingKey
    from hubspot_retention.workflow.anchoring import Anchoring, AnchorPlan

    settings, key = given.settings().anchors, keys[0]
    anchors: list[Anchor] = []
    if settings.file is not None:
        _refuse_beside(settings.file, given.settings().database_url)
        anchors.append(FileAnchor(settings.file, key.public, [each.public for each in keys[1:]]))
    if settings.witness is not None:
        url, written = settings.witness
        anchors.append(WitnessAnchor(url, VerifyingKey.read(written), key.name, given.clock.now))
    plan = AnchorPlan(
        anchors=anchors,
        told=_told(settings, given.clock.now),
        key=key,
        former=keys[1:],
        origin=key.name,
        stop_after=settings.stop_after,
        instance=token_hex(8),
    )
    return Anchoring(store, plan, given.clock.now)


def _told(settings: "AnchorSettings", now: "Callable[[], datetime]") -> "list[Told]":
    """Who is told of the log and never asked. Raises UsageError."""
    from hubspot_retention.addresses import read_addresses
    from hubspot_retention.evidence.anchor_message import MessageAnchor
    from hubspot_retention.evidence.anchor_timestamp import TimestampAnchor
    from hubspot_retention.evidence.timestamp import read_certificates

    told: list[Told] = []
    if settings.timestamp_url and settings.timestamp_roots is not None:
        trusted = read_certificates(settings.timestamp_roots)
        told.append(TimestampAnchor(settings.timestamp_url, trusted, settings.timestamp_every, now))
    if settings.urls_file is not None:
        name = "[anchors] urls_file"
        urls = read_urls(str(settings.urls_file), name)
        if not urls:
            raise UsageError(f"{name}: {settings.urls_file} holds no URL, expected one a line")
        told.append(MessageAnchor(read_addresses(urls, f"anchors ({name})"), settings.message_every))
    return told


def _refuse_beside(anchor: Path, database_url: str) -> None:
    """An anchor in the database's own folder is restored together with it, and notices nothing."""
    from hubspot_retention.store.location import database_folder

    if anchor.parent.resolve() == database_folder(database_url):
        raise UsageError(f"[anchors] file: {anchor} lies beside the database, expected another volume")
