"""How far two clocks may be apart."""

from datetime import timedelta
from typing import Final

MAX_CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far our clock and HubSpot's `Date` header may disagree before nothing is disposed of (reliability S13); an
instant further ahead than that was noted by a clock that was wrong."""
