"""The settings of pseudonyms: where their keys lie."""

from pydantic import BaseModel, ConfigDict, Field


class PseudonymsSection(BaseModel):
    """`[pseudonyms]` as it stands in the file."""

    model_config = ConfigDict(extra="forbid")

    key_file: str = Field(default="", description="Where the keys of pseudonyms lie, apart from the database.")
