"""A further witness, named by an agency's root while a network runs, and one that it ends."""

from crypto.attest.signing import SigningKey
from crypto.attest.statement import InfraKind, Reason, RevocationPayload
from crypto.seal.ceremony import name_infra, revoke
from liaison.demo.network import make_witness
from liaison.desk.line.broker_client import publish_entry
from liaison.runtime.clock import timestamp
from liaison.runtime.seeds import load_key
from tests.support.network import Network, Part, witness_app


async def name_witness(network: Network, agency: str, called: str) -> Part:
    """Return a witness that the root of ``agency`` has named, not started.

    The broker asks it to cosign once it is among ``network.witnesses`` and the broker is started.
    """
    request = make_witness(network.state / f"witness-{called}", called)
    directory = network.broker_directory()
    existing = network.witness_key(agency).kid
    (by,) = {one.agency for one in directory.infra(InfraKind.WITNESS) if one.kid == existing}
    entry = name_infra(by, request, signers=roots_of(network, agency))
    await publish_entry(network.http, network.broker.url, entry)
    return Part(witness_app(network.founded, called, network.clock))


async def end_witness(network: Network, agency: str) -> None:
    """Have the root of ``agency`` revoke the witness that it was founded with."""
    directory, existing = network.broker_directory(), network.witness_key(agency).kid
    (by,) = {one.agency for one in directory.infra(InfraKind.WITNESS) if one.kid == existing}
    payload = RevocationPayload(timestamp(network.clock.now()), Reason.CLOSED)
    entry = revoke(by, existing, payload, signers=roots_of(network, agency))
    await publish_entry(network.http, network.broker.url, entry)


def roots_of(network: Network, agency: str) -> list[SigningKey]:
    """Return the two root shares with which an agency speaks."""
    home = network.state / "ceremony" / agency
    return [load_key(home / f"root-{number}.seed") for number in (1, 2)]
