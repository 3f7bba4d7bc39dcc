import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
REMEMBERED = timedelta(days=14)
_LEAST_KNOWN = timedelta(days=7)
_MESSAGES = "messages"
_CHANCE = 1e-4
_ENOUGH = -math.log(_CHANCE)
"""With this many arrivals expected, none at all has a chance of one in ten thousand."""


def hour_of(at: datetime) -> datetime:
    """Return the start of the hour."""
    return at.replace(minute=0, second=0, microsecond=0)


def expected_arrivals(hours: Mapping[datetime, int], since: datetime, now: datetime) -> float:
    """Return how many arrivals were expected since an instant, based on the last two weeks.

    Each hour is expected to match the same hour of other days, or of the same weekday if that is
    less. People write in bursts: the more an hour's counts vary from day to day, the less silence
    means. Returns 0 with less than a week of history.

    Args:
        hours: arrivals by the start of the hour; hours without any may be left out.
        since: the start of the silence.
        now: its end.
    """
    start = max(min(hours, default=now), hour_of(now - REMEMBERED))
    if hour_of(since) - start < _LEAST_KNOWN:
        return 0.0
    past = [start + n * HOUR for n in range((hour_of(since) - start) // HOUR)]
    expected = sum(
        _rate(hours, past, hour) * _share(hour, since, now)
        for hour in _hours_between(max(since, now - timedelta(days=1)), now)
    )
    return expected / _burstiness(hours, past)


def is_too_quiet(expected: float) -> bool:
    """Return whether the absence of any arrival is too unlikely to be chance."""
    return expected >= _ENOUGH


def silence_reason(
    since: datetime, expected: float, subscribed: AbstractSet[str], unreadable: str | None
) -> str:
    """Return a sentence saying that an account has gone quiet, with the one thing to do about it.

    Args:
        since: the start of the silence.
        expected: the expected number of arrivals, with bursts counted as one.
        subscribed: the fields that webhooks are subscribed to.
        unreadable: why the subscription could not be read; None if it could.
    """
    usually = f"where at least {expected:.0f} were expected"
    silence = f"no webhook has arrived since {since:%Y-%m-%d %H:%M} UTC, {usually}"
    if unreadable is not None:
        return f"{silence}; its subscription could not be read: {unreadable}"
    if not subscribed:
        return f"{silence}; it has no webhook subscription: connect the account again"
    if _MESSAGES not in subscribed:
        return f"{silence}; it is not subscribed to messages: connect the account again"
    return f"{silence}; it is subscribed: check the webhook URL in Meta's dashboard"


def _hours_between(since: datetime, now: datetime) -> list[datetime]:
    first = hour_of(since)
    return [first + n * HOUR for n in range((now - first) // HOUR + 1)]


def _share(hour: datetime, since: datetime, now: datetime) -> float:
    return max(min(hour + HOUR, now) - max(hour, since), timedelta(0)) / HOUR


def _rate(hours: Mapping[datetime, int], past: list[datetime], hour: datetime) -> float:
    same = [each for each in past if each.hour == hour.hour]
    alike = [each for each in same if each.weekday() == hour.weekday()]
    return min(_mean(hours, same), _mean(hours, alike))


def _mean(hours: Mapping[datetime, int], which: list[datetime]) -> float:
    return sum(hours.get(each, 0) for each in which) / len(which) if which else 0.0


def _burstiness(hours: Mapping[datetime, int], past: list[datetime]) -> float:
    """Return by what factor the counts vary more than by chance alone; at least 1."""
    usual = {hour: _mean(hours, [each for each in past if each.hour == hour]) for hour in range(24)}
    varies = sum((hours.get(each, 0) - usual[each.hour]) ** 2 for each in past)
    return max(1.0, varies / max(sum(usual[each.hour] for each in past), 1.0))
