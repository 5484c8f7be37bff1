"""What is wrong with a form, at the control where it is mended and in the officer's language."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from liaison.desk.web.i18n import Words
from protocols.casework.errors import CaseworkError, FormError


@dataclass(frozen=True, slots=True)
class Wrong:
    """One thing wrong: what it is, and the control it stands at; empty for the form as a whole."""

    at: str
    text: str
    advice: str = ""
    label: str = ""


def what_is_wrong(
    error: CaseworkError, w: Words, places: Iterable[str], controls: Mapping[str, str]
) -> list[Wrong]:
    """Return everything that ``error`` says is wrong.

    Args:
        error: what the casework said; only a FormError has places.
        w: the officer's words.
        places: for each finding, the path at which it is mended.
        controls: the label of each control on the screen, by its name.
    """
    if not isinstance(error, FormError):
        return [Wrong("", w.error(error.code), w.advice(error.code))]
    found = []
    for finding, place in zip(error.findings, places, strict=True):
        at = nearest_control(place, list(controls))
        found.append(Wrong(at, w.error(finding.code), label=controls.get(at, "")))
    return found


def nearest_control(place: str, names: list[str]) -> str:
    """Return the control that stands at ``place``, around it, or first within it."""
    if place in names:
        return place
    around = [name for name in names if place.startswith(f"{name}.")]
    if around:
        return max(around, key=len)
    return next((name for name in names if name.startswith(f"{place}.")), "")


def by_control(wrong: Iterable[Wrong]) -> dict[str, str]:
    """Return what is wrong at each control, as one text."""
    found: dict[str, str] = {}
    for one in wrong:
        if one.at and one.text not in found.get(one.at, ""):
            found[one.at] = " ".join(filter(None, (found.get(one.at), one.text)))
    return found
