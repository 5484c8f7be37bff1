"""Who may do what on a desk's computer, and what lies on its disk: only what opens to nobody."""

import json
import stat
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from crypto.attest.statement import Role
from crypto.seal.vault import WeakPassphraseError
from liaison.desk.client import DeskRefusedError
from liaison.desk.entrance.admin import admit_officer, init_desk
from liaison.desk.entrance.guard import TOKEN
from liaison.desk.entrance.roster import STORE
from liaison.desk.entrance.vault import VAULT
from liaison.desk.store import Store, WrongKeyError
from tests.support.agencies import MONGCAI
from tests.support.network import Desk, Network, until
from tests.support.women import TEXT_ZH, request_fields

OWNER_ONLY = 0o600
#: What only the two desks may know: planted in a request, in its answer, and in a number.
CANARIES = ("Trần Thị Hồng Hạnh", "13800138007", "Liêm Giang", "继续查找", "QN-MC1-2026-0001")


async def test_a_wrong_passphrase_says_so_and_unlocks_nobody(network: Network) -> None:
    with pytest.raises(DeskRefusedError) as refused:
        await network.mongcai.client.post(
            "/api/unlock", officer="MC-05", passphrase="not the passphrase"
        )

    assert (refused.value.status, refused.value.code) == (403, "vault.wrong_passphrase")
    assert (await network.mongcai.status())["present"] == ["MC-04"]


async def test_an_officer_who_has_not_unlocked_signs_nothing(network: Network) -> None:
    with pytest.raises(DeskRefusedError) as refused:
        await network.mongcai.client.post(
            "/api/requests", officer="MC-05", to="cn-dongxing", request=request_fields()
        )

    assert (refused.value.status, refused.value.code) == (423, "desk.locked")
    assert await network.mongcai.board() == []


async def test_a_second_officer_unlocks_and_signs_with_an_own_key(network: Network) -> None:
    answer = await network.mongcai.client.post(
        "/api/unlock", officer="MC-05", passphrase=network.founded.passphrase
    )
    assert answer["present"] == ["MC-04", "MC-05"]

    made = await network.mongcai.client.post(
        "/api/requests", officer="MC-05", to="cn-dongxing", request=request_fields()
    )

    view = await network.holds(network.dongxing, made["case"], 1)
    assert view["steps"][0]["by"] == "MC-05"


async def test_an_officer_cannot_sign_as_another_who_has_unlocked_by_naming_them(
    network: Network,
) -> None:
    desk, words = network.mongcai, network.founded.passphrase
    await desk.client.post("/api/unlock", officer="MC-05", passphrase=words)
    mine = dict(desk.client.officers)
    client = replace(desk.client, officers={"MC-05": mine["MC-04"]})
    ref = await desk.request()
    calls: list[tuple[str, dict[str, object]]] = [
        ("/api/requests", {"to": "cn-dongxing", "request": request_fields()}),
        (f"/api/cases/{ref}/acts", {"act": "note", "text": {"lang": "vi", "text": "ghi chú"}}),
        (f"/api/cases/{ref}/open", {}),
        ("/api/asks/00/grant", {}),
        ("/api/asks/00/refuse", {"reason": {"lang": "vi", "text": "không"}}),
        ("/api/devices", {"number": "1"}),
        ("/api/passphrase", {"passphrase": words, "new": "another passphrase"}),
        ("/api/officers/remove", {"passphrase": words, "removed": "MC-04"}),
    ]

    codes = []
    for path, fields in calls:
        with pytest.raises(DeskRefusedError) as refused:
            await client.post(path, officer="MC-05", **fields)
        codes.append(refused.value.code)

    assert codes == ["desk.other_officer"] * len(calls)
    assert len(await desk.steps(ref)) == 1


async def test_no_act_comes_without_the_session_of_its_officer(network: Network) -> None:
    client = replace(network.mongcai.client, officers={})

    with pytest.raises(DeskRefusedError) as refused:
        await client.post(
            "/api/requests", officer="MC-04", to="cn-dongxing", request=request_fields()
        )

    assert (refused.value.status, refused.value.code) == (401, "desk.no_session")
    assert await network.mongcai.board() == []


async def test_a_locked_desk_still_receives_and_signs_delivered(network: Network) -> None:
    await network.dongxing.client.post("/api/lock")

    ref = await network.mongcai.request()
    await network.settle()

    async def delivered() -> bool:
        return (await network.mongcai.steps(ref))[0]["delivery"]["delivered"] is not None

    await until(delivered, "the locked desk signs delivered")
    (step,) = await network.mongcai.steps(ref)
    assert step["delivery"]["delivered"] is not None
    with pytest.raises(DeskRefusedError) as refused:
        await network.dongxing.open(ref)
    assert refused.value.status == HTTPStatus.LOCKED


async def asked(network: Network, headers: Mapping[str, str]) -> tuple[int, str]:
    """Return status and code of a call with these headers."""
    url = network.mongcai.url + "/api/status"
    async with network.http.get(url, headers=headers) as response:
        return response.status, json.loads(await response.text()).get("code", "")


