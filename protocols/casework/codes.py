"""The codes of the casework: what travels as a code and is read in each officer's own language.

The list at the end of the workflow design, as enumerations and tables. A code never depends on
translation; its labels are in config/catalogue/codes.toml. What a table does not hold, this
version does not offer.
"""

from enum import StrEnum


class RequestType(StrEnum):
    """What is asked of the other side."""

    VERIFY_ID = "VERIFY-ID"
    VICTIM_ID = "VICTIM-ID"
    RESCUE = "RESCUE"
    INVEST = "INVEST"
    DNA = "DNA"
    RETURN = "RETURN"
    WARN = "WARN"
    INFO = "INFO"
    REFER = "REFER"
    REPORT = "REPORT"
    EXPER = "EXPER"
    SERVE = "SERVE"
    CONSENT = "CONSENT"
    CORRECT = "CORRECT"


class Act(StrEnum):
    """What a signed step does. ``arrive`` is no step but the receiving device's receipt."""

    REQUEST = "request"
    ARRIVE = "arrive"
    ACKNOWLEDGE = "acknowledge"
    ACCEPT = "accept"
    START = "start"
    ASK = "ask"
    SUPPLY = "supply"
    INTERIM = "interim"
    SITUATION_REPORT = "situation_report"
    EXTEND = "extend"
    GRANT = "grant"
    REFUSE_EXTENSION = "refuse_extension"
    ANSWER = "answer"
    DECLINE = "decline"
    REDIRECT = "redirect"
    WITHDRAW = "withdraw"
    DISPUTE = "dispute"
    CLOSE = "close"
    REOPEN = "reopen"
    HANDOVER_RECORD = "handover_record"
    CORRECT = "correct"
    RECALL = "recall"
    NOTE = "note"


class Urgency(StrEnum):
    """U0 life at risk, U1 urgent, U2 normal, U3 no reply needed."""

    U0 = "U0"
    U1 = "U1"
    U2 = "U2"
    U3 = "U3"


class Outcome(StrEnum):
    """What became of one person. Which of them end the matter is in FINAL_OUTCOMES."""

    MATCH = "match"
    PARTIAL = "partial"
    NO_RECORD = "no_record"
    CONTRADICTED = "contradicted"
    LOCATED = "located"
    RESCUED = "rescued"
    NOT_FOUND = "not_found"
    MOVED = "moved"
    EXCLUSION = "exclusion"
    INCONCLUSIVE = "inconclusive"
    UNFIT = "unfit"
    AGREED = "agreed"
    COUNTER_PROPOSED = "counter_proposed"
    DOCUMENTS_MISSING = "documents_missing"
    REFUSED = "refused"


class RefusalCode(StrEnum):
    """Why a request, or an outcome for one person, is refused; after Art. 14 of the Chinese law."""

    NOT_COMPETENT = "NOT_COMPETENT"
    NO_OFFENCE_HERE = "NO_OFFENCE_HERE"
    ONGOING_OWN_CASE = "ONGOING_OWN_CASE"
    SOVEREIGNTY_SECURITY = "SOVEREIGNTY_SECURITY"
    POLITICAL_MILITARY = "POLITICAL_MILITARY"
    DISCRIMINATION_RISK = "DISCRIMINATION_RISK"
    NO_LINK = "NO_LINK"
    DISPROPORTIONATE = "DISPROPORTIONATE"
    VICTIM_SAFETY = "VICTIM_SAFETY"
    NO_CONSENT = "NO_CONSENT"
    DATA_NOT_HELD = "DATA_NOT_HELD"
    TIME_BARRED = "TIME_BARRED"
    NEEDS_MLA = "NEEDS_MLA"
    NEEDS_HIGHER_APPROVAL = "NEEDS_HIGHER_APPROVAL"
    OTHER = "OTHER"


class Danger(StrEnum):
    """What threatens the persons of a rescue."""

    LOCKED_IN = "locked_in"
    BEATEN = "beaten"
    ABOUT_TO_BE_MOVED = "about_to_be_moved"
    CHILD = "child"
    MEDICAL = "medical"
    UNKNOWN = "unknown"


class DoNot(StrEnum):
    """What would harm a person; it stays pinned on the receiving screen."""

    DO_NOT_CALL_NUMBER = "do_not_call_number"
    DO_NOT_REVEAL_REPORTER = "do_not_reveal_reporter"
    NO_SIREN = "no_siren"


class Asked(StrEnum):
    """What a rescue request asks for."""

    LOCATE_AND_PROTECT = "locate_and_protect"
    STOP_VEHICLE = "stop_vehicle"
    CALL_BACK = "call_back"
    REPORT_SITUATION = "report_situation"


