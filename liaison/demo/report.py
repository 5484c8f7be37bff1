"""What a played scenario comes to: the object that is printed, and whether it is a success.

Stages, dues and outcomes are what each desk holds, read from it over its API; nothing is computed
here but whether both say the same.
"""

from dataclasses import dataclass, field
from typing import Any

from liaison.audit.verify import Verified

View = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Parties:
    """The two desks of a case; each view is the desk's own, as its API gave it."""

    case: str
    ref: str
    vn: str
    cn: str


@dataclass(slots=True)
class Report:
    """The report of one play; filled as it goes."""

    scenario: str
    steps: list[View] = field(default_factory=list)
    clocks: list[View] = field(default_factory=list)
    translations: list[View] = field(default_factory=list)
    ledger: View = field(default_factory=dict)
    messages: int = 0
    delivered: int = 0
    opened: int = 0
    differences: list[str] = field(default_factory=list)

    def add_step(self, parties: Parties, by: str, vn: View, cn: View) -> None:
        """Take up the newest step of a case as both desks hold it."""
        last = vn["steps"][-1]
        self.steps.append(
            {
                "case": parties.case,
                "act": last["act"],
                "by": by,
                "at": last["created"],
                "stage_vn": vn["stage"],
                "stage_cn": cn["stage"],
            }
        )

    def close_case(self, parties: Parties, vn: View, cn: View) -> None:
        """Take up a case at its end: counts, clocks, translations, and whether both desks agree."""
        sender = {parties.vn: vn, parties.cn: cn}
        for step in vn["steps"]:
            seen = next(s for s in sender[step["desk"]]["steps"] if s["mid"] == step["mid"])
            self.messages += 1
            self.delivered += seen["delivery"]["delivered"] is not None
            self.opened += seen["delivery"]["opened"] is not None
            self._check_step(parties, step, seen)
        self._add_clocks(parties, vn, cn)
        self._add_translations(parties, vn, cn)
        for part in ("stage", "persons", "type", "urgency", "requester", "requested"):
            if _without_words(vn[part]) != _without_words(cn[part]):
                self.differences.append(f"{parties.case}: the desks differ on {part}")
        if _essence(vn) != _essence(cn):
            self.differences.append(f"{parties.case}: the desks differ on their steps")

    def seal_ledger(self, verified: Verified) -> None:
        """Take up the ledger once all of it was checked."""
        self.ledger = {
            "size": verified.size,
            "checkpoint": verified.root.hex(),
            "cosignatures": [name for name, _ in verified.cosignatures],
            "verified": True,
        }

    @property
    def is_success(self) -> bool:
        """Say whether every message went the whole way and both desks agree on everything."""
        whole = self.messages == self.delivered == self.opened > 0
        return whole and not self.differences and bool(self.ledger)

    def printed(self, seconds: float) -> View:
        """Return the object for standard output."""
        return {
            "scenario": self.scenario,
            "messages": self.messages,
            "delivered": self.delivered,
            "opened": self.opened,
            "steps": self.steps,
            "clocks": self.clocks,
            "translations": self.translations,
            "ledger": self.ledger,
            "seconds": round(seconds, 1),
        }

    def told(self, seconds: float) -> str:
        """Return the play in one line for a person."""
        return (
            f"{self.messages} messages, {self.delivered} delivered, {self.opened} opened; "
            f"ledger of {self.ledger['size']} leaves cosigned by "
            f"{len(self.ledger['cosignatures'])}; {seconds:.1f} s"
        )

    def _check_step(self, parties: Parties, step: View, seen: View) -> None:
        where = f"{parties.case}: {step['act']} by {step['by']}"
        if step["applied"] is not True:
            self.differences.append(f"{where} was not applied: {step['not_applied_because']}")
        if step["proven_in"] is None or seen["proven_in"] is None:
            self.differences.append(f"{where} was not seen in the cosigned ledger")

    def _add_clocks(self, parties: Parties, vn: View, cn: View) -> None:
        theirs = {clock["limit"]: clock for clock in cn["clocks"]}
        for clock in vn["clocks"]:
            other = theirs.pop(clock["limit"], None)
            self.clocks.append(
                {
                    "case": parties.case,
                    "limit": clock["limit"],
                    "starts": clock["starts"],
                    "due_vn": clock["due"],
                    "due_cn": None if other is None else other["due"],
                    "met_at": clock["met_at"],
                    "state": clock["state"],
                }
            )
            if clock != other:
                self.differences.append(f"{parties.case}: the desks differ on {clock['limit']}")
        self.differences += [f"{parties.case}: only {parties.cn} has {name}" for name in theirs]

    def _add_translations(self, parties: Parties, vn: View, cn: View) -> None:
        for step in vn["steps"]:
            reader, lang = (cn, "zh") if step["desk"] == parties.vn else (vn, "vi")
            shown = next(s for s in reader["steps"] if s["mid"] == step["mid"])
            self.translations += [
                {
                    "case": parties.case,
                    "from": text["original"],
                    "to": lang,
                    "method": text["translation"]["method"],
                    "findings": text["translation"]["findings"],
                }
                for text in shown["fields"]
                if text["translation"] is not None
            ]


def _essence(view: View) -> list[tuple[Any, ...]]:
    keys = ("mid", "act", "desk", "by", "created", "applied", "stage_after")
    return sorted(tuple(step[key] for key in keys) for step in view["steps"])


def _without_words(part: Any) -> Any:  # noqa: ANN401 - a part of a view
    """Return a part of a view without what depends on the reader's language."""
    if isinstance(part, list):
        return [{k: v for k, v in item.items() if k != "says"} for item in part]
    return part
