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
"""With so many arrivals to be expected, none at all comes about once in ten thousand times."""


def hour_of(at: datetime) -> datetime:
    """Tell when an instant's hour began."""
    return at.replace(minute=0, second=0, microsecond=0)


def expected_arrivals(hours: Mapping[datetime, int], since: datetime, now: datetime) -> float:
    """Say how many arrivals were to be expected since an instant, after the last two weeks.

    Each hour counts as the same hour of other days does, or as that of the same weekday where
    that is less. People write in bursts: the more an hour's figures vary from day to day, the
    less a silence means. 0 where less than a week is known.

    Args:
        hours: arrivals by the hour's beginning; hours without any may be left out.
        since: the beginning of the silence.
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
    """Tell whether no arrival at all, where so many were to be expected, is no accident."""
    return expected >= _ENOUGH


def say_quiet(
    since: datetime, expected: float, subscribed: AbstractSet[str], unreadable: str | None
) -> str:
    """Say that an account has gone quiet, and the one thing to do, by what it is subscribed to.

    Args:
        since: the beginning of the silence.
        expected: arrivals that were to be expected, bursts counted as one.
        subscribed: the fields whose webhooks Instagram sends.
        unreadable: why that could not be read; None where it could.
    """
    usually = f"where at least {expected:.0f} were to be expected"
    silence = f"no webhook has come since {since:%Y-%m-%d %H:%M} UTC, {usually}"
    if unreadable is not None:
        return f"{silence}; its subscription could not be read: {unreadable}"
    if not subscribed:
        return f"{silence}; Instagram sends its webhooks nowhere: connect the account again"
    if _MESSAGES not in subscribed:
        return f"{silence}; it is not subscribed to messages: connect the account again"
    return f"{silence}; it is subscribed: see whether Meta's dashboard shows the right address"


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
    """Say how many times as much as by chance alone the figures vary; at least 1."""
    usual = {hour: _mean(hours, [each for each in past if each.hour == hour]) for hour in range(24)}
    varies = sum((hours.get(each, 0) - usual[each.hour]) ** 2 for each in past)
    return max(1.0, varies / max(sum(usual[each.hour] for each in past), 1.0))
