from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from moca.core.reports import Measure, median_of
from moca.storage.queries.reports import ReportCount
from moca.web.presenters import charts
from moca.web.presenters.charts import Chart, Columns
from moca.web.presenters.times import rough_length

_HOURS = 24
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_BY_SUBJECT = (Measure.FIRST_REPLY, Measure.REPLIED, Measure.RESOLVED)

Counts = Sequence[ReportCount]


@dataclass(frozen=True, slots=True)
class ReportLine:
    """The figures of a teammate, of an account, or of all."""

    name: str
    conversations: int
    """In which a teammate replied, each counted once a day for each teammate."""
    first_reply: timedelta | None
    """The median wait for a teammate's reply; None if there was none."""
    resolved: int
    resolution: timedelta | None
    by_bot: int
    handed_over: int

    @property
    def bot_share(self) -> str:
        """The share of closed conversations without a teammate, for display."""
        return f"{self.by_bot / self.resolved:.0%}" if self.resolved else "none"


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a period."""

    total: ReportLine
    teammates: tuple[ReportLine, ...]
    accounts: tuple[ReportLine, ...]
    reasons: tuple[tuple[str, int], ...]
    """Why the bot handed conversations over, the most frequent first."""
    by_day: tuple[Chart, ...]
    by_hour: Chart
    by_weekday: Chart


def report_of(
    counts: Counts, arrivals: Mapping[datetime, int], days: Sequence[date], zone: ZoneInfo
) -> Report:
    """Sum up what was counted on these days, in the zone of the team."""
    by_subject = [each for each in counts if each.measure in _BY_SUBJECT]
    reasons = Counter[str]()
    for each in counts:
        if each.measure is Measure.HANDED_OVER:
            reasons[each.subject] += each.count
    hours = [0] * _HOURS
    weekdays = [0] * len(_WEEKDAYS)
    for hour, count in arrivals.items():
        local = hour.astimezone(zone)
        hours[local.hour] += count
        weekdays[local.weekday()] += count
    total = _line("", counts)
    return Report(
        total=total,
        teammates=_lines(by_subject, lambda each: each.subject),
        accounts=_lines(counts, lambda each: each.account_id),
        reasons=tuple(reasons.most_common()),
        by_day=_by_day(counts, days, zone, total.first_reply),
        by_hour=_messages("hours", "Messages by hour", hours, [f"{n}:00" for n in range(_HOURS)]),
        by_weekday=_messages("weekdays", "Messages by weekday", weekdays, _WEEKDAYS),
    )


def _lines(counts: Counts, name_of: Callable[[ReportCount], str]) -> tuple[ReportLine, ...]:
    grouped: dict[str, list[ReportCount]] = {}
    for each in counts:
        grouped.setdefault(name_of(each), []).append(each)
    lines = (_line(name, group) for name, group in grouped.items())
    return tuple(sorted(lines, key=lambda line: (-line.conversations, -line.resolved, line.name)))


def _line(name: str, counts: Iterable[ReportCount]) -> ReportLine:
    buckets = {measure: Counter[int]() for measure in Measure}
    for each in counts:
        buckets[each.measure][each.bucket] += each.count
    return ReportLine(
        name=name,
        conversations=buckets[Measure.REPLIED].total(),
        first_reply=median_of(buckets[Measure.FIRST_REPLY]),
        resolved=buckets[Measure.RESOLVED].total(),
        resolution=median_of(buckets[Measure.RESOLVED]),
        by_bot=buckets[Measure.RESOLVED_BY_BOT].total(),
        handed_over=buckets[Measure.HANDED_OVER].total(),
    )


def _by_day(
    counts: Counts, days: Sequence[date], zone: ZoneInfo, median: timedelta | None
) -> tuple[Chart, ...]:
    grouped: dict[date, list[ReportCount]] = {}
    for each in counts:
        grouped.setdefault(each.since.astimezone(zone).date(), []).append(each)
    lines = [_line("", grouped.get(day, ())) for day in days]
    names = [f"{day:%a %d %b}" for day in days]
    waits = [each.first_reply.total_seconds() if each.first_reply else 0 for each in lines]
    by_bot = [each.by_bot for each in lines]
    by_team = [each.resolved - each.by_bot for each in lines]
    handed_over = [each.handed_over for each in lines]
    first = Columns("average", "median", rough_length(median) if median else "none", waits)
    team = Columns("good", "with a teammate", charts.number(sum(by_team)), by_team)
    bot = Columns("suppressed", "by the bot alone", charts.number(sum(by_bot)), by_bot)
    over = Columns("slowest", "handed over", charts.number(sum(handed_over)), handed_over)
    return (
        charts.columns("first_reply", "First reply time", (first,), names, _rough),
        charts.columns("resolved", "Conversations closed", (team, bot), names, charts.number),
        charts.columns("handed_over", "Hand-overs", (over,), names, charts.number),
    )


def _messages(key: str, title: str, values: Sequence[int], names: Sequence[str]) -> Chart:
    line = Columns("good", "messages", charts.number(sum(values)), values)
    return charts.columns(key, title, (line,), names, charts.number)


def _rough(value_seconds: float) -> str:
    return rough_length(timedelta(seconds=value_seconds))
