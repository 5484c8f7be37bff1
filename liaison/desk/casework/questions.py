"""Second signatures as both desks see them: what was decided here, and what waits elsewhere.

Plain values for the screens. A decision is read from the answer that was signed, a draft from what
its officer wrote; nothing about them is remembered beside the messages.
"""

from crypto.seal.content import Kind, parse_content
from liaison.desk.casework.cases import Case, Casebook
from liaison.desk.casework.release import step_of
from liaison.desk.casework.view import View, rendered
from liaison.desk.store import StoredMessage
from liaison.runtime.clock import from_timestamp
from protocols.casework.catalogue import Catalogue
from protocols.casework.codes import Language
from protocols.casework.moments import iso
from protocols.casework.second_signature import Ask, Granted, Refused, signature_from_value


async def decision_view(question: StoredMessage, book: Casebook) -> View | None:
    """Return how a question was decided at this desk, by whom and when; None while it waits."""
    for message in await book.store.messages_of(question.thread):
        if not message.outgoing or message.kind != Kind.COUNTERSIGN:
            continue
        content = parse_content(message.content)
        said = signature_from_value(content.form)
        if isinstance(said, Ask) or content.parents != (question.mid,):
            continue
        return {
            "state": "granted" if isinstance(said, Granted) else "refused",
            "by": book.pseudonym(content.sender),
            "at": iso(from_timestamp(content.created)),
            "sent": message.taken_at is not None,
            "approval": said.approval.model_dump(mode="json")
            if isinstance(said, Granted) and said.approval is not None
            else None,
            "reason": said.reason.model_dump(mode="json") if isinstance(said, Refused) else None,
        }
    return None


async def draft_view(
    case: Case, book: Casebook, catalogue: Catalogue, lang: Language
) -> View | None:
    """Return the case's newest draft while it has not left: what it says, and how far its question.

    Times are ISO 8601: when it was asked, and when the question reached the other desk.
    """
    if not case.drafts or case.drafts[-1].state == "sent":
        return None
    draft = case.drafts[-1]
    step = step_of(draft)
    question = await book.store.message(draft.ask)
    arrived = min((ack.at for ack in case.acks if ack.mid == draft.ask), default=None)
    return {
        "state": draft.state,
        "purpose": draft.purpose,
        "officer": draft.officer,
        "to": draft.addressee,
        "asked": draft.asked,
        "type": None if step.request is None else str(step.request.header.type),
        "asked_at": None if question is None else _time(parse_content(question.content).created),
        "arrived_at": None if arrived is None else _time(arrived),
        "fields": rendered(step, catalogue, lang),
    }


def _time(at: int) -> str:
    return iso(from_timestamp(at))
