import re
from datetime import datetime, timedelta

from markupsafe import Markup, escape

_MINUTE = 60
_HOUR = 60  # in minutes, like the following
_DAY = 24 * _HOUR
_TWO_DAYS = 2 * _DAY
_IN_TEXT = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)Z")
_SHOWN = r'<time datetime="\g<0>" data-local>\1 \2 UTC</time>'


def with_times(text: str) -> Markup:
    """Mark up the instants within a text, so that a script shows them in the reader's time zone."""
    return Markup(_IN_TEXT.sub(_SHOWN, str(escape(text))))  # noqa: S704 - escaped before


def iso(at: datetime) -> str:
    """Format an instant for machines: ISO 8601 in UTC."""
    return at.isoformat().replace("+00:00", "Z")


def clock_time(at: datetime) -> str:
    """Format an instant for display, in UTC; a script converts it to the reader's time zone."""
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")


def span(length: timedelta) -> str:
    """Format a duration as briefly as is readable."""
    seconds = length.total_seconds()
    if seconds < _MINUTE:
        return f"{seconds:.2f} s"
    return str(timedelta(seconds=round(seconds)))


def rough_length(length: timedelta) -> str:
    """Format how long something took in its largest unit."""
    return "under 1 min" if length < timedelta(minutes=1) else rough_span(length)


def rough_span(length: timedelta) -> str:
    """Format a duration in its largest unit."""
    minutes = max(length // timedelta(minutes=1), 0)
    if minutes < 1:
        return "now"
    if minutes < _HOUR:
        return f"{minutes} min"
    if minutes < _TWO_DAYS:
        return f"{minutes // _HOUR} h"
    return f"{minutes // _DAY} days"
