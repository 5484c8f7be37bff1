"""Requests that need a release, and an approver's desk that is asked: steps that tests share."""

from typing import Any

from crypto.attest import labels
from crypto.attest.encoding import encode
from crypto.attest.signing import SigningKey, pack_signed
from crypto.seal.vault import Keys
from liaison.desk.entrance.vault import unlock_vault
from liaison.desk.store import Draft
from protocols.casework.approval import StandingApproval
from protocols.casework.header import ReleaseApproval
from tests.support.agencies import DONGXING, MONGCAI
from tests.support.baby import TEXT_ZH, dna_fields, header, return_fields, verify_fields
from tests.support.network import APPROVERS, AT, GUANGXI, Desk, Network, View, until

REF = "GX-DX-2026-0001"
FILE = "桂公刑(2026)007号"
[APPROVER] = APPROVERS


def verify_request(**changes: object) -> dict[str, object]:
    """Return a request of Dongxing to verify two persons."""
    return verify_fields(
        header=header(REF, "VERIFY-ID", urgency="U1", urgency_reason=TEXT_ZH) | changes
    )


def dna_request(**changes: object) -> dict[str, object]:
    """Return a request of Dongxing to compare a sample; both persons are given anew."""
    return dna_fields(header=header(REF, "DNA") | changes, persons=_persons())


def return_request(**changes: object) -> dict[str, object]:
    """Return a request of Dongxing to receive a baby."""
    return return_fields(header=header(REF, "RETURN") | changes, persons=_persons()[1:])


async def request_dna(network: Network) -> str:
    """Have Dongxing ask for a comparison, which waits for a release; return its reference."""
    return await network.dongxing.request(MONGCAI, request=dna_request(), text=TEXT_ZH)


async def asks_at(desk: Desk, lang: str = "zh") -> list[View]:
    """Return the questions that wait at ``desk``, once there is one."""
    found: list[View] = []

    async def is_there() -> bool:
        found[:] = (await desk.client.get("/api/asks", lang=lang))["asks"]
        return bool(found)

    await until(is_there, f"a question waits at {desk.slug}")
    return found


async def grant(desk: Desk, officer: str | None = None, **said: object) -> None:
    """Have an officer of ``desk``, else the one who has unlocked, sign what waits there."""
    [ask] = await asks_at(desk)
    fields = {"officer": officer or desk.officer, "file": FILE, "basis": "PALERMO"} | said
    await desk.client.post(f"/api/asks/{ask['ask']}/grant", **fields)


async def refuse(desk: Desk, text: str, officer: str | None = None) -> None:
    """Have an officer of ``desk``, else the one who has unlocked, refuse what waits there."""
    [ask] = await asks_at(desk)
    fields = {"officer": officer or desk.officer, "reason": {"lang": "zh", "text": text}}
    await desk.client.post(f"/api/asks/{ask['ask']}/refuse", **fields)


async def draft_in(desk: Desk, state: str) -> Draft:
    """Return the one draft of ``desk``, once it is in this state."""
    found: list[Draft] = []

    async def is_there() -> bool:
        found[:] = await desk.agent.store.drafts_in(state)
        return bool(found)

    await until(is_there, f"a draft of {desk.slug} is {state}")
    [draft] = found
    return draft


async def waits_for(desk: Desk, ref: str) -> View | None:
    """Return what the case waits for, as the board of ``desk`` says."""
    [row] = [row for row in await desk.board() if row["case"] == ref]
    found: View | None = row["waits_for"]
    return found


async def approval_in(desk: Desk, ref: str) -> ReleaseApproval | None:
    """Return the approval in the header of a case's request, as ``desk`` holds it."""
    record = (await desk.agent.casebook.find(ref)).record
    assert record is not None
    return record.request.header.release_approval


async def unlock(network: Network, desk: Desk, officer: str) -> None:
    """Unlock a running desk for an officer."""
    await desk.client.post("/api/unlock", officer=officer, passphrase=network.founded.passphrase)


def keys_of(network: Network, desk: Desk, officer: str) -> Keys:
    """Return an officer's keys out of the vault of ``desk``."""
    return unlock_vault(desk.state, officer, network.founded.passphrase)


def standing(**changes: Any) -> StandingApproval:  # noqa: ANN401 - parts of an approval
    """Return a standing approval by the approver of Guangxi for Dongxing's requests."""
    said: dict[str, Any] = {
        "file": "桂公(2026)1号",
        "basis": "AGREEMENT_2010",
        "authority": "provincial",
        "types": ["VERIFY-ID"],
        "urgencies": ["U1", "U2"],
        "senders": [DONGXING],
        "recipients": [MONGCAI],
        "valid_from": AT.date().isoformat(),
        "valid_to": AT.date().isoformat(),
        "desk": GUANGXI,
        "officer": APPROVER,
    }
    return StandingApproval.model_validate(said | changes)


def signed(approval: StandingApproval, key: SigningKey) -> bytes:
    """Return the approval signed with ``key``, whoever's it is."""
    return pack_signed(key, labels.STANDING, encode(approval.to_value()))


def _persons() -> list[object]:
    persons = verify_fields()["persons"]
    assert isinstance(persons, list)
    return persons
