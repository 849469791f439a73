"""Worlds on demand, as the fault tests have them: a sandbox portal, a database, the use cases between them."""

from tests.faults.conftest import _quiet, server, world_of

__all__ = ["_quiet", "server", "world_of"]
