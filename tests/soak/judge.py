"""Whether a run was good: by what was acknowledged, and by what contacts saw."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from tests.support.arrivals import most_in_a_second
from tests.support.stalls import Stall, stall_around

PATIENCE = timedelta(minutes=5)
"""Older than this, what is still unanswered in a backup counts as lost before it was made."""
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Seen:
    """A message of the account, as its contact saw it."""

    psid: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class WrittenMessage:
    """A message of a contact."""

    psid: str
    acked_at: datetime | None


class ApiAnswer(StrEnum):
    """What Moca answered to an operator's reply; unclear where it was asked to no avail."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class OperatorReply:
    """A reply that an operator asked for; its text is unique."""

    psid: str
    text: str
    answer: ApiAnswer
    asked_at: datetime
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class Restore:
    """A backup took the database's place: what was written since `made_at` is gone."""

    made_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Everything that a run is judged by."""

    written: Sequence[WrittenMessage]
    seen: Sequence[Seen]
    operator_replies: Sequence[OperatorReply] = ()
    touched: frozenset[str] = frozenset()
    """Contacts whose bot an operator has silenced."""
    restores: Sequence[Restore] = ()
    stalls: Sequence[Stall] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of a run. Contacts stand by their id, operators' replies by their text."""

    acked: int
    answered: int
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    operator_lost: list[str] = field(default_factory=list)
    operator_twice: list[str] = field(default_factory=list)
    not_acked: list[str] = field(default_factory=list)
    most_in_a_second: int = 0
    most_since: datetime | None = None
    """When that second began."""
    unanswered_for_an_operator: int = 0
    unanswered_for_a_restore: int = 0


def judge(run: RunRecord) -> Verdict:
    """Judge a run by its record."""
    texts = {each.text for each in run.operator_replies}
    by_bot: dict[str, list[datetime]] = defaultdict(list)
    for each in run.seen:
        if each.text not in texts:
            by_bot[each.psid].append(each.at)
    written: dict[str, list[WrittenMessage]] = defaultdict(list)
    for message in run.written:
        written[message.psid].append(message)
    short = [psid for psid, all_ in written.items() if len(by_bot[psid]) < len(_acked(all_))]
    restored = {
        psid
        for psid in short
        if any(_is_cut_off(written[psid], by_bot[psid], each) for each in run.restores)
    }
    lost = [psid for psid in short if psid not in run.touched | restored]
    acked = sum(len(_acked(all_)) for all_ in written.values())
    operator_lost, operator_twice = _judge_operators(run)
    most, most_since = most_in_a_second(
        [each.at for each in run.seen], lambda at: stall_around(at, run.stalls, _SECOND)
    )
    return Verdict(
        acked=acked,
        answered=sum(min(len(by_bot[psid]), len(all_)) for psid, all_ in written.items()),
        lost=sorted(lost),
        twice=sorted(psid for psid, at in by_bot.items() if len(at) > len(written[psid])),
        operator_lost=operator_lost,
        operator_twice=operator_twice,
        not_acked=sorted({each.psid for each in run.written if each.acked_at is None}),
        most_in_a_second=most,
        most_since=most_since,
        unanswered_for_an_operator=len([psid for psid in short if psid in run.touched]),
        unanswered_for_a_restore=len(restored - run.touched),
    )


def _acked(messages: Iterable[WrittenMessage]) -> list[datetime]:
    return [each.acked_at for each in messages if each.acked_at is not None]


def _is_cut_off(
    messages: Iterable[WrittenMessage], replies: Iterable[datetime], restore: Restore
) -> bool:
    """Return whether a backup cannot hold all of it, or holds it unanswered."""
    acked = [at for at in _acked(messages) if at <= restore.at]
    is_recent = any(at >= restore.made_at - PATIENCE for at in acked)
    return is_recent and len(acked) > sum(at < restore.made_at for at in replies)


def _judge_operators(run: RunRecord) -> tuple[list[str], list[str]]:
    seen: Mapping[str, list[datetime]] = defaultdict(list)
    for each in run.seen:
        seen[each.text].append(each.at)
    lost = [
        each.text
        for each in run.operator_replies
        if each.answer is ApiAnswer.ACCEPTED
        and not each.is_cancelled
        and not seen[each.text]
        and not any(
            restore.made_at - PATIENCE <= each.asked_at <= restore.at for restore in run.restores
        )
    ]
    times = Counter({text: len(at) for text, at in seen.items()})
    twice = [each.text for each in run.operator_replies if times[each.text] > 1]
    refused = [
        each.text
        for each in run.operator_replies
        if each.answer is ApiAnswer.REFUSED and times[each.text]
    ]
    return sorted(lost), sorted(twice + refused)
