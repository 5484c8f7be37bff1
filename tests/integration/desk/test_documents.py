"""Document numbers that do not fit are said on both desks, and stop nothing."""

from typing import Any

from tests.support.network import Network
from tests.support.women import request_fields

#: A Chinese number whose last character should be 1, and a woman's of 1996 in Viet Nam.
WRONG, RIGHT = "110101199003070012", "022196001507"


def with_document(kind: str, number: str, **person: object) -> dict[str, Any]:
    """Return the request with a document for its first person."""
    form: dict[str, Any] = dict(request_fields())
    persons = [dict(one) for one in form["persons"]]
    persons[0] |= {"documents": [{"type": kind, "number": number}], **person}
    return {**form, "persons": persons}


async def test_a_number_whose_check_digit_does_not_fit_is_doubted_and_sent(
    network: Network,
) -> None:
    form = with_document("cn_resident_id", WRONG, birth=None, nationality=None)

    ref = await network.mongcai.request(request=form)
    theirs = await network.holds(network.dongxing, ref, 1)

    first = (await network.mongcai.case(ref))["persons"][0]
    assert {one["doubt"] for one in first["doubts"]} >= {"check_digit"}
    assert first["doubts"] == theirs["persons"][0]["doubts"]
    assert theirs["persons"][1]["doubts"] == []


async def test_a_number_that_fits_is_not_doubted(network: Network) -> None:
    birth = {"value": "1996", "precision": "year"}
    form = with_document("vn_citizen_id", RIGHT, birth=birth, nationality="VN", sex="female")

    ref = await network.mongcai.request(request=form)

    theirs = await network.holds(network.dongxing, ref, 1)
    assert theirs["persons"][0]["doubts"] == []
