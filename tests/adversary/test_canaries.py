"""Two thousand planted names and texts, in both languages: none lies where it may not.

They go through real desks, broker and witnesses, in messages that are taken and that are refused.
What the broker has on its disk, what passes over its line, and what every program has logged is
searched for them, also where they are written otherwise than they were given; so is every file of
the desks, whose stores are encrypted.
"""

import base64
import json
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from liaison.desk.client import DeskRefusedError
from protocols.wire import api
from tests.support.agencies import DONGXING, MONGCAI
from tests.support.figures import Tell
from tests.support.forge_desk import forging
from tests.support.hostile_line import HostileLine, hostile_line
from tests.support.network import Desk, Network
from tests.support.women import header, request_fields

#: Requests of each desk, persons in each, and two names a person: 2,000 with those alone.
REQUESTS, PERSONS = 5, 100
WORDS = ("Hoàng Yến", "金丝雀")


def canary(number: int, word: str) -> str:
    """Return a name that occurs nowhere else."""
    return f"{word} {number:05}"


def planted() -> list[str]:
    """Return all that are planted."""
    return [canary(n, word) for n in range(2 * REQUESTS * PERSONS) for word in WORDS]


def fields(begin: int, source: str, to: str) -> dict[str, object]:
    """Return a request in whose names and texts the canaries from ``begin`` on stand."""
    persons = [
        {
            "label": f"P{n + 1}",
            "role": "presumed_victim",
            "names": [
                {"form": "vi", "value": canary(begin + n, WORDS[0])},
                {"form": "zh", "value": canary(begin + n, WORDS[1])},
            ],
        }
        for n in range(PERSONS)
    ]
    vi, zh = (
        {"lang": lang, "text": canary(begin, word)}
        for lang, word in zip(("vi", "zh"), WORDS, strict=True)
    )
    head = header(sender=source, to=to, urgency_reason=vi)
    return request_fields(header=head, persons=persons, groups=[], persons_total=PERSONS, place=zh)


async def write(desk: Desk, to: str, begin: int) -> str:
    """Send one request full of canaries and return its reference."""
    return await desk.request(to, request=fields(begin, desk.slug, to))


async def be_refused(line: HostileLine) -> None:
    """Write canaries where they do not belong: to the desk's programs, and from a false desk."""
    wrong = fields(0, MONGCAI, DONGXING) | {"dangers": [canary(1, WORDS[0])]}
    with pytest.raises(DeskRefusedError):
        await line.network.mongcai.request(request=wrong)
    await line.network.dongxing.stop()
    async with forging(line.network, line.network.dongxing, line.network.mongcai) as forger:
        await forger.send([canary(2, WORDS[0]), canary(3, WORDS[1])])
        await forger.send(forger.request("GX-DX-2026-0099") | {"act": canary(4, WORDS[0])})
    await line.network.quarantines(line.network.mongcai, 2)


def written(text: str) -> Iterator[bytes]:
    """Yield the forms in which a text may lie somewhere."""
    for form in ("NFC", "NFD"):
        plain = unicodedata.normalize(form, text)
        yield plain.encode()
        yield plain.encode("utf-16-le")
        yield json.dumps(plain)[1:-1].encode()
        yield plain.encode().hex().encode()
    for shift in range(3):  # the same text in base64 looks otherwise at each place in its threes
        yield base64.b64encode(bytes(shift) + text.encode())[4 : (len(text.encode()) // 3) * 4]


def count(heap: bytes, words: Iterable[str]) -> int:
    """Return in how many places of ``heap`` one of ``words`` lies, in whatever form."""
    return sum(heap.count(form) for word in words for form in set(written(word)))


def files(folder: Path) -> bytes:
    """Return the bytes of every file below ``folder``, and their names."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    assert found
    return b"".join(path.read_bytes() + str(path).encode() for path in found)


async def test_two_thousand_planted_names_and_texts_lie_nowhere_outside_the_desks(
    parts: Network, capfd: pytest.CaptureFixture[str], tell: Tell
) -> None:
    async with hostile_line(parts) as line:
        passed = line.seen_all()
        refs = []
        for n in range(REQUESTS):
            refs.append(await write(parts.mongcai, DONGXING, 2 * n * PERSONS))
            refs.append(await write(parts.dongxing, MONGCAI, (2 * n + 1) * PERSONS))
        await parts.settle()
        shown = {ref: json.dumps(await parts.mongcai.case(ref), ensure_ascii=False) for ref in refs}
        for ref in refs[::2]:
            await parts.dongxing.open(ref)
        await be_refused(line)
        heard = [api.encode_frame(frame) for frame in line.between.heard]
        line_bytes = b"".join([*line.seen, *heard, *passed])
        broker = files(parts.state / "broker")
        witnesses = b"".join(files(parts.state / name) for name in parts.witnesses)
        desks = files(parts.state / MONGCAI) + files(parts.state / DONGXING)
    out, err = capfd.readouterr()
    logs = (out + err).encode()

    there = "".join(shown.values())
    assert [text for text in planted() if text not in there] == []
    assert b"inbox.set_aside" in logs
    assert len(heard) > len(refs) / 2
    places = {
        "broker's files": broker,
        "witnesses' files": witnesses,
        "the line": line_bytes,
        "desks' files": desks,
        "logs": logs,
    }
    found = {name: count(heap, WORDS) for name, heap in places.items()}
    sizes = ", ".join(f"{name} {len(heap):,} bytes" for name, heap in places.items())
    tell(f"{len(planted()):,} planted, {sum(found.values())} found; searched: {sizes}")
    assert found == dict.fromkeys(places, 0)


@pytest.mark.parametrize("word", planted()[:4])
def test_a_text_is_found_however_it_lies(word: str) -> None:
    for form in written(word):
        assert count(b"before" + form + b"behind", [word]) > 0
    for shift in range(3):
        assert count(base64.b64encode(b"x" * shift + f"said {word} so".encode()), [word]) > 0
