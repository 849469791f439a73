"""A text in both languages."""

from collections.abc import Mapping


def both(en: str, da: str) -> Mapping[str, str]:
    """English and Danish, by their codes."""
    return {"en": en, "da": da}
