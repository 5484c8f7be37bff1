"""A broker that means ill, at one envelope: whatever it makes of it is refused under its code."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import pytest

from crypto.attest.header import EnvelopeError, parse_envelope
from crypto.seal.envelope import Opened, open_envelope
from liaison.desk.line.outbox import FalseReceiptError, check_took
from tests.support.figures import Tell
from tests.support.hostile_broker import BEHAVIOURS, Handed, Hostile, meet, receipt
from tests.support.world import BROKER, THERE, THIRD, directory

DIRECTORY = directory()
#: Parsed once: a window's private key costs more to build than all the checks.
OPENING = {post.desk: post.opening for post in (THERE, THIRD)}
#: Seeds of a commit, and of the long run.
FEW, MANY = range(10), range(100)
SEEDS = [
    pytest.param(FEW, id="10 seeds"),
    pytest.param(MANY, id="100 seeds", marks=pytest.mark.soak),
]


def opened(handed: Handed) -> Opened:
    """Return the message as the desk opens it to which it was handed."""
    sealed = parse_envelope(handed.envelope)
    took = check_took(handed.took, sealed.mid, sealed.eid, BROKER.verify_key)
    return open_envelope(
        sealed,
        desk=handed.to.desk,
        windows=OPENING[handed.to.desk],
        directory=DIRECTORY,
        at=took.at,
    )


def outcome(handed: Handed) -> str:
    """Return the code of the refusal, or what it says when it opens."""
    try:
        return opened(handed).content.text
    except (EnvelopeError, FalseReceiptError) as e:
        return e.code


@pytest.mark.parametrize("seeds", SEEDS)
@pytest.mark.parametrize("behaves", BEHAVIOURS, ids=lambda behaves: behaves.__name__)
def test_what_a_broker_makes_of_an_envelope_is_refused_under_its_code(
    behaves: Callable[[Hostile], Iterator[Handed]], seeds: Sequence[int], tell: Tell
) -> None:
    found: Counter[str] = Counter()
    for seed in seeds:
        found.update(outcome(handed) for handed in behaves(meet(seed)))

    told = ", ".join(f"{code} {count}" for code, count in sorted(found.items()))
    tell(f"{behaves.__name__}: {found.total()} handed over, 0 opened; {told}")
    assert set(found) == BEHAVIOURS[behaves]


@pytest.mark.parametrize("seed", FEW)
def test_what_a_broker_leaves_as_it_is_opens_and_it_has_read_none_of_it(seed: int) -> None:
    broker = meet(seed)
    sealed = broker.one.sealed
    handed = Handed(broker.victim, sealed.raw, receipt(sealed.mid, sealed.eid, 0))

    found = opened(handed)

    assert found.content.encoded() == broker.one.said
    assert found.content.text.startswith("canary ")
    for text in (found.content.text[:20], found.content.subject):
        assert text.encode() not in sealed.raw + broker.other.sealed.raw + handed.took
