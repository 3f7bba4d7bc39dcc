import re
from dataclasses import dataclass
from datetime import time
from typing import Annotated

from pydantic import AfterValidator

_SPAN = re.compile(r"^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$")


@dataclass(frozen=True, slots=True)
class Opening:
    """Opening hours within one day, by the shop's own clock; `until` 00:00 is midnight."""

    since: time
    until: time

    @classmethod
    def parse(cls, text: str) -> "Opening":
        """Read "09:00-17:30"; "24:00" closes at midnight.

        Raises:
            ValueError: if it is not such a span, or ends before it begins.
        """
        match = _SPAN.match(text)
        if match is None:
            raise ValueError(f"{text!r} is not a span such as '09:00-17:30'")
        from_hour, from_minute, to_hour, to_minute = (int(part) for part in match.groups())
        if (to_hour, to_minute) > (24, 0) or (to_hour, to_minute) <= (from_hour, from_minute):
            raise ValueError(f"{text!r} ends before it begins; split it at midnight (24:00)")
        return cls(time(from_hour, from_minute), time(to_hour % 24, to_minute))


def _checked(text: str) -> str:
    Opening.parse(text)
    return text


OpeningText = Annotated[str, AfterValidator(_checked)]
