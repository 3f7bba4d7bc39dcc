import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from moca.core.reasons import Reason
from moca.core.types import ContactKey, Outcome

Key = tuple[str, str, str]
"""A message's account, mid and kind."""

_ABOUT_THE_SAME = timedelta(seconds=5)
"""Call durations differ from run to run by up to this much."""
_FIGURE = re.compile(r"\d+([.:]\d+)*")
_NAME = re.compile(r"[^:,]*")


def unasked(generator: str) -> str:
    """Return the placeholder for the text of a generator that is not called because of its cost."""
    return f"(the {generator} would reply)"


class ReplayVerdict(StrEnum):
    """How the outcome of a replayed message differs from the original one."""

    SAME = "same"
    CHANGED = "changed"
    ANOTHER_TIME = "at another time"
    NOW_ANSWERED = "now answered"
    NO_LONGER_ANSWERED = "no longer answered"
    ANOTHER_END = "unanswered for another reason"
    NOT_REPLAYED = "not replayed"
    """The message was unsent or erased, so it cannot be replayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOutcome:
    """The outcome of a contact's message."""

    outcome: Outcome | None = None
    """None while the message has no outcome yet."""
    because: str = ""
    reason: Reason | None = None
    """The code of `because`; None where it has none."""
    said: str | None = field(default=None, repr=False)
    """The text of all parts of the reply; None if there is no reply."""
    type: str = ""
    beside: str = field(default="", repr=False)
    """The content beside the text, as stored."""
    by: str = ""
    """The generator that made the reply and why, from the journey; empty if not recorded."""
    rule: str | None = None
    """The rule that the reply follows; None if it follows none, or before this was recorded."""
    topic: str | None = None
    sent_after: timedelta | None = None
    """The time from receipt to sending; None if nothing was sent."""

    @property
    def is_answered(self) -> bool:
        """Whether there is a reply that arrived or may still arrive."""
        return self.said is not None and self.outcome in (None, Outcome.ANSWERED)

    @property
    def maker(self) -> str:
        """The name of the generator that made the reply; empty if there is none."""
        found = _NAME.match(self.by)
        return found[0] if found else ""

    @property
    def is_unasked(self) -> bool:
        """Whether the reply's text is unknown because its generator was not called."""
        return self.said is not None and self.said.endswith(unasked(self.maker))


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedMessage:
    """A contact's message and its outcome."""

    contact: ContactKey
    mid: str
    kind: str
    text: str = field(repr=False)
    type: str
    received_at: datetime
    is_unsent: bool = False
    """Whether it was unsent, so that its text is gone from the webhooks too."""
    ending: ReplayOutcome

    @property
    def key(self) -> Key:
        """Identifies the message across databases."""
        return self.contact.account_id, self.mid, self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayDifference:
    """A message whose outcome has changed."""

    message: RecordedMessage
    now: ReplayOutcome
    verdict: ReplayVerdict

    @property
    def then(self) -> ReplayOutcome:
        """The original outcome."""
        return self.message.ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """The result of a replay."""

    since: datetime
    until: datetime
    counts: Mapping[ReplayVerdict, int]
    differences: tuple[ReplayDifference, ...]
    """The first differences; `counts` covers all."""
    webhooks: int
    unreadable: int
    """Stored webhook bodies that can no longer be parsed."""
    unasked: int
    """Messages whose reply has an unknown text."""

    @property
    def messages(self) -> int:
        """How many messages of contacts were compared."""
        return sum(self.counts.values())

    @property
    def different(self) -> int:
        """How many messages have a different outcome."""
        return (
            self.messages
            - self.counts[ReplayVerdict.SAME]
            - self.counts[ReplayVerdict.NOT_REPLAYED]
        )


class ReplayComparison:
    """Counts verdicts and keeps the first `most` differences."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.counts: Counter[ReplayVerdict] = Counter(dict.fromkeys(ReplayVerdict, 0))
        self.differences: list[ReplayDifference] = []
        self.unasked = 0

    def add(self, message: RecordedMessage, now: ReplayOutcome | None) -> None:
        """Compare a message with its replayed outcome; None if it was not replayed."""
        if now is None or message.is_unsent:
            self.counts[ReplayVerdict.NOT_REPLAYED] += 1
            return
        verdict = compare(message.ending, now)
        self.counts[verdict] += 1
        self.unasked += now.is_unasked
        if verdict is not ReplayVerdict.SAME and len(self.differences) < self._most:
            self.differences.append(ReplayDifference(message=message, now=now, verdict=verdict))


def compare(then: ReplayOutcome, now: ReplayOutcome) -> ReplayVerdict:
    """Return how the replayed outcome differs from the original one."""
    if then.is_answered and now.is_answered:
        if not _has_same_text(then, now):
            return ReplayVerdict.CHANGED
        return ReplayVerdict.SAME if _is_at_same_time(then, now) else ReplayVerdict.ANOTHER_TIME
    if then.is_answered:
        return ReplayVerdict.NO_LONGER_ANSWERED
    if now.is_answered:
        return ReplayVerdict.NOW_ANSWERED
    return ReplayVerdict.SAME if _reason(then) == _reason(now) else ReplayVerdict.ANOTHER_END


def _has_same_text(then: ReplayOutcome, now: ReplayOutcome) -> bool:
    if now.is_unasked and then.maker == now.maker:
        return True
    return (then.said, then.type, then.beside) == (now.said, now.type, now.beside)


def _is_at_same_time(then: ReplayOutcome, now: ReplayOutcome) -> bool:
    if then.sent_after is None or now.sent_after is None:
        return True
    return abs(then.sent_after - now.sent_after) <= _ABOUT_THE_SAME


def _reason(ending: ReplayOutcome) -> tuple[Outcome | None, str]:
    return ending.outcome, ending.reason or _FIGURE.sub("", ending.because)
