"""Second signatures: who must release a message, asking for it, and giving it.

A request above the class of its own desk waits as a draft until an approver of a sufficient desk
has signed it, unless a standing approval covers it; the record of a handover waits for an officer
of the counterpart. Question and answer travel sealed, as messages of a kind of their own. A rescue
never waits.
"""

from dataclasses import dataclass, replace
from datetime import date

from crypto.attest import labels
from crypto.attest.directory import DirectoryError
from crypto.attest.encoding import decode, encode
from crypto.attest.header import DeskId, MessageId, PriorityClass, parse_envelope
from crypto.attest.padding import LARGEST
from crypto.attest.signing import KeyId, SignatureError, SigningKey, open_signed, split_signed
from crypto.attest.statement import Role
from crypto.seal.content import Content, Kind, parse_content
from crypto.seal.countersigning import countersign_draft
from liaison.desk.casework.dispatch import Address, Dispatch, Letter
from liaison.desk.entrance.officers import Officers
from liaison.desk.keys.directory import Replica
from liaison.desk.store import Draft as StoredDraft
from liaison.desk.store import Keeping, Store, StoredMessage
from liaison.runtime.clock import Clock, timestamp
from protocols.casework.approval import (
    StandingApproval,
    check_approver,
    check_release,
    find_standing,
    held,
    needs,
    parse_approval,
    standing_from_value,
)
from protocols.casework.codes import CLASS_OF, Language, LegalBasis, SignaturePurpose
from protocols.casework.errors import CaseworkError, NoApprovalError
from protocols.casework.header import ReleaseApproval
from protocols.casework.moments import CHINA, VIET_NAM
from protocols.casework.payload import Step, from_value, to_value
from protocols.casework.person import LocalText
from protocols.casework.rules import Rules
from protocols.casework.second_signature import (
    Ask,
    Draft,
    Granted,
    Refused,
    SecondSignature,
    signature_from_value,
    signature_to_value,
)

STANDING = "standing"
APPROVERS = frozenset({Role.APPROVER, Role.SUPERVISOR})
#: Questions about the record of a handover, where both officers stand and wait, are urgent.
HANDOVER_CLASS = PriorityClass.URGENT


class UnknownAskError(CaseworkError):
    """No question of this id waits here."""

    code = "release.unknown_ask"


class NotAnApproverError(CaseworkError):
    """The officer's key may not release for others."""

    code = "release.not_an_approver"


class FalseAnswerError(CaseworkError):
    """An answer to a question that was not asked, or not of this desk, or answered before."""

    code = "release.false_answer"


class FalseStandingError(CaseworkError):
    """A standing approval that no approver of the named desk has signed."""

    code = "release.false_standing"


