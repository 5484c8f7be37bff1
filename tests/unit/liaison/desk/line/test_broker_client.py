from liaison.desk.line.broker_client import FIRST_PAUSE, LONGEST_PAUSE, jittered


def test_a_pause_before_dialling_again_is_half_to_one_and_a_half_of_it_by_chance() -> None:
    drawn = [jittered(LONGEST_PAUSE) for _ in range(1_000)]

    assert 0.5 * LONGEST_PAUSE <= min(drawn) < 0.6 * LONGEST_PAUSE
    assert 1.4 * LONGEST_PAUSE < max(drawn) < 1.5 * LONGEST_PAUSE
    # Of a thousand draws from a thousand values some 632 differ; one beat for all would be one.
    assert len(set(drawn)) > 500


def test_two_desks_do_not_dial_at_one_beat() -> None:
    one, other = ([jittered(FIRST_PAUSE) for _ in range(20)] for _ in range(2))

    assert one != other
