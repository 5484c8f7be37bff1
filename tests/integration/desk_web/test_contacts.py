"""The page of contacts and keys: who was compared, and two officers who type what they hear."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from crypto.attest.directory import NotPinnedError
from crypto.attest.pin import fingerprint
from crypto.attest.signing import KeyId
from crypto.attest.statement import Role, What, parse_entry
from crypto.seal.ceremony import grant_key, parse_request
from liaison.cli.desk.calling import write_session
from liaison.desk.client import ADDRESS, UNLOCK, DeskClient
from liaison.desk.entrance.admin import admit_officer
from liaison.desk.keys.contacts import PINS
from liaison.desk.line.broker_client import fetch_directory
from liaison.desk.web.i18n import TAGS
from liaison.runtime.seeds import load_key
from protocols.casework.codes import Language
from tests.support.agencies import found
from tests.support.command import Outcome, liaison
from tests.support.languages import untranslated
from tests.support.network import Desk, Network, until
from tests.support.screens import Page, Screen, browser_session

ScreenAt = Callable[[Desk], Awaitable[Screen]]

SECOND, PASSPHRASE = "MC-09", "người thứ hai gõ"


def theirs(network: Network) -> tuple[str, str]:
    """Return the id of the other side's agency, and its digits."""
    directory = network.mongcai.agent.replica.directory
    agency = directory.desk_named(network.dongxing.slug).agency
    root = directory.last(What.ROOT, agency, agency)
    assert root is not None
    return agency.hex(), fingerprint(root.payload)


def typed(digits: str, means: str = "by_telephone") -> dict[str, str | list[str]]:
    """Return the fields of somebody who types ``digits``."""
    groups = {f"group-{number}": group for number, group in enumerate(digits.split(), 1)}
    return {**groups, "means": means}


async def compare(screen: Screen, agency: str, digits: str) -> Page:
    """Have the officer of ``screen`` type on the page, and return what follows."""
    page = await screen.get("/contacts")
    return await screen.submit(page, f"/contacts/{agency}", typed(digits))


async def pins(network: Network) -> str:
    """Return the pins that the desk in Móng Cái keeps."""
    return (await network.mongcai.agent.store.fact(PINS) or b"").decode()


def new_officer(network: Network) -> bytes:
    """Give a second officer a slot in Móng Cái and return the request for their key."""
    desk = network.mongcai
    return admit_officer(
        desk.state,
        desk.keys,
        slug=desk.slug,
        directory=desk.agent.replica.directory,
        officer=SECOND,
        role=Role.OFFICER,
        passphrase=PASSPHRASE,
        clock=network.clock,
    )


async def knows(desk: Desk, kid: KeyId) -> bool:
    """Say whether the desk's replica has a key."""
    signers = desk.agent.replica.directory.signers(desk.agent.replica.desk, Role.OFFICER)
    return kid in [signer.kid for signer in signers]


@pytest.fixture
async def second(network: Network) -> AsyncIterator[Screen]:
    """Yield the screen of a second officer in Móng Cái."""
    desk = network.mongcai
    request = parse_request(new_officer(network))
    registrar = load_key(network.state / "ceremony" / "vn-quangninh-police" / "registrar.seed")
    await desk.agent.line.publish(grant_key(request, registrar, after=None))
    await until(lambda: knows(desk, request.payload.key.kid), f"the desk knows {SECOND}")
    async with browser_session() as session:
        screen = await Screen.open(desk, session)
        await screen.unlock(PASSPHRASE, SECOND)
        yield screen


async def test_two_officers_type_what_they_hear_and_the_page_says_who_compared(
    network: Network, screen_at: ScreenAt, second: Screen
) -> None:
    first = await screen_at(network.mongcai)
    agency, digits = theirs(network)
    before = await first.get("/contacts")

    waiting = await compare(first, agency, digits)
    done = await compare(second, agency, digits)

    assert digits.split()[0] not in before.text
    assert digits.split()[0] not in waiting.html
    assert "Bạn đã gõ xong" in waiting.text
    assert f"do {network.mongcai.officer} và {SECOND}" in done.text
    assert digits.split()[0] in done.text
    assert f"by_telephone {network.mongcai.officer} {SECOND}" in await pins(network)


