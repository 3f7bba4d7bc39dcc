import re
from dataclasses import dataclass
from datetime import time
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from moca.settings.section import Section

_SPAN = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$")


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """Opening hours within one day, in the account's time zone; `until` 00:00 is midnight."""

    since: time
    until: time

    @classmethod
    def parse(cls, text: str) -> "OpeningHours":
        """Parse "09:00-17:30"; "24:00" closes at midnight.

        Raises:
            ValueError: If it is not such a span, or ends before it begins.
        """
        match = _SPAN.match(text)
        if match is None:
            raise ValueError(f"{text!r} is not a time range such as '09:00-17:30'")
        from_hour, from_minute, to_hour, to_minute = (int(part) for part in match.groups())
        if (to_hour, to_minute) > (24, 0) or (to_hour, to_minute) <= (from_hour, from_minute):
            raise ValueError(f"{text!r} ends before it starts; split it at midnight (24:00)")
        return cls(time(from_hour, from_minute), time(to_hour % 24, to_minute))


def _checked(text: str) -> str:
    OpeningHours.parse(text)
    return text


OpeningText = Annotated[str, AfterValidator(_checked)]


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name!r}; try 'Europe/Berlin'") from None
    return name


class BusinessHoursSection(Section):
    """When automatic replies are allowed at all."""

    enabled: bool = False
    """No automatic replies outside business hours."""
    timezone: Annotated[str, AfterValidator(_known_zone)] = "UTC"
    """Your time zone, for example "Europe/Berlin"."""
    monday: tuple[OpeningText, ...] = ("09:00-17:00",)
    """A day can have several ranges; 24:00 is midnight; [] is closed."""
    tuesday: tuple[OpeningText, ...] = ("09:00-17:00",)
    wednesday: tuple[OpeningText, ...] = ("09:00-17:00",)
    thursday: tuple[OpeningText, ...] = ("09:00-17:00",)
    friday: tuple[OpeningText, ...] = ("09:00-17:00",)
    saturday: tuple[OpeningText, ...] = ()
    sunday: tuple[OpeningText, ...] = ()
    holidays: str = Field(default="", pattern=r"^([A-Z]{2}(-[A-Z0-9]{1,3})?)?$")
    """Closed on the public holidays of this region, for example "DE" or "US-CA"; needs the extra
    "holidays".
    """
    away_text: str = ""
    """Sent once per closing. Empty: nothing."""
    answer_when_open: bool = False
    """true: messages outside business hours wait for opening time, within Instagram's 24-hour reply
    window. false: they are not answered.
    """

    @property
    def week(self) -> tuple[tuple[OpeningHours, ...], ...]:
        """Return the opening hours of each weekday, Monday first."""
        days = (
            self.monday,
            self.tuesday,
            self.wednesday,
            self.thursday,
            self.friday,
            self.saturday,
            self.sunday,
        )
        return tuple(tuple(OpeningHours.parse(span) for span in day) for day in days)
