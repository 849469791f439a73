"""The only place that builds real objects and joins them: settings, policy, store, portal, use cases."""

from typing import TYPE_CHECKING

from hubspot_retention.bootstrap.application import Application, application
from hubspot_retention.bootstrap.given import SERVICE, Options
from hubspot_retention.bootstrap.ledger import At, due_tick, foreign_of
from hubspot_retention.bootstrap.log_keeping import shorten_log, verified
from hubspot_retention.bootstrap.owners import warn_owners
from hubspot_retention.bootstrap.parts import Quota, as_disposer, as_source, as_store, new_spool, quota_of
from hubspot_retention.bootstrap.people import Remembering

if TYPE_CHECKING:
    from hubspot_retention.hubspot.check import PortalCheck as PortalCheck
    from hubspot_retention.hubspot.setup import MissingDefinition as MissingDefinition

__all__ = [
    "SERVICE",
    "Application",
    "At",
    "Options",
    "Quota",
    "Remembering",
    "application",
    "as_disposer",
    "as_source",
    "as_store",
    "due_tick",
    "foreign_of",
    "new_spool",
    "quota_of",
    "shorten_log",
    "verified",
    "warn_owners",
]