@pytest.mark.usefixtures("second")
async def test_two_officers_type_at_the_command_line_each_in_their_own_session(
    network: Network, tmp_path: Path
) -> None:
    desk, (agency, digits) = network.mongcai, theirs(network)
    [root] = [
        entry
        for entry in await fetch_directory(network.http, network.broker.url)
        if (said := parse_entry(entry).statement).what is What.ROOT and said.agency.hex() == agency
    ]
    (tmp_path / "root").write_bytes(root)
    (desk.state / ADDRESS).write_text(desk.url)
    client = DeskClient.of(desk.state, network.http)
    for officer, passphrase in ((desk.officer, network.founded.passphrase), (SECOND, PASSPHRASE)):
        await client.post(UNLOCK, officer=officer, passphrase=passphrase)
        write_session(tmp_path / officer, client.officers[officer])

    def pin(officer: str) -> Outcome:
        here = ("--state", desk.state, "--officer", officer, "--session", tmp_path / officer)
        words = ("keys", "pin", tmp_path / "root", *here, "--by", "by_telephone", "--json")
        return liaison(*words, "--typed-fd", "0", typed=f"{digits}\n")

    first = await asyncio.to_thread(pin, desk.officer)
    again = await asyncio.to_thread(pin, desk.officer)
    done = await asyncio.to_thread(pin, SECOND)

    assert [one.json["compared"] for one in (first, done)] == [False, True]
    assert "contacts.same_officer" in again.err
    assert f"by_telephone {desk.officer} {SECOND}" in await pins(network)


async def test_an_officer_whom_no_registrar_admitted_is_no_second_person(
    network: Network, screen_at: ScreenAt
) -> None:
    first = await screen_at(network.mongcai)
    agency, digits = theirs(network)
    new_officer(network)
    before = await pins(network)
    await compare(first, agency, digits)

    async with browser_session() as session:
        screen = await Screen.open(network.mongcai, session)
        await screen.unlock(PASSPHRASE, SECOND)
        refused = await compare(screen, agency, digits)

    assert refused.status == 422
    assert await pins(network) == before


async def test_a_third_agency_holds_the_directory_up_until_two_have_compared_it(
    network: Network, screen_at: ScreenAt, second: Screen
) -> None:
    desk, third = network.mongcai, found("LA")
    replica = desk.agent.replica
    first = await screen_at(desk)
    with suppress(NotPinnedError):
        await replica._take(third.entries)  # noqa: SLF001 - as a page of the broker's log comes

    before = await first.get("/contacts")
    await compare(first, third.id.hex(), third.pin)
    after = await compare(second, third.id.hex(), third.pin)
    await replica._take(third.entries)  # noqa: SLF001 - as it comes again

    assert "CƠ QUAN LẠ" in before.text
    assert third.pin.split()[0] not in before.html
    assert after.status == 200
    assert third.id in replica.directory.agencies()
    assert "CƠ QUAN LẠ" not in (await first.get("/contacts")).text


async def test_one_officer_alone_compares_nothing(network: Network, screen_at: ScreenAt) -> None:
    first = await screen_at(network.mongcai)
    agency, digits = theirs(network)
    page = await first.get("/contacts")
    before = await pins(network)

    await first.submit(page, f"/contacts/{agency}", typed(digits))
    again = await first.submit(page, f"/contacts/{agency}", typed(digits))

    assert again.status == 422
    assert "Người này đã gõ rồi" in again.text
    assert await pins(network) == before


@pytest.mark.parametrize("is_first_wrong", [False, True])
async def test_other_digits_are_told_by_their_group_and_what_they_may_mean(
    network: Network, screen_at: ScreenAt, second: Screen, *, is_first_wrong: bool
) -> None:
    first = await screen_at(network.mongcai)
    agency, digits = theirs(network)
    wrong = digits[:-1] + str((int(digits[-1]) + 1) % 10)
    before = await pins(network)

    await compare(first, agency, wrong if is_first_wrong else digits)
    refused = await compare(second, agency, wrong)

    assert refused.status == 422
    assert "Các nhóm: 12" in refused.text
    said = "có thể có kẻ chen vào giữa" if is_first_wrong else "Hai người gõ khác nhau"
    assert said in refused.text
    assert digits[-5:] not in refused.html
    assert await pins(network) == before
    # Both begin again: what the first had typed was forgotten.
    assert "Bạn đã gõ xong" in (await compare(second, agency, digits)).text


async def test_a_group_that_is_no_group_is_named_and_nothing_waits(
    network: Network, screen_at: ScreenAt
) -> None:
    screen = await screen_at(network.mongcai)
    agency, digits = theirs(network)

    short = await compare(screen, agency, digits.replace(digits[6:11], "123", 1))

    assert short.status == 422
    assert "Các nhóm: 2" in short.text
    assert "Bạn đã gõ xong" not in short.text


async def test_our_own_digits_are_shown_with_both_readings_and_as_a_picture(
    network: Network, screen_at: ScreenAt
) -> None:
    page = await (await screen_at(network.mongcai)).get("/contacts")

    readings = [text for text in page.texts if text.lang in ("zh-Hans", "zh-Latn")]
    assert len([text for text in readings if text.lang == "zh-Latn"]) == 12
    assert page.html.count("<svg") == 1


@pytest.mark.parametrize("lang", list(Language))
async def test_the_page_of_contacts_is_whole_in_each_language(
    network: Network, screen_at: ScreenAt, lang: Language
) -> None:
    page = await (await screen_at(network.mongcai)).get("/contacts", lang=lang)

    assert f'<html lang="{TAGS[lang]}"' in page.html
    assert list(untranslated(page, lang)) == []
