from crypto.attest.header import MessageId
from crypto.seal.content import Lane
from crypto.seal.lanes import next_lane


def test_the_first_message_of_a_lane_has_none_before_it() -> None:
    assert next_lane(None) == Lane(1, None)


def test_a_later_message_counts_on_and_names_the_one_before() -> None:
    before = MessageId(bytes(32))

    assert next_lane((7, before)) == Lane(8, before)