class InformationSource(StrEnum):
    """Where the information comes from."""

    HOTLINE_111 = "hotline_111"
    VICTIM_CALL = "victim_call"
    RELATIVE = "relative"
    PATROL = "patrol"
    OTHER = "other"


class ContactMeans(StrEnum):
    """How the person was last in contact."""

    PHONE = "phone"
    MESSAGE = "message"
    SOCIAL_ACCOUNT = "social_account"
    IN_PERSON = "in_person"
    OTHER = "other"


class Role(StrEnum):
    """What a person is in the matter."""

    PRESUMED_VICTIM = "presumed_victim"
    ACCOMPANYING_CHILD = "accompanying_child"
    SUSPECT = "suspect"
    RELATIVE = "relative"
    WITNESS = "witness"
    OTHER = "other"


class Sex(StrEnum):
    """A person's sex as stated."""

    FEMALE = "female"
    MALE = "male"
    UNKNOWN = "unknown"


class FactStatus(StrEnum):
    """How far what is said of a person has been checked."""

    SELF_DECLARED = "self_declared"
    VERIFIED = "verified"
    CONTRADICTED = "contradicted"


class BirthPrecision(StrEnum):
    """How exactly a birth is known; ``range`` is an age range such as 16-18."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"
    ABOUT = "about"
    RANGE = "range"


class NameForm(StrEnum):
    """In which writing a name is given."""

    VIETNAMESE = "vi"
    CHINESE = "zh"
    LATIN = "latin"
    ALIAS = "alias"


class Language(StrEnum):
    """The languages of texts and screens."""

    VIETNAMESE = "vi"
    CHINESE = "zh"
    ENGLISH = "en"


class Handling(StrEnum):
    """What the reader may do with the information (Europol handling codes)."""

    H0 = "H0"
    H1 = "H1"
    H2 = "H2"
    H3 = "H3"


class Marking(StrEnum):
    """How widely the message may be read in the receiving service; never a state secret."""

    OPEN = "open"
    INTERNAL = "internal"
    POLICE_ONLY = "police_only"


class LegalBasis(StrEnum):
    """Under which instrument the request is made."""

    AGREEMENT_2010 = "AGREEMENT_2010"
    PALERMO = "PALERMO"
    PROTOCOL_PROFILE = "PROTOCOL_PROFILE"
    LAW_53_2024 = "LAW_53_2024"


class Purpose(StrEnum):
    """What the information is asked or given for."""

    PROTECT_VICTIMS = "protect_victims"
    PREVENT_CRIME = "prevent_crime"
    INVESTIGATE = "investigate"


class CaseNature(StrEnum):
    """The nature of the case in which the request is made."""

    HUMAN_TRAFFICKING = "human_trafficking"
    FORCED_LABOUR = "forced_labour"
    SEXUAL_EXPLOITATION = "sexual_exploitation"
    FORCED_MARRIAGE = "forced_marriage"
    BABY_SELLING = "baby_selling"
    UNLAWFUL_DETENTION = "unlawful_detention"
    OTHER = "other"


class AuthorityClass(StrEnum):
    """Up to whom a message must be approved before it leaves, lowest first."""

    LOCAL = "local"
    PROVINCIAL = "provincial"
    CENTRAL = "central"


class Delivery(StrEnum):
    """The ladder of receipts of one message, lowest first."""

    SEALED = "sealed"
    TAKEN = "taken"
    ARRIVED = "arrived"
    DELIVERED = "delivered"
    OPENED = "opened"
    ACKNOWLEDGED = "acknowledged"


class ClockName(StrEnum):
    """What a clock waits for."""

    DELIVERY = "delivery"
    ACKNOWLEDGE = "acknowledge"
    ACCEPT = "accept"
    SITUATION_REPORT = "situation_report"
    ANSWER = "answer"


class Accessibility(StrEnum):
    """Where the information asked for lies, as far as the requester knows; it sets the limit."""

    DIRECT = "direct"
    INDIRECT = "indirect"
    FIELD_INQUIRY = "field_inquiry"


class Question(StrEnum):
    """What a verification asks about its persons."""

    IDENTITY = "identity"
    NATIONALITY = "nationality"
    RESIDENCE = "residence"
    RELATIVES = "relatives"
    ENTRY_EXIT = "entry_exit"
    MISSING_WANTED = "missing_wanted"


class SampleKind(StrEnum):
    """From what a DNA sample was taken."""

    BUCCAL = "buccal"
    BLOOD = "blood"
    HAIR_ROOT = "hair_root"
    TISSUE = "tissue"
    OTHER = "other"


class Gate(StrEnum):
    """The crossing at which persons are handed over."""

    BRIDGE_1 = "MONG_CAI_DONG_HUNG_BRIDGE_1"
    BRIDGE_2 = "MONG_CAI_DONG_HUNG_BRIDGE_2"


class HandoverDocument(StrEnum):
    """A paper that goes with a person at a handover."""

    BIRTH_RECORD = "birth_record"
    DNA_REPORT = "dna_report"
    IDENTITY_CONFIRMATION = "identity_confirmation"
    TRAVEL_DOCUMENT = "travel_document"


class Media(StrEnum):
    """What the two sides have settled about the press; ``none`` settles nothing."""

    EMBARGO = "embargo"
    NONE = "none"


class DocumentType(StrEnum):
    """The kind of a person's identity document."""

    VN_CITIZEN_ID = "vn_citizen_id"
    CN_RESIDENT_ID = "cn_resident_id"
    PASSPORT = "passport"
    BORDER_PERMIT = "border_permit"
    OTHER = "other"


