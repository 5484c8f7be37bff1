"""A witness on a real port with a real database, and the logs that come to it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from crypto.attest.checkpoint import (
    Checkpoint,
    Policy,
    add_cosignature,
    sign_checkpoint,
    verify_checkpoint,
)
from crypto.attest.note import KeyNameError, NamedKey, parse_note
from crypto.attest.proof import consistency_nodes, consistency_proof
from crypto.attest.signing import SigningKey
from crypto.attest.submission import SUBMISSION_LIMIT, Submission
from crypto.attest.tree import Coordinate, Frontier, TreeHead, hash_leaf
from liaison.witness.app import WitnessSettings, build_app
from liaison.witness.store import Evidence, open_store

ORIGIN = "log.example/ledger"
NAME = "north.example/witness"
LOG = SigningKey.from_seed(bytes([1] * 32))
WITNESS = SigningKey.from_seed(bytes([2] * 32))
LOG_KEY = NamedKey(ORIGIN, LOG.verify_key)
WITNESS_KEY = NamedKey(NAME, WITNESS.verify_key)
POLICY = Policy.of_all(LOG_KEY, WITNESS_KEY)
NOON = datetime(2026, 3, 1, 5, 0, tzinfo=UTC)


@dataclass
class HandClock:
    """A clock that stands until it is moved."""

    time: datetime = NOON

    def now(self) -> datetime:
        return self.time

    def on_jump(self, wake: Callable[[], None]) -> None:
        """Nothing here sleeps until a time."""


@dataclass
class Log:
    """A log that can be grown, and submitted as it was at any of its sizes."""

    story: bytes = b"as it was"
    key: SigningKey = LOG
    origin: str = ORIGIN
    nodes: dict[Coordinate, bytes] = field(default_factory=dict)
    frontiers: list[Frontier] = field(default_factory=lambda: [Frontier()])

    def grow(self, leaves: int) -> "Log":
        for _ in range(leaves):
            number = self.frontiers[-1].size
            frontier, completed = self.frontiers[-1].append(
                hash_leaf(b"%s %d" % (self.story, number))
            )
            self.nodes.update(completed)
            self.frontiers.append(frontier)
        return self

    def checkpoint(self, size: int) -> bytes:
        head = self.frontiers[size].head()
        return sign_checkpoint(Checkpoint(self.origin, head.size, head.root), self.key)

    def submission(self, old: int, new: int) -> Submission:
        nodes = {c: self.nodes[c] for c in consistency_nodes(old, new)}
        return Submission(old, tuple(consistency_proof(old, new, nodes)), self.checkpoint(new))


@dataclass(frozen=True)
class Answer:
    status: int
    kind: str
    body: bytes


@dataclass(frozen=True)
class Line:
    """The line to a witness that is running."""

    http: aiohttp.ClientSession
    address: str

    async def post(self, body: bytes) -> Answer:
        async with self.http.post(f"{self.address}/add-checkpoint", data=body) as answer:
            return Answer(answer.status, answer.content_type, await answer.read())

    async def submit(self, log: Log, old: int, new: int) -> Answer:
        return await self.post(log.submission(old, new).raw())

    async def get(self, path: str) -> Answer:
        async with self.http.get(f"{self.address}{path}") as answer:
            return Answer(answer.status, answer.content_type, await answer.read())


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def settings(tmp_path: Path, clock: HandClock) -> WitnessSettings:
    return WitnessSettings(name=NAME, key=WITNESS, state=tmp_path, logs=(LOG_KEY,), clock=clock)


@asynccontextmanager
async def running(settings: WitnessSettings) -> AsyncIterator[Line]:
    runner = web.AppRunner(build_app(settings))
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with aiohttp.ClientSession() as http:
            yield Line(http, f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()


@pytest.fixture
async def witness(settings: WitnessSettings) -> AsyncIterator[Line]:
    async with running(settings) as line:
        yield line


async def kept(state: Path) -> list[Evidence]:
    async with open_store(state) as store:
        return await store.evidence()


async def held(state: Path) -> TreeHead:
    async with open_store(state) as store:
        found = await store.held(ORIGIN)
    assert found is not None
    return found.head


async def test_a_hundred_growing_checkpoints_are_cosigned_each(
    witness: Line, clock: HandClock
) -> None:
    log = Log()
    old = 0

    for step in range(1, 101):
        log.grow(step % 7 + 1)
        new = log.frontiers[-1].size
        clock.time += timedelta(minutes=1)
        answer = await witness.submit(log, old, new)

        assert answer.status == 200
        note = add_cosignature(log.checkpoint(new), answer.body, WITNESS_KEY)
        found = verify_checkpoint(note, POLICY)
        assert found.checkpoint.head == log.frontiers[new].head()
        assert [c.at for c in found.cosignatures] == [clock.time]
        old = new


async def test_a_fork_is_refused_and_kept_as_evidence(
    witness: Line, settings: WitnessSettings
) -> None:
    log, fork = Log().grow(12), Log(story=b"as it never was").grow(12)
    await witness.submit(log, 0, 8)

    answer = await witness.submit(fork, 8, 12)

    assert (answer.status, answer.kind) == (422, "application/problem+json")
    assert b"witness.inconsistent" in answer.body
    assert await held(settings.state) == log.frontiers[8].head()
    [found] = await kept(settings.state)
    assert found.checkpoint.head == fork.frontiers[12].head()
    assert found.note == fork.checkpoint(12)
    assert verify_checkpoint(found.held or b"", POLICY).checkpoint.head == log.frontiers[8].head()
    assert (found.code, found.at) == ("witness.inconsistent", NOON)


async def test_another_root_of_the_same_size_is_refused_and_kept(
    witness: Line, settings: WitnessSettings
) -> None:
    log, fork = Log().grow(8), Log(story=b"as it never was").grow(8)
    await witness.submit(log, 0, 8)

    first = await witness.submit(fork, 8, 8)
    again = await witness.submit(fork, 8, 8)

    assert (first.status, again.status) == (422, 422)
    assert [e.checkpoint.head for e in await kept(settings.state)] == [fork.frontiers[8].head()]


async def test_a_second_head_of_one_size_is_kept_even_where_the_old_size_is_wrong(
    witness: Line, settings: WitnessSettings
) -> None:
    log, fork = Log().grow(8), Log(story=b"as it never was").grow(8)
    await witness.submit(log, 0, 8)

    answer = await witness.submit(fork, 0, 8)

    assert answer.status == 409
    assert [e.code for e in await kept(settings.state)] == ["witness.conflict"]


async def test_a_rollback_is_told_the_size_that_was_cosigned(
    witness: Line, settings: WitnessSettings
) -> None:
    log = Log().grow(12)
    await witness.submit(log, 0, 12)

    answer = await witness.submit(log, 0, 8)

    assert answer == Answer(409, "text/x.tlog.size", b"12\n")
    assert await held(settings.state) == log.frontiers[12].head()
    assert await kept(settings.state) == []


async def test_a_log_that_was_never_seen_starts_from_nothing(witness: Line) -> None:
    answer = await witness.submit(Log().grow(9), 5, 9)

    assert answer == Answer(409, "text/x.tlog.size", b"0\n")


async def test_the_same_checkpoint_is_cosigned_again_at_its_new_time(
    witness: Line, clock: HandClock
) -> None:
    log = Log().grow(5)
    await witness.submit(log, 0, 5)
    clock.time += timedelta(hours=1)

    answer = await witness.submit(log, 5, 5)

    note = add_cosignature(log.checkpoint(5), answer.body, WITNESS_KEY)
    assert [c.at for c in verify_checkpoint(note, POLICY).cosignatures] == [clock.time]


async def test_the_empty_tree_is_cosigned_with_its_one_root_only(
    witness: Line, settings: WitnessSettings
) -> None:
    false = sign_checkpoint(Checkpoint(ORIGIN, 0, bytes(32)), LOG)

    refused = await witness.post(Submission(0, (), false).raw())
    taken = await witness.submit(Log(), 0, 0)

    assert (refused.status, taken.status) == (422, 200)
    assert [(e.checkpoint.size, e.held) for e in await kept(settings.state)] == [(0, None)]


async def test_a_proof_where_none_may_be_is_refused(witness: Line) -> None:
    log = Log().grow(5)

    answer = await witness.post(Submission(0, (bytes(32),), log.checkpoint(5)).raw())

    assert answer.status == 422
    assert b"proof.length" in answer.body


async def test_an_unknown_log_is_not_found(witness: Line) -> None:
    answer = await witness.submit(Log(origin="log.example/other").grow(3), 0, 3)

    assert (answer.status, answer.kind) == (404, "application/problem+json")
    assert b"witness.unknown_log" in answer.body


async def test_a_checkpoint_signed_by_another_key_is_forbidden(
    witness: Line, settings: WitnessSettings
) -> None:
    stranger = SigningKey.from_seed(bytes([9] * 32))

    answer = await witness.submit(Log(key=stranger).grow(3), 0, 3)

    assert answer.status == 403
    assert b"witness.untrusted" in answer.body
    assert await kept(settings.state) == []


async def test_a_false_signature_in_the_name_of_the_log_is_forbidden(witness: Line) -> None:
    log = Log().grow(3)
    false = log.checkpoint(3).replace(b"\n3\n", b"\n4\n")

    answer = await witness.post(Submission(0, (), false).raw())

    assert answer.status == 403


async def test_an_old_size_above_the_new_is_a_bad_request(witness: Line) -> None:
    answer = await witness.post(Submission(4, (), Log().grow(3).checkpoint(3)).raw())

    assert answer.status == 400
    assert b"witness.old_size" in answer.body


@pytest.mark.parametrize(
    "body", [b"", b"garbage", b"old 0\n\n", b"old 00\n\n" + Log().grow(1).checkpoint(1), bytes(500)]
)
async def test_garbage_is_a_bad_request(witness: Line, body: bytes) -> None:
    answer = await witness.post(body)

    assert (answer.status, answer.kind) == (400, "application/problem+json")


async def test_a_body_beyond_the_limit_is_not_read(witness: Line) -> None:
    answer = await witness.post(b"old 0\n\n" + bytes(SUBMISSION_LIMIT))

    assert (answer.status, answer.kind) == (413, "application/problem+json")


async def test_of_two_requests_from_one_old_size_exactly_one_wins(
    witness: Line, settings: WitnessSettings
) -> None:
    log = Log().grow(40)
    await witness.submit(log, 0, 4)

    for old in range(4, 36, 4):  # eight races, so that a lucky order proves nothing
        answers = await asyncio.gather(
            witness.submit(log, old, old + 2), witness.submit(log, old, old + 4)
        )

        assert sorted(a.status for a in answers) == [200, 409]
        won = old + (2 if answers[0].status == 200 else 4)
        assert (await held(settings.state)).size == won
        if won != old + 4:
            assert (await witness.submit(log, won, old + 4)).status == 200


async def test_a_restart_keeps_the_record(settings: WitnessSettings) -> None:
    log, fork = Log().grow(20), Log(story=b"as it never was").grow(20)
    async with running(settings) as line:
        await line.submit(log, 0, 10)

    async with running(settings) as line:
        forked = await line.submit(fork, 10, 20)
        continued = await line.submit(log, 10, 20)

    assert (forked.status, continued.status) == (422, 200)


async def test_a_log_with_a_new_key_goes_on_under_its_origin(settings: WitnessSettings) -> None:
    new_key = SigningKey.from_seed(bytes([7] * 32))
    both = replace(settings, logs=(LOG_KEY, NamedKey(ORIGIN, new_key.verify_key)))
    log = Log().grow(6)
    async with running(both) as line:
        await line.submit(log, 0, 3)
        log.key = new_key

        answer = await line.submit(log, 3, 6)

    assert answer.status == 200


async def test_two_logs_are_remembered_apart(settings: WitnessSettings) -> None:
    other = Log(origin="log.example/other", key=SigningKey.from_seed(bytes([5] * 32))).grow(3)
    both = replace(settings, logs=(LOG_KEY, NamedKey(other.origin, other.key.verify_key)))

    async with running(both) as line:
        answers = [await line.submit(Log().grow(9), 0, 9), await line.submit(other, 0, 3)]

    assert [a.status for a in answers] == [200, 200]


async def test_a_monitor_reads_the_newest_cosigned_checkpoint(witness: Line) -> None:
    log = Log().grow(5)
    path = f"/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    before = await witness.get(path)
    padded = log.checkpoint(5) + "— stranger.example AAAAAAAA\n".encode()
    await witness.post(Submission(0, (), padded).raw())

    answer = await witness.get(path)

    assert before.status == 404
    assert verify_checkpoint(answer.body, POLICY).checkpoint.head == log.frontiers[5].head()
    assert [s.name for s in parse_note(answer.body).signatures] == [ORIGIN, NAME]


async def test_a_monitor_asking_for_an_unknown_log_finds_none(witness: Line) -> None:
    answer = await witness.get(f"/{sha256(b'log.example/other').hexdigest()}/checkpoint")

    assert answer.status == 404


async def test_a_witness_says_that_it_lives(witness: Line) -> None:
    assert (await witness.get("/livez")).status == 200


def test_a_witness_whose_name_could_not_stand_in_its_line_is_not_built(
    settings: WitnessSettings,
) -> None:
    with pytest.raises(KeyNameError):
        replace(settings, name="two words")
