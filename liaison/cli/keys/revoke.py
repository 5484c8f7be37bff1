"""``liaison keys revoke`` and ``revoke-cert``: a key, a desk or a broker that counts no more.

A registrar revokes keys of a desk at once, with the broker's directory before it; a root says of a
desk or of infrastructure in a statement that two holders sign. Both are told in words first: a
revocation is for ever.
"""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from aiohttp import ClientSession

from crypto.attest.directory import Directory, Signer
from crypto.attest.signing import SigningKey
from crypto.attest.statement import AgencyId, InfraKind, Reason, RevocationPayload, What
from crypto.seal.ceremony import revoke as revoke_key
from crypto.seal.ceremony import state_revocation
from crypto.seal.drafts import Draft
from liaison.cli.ceremony.desks import SUFFIX, KnownOption, OutOption, RootOption
from liaison.cli.ceremony.files import collected, read_entries, read_known, read_root, write_new
from liaison.cli.ceremony.sign import ask_assent
from liaison.cli.console import Exit, JsonOption, command, print_json, say
from liaison.cli.wording import Wording
from liaison.desk.line.broker_client import fetch_directory, publish_entry
from liaison.runtime.clock import SystemClock, timestamp
from liaison.runtime.pins import read_pins
from liaison.runtime.seeds import load_key

app = typer.Typer(no_args_is_help=True)

ReasonOption = Annotated[
    str, typer.Option(help="lost, compromised, left, replaced or closed; no other word is kept.")
]
SinceOption = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M"],
        help="Since when it was not to be trusted (UTC); by default now. It takes nothing back.",
    ),
]


class UnknownReasonError(Exception):
    """The reason is none of those that the directory knows."""

    code = "keys.reason"


class NothingToRevokeError(Exception):
    """Nothing of that name stands in the directory that these keys could revoke."""

    code = "keys.nothing_to_revoke"


@app.command()
@command
async def revoke(
    who: Annotated[str, typer.Argument(help="A pseudonym (all its keys), or one key's id in hex.")],
    registrar: Annotated[Path, typer.Option(help="The file of the registrar's seed.")],
    pins: Annotated[Path, typer.Option(help="The file of the fingerprints.")],
    broker: Annotated[str, typer.Option(help="The broker's URL.")],
    reason: ReasonOption,
    since: SinceOption = None,
    typed_fd: Annotated[
        int | None, typer.Option(help="Read the word that signs from this descriptor.")
    ] = None,
    *,
    as_json: JsonOption = False,
) -> Exit:
    """Revoke an officer's or a computer's keys, for ever, and publish that at once."""
    key = await asyncio.to_thread(load_key, registrar)
    payload = _payload(reason, since)
    async with ClientSession() as session:
        trusted = [one.digits for one in read_pins(pins)]
        directory = Directory.replay(trusted, await fetch_directory(session, broker))
        found = find_keys(directory, who, key)
        words = Wording.here()
        for line in _told(found, payload, directory, words):
            typer.echo(line, err=True)
        ask_assent(words.say("assent_revoke", count=len(found)), typed_fd)
        for one in found:
            last = directory.last(What.REVOKE, one.agency, one.kid)
            entry = revoke_key(one.agency, one.kid, payload, signers=[key], after=last)
            await publish_entry(session, broker, entry)
    _report(found, as_json=as_json)
    return Exit.GOOD


@app.command("revoke-cert")
@command
async def revoke_cert(
    what: Annotated[str, typer.Argument(help="A desk's slug, or a broker's or witness's key id.")],
    root: RootOption,
    reason: ReasonOption,
    out: OutOption,
    known: KnownOption = None,
    since: SinceOption = None,
    *,
    as_json: JsonOption = False,
) -> None:
    """Write the statement by which an agency revokes a desk, a broker or a witness."""
    held, files = read_root(root), known or []
    subject = find_subject(collected(read_entries(files)), held.agency, what)
    last = read_known(files).last(What.REVOKE, held.agency, subject)
    draft = Draft(state_revocation(held.agency, subject, _payload(reason, since), after=last))
    file = out / f"revoke-{what}{SUFFIX}"
    write_new(file, draft)
    if as_json:
        print_json({"statements": [str(file)]})
        return
    say(f"statement {file}")
    say(Wording.here().say("sign_next", threshold=held.payload.threshold))


def find_keys(directory: Directory, who: str, registrar: SigningKey) -> list[Signer]:
    """Return the keys of this pseudonym, or the one of this id, that the registrar may revoke.

    Raises:
        NothingToRevokeError: there are none, or all were revoked.
    """
    found = [
        signer
        for desk in directory.desks()
        if registrar.verify_key in desk.payload.registrars
        for signer in directory.keys_of(desk.id)
        if who in {signer.payload.pseudonym, signer.kid.hex()} and not directory.is_revoked(signer)
    ]
    if not found:
        raise NothingToRevokeError("no key of that name at a desk of this registrar")
    return found


def find_subject(directory: Directory, agency: AgencyId, what: str) -> bytes:
    """Return the id of the agency's desk of this slug, or of its broker or witness.

    Raises:
        NothingToRevokeError: the agency has none.
    """
    for desk in directory.desks():
        if desk.agency == agency and desk.payload.slug == what:
            return desk.id
    for kind in InfraKind:
        for infra in directory.infra(kind, agency=agency):
            if infra.kid.hex() == what:
                return infra.kid
    raise NothingToRevokeError("the agency has no desk, broker or witness of that name")


def _payload(reason: str, since: datetime | None) -> RevocationPayload:
    names = [one.name.lower() for one in Reason]
    if reason not in names:
        raise UnknownReasonError(f"{reason!r}; one of {', '.join(names)} expected")
    at = SystemClock().now() if since is None else since.replace(tzinfo=UTC)
    return RevocationPayload(timestamp(at), Reason[reason.upper()])


def _told(
    found: Sequence[Signer], payload: RevocationPayload, directory: Directory, words: Wording
) -> list[str]:
    return [
        words.say(
            "revokes",
            who=one.payload.pseudonym,
            role=words.say(f"role_{one.payload.role.name.lower()}"),
            desk=directory.desk(one.payload.desk).payload.slug,
            reason=words.reason(payload.reason),
            kid=one.kid.hex(),
        )
        for one in found
    ]


def _report(found: Sequence[Signer], *, as_json: bool) -> None:
    if as_json:
        print_json({"revoked": [one.kid.hex() for one in found]})
        return
    for one in found:
        say(f"revoked {one.payload.pseudonym} {one.payload.role.name} {one.kid.hex()}")
