"""How what is made for every record is made."""

from typing import Final

made: Final = tuple.__new__
"""`made(Kind, (one, other))`: a named tuple in less than half the time of calling its class."""
