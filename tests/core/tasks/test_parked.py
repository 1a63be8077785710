"""Events that were given up for a reaction become one task, which stays done once it is."""

from collections.abc import Iterator

import pytest

from tessera.access.actor import Actor, system_actor
from tessera.kernel import clock
from tessera.kernel.database import execute, fetchval, in_transaction
from tessera.kernel.events import emit
from tessera.kernel.ids import uuid7
from tessera.kernel.plugins import failures
from tessera.tasks import service


@pytest.fixture(autouse=True)
def system() -> Iterator[Actor]:
    """Tessera itself acts."""
    failures.take()
    with system_actor() as someone:
        yield someone


async def park():
    event = await in_transaction(lambda: emit("task.opened", task=uuid7(), task_kind="x"))
    await execute(
        "INSERT INTO delivery (id, consumer, event, attempts, error, due_at, parked_at) "
        "VALUES ($1, 'fitness.welcome', $2, 5, 'ValueError: boom', $3, $3)",
        uuid7(),
        event,
        clock.now(),
    )


async def test_parked_events_are_one_task_for_each_reaction(business):
    await park()
    await park()
    await service.report_plugin_failures()
    await service.report_plugin_failures()
    (task,) = (await service.tasks()).items
    assert task.title == '2 events were given up for "fitness.welcome"'


async def test_a_task_that_was_done_comes_back_only_for_new_events(business):
    await park()
    await service.report_plugin_failures()
    await service.finish_task((await service.tasks()).items[0].id, "done")
    await service.report_plugin_failures()
    assert await service.count_open() == 0
    await park()
    await service.report_plugin_failures()
    assert await service.count_open() == 1
    assert await fetchval("SELECT count(*) FROM task") == 2