class SignaturePurpose(StrEnum):
    """For what a second officer is asked to sign."""

    RELEASE = "release"
    HANDOVER = "handover"


class ReviewReason(StrEnum):
    """Why two supervisors open a case of a desk's archive."""

    AUDIT = "audit"
    COMPLAINT = "complaint"
    ORDERED = "ordered"
    INCIDENT = "incident"
    KEYS_LOST = "keys_lost"


class ErasureReason(StrEnum):
    """Why a case is made unreadable at a desk."""

    RETENTION_OVER = "retention_over"
    PERSON_ASKED = "person_asked"
    ORDERED = "ordered"
    FILED_BY_MISTAKE = "filed_by_mistake"


class DisclosureReason(StrEnum):
    """Why a message is shown to somebody who is no party to it."""

    COURT_ORDER = "court_order"
    PROSECUTION = "prosecution"
    COMPLAINT = "complaint"
    DISPUTE = "dispute"


class Method(StrEnum):
    """How a shown value was made: two exact look-ups, a machine, or the original as written."""

    CODE = "code"
    PHRASE = "phrase"
    MACHINE = "machine"
    NONE = "none"


#: The outcomes that a request type knows; a type without a row has no outcomes by person yet.
OUTCOMES: dict[RequestType, frozenset[Outcome]] = {
    RequestType.VERIFY_ID: frozenset(
        {Outcome.MATCH, Outcome.PARTIAL, Outcome.NO_RECORD, Outcome.CONTRADICTED}
    ),
    RequestType.RESCUE: frozenset(
        {Outcome.LOCATED, Outcome.RESCUED, Outcome.NOT_FOUND, Outcome.MOVED}
    ),
    RequestType.DNA: frozenset(
        {Outcome.MATCH, Outcome.EXCLUSION, Outcome.INCONCLUSIVE, Outcome.UNFIT}
    ),
    RequestType.RETURN: frozenset(
        {Outcome.AGREED, Outcome.COUNTER_PROPOSED, Outcome.DOCUMENTS_MISSING, Outcome.REFUSED}
    ),
}

#: Those of them that end the matter for a person; an answer needs one for each.
FINAL_OUTCOMES: dict[RequestType, frozenset[Outcome]] = {
    RequestType.VERIFY_ID: frozenset({Outcome.MATCH, Outcome.NO_RECORD, Outcome.CONTRADICTED}),
    RequestType.RESCUE: frozenset({Outcome.RESCUED, Outcome.NOT_FOUND}),
    RequestType.DNA: frozenset({Outcome.MATCH, Outcome.EXCLUSION, Outcome.UNFIT}),
    RequestType.RETURN: frozenset({Outcome.AGREED, Outcome.REFUSED}),
}

#: Acts that belong to one request type only.
ACTS_OF_TYPE: dict[Act, RequestType] = {
    Act.SITUATION_REPORT: RequestType.RESCUE,
    Act.HANDOVER_RECORD: RequestType.RETURN,
}

#: Types whose U0 is a rescue on the wire.
_RESCUE_TYPES = frozenset({RequestType.RESCUE, RequestType.WARN})

ROUTINE, URGENT, RESCUE = 0, 1, 2

#: The class in the envelope's header, all that a broker sees of urgency: 0, 1 or 2.
CLASS_OF: dict[tuple[RequestType, Urgency], int] = {
    **{(kind, Urgency.U0): RESCUE if kind in _RESCUE_TYPES else URGENT for kind in RequestType},
    **{(kind, Urgency.U1): URGENT for kind in RequestType},
    **{(kind, calm): ROUTINE for kind in RequestType for calm in (Urgency.U2, Urgency.U3)},
}
