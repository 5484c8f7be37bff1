"""Scenarios: real cases as scripts, and what can be wrong with one.

A scenario is a value: steps in order of time, each with what an officer would enter at a desk. It
is read from its file in :mod:`liaison.demo.scenario_file`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from protocols.casework.codes import Act
from protocols.casework.errors import Finding


class ScenarioError(Exception):
    """A scenario cannot be played as it is written; the message names the step."""

    code = "scenario"


class MalformedScenarioError(ScenarioError):
    """The file is no scenario."""

    code = "scenario.malformed"


class UnknownWordError(ScenarioError):
    """A desk, act, type, key or person that does not exist."""

    code = "scenario.unknown"


class OrderError(ScenarioError):
    """Steps are not in the order of time, or a case has no request, or two."""

    code = "scenario.order"


class NotYetError(ScenarioError):
    """The scenario needs what this version does not have; it says where it stops."""

    code = "scenario.not_available"


class DeskNotValidError(ScenarioError):
    """A desk acts on a day on which it does not exist."""

    code = "scenario.desk_not_valid"


class NotAPartyError(ScenarioError):
    """The desks of a step cannot write to each other in that case."""

    code = "scenario.not_a_party"


class ScenarioFormError(ScenarioError):
    """What a step says is no well-formed step; ``findings`` lists everything that is wrong."""

    code = "scenario.form"

    def __init__(self, where: str, findings: Sequence[Finding]) -> None:
        """Take which step it is and what is wrong with it."""
        self.findings = tuple(replace(f, path=f"{where}: {f.path or 'act'}") for f in findings)
        super().__init__("; ".join(map(str, self.findings)))


@dataclass(frozen=True, slots=True)
class SecondSigner:
    """Who signs a step a second time; ``file`` and ``basis`` are those of a release."""

    desk: str
    officer: str
    file: str | None = None
    basis: str | None = None


@dataclass(frozen=True, slots=True)
class ScenarioStep:
    """One act: when, at which desk, by whom, in which case, and what is said (plain values)."""

    number: int
    at: datetime
    desk: str
    officer: str
    act: Act
    case: str
    to: str | None
    fields: Mapping[str, Any]
    approval: SecondSigner | None = None
    cosigner: SecondSigner | None = None

    @property
    def second_signer(self) -> SecondSigner | None:
        """Return who signs the step a second time, if anybody does."""
        return self.approval or self.cosigner

    @property
    def where(self) -> str:
        """Return how messages name the step."""
        return f"step {self.number}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A case as a script; ``title`` in vi, zh and en.

    A ``historical`` one is older than the desks that play it: their validity dates do not count.
    """

    name: str
    title: Mapping[str, str]
    source: str
    historical: bool
    steps: tuple[ScenarioStep, ...]
