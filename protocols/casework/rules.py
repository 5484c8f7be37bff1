"""What both sides agreed, in one value that is built once: the corridor and the calendars."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from config.schema import CalendarYear, Corridor, Country, LimitCalendar
from protocols.casework.calendars import Calendar, NationalCalendar, national_calendar


@dataclass(frozen=True, slots=True)
class Rules:
    """The corridor's agreed data, and each country's working days."""

    corridor: Corridor
    calendars: Mapping[Country, NationalCalendar]

    def national(self, country: Country) -> Calendar:
        """Return the calendar of one country."""
        return Calendar((self.calendars[country],))

    def joint(self) -> Calendar:
        """Return the calendar of days on which both countries work."""
        return Calendar(tuple(self.calendars[country] for country in Country))

    def calendar(self, which: LimitCalendar, *, requester: Country, requested: Country) -> Calendar:
        """Return the calendar that a limit names, between these two countries."""
        match which:
            case LimitCalendar.REQUESTED:
                return self.national(requested)
            case LimitCalendar.REQUESTING:
                return self.national(requester)
            case LimitCalendar.JOINT:
                return self.joint()


def build_rules(corridor: Corridor, years: Iterable[CalendarYear]) -> Rules:
    """Return the rules of ``corridor`` with the calendars of ``years`` (any order)."""
    known = tuple(years)
    return Rules(corridor, {country: national_calendar(country, known) for country in Country})
