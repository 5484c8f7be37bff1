"""False questions and false answers about a second signature: set aside, the draft as it was."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from crypto.attest.encoding import Value, decode
from crypto.attest.header import MessageId
from crypto.attest.padding import LARGEST
from crypto.attest.signing import SigningKey
from crypto.seal.content import Kind, ThreadId
from crypto.seal.countersigning import countersign_draft
from liaison.desk.casework.compose import letter_of
from liaison.desk.store import Draft as Waiting
from protocols.casework.codes import Language, SignaturePurpose
from protocols.casework.header import ReleaseApproval
from protocols.casework.payload import from_value
from protocols.casework.person import LocalText
from protocols.casework.second_signature import (
    Ask,
    Draft,
    Granted,
    Refused,
    SecondSignature,
    signature_to_value,
)
from tests.support.agencies import DONGXING, MONGCAI
from tests.support.forge_desk import Forger, forging, form
from tests.support.network import GUANGXI, Network, start
from tests.support.releases import (
    APPROVER,
    FILE,
    dna_request,
    draft_in,
    keys_of,
    request_dna,
    waits_for,
)
from tests.support.women import header, request_fields


@dataclass(frozen=True)
class Asked:
    """A draft of Dongxing that waits, and somebody with enrolled keys who answers."""

    forger: Forger
    draft: Waiting

    @property
    def network(self) -> Network:
        """Return the network."""
        return self.forger.network

    def key(self, slug: str, officer: str) -> SigningKey:
        """Return an officer's signing key."""
        return SigningKey.from_seed(keys_of(self.network, self.network.desks[slug], officer).seed)

    def granted(self, key: SigningKey, **changes: str) -> Granted:
        """Return the answer of an honest approver, signed with ``key``."""
        said = {
            "desk": GUANGXI,
            "officer": APPROVER,
            "authority": "provincial",
            "file": FILE,
            "basis": "AGREEMENT_2010",
        }
        approval = ReleaseApproval.model_validate(said | changes)
        step = from_value(decode(self.draft.form, limit=LARGEST))
        assert step.request is not None
        released = step.request.header.model_copy(update={"release_approval": approval})
        request = step.request.model_copy(update={"header": released})
        letter = letter_of(
            ThreadId(self.draft.thread), step.model_copy(update={"request": request})
        )
        directory = self.forger.directory
        asker = SigningKey.from_seed(self.network.dongxing.keys.seed).kid
        desks = [directory.desk_named(slug).id for slug in (DONGXING, MONGCAI)]
        kid, signature = countersign_draft(letter.draft(asker), desks[0], desks[1:], key)
        return Granted(kid, signature, approval)

    async def answer(
        self,
        said: SecondSignature | Value,
        *,
        about: bytes | None = None,
        signer: SigningKey | None = None,
    ) -> None:
        """Have the broker take an answer.

        ``about`` is the question, else the one that waits; ``signer`` another than the approver.
        """
        key = signer or self.forger.officer
        await self.forger.look()
        form = signature_to_value(said) if isinstance(said, Ask | Granted | Refused) else said
        content = self.forger.content(
            form, kind=Kind.COUNTERSIGN, thread=self.draft.thread, signer=key
        )
        content = replace(content, parents=(MessageId(about or self.draft.ask),))
        await self.forger.caller.submit(self.forger.forgery(content, signer=key).build())

    async def check_set_aside(self, code: str) -> None:
        """Check that the last answer is set aside under ``code`` and the draft waits as before."""
        asking = self.network.dongxing
        assert await self.network.quarantines(asking, 1) == [code]
        assert await asking.agent.store.draft(self.draft.ask) == self.draft
        assert (await waits_for(asking, self.draft.ref) or {})["state"] == "asked"

    async def check_a_true_answer_is_taken(self) -> None:
        """Check that the approver's own answer, behind the false one, lets the request go."""
        await self.answer(self.granted(self.key(GUANGXI, APPROVER)))
        await draft_in(self.network.dongxing, "sent")


@pytest.fixture
async def asked(parts: Network) -> AsyncIterator[Asked]:
    """Yield a draft that waits, and the keys of the desk that is asked in the wrong hands."""
    await start(parts, DONGXING)
    await request_dna(parts)
    await parts.settle()
    async with forging(parts, parts.desks[GUANGXI], parts.dongxing) as forger:
        yield Asked(forger, await draft_in(parts.dongxing, "asked"))


@pytest.fixture
async def counterpart(parts: Network) -> AsyncIterator[Asked]:
    """Yield a draft that waits, and the keys of the other side's desk, which was not asked."""
    await start(parts, DONGXING)
    await request_dna(parts)
    await parts.settle()
    async with forging(parts, parts.mongcai, parts.dongxing) as forger:
        yield Asked(forger, await draft_in(parts.dongxing, "asked"))


async def test_an_answer_by_a_desk_that_was_not_asked_is_refused(counterpart: Asked) -> None:
    await counterpart.answer(counterpart.granted(counterpart.key(GUANGXI, APPROVER)))

    await counterpart.check_set_aside("release.false_answer")
    await counterpart.forger.send(
        form(
            case="QN-MC1-2026-0001",
            act="request",
            request=request_fields(header=header(ref="QN-MC1-2026-0001")),
        )
    )
    await counterpart.network.holds(counterpart.network.dongxing, "QN-MC1-2026-0001", 1)


async def test_a_refusal_by_a_desk_that_was_not_asked_refuses_nothing(counterpart: Asked) -> None:
    reason = LocalText.model_validate({"lang": "vi", "text": "Không đồng ý."})

    await counterpart.answer(Refused(reason))

    await counterpart.check_set_aside("release.false_answer")