@dataclass(frozen=True, slots=True)
class Releases:
    """The second signatures of one desk, asked for and given."""

    store: Store
    replica: Replica
    dispatch: Dispatch
    officers: Officers
    rules: Rules
    clock: Clock

    async def released(self, step: Step, officer: str) -> Step:
        """Return a request with the standing approval that covers it, if it needs and has one.

        Raises:
            FalseStandingError, ApprovalError: what was approved beforehand lets nothing go.
        """
        if step.request is None or not await self._lacks_release(step):
            return step
        header, today = step.request.header, self._today()
        found = find_standing(header, await self.standing(), on=today)
        if found is None:
            return step
        approved = header.model_copy(update={"release_approval": found.released()})
        check_release(approved, officer, self.rules.corridor, on=today)
        return _with_approval(step, found.released())

    async def is_needed(self, step: Step) -> bool:
        """Say whether ``step`` may not leave before somebody has released it."""
        return await self._lacks_release(step)

    async def ask_approver(
        self, key: SigningKey, officer: str, letter: Letter, step: Step, to: str
    ) -> MessageId:
        """Keep a request as a draft and ask the desk that may release it; return the question.

        Raises:
            NoApprovalError: no desk of our own country that we may write to holds the class.
        """
        if step.request is None:
            raise NoApprovalError("only a request is released")
        header = step.request.header
        priority = PriorityClass(CLASS_OF[header.type, header.urgency])
        asked = self._approver(step)
        return await self._ask(
            key, officer, letter, (step.case, to, asked), SignaturePurpose.RELEASE, priority
        )

    async def ask_counterpart(
        self, key: SigningKey, officer: str, letter: Letter, ref: str, to: str
    ) -> MessageId:
        """Keep the record of a handover as a draft and ask the other side to sign it too."""
        return await self._ask(
            key, officer, letter, (ref, to, to), SignaturePurpose.HANDOVER, HANDOVER_CLASS
        )

    def check_ask(self, content: Content, src: DeskId) -> Ask:
        """Return the question in ``content``, seen to be one that our officers can decide.

        Raises:
            CaseworkError: malformed, for another desk, or about a step that is none.
        """
        said = signature_from_value(content.form)
        if not isinstance(said, Ask):
            raise FalseAnswerError("expected a question")
        from_value(said.draft.form)
        self._desk_of(said.draft)
        if said.purpose is SignaturePurpose.HANDOVER and said.draft.to != self.replica.slug:
            raise FalseAnswerError("a handover is signed by the desk that takes part in it")
        if said.purpose is SignaturePurpose.RELEASE and (
            self.replica.known.desk(src).agency != self.replica.agency
        ):
            raise FalseAnswerError("a release is asked for within one agency")
        return said

    def asked(self, message: StoredMessage) -> tuple[Content, Ask, Step]:
        """Return a question that came here: content, question, and the step to be signed.

        Raises:
            CaseworkError: what :meth:`check_ask` raises.
        """
        content = parse_content(message.content)
        question = self.check_ask(content, message.src)
        return content, question, from_value(question.draft.form)

    async def keeping_for(self, content: Content, src: DeskId) -> Keeping:
        """Return what is kept with a message of this kind; raise CaseworkError when false."""
        said = signature_from_value(content.form)
        if isinstance(said, Ask):
            self.check_ask(content, src)
            return Keeping(ask=True)
        if await self._is_to_a_colleague(content, src):
            return Keeping()
        return Keeping(answered=await self._answered(said, content, src))

    def keeping_of_colleague(self, content: Content) -> Keeping:
        """Return what is kept with what a colleague asked or answered at another installation."""
        said = signature_from_value(content.form)
        if isinstance(said, Ask) or len(content.parents) != 1:
            return Keeping()
        state = "granted" if isinstance(said, Granted) else "refused"
        return Keeping(decided=(content.parents[0], state))

    async def grant(
        self, officer: str, ask: MessageId, *, file: str | None, basis: str | None
    ) -> MessageId:
        """Sign what is asked for and send the answer; return its id.

        Raises:
            LockedError, UnknownAskError, NotAnApproverError, NoApprovalError (this desk holds no
            class), FormError (no file number among others): nothing is signed.
        """
        key = self.officers.key(officer)
        message = await self._open_ask(ask)
        content, question, step = self.asked(message)
        approval = None
        if question.purpose is SignaturePurpose.RELEASE:
            self._check_role(key.kid)
            approval = self._approval(officer, file, basis)
            asker = self.replica.slug_of(message.src)
            check_approver(approval, asker, self._pseudonym(content), self.rules.corridor)
            step = _with_approval(step, approval)
        letter = Letter(
            Kind.STEP,
            content.thread,
            to_value(step),
            question.draft.lang,
            question.draft.subject,
        )
        addressee = self._desk_of(question.draft)
        kid, signature = countersign_draft(
            letter.draft(content.sender), message.src, (addressee,), key
        )
        granted = Granted(kid, signature, approval)
        return await self._answer(key, message, granted, "granted")

    async def refuse(self, officer: str, ask: MessageId, reason: LocalText) -> MessageId:
        """Say that it is not signed, and why; return the answer's id.

        Raises:
            LockedError, UnknownAskError, NotAnApproverError: nothing is said.
        """
        key = self.officers.key(officer)
        message = await self._open_ask(ask)
        _, question, _ = self.asked(message)
        if question.purpose is SignaturePurpose.RELEASE:
            self._check_role(key.kid)
        return await self._answer(key, message, Refused(reason), "refused")

    def may_decide(self, officer: str, purpose: SignaturePurpose) -> bool:
        """Say whether the officer's key decides questions of this kind; raise LockedError."""
        key = self.officers.key(officer)
        return purpose is not SignaturePurpose.RELEASE or self._role(key.kid) in APPROVERS

    async def question(self, ask: MessageId) -> StoredMessage:
        """Return a question that came here, decided or not; raise UnknownAskError when none."""
        message = await self.store.message(ask)
        is_here = message is not None and not message.is_erased
        if message is None or not is_here or message.outgoing or message.kind != Kind.COUNTERSIGN:
            raise UnknownAskError("no question of this id came here")
        if not isinstance(signature_from_value(parse_content(message.content).form), Ask):
            raise UnknownAskError("an answer is no question")
        return message

    async def standing(self) -> list[StandingApproval]:
        """Return the standing approvals that this desk holds, each one's signature verified.

        Raises:
            FalseStandingError: one that no approver of the desk it names has signed.
        """
        raw = await self.store.fact(STANDING)
        blobs = [] if raw is None else decode(raw, limit=LARGEST)
        if not isinstance(blobs, list):
            raise FalseStandingError("expected a list of signed approvals")
        return [self.check_standing(blob) for blob in blobs if isinstance(blob, bytes)]

    async def add_standing(self, signed: bytes) -> StandingApproval:
        """Keep a signed standing approval and return it; raise FalseStandingError if it is none."""
        found = self.check_standing(signed)
        raw = await self.store.fact(STANDING)
        blobs = [] if raw is None else decode(raw, limit=LARGEST)
        if isinstance(blobs, list) and signed not in blobs:
            await self.store.set_fact(STANDING, encode([*blobs, signed]))
        return found

    def check_standing(self, signed: bytes) -> StandingApproval:
        """Return the standing approval in ``signed`` once its approver's signature is seen.

        Raises:
            FalseStandingError: malformed, or not signed by that approver of our own agency.
        """
        try:
            body, _ = split_signed(signed)
            approval = standing_from_value(decode(body, limit=LARGEST))
            desk = self.replica.directory.desk_named(approval.desk)
            signers = self.replica.directory.signers(desk.id, Role.APPROVER)
            for signer in signers:
                if signer.payload.pseudonym == approval.officer and desk.agency == (
                    self.replica.agency
                ):
                    open_signed(signer.payload.key, labels.STANDING, signed)
                    return approval
        except (SignatureError, DirectoryError, CaseworkError) as e:
            raise FalseStandingError(f"{e.code}: {e}") from e
        raise FalseStandingError("the named desk has no such approver")

    async def _lacks_release(self, step: Step) -> bool:
        if step.request is None or step.request.header.release_approval is not None:
            return False
        kind = step.request.header.type
        wanted = needs(kind, self.replica.slug, self.rules.corridor, on=self._today())
        return wanted is not None

    def _approver(self, step: Step) -> str:
        if step.request is None:
            raise NoApprovalError("only a request is released")
        ours, corridor = self.replica.slug, self.rules.corridor
        wanted = needs(step.request.header.type, ours, corridor, on=self._today())
        ranks = list(type(wanted)) if wanted is not None else []
        for slug in corridor.peers(ours):
            own = held(slug, corridor)
            if own is None or corridor.country(slug) is not corridor.country(ours):
                continue
            if wanted is None or ranks.index(own) >= ranks.index(wanted):
                return slug
        raise NoApprovalError(f"no desk that {ours} may write to holds {wanted}")

    async def _ask(
        self,
        key: SigningKey,
        officer: str,
        letter: Letter,
        desks: tuple[str, str, str],
        purpose: SignaturePurpose,
        priority: PriorityClass,
    ) -> MessageId:
        ref, to, asked = desks
        question = Ask(Draft(to, letter.lang, letter.subject, letter.form, letter.thread), purpose)
        draft = StoredDraft(
            ask=MessageId(b""),
            thread=letter.thread,
            ref=ref,
            addressee=to,
            officer=officer,
            purpose=str(purpose),
            asked=asked,
            form=encode(letter.form),
        )
        return await self.dispatch.send(
            key,
            Letter(Kind.COUNTERSIGN, letter.thread, signature_to_value(question)),
            Address(self.replica.directory.desk_named(asked).id, priority),
            keeping=Keeping(ref=ref, draft=draft),
        )

    async def _answer(
        self, key: SigningKey, message: StoredMessage, said: SecondSignature, state: str
    ) -> MessageId:
        letter = Letter(
            Kind.COUNTERSIGN, message.thread, signature_to_value(said), parents=(message.mid,)
        )
        return await self.dispatch.send(
            key,
            letter,
            Address(message.src, PriorityClass.URGENT),
            keeping=Keeping(decided=(message.mid, state)),
        )

    async def _is_to_a_colleague(self, content: Content, src: DeskId) -> bool:
        """Say whether the answer is to what was asked at another installation of our desk."""
        for ask in content.parents:
            message, draft = await self.store.message(ask), await self.store.draft(ask)
            if message is not None and message.outgoing and draft is None:
                return src in parse_envelope(message.envelope).header.dst
        return False

    async def _answered(self, said: SecondSignature, content: Content, src: DeskId) -> StoredDraft:
        ask = content.parents[0] if len(content.parents) == 1 else MessageId(b"")
        draft = await self.store.draft(ask)
        slug = self.replica.slug_of(src)
        if draft is None or draft.state != "asked" or draft.asked != slug:
            raise FalseAnswerError("an answer to a question that was not asked there, or answered")
        match said:
            case Refused(reason):
                if draft.purpose == SignaturePurpose.RELEASE:
                    self._check_role(content.sender)
                told = encode([str(reason.lang), reason.text])
                return replace(draft, state="refused", reason=told)
            case Granted(kid, signature, approval):
                form = draft.form
                if draft.purpose == SignaturePurpose.RELEASE:
                    self._check_release(draft, approval, KeyId(kid), src)
                    step = step_of(draft)
                    form = encode(to_value(_with_approval(step, approval)))
                return replace(draft, state="granted", form=form, kid=kid, signature=signature)
        raise FalseAnswerError("expected an answer")

    def _check_release(
        self, draft: StoredDraft, approval: ReleaseApproval | None, kid: KeyId, src: DeskId
    ) -> None:
        if approval is None:
            raise FalseAnswerError("a release names its approval")
        self._check_role(kid)
        signer = self.replica.known.signer(kid, at=timestamp(self.clock.now())).payload
        slug = self.replica.slug_of(src)
        if (signer.desk, signer.pseudonym, slug) != (src, approval.officer, approval.desk):
            raise FalseAnswerError("the approval names another than the one who signed it")
        step = _with_approval(step_of(draft), approval)
        if step.request is not None:
            header = step.request.header
            check_release(header, draft.officer, self.rules.corridor, on=self._today())

    def _check_role(self, kid: KeyId) -> None:
        role = self._role(kid)
        if role not in APPROVERS:
            raise NotAnApproverError(f"expected a key that releases, found one of {role.name}")

    def _role(self, kid: KeyId) -> Role:
        return self.replica.known.signer(kid, at=timestamp(self.clock.now())).payload.role

    def _approval(self, officer: str, file: str | None, basis: str | None) -> ReleaseApproval:
        own = held(self.replica.slug, self.rules.corridor)
        if own is None:
            raise NoApprovalError("a release is given by a desk that holds the class")
        # Left out rather than empty: what is missing is said of the field by its name.
        numbered = {"file": file} if file else {}
        return parse_approval(
            {
                **numbered,
                "desk": self.replica.slug,
                "officer": officer,
                "authority": own,
                "basis": basis or LegalBasis.AGREEMENT_2010,
                "at": self.clock.now(),
            }
        )

    async def _open_ask(self, ask: MessageId) -> StoredMessage:
        waiting = {message.mid: message for message in await self.store.open_asks()}
        if ask not in waiting:
            raise UnknownAskError("no question of this id waits here")
        return waiting[ask]

    def _desk_of(self, draft: Draft) -> DeskId:
        return self.replica.directory.desk_named(draft.to).id

    def _pseudonym(self, content: Content) -> str:
        return self.replica.pseudonym(content.sender)

    def _today(self) -> date:
        country = self.rules.corridor.country(self.replica.slug)
        return self.clock.now().astimezone(VIET_NAM if country == "VN" else CHINA).date()


def step_of(draft: StoredDraft) -> Step:
    """Return what a draft says, as its officer wrote it."""
    return from_value(decode(draft.form, limit=LARGEST))


def reason_of(draft: StoredDraft) -> LocalText | None:
    """Return why a draft was refused, as the approver wrote it."""
    if draft.reason is None:
        return None
    match decode(draft.reason, limit=LARGEST):
        case [str(lang), str(text)]:
            return LocalText(lang=Language(lang), text=text)
    return None


def _with_approval(step: Step, approval: ReleaseApproval | None) -> Step:
    if step.request is None:
        raise NoApprovalError("only a request is released")
    header = step.request.header.model_copy(update={"release_approval": approval})
    return step.model_copy(update={"request": step.request.model_copy(update={"header": header})})
