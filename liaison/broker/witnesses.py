"""A witness as the broker sees it: over HTTP it gets a checkpoint with a proof, and cosigns.

Follows C2SP tlog-witness, ``add-checkpoint``, the log's half. How far a witness is it says itself
(409); nothing of it is kept. A witness that knows more of our ledger than we do is an alarm.
"""

from dataclasses import dataclass
from http import HTTPStatus

import aiohttp

from crypto.attest.checkpoint import add_cosignature, parse_size
from crypto.attest.note import NOTE_LIMIT, NamedKey, NoteError
from crypto.attest.submission import Submission
from liaison.broker.errors import BrokerError
from liaison.broker.ledger import prove_consistency
from liaison.broker.store import Store

PATIENCE = aiohttp.ClientTimeout(total=10)


class WitnessError(BrokerError):
    """A witness has not cosigned."""

    code = "witness.refused"


class WitnessUnreachableError(WitnessError):
    """No answer, or none that can be read."""

    code = "witness.unreachable"


class WitnessUnknownError(WitnessError):
    """No agency has named a witness of this name in the directory."""

    code = "witness.unknown"


class WitnessAheadError(WitnessError):
    """The witness has cosigned more leaves of our ledger than there are."""

    code = "witness.ahead"


@dataclass(frozen=True, slots=True)
class WitnessAddress:
    """Where a witness of the given note key name answers; ``url`` without a slash at its end."""

    name: str
    url: str


class Witness:
    """One witness; ``address.name`` is the name that the directory gives its key."""

    def __init__(self, address: WitnessAddress, store: Store, http: aiohttp.ClientSession) -> None:
        """Take where it answers, the ledger's store for proofs, and the client to send with."""
        self.address = address
        self._store, self._http = store, http
        self._seen = 0

    async def cosign(self, note: bytes, *, size: int, key: NamedKey) -> bytes:
        """Return this witness's answer to the checkpoint ``note`` of ``size`` leaves, verified.

        Raises:
            WitnessError: it has not cosigned; the subclass says why.
        """
        status, answer = await self._submit(note, size)
        if status == HTTPStatus.CONFLICT:
            self._seen = _size(answer)
            if self._seen > size:
                raise WitnessAheadError(f"{self._seen} leaves seen there, {size} signed here")
            status, answer = await self._submit(note, size)
        if status != HTTPStatus.OK:
            raise WitnessError(f"answered with status {status}")
        self._seen = size
        try:
            add_cosignature(note, answer, key)
        except NoteError as e:
            raise WitnessError(f"{e.code}: {e}") from e
        return answer

    async def _submit(self, note: bytes, size: int) -> tuple[int, bytes]:
        old = min(self._seen, size)
        proof = tuple(await prove_consistency(self._store, old, size=size))
        try:
            async with self._http.post(
                f"{self.address.url}/add-checkpoint",
                data=Submission(old, proof, note).raw(),
                timeout=PATIENCE,
            ) as response:
                return response.status, await response.content.read(NOTE_LIMIT)
        except (TimeoutError, aiohttp.ClientError, OSError) as e:
            raise WitnessUnreachableError(type(e).__name__) from e


def _size(answer: bytes) -> int:
    try:
        return parse_size(answer.decode("ascii").removesuffix("\n"))
    except (NoteError, UnicodeDecodeError) as e:
        raise WitnessUnreachableError("a size expected, something else found") from e
