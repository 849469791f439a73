"""The workflow's threads are the stage's own: what is submitted is done at once, so that the seed alone says when.

A policy is parsed and made ready once for all schedules: that takes a third of one, and the same text says the same.
"""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest

from hubspot_retention.core.decision.ruleset import Ruleset, ruleset
from hubspot_retention.core.policy.model import RetentionPolicy
from hubspot_retention.core.policy.parse import parse_policy
from hubspot_retention.core.record import ObjectType

_parse_once = cache(parse_policy)
_ready: dict[tuple[str, ObjectType], Ruleset] = {}


def _ready_once(policy: RetentionPolicy, object_type: ObjectType) -> Ruleset:
    """By the policy's digest: to hash all of it takes as long as several steps of a schedule."""
    key = (policy.digest, object_type)
    found = _ready.get(key)
    if found is None:
        found = _ready[key] = ruleset(policy, object_type)
    return found


class InlineExecutor:
    """What is submitted is done at once: the order of a schedule is the seed's alone."""

    def __init__(self, *_arguments: object, **_named: object) -> None:
        pass

    def submit(self, work: Any, *arguments: Any) -> "Future[Any]":
        """Do it now. A death is not caught."""
        future: Future[Any] = Future()
        try:
            future.set_result(work(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def map(self, work: Any, items: Any) -> list[Any]:
        """Do all of it now."""
        return [work(item) for item in items]

    def shutdown(self, *_arguments: object, **_named: object) -> None:
        """Nothing is under way."""

    def __enter__(self) -> "InlineExecutor":
        return self

    def __exit__(self, *_exception: object) -> None:
        return None


@contextmanager
def inline() -> Iterator[None]:
    """For the length of a block."""
    with pytest.MonkeyPatch.context() as patched:
        for module in ("assess", "carry", "clerk", "overlap"):
            patched.setattr(f"hubspot_retention.workflow.{module}.ThreadPoolExecutor", InlineExecutor)
        patched.setattr("hubspot_retention.workflow.review.parse_policy", _parse_once)
        patched.setattr("hubspot_retention.core.view.ruleset", _ready_once)
        yield
