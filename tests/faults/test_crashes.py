"""The process dies at any point of an application; the next one finishes it: nothing is lost, nothing is done twice.

With `RETENTION_TEST_EVERY_STEP` set it dies at every step (some minutes), else at every seventeenth.
"""

import os
from pathlib import Path

import pytest

from hubspot_retention.core.plan.model import PlanStatus
from hubspot_retention.sandbox.running import RunningSandbox
from tests.faults.rehearsal import (
    DeathError,
    DyingDisposer,
    DyingStore,
    Fuse,
    Prepared,
    again,
    assert_accounted_for,
    end_of,
)
from tests.faults.world import World


def apply_until_death(world: World, prepared: Prepared, at: int) -> None:
    """Apply what is not applied yet; the process dies at a step."""
    fuse = Fuse(at=at)
    for plan in prepared.plans:
        if world.plan(plan).status is not PlanStatus.APPLIED:
            world.apply(plan, store=DyingStore(world.store, fuse), disposer=DyingDisposer(world.portal, fuse))


def die_and_resume(world: World, prepared: Prepared, at: int) -> None:
    """Apply until the process dies, then apply again with new objects."""
    with pytest.raises(DeathError):
        apply_until_death(world, prepared, at)
    for plan in prepared.plans:
        if world.plan(plan).status is not PlanStatus.APPLIED:
            world.apply(plan)


def test_an_undisturbed_application_takes_every_kind_of_step(prepared: Prepared) -> None:
    assert prepared.effects == sorted(
        [
            *("erased contacts/101", "erased contacts/102", "erased contacts/104", "erased files/901"),
            *("archived contacts/105", "archived contacts/106", "archived deals/21"),
            *("archived notes/31", "archived notes/32", "removed emails/41 for good", "removed emails/42 for good"),
        ]
    )


def test_an_application_that_dies_at_any_step_is_finished_by_the_next_one(
    server: RunningSandbox, prepared: Prepared, tmp_path: Path
) -> None:
    assert prepared.steps > 100
    for at in range(1, prepared.steps + 1, 1 if "RETENTION_TEST_EVERY_STEP" in os.environ else 17):
        folder = tmp_path / str(at)
        folder.mkdir()
        with again(server, prepared, folder) as world:
            die_and_resume(world, prepared, at)
            assert sorted(world.effects()) == prepared.effects, f"died at step {at}"
            assert end_of(world) == prepared.document, f"died at step {at}"
            assert_accounted_for(world, prepared)


def test_an_application_that_dies_twice_is_finished_by_the_third(
    server: RunningSandbox, prepared: Prepared, tmp_path: Path
) -> None:
    with again(server, prepared, tmp_path) as world:
        for at in (prepared.steps // 3, prepared.steps // 3):
            with pytest.raises(DeathError):
                apply_until_death(world, prepared, at)
        for plan in prepared.plans:
            if world.plan(plan).status is not PlanStatus.APPLIED:
                world.apply(plan)
        assert sorted(world.effects()) == prepared.effects
        assert_accounted_for(world, prepared)


def test_a_plan_that_died_is_not_superseded_by_the_next_run_but_stays_to_be_finished(
    server: RunningSandbox, prepared: Prepared, tmp_path: Path
) -> None:
    with again(server, prepared, tmp_path) as world:
        fuse = Fuse(at=12)
        with pytest.raises(DeathError):
            world.apply(prepared.plans[0], store=DyingStore(world.store, fuse))
        world.assess()
        assert world.plan(prepared.plans[0]).status is PlanStatus.APPLYING
        assert world.plan(prepared.plans[1]).status is PlanStatus.SUPERSEDED
        world.apply(prepared.plans[0])
        assert world.plan(prepared.plans[0]).status is PlanStatus.APPLIED
