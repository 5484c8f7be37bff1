"""Talking to the running desk from another program of the same user: command line and demo.

The desk writes its address and a token into its folder when it starts; who may read the folder may
talk to it. What the desk answers with an error comes out as one, with the desk's own code and
findings.
"""

import hmac
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientError, ClientSession, ClientTimeout

from liaison.desk.entrance.guard import NONCE_HEADER, SESSION_HEADER, prove_token, read_token

ADDRESS, UNLOCK = "agent.url", "/api/unlock"
NONCE_BYTES = 16
PATIENCE = ClientTimeout(total=60)
#: Acts that write the whole store anew, or files of any size: they take as long as these are large.
UNHURRIED = frozenset({"/api/officers/remove", "/api/carriage/out", "/api/carriage/in"})
NO_END = ClientTimeout(total=None)
#: A file may take as long as it takes, while it moves.
WHOLE_FILE = ClientTimeout(total=None, sock_read=300)
PIECE = 256 * 1024


class DeskNotReachableError(Exception):
    """No desk runs in this folder, or it does not answer."""

    code = "desk.not_reachable"


class DeskRefusedError(Exception):
    """The desk refused; ``code`` and ``findings`` are its own."""

    def __init__(self, status: int, code: str, detail: str, findings: list[dict[str, str]]) -> None:
        """Take what the desk answered."""
        super().__init__(detail)
        self.status, self.code, self.detail, self.findings = status, code, detail, findings


@dataclass(frozen=True, slots=True)
class DeskClient:
    """A connection to one running desk."""

    url: str
    token: str
    session: ClientSession
    #: The officers' own sessions at this desk, by pseudonym: an act carries its officer's.
    officers: dict[str, str] = field(default_factory=dict, repr=False)
    _proven: set[str] = field(default_factory=set, compare=False)

    @classmethod
    def of(cls, state: Path, session: ClientSession) -> "DeskClient":
        """Return the client of the desk running in ``state``; raise DeskNotReachableError."""
        try:
            return cls((state / ADDRESS).read_text().strip(), read_token(state), session)
        except OSError as e:
            raise DeskNotReachableError(
                "no desk runs in this folder; start it with `liaison desk serve`"
            ) from e

    async def get(self, path: str, /, **query: str) -> dict[str, Any]:
        """Return the answer to a GET; raises DeskRefusedError or DeskNotReachableError."""
        return await self._call("GET", path, params=query)

    async def post(self, path: str, /, **fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
        """Return the answer to a POST of ``fields``; raises what :meth:`get` raises.

        An officer who unlocks has a session from then on, with which their acts are sent.
        """
        officer = str(fields.get("officer", ""))
        patience = NO_END if path in UNHURRIED else PATIENCE
        answer = await self._call("POST", path, officer=officer, json=fields, timeout=patience)
        if path == UNLOCK:
            self.officers[officer] = str(answer["session"])
        return answer

    async def upload(
        self,
        path: str,
        /,
        pieces: AsyncIterator[bytes],
        *,
        officer: str,
        **query: str,
    ) -> dict[str, Any]:
        """Return the answer to a file that streams in; raises what :meth:`get` raises."""
        params = {**query, "officer": officer}
        return await self._call(
            "POST", path, officer=officer, data=pieces, params=params, timeout=WHOLE_FILE
        )

    async def download(self, path: str, /) -> AsyncIterator[bytes]:
        """Yield a file, piece by piece; raises what :meth:`get` raises.

        A file that breaks off, since a piece of it does not open, raises DeskNotReachableError.
        """
        headers = {"Authorization": f"Bearer {self.token}"}
        try:
            await self._recognise()
            async with self.session.get(
                self.url + path, headers=headers, timeout=WHOLE_FILE
            ) as response:
                if not response.ok:
                    raise _refused(response.status, await response.json(content_type=None))
                async for piece in response.content.iter_chunked(PIECE):
                    yield piece
        except (ClientError, OSError, TimeoutError, ValueError) as e:
            raise DeskNotReachableError("the desk broke off; is it running?") from e

    async def _call(
        self,
        method: str,
        path: str,
        *,
        officer: str = "",
        **more: Any,  # noqa: ANN401 - JSON
    ) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.token}"}
        if officer in self.officers:
            headers[SESSION_HEADER] = self.officers[officer]
        try:
            await self._recognise()
            async with self.session.request(
                method, self.url + path, headers=headers, **{"timeout": PATIENCE, **more}
            ) as response:
                answer: dict[str, Any] = await response.json(content_type=None)
        except (ClientError, OSError, TimeoutError, ValueError) as e:
            raise DeskNotReachableError("the desk does not answer; is it running?") from e
        if response.ok:
            return answer
        raise _refused(response.status, answer)

    async def _recognise(self) -> None:
        """Raise DeskNotReachableError unless who listens there holds our folder's token.

        A desk that has ended leaves its port to whoever takes it; nothing is told to a stranger.
        """
        if self.url in self._proven:
            return
        nonce = secrets.token_hex(NONCE_BYTES)
        async with self.session.get(
            self.url + "/livez", headers={NONCE_HEADER: nonce}, timeout=PATIENCE
        ) as response:
            answer = await response.json(content_type=None)
        proof = str(answer.get("proof", "")) if isinstance(answer, dict) else ""
        if not hmac.compare_digest(proof.encode(), prove_token(self.token, nonce).encode()):
            raise DeskNotReachableError("another program answers where the desk was")
        self._proven.add(self.url)


def _refused(status: int, answer: dict[str, Any]) -> DeskRefusedError:
    return DeskRefusedError(
        status,
        str(answer.get("code", "desk")),
        str(answer.get("detail", "")),
        list(answer.get("findings", [])),
    )
