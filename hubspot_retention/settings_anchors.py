"""The section `[anchors]` of the service settings: who outside is shown the audit log, and signed by which key."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

ANCHOR_ENVIRONMENT: Final = {
    "RETENTION_LOG_KEY_FILE": ("anchors", "key"),
    "RETENTION_ANCHOR_FILE": ("anchors", "file"),
    "RETENTION_WITNESS_URL": ("anchors", "witness_url"),
    "RETENTION_WITNESS_KEY": ("anchors", "witness_key"),
}
"""Environment variables over the file: name -> (section, key)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorSettings:
    """Who is shown the log. `witness`: URL and public key. `warn_after`, `stop_after`: how old the newest anchor may be
    before the service counts as not ready, and before disposals stop."""

    key: Path | None
    file: Path | None
    witness: tuple[str, str] | None
    warn_after: timedelta
    stop_after: timedelta

    @property
    def are_set(self) -> bool:
        """Whether anybody outside is shown the log."""
        return self.file is not None or self.witness is not None


class AnchorsSection(BaseModel):
    """The section as it is written."""

    model_config = ConfigDict(extra="forbid")

    key: str = Field(default="", description="The file of the log's signing key: `audit key new`.")
    file: str = Field(default="", description="A file on another volume than the database.")
    witness_url: str = Field(default="", pattern=r"^(https?://[^/\s]+\S*)?$", description="Where a witness is.")
    witness_key: str = Field(default="", description="The witness's public key.")
    warn_hours: float = Field(default=24.0, gt=0, le=8_760, description="Age of the newest anchor that is told of.")
    stop_hours: float = Field(default=72.0, gt=0, le=8_760, description="Age of it at which disposals stop.")

    @model_validator(mode="after")
    def _belong_together(self) -> Self:
        if bool(self.witness_url) is not bool(self.witness_key):
            raise ValueError("found one of witness_url and witness_key, expected both or neither")
        if bool(self.key) is not bool(self.file or self.witness_url):
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
            warn_after=timedelta(hours=self.warn_hours),
            stop_after=timedelta(hours=self.stop_hours),
        )
