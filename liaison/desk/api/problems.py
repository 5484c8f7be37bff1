"""What is wrong with an officer's input, as the agent answers it: status, code, all findings."""

from typing import Any

from aiohttp import web

from config.errors import ConfigError
from crypto.attest.directory import DirectoryError
from crypto.attest.padding import PaddingError
from crypto.attest.pin import PinError
from crypto.seal.attachment import AttachmentFormError
from crypto.seal.backup import BackupError
from crypto.seal.erasure import ErasureError
from crypto.seal.oversight import OversightError
from crypto.seal.primitives import PrimitiveError
from crypto.seal.stream import AttachmentError
from crypto.seal.vault import VaultError
from liaison.desk.archive.oversight import NoOversightError, ReviewProofError
from liaison.desk.casework.cases import ErasedCaseError, UnknownCaseError
from liaison.desk.casework.release import UnknownAskError
from liaison.desk.disclosure.disclose import (
    MayNotDiscloseError,
    NothingToDiscloseError,
    NotInLedgerError,
)
from liaison.desk.entrance.folder import DeskBusyError
from liaison.desk.entrance.officers import LockedError, NoSessionError, OtherOfficerError
from liaison.desk.entrance.vault import VaultNotWrittenError
from liaison.desk.files.kinds import FileRefusedError
from liaison.desk.line.broker_client import BrokerRefusedError, LineDownError
from liaison.desk.mail.alarms import UnknownAlarmError
from liaison.desk.store import LogNotCutError, StoreError
from liaison.runtime.web import ProblemError
from protocols.casework.erasure import NotErasableError
from protocols.casework.errors import CaseworkError, FormError, StepError

#: The status of each error that an officer's input can raise; the first that fits counts.
STATUS: tuple[tuple[type[Exception], int], ...] = (
    (LockedError, 423),
    (ErasedCaseError, 410),
    (NoSessionError, 401),
    (OtherOfficerError, 403),
    (UnknownCaseError, 404),
    (UnknownAskError, 404),
    (UnknownAlarmError, 404),
    (StepError, 409),
    (NotErasableError, 409),
    (MayNotDiscloseError, 403),
    (NothingToDiscloseError, 404),
    (NotInLedgerError, 409),
    (LineDownError, 503),
    (BrokerRefusedError, 503),
    (ErasureError, 403),
    (NoOversightError, 409),
    (ReviewProofError, 403),
    (OversightError, 422),
    (BackupError, 409),
    (CaseworkError, 422),
    (VaultError, 403),
    (DeskBusyError, 409),
    (LogNotCutError, 409),
    (StoreError, 507),
    (VaultNotWrittenError, 507),
    (ConfigError, 422),
    (DirectoryError, 409),
    (PinError, 422),
    (FileRefusedError, 422),
    (AttachmentFormError, 422),
    (AttachmentError, 422),
    (PaddingError, 413),
    (PrimitiveError, 409),
)


@web.middleware
async def officers_errors(request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401
    """Answer what is wrong with an officer's input, all findings at once."""
    try:
        response: web.StreamResponse = await handler(request)
    except FormError as e:
        findings = [
            {"code": f.code, "field": f.path, "expected": f.expected, "found": f.found}
            for f in e.findings
        ]
        return web.json_response(
            {"status": 422, "code": e.code, "detail": str(e), "findings": findings}, status=422
        )
    except tuple(kind for kind, _ in STATUS) as e:
        status = next(status for kind, status in STATUS if isinstance(e, kind))
        raise ProblemError(status, getattr(e, "code", "desk"), str(e)) from e
    return response
