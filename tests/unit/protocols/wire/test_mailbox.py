import pytest

from crypto.attest.header import PriorityClass
from protocols.wire.mailbox import RESCUE_CLASS, MailLane, lane_of


@pytest.mark.parametrize("priority", list(PriorityClass))
def test_only_rescue_takes_the_rescue_lane(priority: PriorityClass) -> None:
    expected = MailLane.RESCUE if priority is PriorityClass.RESCUE else MailLane.ORDINARY

    assert lane_of(priority) is expected


def test_the_rescue_lane_is_delivered_first_and_is_the_envelopes_class() -> None:
    assert MailLane.RESCUE > MailLane.ORDINARY
    assert int(PriorityClass.RESCUE) == RESCUE_CLASS
