import asyncio

from structlog.testing import capture_logs

from liaison.runtime.tasks import Tasks


async def test_a_task_runs_to_its_end_and_is_kept_until_then() -> None:
    tasks, done = Tasks(), asyncio.Event()

    async def work() -> None:
        done.set()

    task = tasks.start(work(), name="work")
    await task

    assert done.is_set()
    assert task.get_name() == "work"


async def test_a_task_that_fails_is_logged_by_name_without_its_words() -> None:
    tasks = Tasks()

    async def work() -> None:
        raise ValueError("Nguyễn Thị A, 17")

    with capture_logs() as logs:
        task = tasks.start(work(), name="sender")
        await asyncio.wait([task])
        await asyncio.sleep(0)

    assert logs == [
        {"event": "task.failed", "log_level": "error", "task": "sender", "error": "ValueError"}
    ]


async def test_stopping_ends_every_task_and_waits_for_what_they_clean_up() -> None:
    tasks, cleaned = Tasks(), []

    async def work(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append(name)

    for name in ("one", "other"):
        tasks.start(work(name), name=name)
    await asyncio.sleep(0)
    with capture_logs() as logs:
        await tasks.stop()

    assert sorted(cleaned) == ["one", "other"]
    assert logs == []


async def test_stopping_with_nothing_running_does_nothing() -> None:
    await Tasks().stop()