async def test_an_officer_of_the_other_side_cannot_release(counterpart: Asked) -> None:
    own = counterpart.granted(counterpart.key(MONGCAI, "MC-04"), desk=MONGCAI, officer="MC-04")

    await counterpart.answer(own)

    await counterpart.check_set_aside("release.false_answer")


async def test_a_key_of_the_other_side_in_our_provinces_answer_releases_nothing(
    asked: Asked,
) -> None:
    await asked.answer(asked.granted(asked.key(MONGCAI, "MC-04")))

    await asked.check_set_aside("release.not_an_approver")
    await asked.check_a_true_answer_is_taken()


async def test_a_key_that_may_not_approve_releases_nothing(asked: Asked) -> None:
    await asked.answer(asked.granted(asked.key(GUANGXI, "GX-02"), officer="GX-02"))

    await asked.check_set_aside("release.not_an_approver")
    await asked.check_a_true_answer_is_taken()


async def test_a_key_that_may_not_approve_refuses_nothing(asked: Asked) -> None:
    refused = Refused(LocalText(lang=Language.CHINESE, text="不同意。"))

    await asked.answer(refused, signer=asked.key(GUANGXI, "GX-02"))

    await asked.check_set_aside("release.not_an_approver")
    await asked.check_a_true_answer_is_taken()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"officer": "GX-02"}, id="a colleague"),
        pytest.param({"desk": "cn-nanning-railway"}, id="another desk"),
        pytest.param({"desk": DONGXING, "officer": "DX-02"}, id="the asking officer"),
    ],
)
async def test_an_approval_that_names_another_than_its_signer_is_refused(
    asked: Asked, changes: dict[str, str]
) -> None:
    await asked.answer(asked.granted(asked.key(GUANGXI, APPROVER), **changes))

    await asked.check_set_aside("release.false_answer")
    await asked.check_a_true_answer_is_taken()


async def test_an_approval_that_states_more_than_its_desk_holds_is_refused(asked: Asked) -> None:
    await asked.answer(asked.granted(asked.key(GUANGXI, APPROVER), authority="central"))

    await asked.check_set_aside("casework.approver_too_low")
    await asked.check_a_true_answer_is_taken()


async def test_an_approval_of_less_than_the_request_needs_is_refused(asked: Asked) -> None:
    await asked.answer(asked.granted(asked.key(GUANGXI, APPROVER), authority="local"))

    await asked.check_set_aside("casework.approver_too_low")
    await asked.check_a_true_answer_is_taken()


async def test_a_signature_without_an_approval_releases_nothing(asked: Asked) -> None:
    granted = asked.granted(asked.key(GUANGXI, APPROVER))

    await asked.answer(Granted(granted.kid, granted.signature))

    await asked.check_set_aside("release.false_answer")
    await asked.check_a_true_answer_is_taken()


async def test_an_answer_to_another_question_is_refused(asked: Asked) -> None:
    await asked.answer(asked.granted(asked.key(GUANGXI, APPROVER)), about=bytes(32))

    await asked.check_set_aside("release.false_answer")
    await asked.check_a_true_answer_is_taken()


async def test_an_answer_of_no_form_is_refused(asked: Asked) -> None:
    nothing: dict[int, Value] = {1: 7}

    await asked.answer(nothing)

    await asked.check_set_aside("casework.second_signature")
    await asked.check_a_true_answer_is_taken()


async def test_a_second_answer_changes_nothing(asked: Asked) -> None:
    asking = asked.network.dongxing
    await asked.check_a_true_answer_is_taken()
    reason = LocalText.model_validate({"lang": "zh", "text": "不同意。"})

    await asked.answer(Refused(reason))

    assert await asked.network.quarantines(asking, 1) == ["release.false_answer"]
    assert await waits_for(asking, asked.draft.ref) is None
    assert len((await asking.case(asked.draft.ref))["steps"]) == 1


async def test_a_signature_over_another_text_lets_nothing_go(asked: Asked) -> None:
    granted = asked.granted(asked.key(GUANGXI, APPROVER))
    other = asked.granted(asked.key(GUANGXI, APPROVER), file="another file")

    await asked.answer(Granted(granted.kid, other.signature, granted.approval))

    await draft_in(asked.network.dongxing, "failed")
    assert (await asked.network.dongxing.case(asked.draft.ref))["steps"] == []
    assert await asked.network.dongxing.set_aside() == []


async def ask(forger: Forger, purpose: SignaturePurpose, *, to: str) -> None:
    """Have the broker take a question about a request of Dongxing to Móng Cái."""
    question = Ask(
        Draft(to, "", "", form(case="GX-DX-2026-0001", act="request", request=dna_request())),
        purpose,
    )
    content = forger.content(signature_to_value(question), kind=Kind.COUNTERSIGN)
    await forger.caller.submit(forger.forgery(content).build())


@pytest.mark.parametrize(
    "purpose,to",
    [
        pytest.param(SignaturePurpose.RELEASE, MONGCAI, id="a release for another agency"),
        pytest.param(SignaturePurpose.HANDOVER, DONGXING, id="a handover of others"),
    ],
)
async def test_a_question_that_is_not_ours_to_decide_is_refused(
    parts: Network, purpose: SignaturePurpose, to: str
) -> None:
    await start(parts, MONGCAI)
    async with forging(parts, parts.dongxing, parts.mongcai) as forger:
        await ask(forger, purpose, to=to)

        assert await parts.quarantines(parts.mongcai, 1) == ["release.false_answer"]
        assert (await parts.mongcai.client.get("/api/asks"))["asks"] == []
        await forger.send(forger.request("GX-DX-2026-0002"))
        await parts.holds(parts.mongcai, "GX-DX-2026-0002", 1)
