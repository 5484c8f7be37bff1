"""What the ceremony's commands say to people: from the catalogue, in the terminal's language."""

from dataclasses import dataclass
from datetime import datetime

from config.load import find_corridor, load_catalogue
from crypto.attest.statement import Reason
from liaison.cli.console import language
from protocols.casework.catalogue import Catalogue
from protocols.casework.codes import Language
from protocols.casework.moments import format_date

CORRIDOR = "quangninh-guangxi"


@dataclass(frozen=True, slots=True)
class Wording:
    """Labels and sentences in one language."""

    catalogue: Catalogue
    lang: Language

    @classmethod
    def here(cls) -> "Wording":
        """Return the wording in the language of this terminal."""
        catalogue = Catalogue(load_catalogue(), find_corridor(CORRIDOR))
        return cls(catalogue, Language(language()))

    def say(self, code: str, **values: object) -> str:
        """Return a sentence of the ceremony with its values filled in."""
        return self.catalogue.code("ceremony", code, self.lang).format(**values)

    def reason(self, reason: Reason) -> str:
        """Return why a key or desk is revoked."""
        return self.catalogue.code("reason", reason.name.lower(), self.lang)

    def day(self, at: datetime) -> str:
        """Return the day of ``at`` (UTC) as it is written in this language."""
        return format_date(at.date(), self.lang)

    def of(self, names: tuple[str, str, str]) -> str:
        """Return the name in this language of (vi, zh, en)."""
        return dict(zip(("vi", "zh", "en"), names, strict=True))[self.lang]
