import pytest

from liaison.runtime.watchdog import LONGEST_SWEEP, STALE_AFTER, SWEEP_EVERY, SweepState, Watch

LONG = (LONGEST_SWEEP + SWEEP_EVERY).total_seconds()
STALE = STALE_AFTER.total_seconds()


def test_a_watch_that_has_just_begun_finds_all_well() -> None:
    assert Watch(10.0).state(10.0 + STALE) is SweepState.WELL


def test_sweeps_that_never_began_have_stopped() -> None:
    assert Watch(10.0).state(10.0 + STALE + 1) is SweepState.STOPPED


@pytest.mark.parametrize("failed, found", [(False, SweepState.WELL), (True, SweepState.FAILING)])
def test_a_sweep_that_ended_counts_until_the_next_is_overdue(
    failed: bool,  # noqa: FBT001 - a case of the table
    found: SweepState,
) -> None:
    watch = Watch(0.0)
    watch.begin(100.0)
    watch.end(101.0, failed=failed)

    assert watch.state(101.0 + STALE) is found
    assert watch.state(101.0 + STALE + 1) is SweepState.STOPPED


def test_one_that_takes_longer_than_any_has_hung_however_the_last_one_ended() -> None:
    watch = Watch(0.0)
    watch.begin(100.0)

    assert watch.state(100.0 + LONG) is SweepState.WELL
    assert watch.state(100.0 + LONG + 1) is SweepState.HUNG


def test_one_success_after_a_failure_is_well() -> None:
    watch = Watch(0.0)
    for failed in (True, False):
        watch.begin(1.0)
        watch.end(2.0, failed=failed)

    assert watch.state(3.0) is SweepState.WELL


def test_after_a_restart_the_next_sweep_has_its_time() -> None:
    watch = Watch(0.0)
    watch.begin(100.0)

    watch.expect(500.0)

    assert watch.state(500.0 + STALE) is SweepState.WELL
    assert watch.state(500.0 + STALE + 1) is SweepState.STOPPED