def bearer(desk: Desk) -> dict[str, str]:
    """Return the header that the user's own programs send."""
    return {"Authorization": f"Bearer {desk.token}"}


@pytest.mark.parametrize(
    "headers, status, code",
    [
        pytest.param({"Host": "evil.example"}, 421, "guard.host", id="name pointed at us"),
        pytest.param({"Origin": "https://evil.example"}, 403, "guard.cross_site", id="other page"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, 403, "guard.cross_site", id="cross-site"),
        pytest.param({"Authorization": ""}, 401, "guard.token", id="no token"),
        pytest.param({"Authorization": "Bearer x"}, 401, "guard.token", id="another token"),
    ],
)
async def test_a_call_from_elsewhere_is_refused(
    network: Network, headers: Mapping[str, str], status: int, code: str
) -> None:
    assert (await asked(network, bearer(network.mongcai)))[0] == HTTPStatus.OK

    assert await asked(network, bearer(network.mongcai) | dict(headers)) == (status, code)


@pytest.mark.parametrize("body", ["", "{", "[]", '"text"'])
async def test_what_is_no_json_object_is_refused_with_a_code(network: Network, body: str) -> None:
    url = network.mongcai.url + "/api/requests"

    async with network.http.post(url, data=body, headers=bearer(network.mongcai)) as response:
        answer = await response.json(content_type=None)

    assert (response.status, answer["code"]) == (HTTPStatus.BAD_REQUEST, "desk.json")


async def test_a_weak_passphrase_makes_no_desk_and_no_officer(
    network: Network, tmp_path: Path
) -> None:
    replica, desk = network.mongcai.agent.replica, network.mongcai
    state = tmp_path / "new"
    state.mkdir()
    with pytest.raises(WeakPassphraseError):
        await init_desk(
            state,
            slug=MONGCAI,
            pins=network.founded.pins,
            entries=await desk.agent.store.directory_entries(),
            officer="MC-06",
            role=Role.OFFICER,
            passphrase="short",
            clock=network.clock,
        )
    before = (desk.state / VAULT).read_bytes()
    with pytest.raises(WeakPassphraseError):
        admit_officer(
            desk.state,
            desk.keys,
            slug=MONGCAI,
            directory=replica.directory,
            officer="MC-06",
            role=Role.OFFICER,
            passphrase="short",
            clock=network.clock,
        )

    assert list(state.iterdir()) == []
    assert (desk.state / VAULT).read_bytes() == before


async def test_a_store_opens_to_its_own_key_only(parts: Network) -> None:
    file = parts.mongcai.state / STORE

    with pytest.raises(WrongKeyError) as refused:
        await Store(file, bytes(32)).open()

    assert refused.value.code == "store.wrong_key"
    assert not file.read_bytes().startswith(b"SQLite format 3")
    store = Store(file, parts.mongcai.keys.master)
    await store.open()
    assert len(await store.own_windows()) > 0
    await store.close()


def found_in(folder: Path) -> list[tuple[str, str]]:
    """Return each canary that stands in a file below ``folder``, with the file.

    Translation models are the product's own files and know words such as these.
    """
    return [
        (canary, str(file.relative_to(folder)))
        for file in sorted(folder.rglob("*"))
        if file.is_file() and "models" not in file.relative_to(folder).parts
        for canary in CANARIES
        if canary.encode() in file.read_bytes()
    ]


async def test_nothing_of_a_case_lies_in_clear_anywhere_on_disk_or_in_the_logs(
    network: Network,
) -> None:
    with capture_logs() as logs:
        ref = await network.mongcai.request()
        await network.holds(network.dongxing, ref, 1)
        await network.dongxing.open(ref)
        await network.dongxing.act(ref, "situation_report", text=TEXT_ZH)
        await network.holds(network.mongcai, ref, 2)
        await network.pass_time(network.clock.now().replace(hour=15))
        await network.broker.stop()
        await network.line_is(network.mongcai, "down")
        await network.mongcai.act(ref, "note", text={"lang": "vi", "text": CANARIES[0]})

    assert ref in CANARIES
    shown = json.dumps(await network.mongcai.case(ref), ensure_ascii=False)
    assert all(canary in shown.replace(" ", "") or canary in shown for canary in CANARIES)
    assert found_in(network.state) == []
    said = repr(logs)
    assert [entry for entry in logs if entry["event"] == "clock.reminded"]
    assert [canary for canary in CANARIES if canary in said] == []


async def test_keys_tokens_and_passphrases_are_files_of_their_owner_only(network: Network) -> None:
    private = [
        file
        for file in network.state.rglob("*")
        if file.suffix in (".seed", ".key") or file.name in (VAULT, TOKEN, "passphrase")
    ]

    names = {file.name for file in private}
    assert {VAULT, TOKEN, "passphrase", "broker.key", "root-1.seed", "registrar.seed"} <= names
    modes = {str(file): stat.S_IMODE(file.stat().st_mode) for file in private}
    assert set(modes.values()) == {OWNER_ONLY}
