"""The section `[anchors]` of the service settings: who outside is shown the audit log, and signed by which key."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hubspot_retention.core.audit.anchor import AnchorKind

ANCHOR_ENVIRONMENT: Final = {
    "RETENTION_LOG_KEY_FILE": ("anchors", "key"),
    "RETENTION_ANCHOR_FILE": ("anchors", "file"),
    "RETENTION_WITNESS_URL": ("anchors", "witness_url"),
    "RETENTION_WITNESS_KEY": ("anchors", "witness_key"),
    "RETENTION_TIMESTAMP_URL": ("anchors", "timestamp_url"),
    "RETENTION_TIMESTAMP_ROOTS": ("anchors", "timestamp_roots"),
    "RETENTION_ANCHOR_URLS_FILE": ("anchors", "urls_file"),
}
"""Environment variables over the file: name -> (section, key)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorSettings:
    """Who is shown the log. `witness`: URL and public key; `timestamp_url`: empty for none, and it may hold a password;
    `timestamp_roots`: the certificates that time-stamps are verified under; `urls_file`: the file with the Apprise URLs
    of those who are sent checkpoints. `timestamp_every`, `message_every`: the least time between two. `warn_after`,
    `stop_after`: how old the newest anchor may be before the service counts as not ready, and before disposals stop."""

    key: Path | None
    file: Path | None
    witness: tuple[str, str] | None
    timestamp_url: str = field(repr=False)
    timestamp_roots: Path | None
    timestamp_every: timedelta
    urls_file: Path | None
    message_every: timedelta
    warn_after: timedelta
    stop_after: timedelta

    @property
    def kinds(self) -> tuple[AnchorKind, ...]:
        """Who is shown the log."""
        given = {
            AnchorKind.FILE: self.file,
            AnchorKind.WITNESS: self.witness,
            AnchorKind.TIMESTAMP: self.timestamp_url,
            AnchorKind.MESSAGE: self.urls_file,
        }
        return tuple(kind for kind, what in given.items() if what)

    @property
    def limits(self) -> Mapping[str, timedelta]:
        """How old may be what each of them was last shown before a person is told, by name."""
        between = {AnchorKind.TIMESTAMP: self.timestamp_every, AnchorKind.MESSAGE: self.message_every}
        return {kind.value: between.get(kind, timedelta()) + self.warn_after for kind in self.kinds}

    @property
    def guard(self) -> bool:
        """Whether any of them would notice a restored backup."""
        return any(kind.counts for kind in self.kinds)


class AnchorsSection(BaseModel):
    """The section as it is written."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(default="", description="The file of the log's signing key: `audit key new`.")
    file: str = Field(default="", description="A file on another volume than the database.")
    witness_url: str = Field(default="", pattern=r"^(https?://[^/\s]+\S*)?$", description="Where a witness is.")
    witness_key: str = Field(default="", description="The witness's public key.")
    timestamp_url: str = Field(
        default="", pattern=r"^(https?://[^/\s]+\S*)?$", description="A time-stamping authority (RFC 3161)."
    )
    timestamp_roots: str = Field(default="", description="A PEM file: the authority's root, and what stands below it.")
    timestamp_hours: float = Field(default=24.0, gt=0, le=8_760, description="It is asked no more often than that.")
    urls_file: str = Field(default="", description="A file of Apprise URLs, one a line, that checkpoints are sent to.")
    message_hours: float = Field(default=24.0, gt=0, le=8_760, description="They are sent one no more often than that.")
    warn_hours: float = Field(default=24.0, gt=0, le=8_760, description="Age of the newest anchor that is told of.")
    stop_hours: float = Field(default=72.0, gt=0, le=8_760, description="Age of it at which disposals stop.")

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if bool(self.witness_url) is not bool(self.witness_key):
            raise ValueError("found one of witness_url and witness_key, expected both or neither")
        if self.timestamp_url and not self.timestamp_roots:
            raise ValueError(
                "found timestamp_url alone, expected timestamp_roots with it: else no token can be verified"
            )
        if bool(self.key) is not bool(self.file or self.witness_url or self.timestamp_url or self.urls_file):
            raise ValueError("found a key without an anchor or an anchor without a key, expected both or neither")
        if self.warn_hours >= self.stop_hours:
            raise ValueError("warn_hours: expected fewer than stop_hours")
        return self

    def frozen(self) -> AnchorSettings:
        """The same as a value."""
        return AnchorSettings(
            key=Path(self.key) if self.key else None,
            file=Path(self.file) if self.file else None,
            witness=(self.witness_url, self.witness_key) if self.witness_url else None,
            timestamp_url=self.timestamp_url,
            timestamp_roots=Path(self.timestamp_roots) if self.timestamp_roots else None,
            timestamp_every=timedelta(hours=self.timestamp_hours),
            urls_file=Path(self.urls_file) if self.urls_file else None,
            message_every=timedelta(hours=self.message_hours),
            warn_after=timedelta(hours=self.warn_hours),
            stop_after=timedelta(hours=self.stop_hours),
        )
