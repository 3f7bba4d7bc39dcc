import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from moca.core.types import ContactKey, Outcome

Key = tuple[str, str, str]
"""A message's account, mid and kind."""

_ABOUT_THE_SAME = timedelta(seconds=5)
"""A call's own time, and that of those before it, differs from run to run."""
_FIGURE = re.compile(r"\d+([.:]\d+)*")
_NAME = re.compile(r"[^:,]*")


def unasked(generator: str) -> str:
    """Give what stands for the words of a generator that is not asked, for it may cost money."""
    return f"(the {generator} would answer)"


class Verdict(StrEnum):
    """How what becomes of a message differs from what became of it."""

    SAME = "same"
    CHANGED = "changed"
    ANOTHER_TIME = "at another time"
    NOW_ANSWERED = "now answered"
    NO_LONGER_ANSWERED = "no longer answered"
    ANOTHER_END = "unanswered otherwise"
    NOT_REPLAYED = "not replayed"
    """It was unsent or erased, so that nothing is left to be replayed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What became of a contact's message."""

    outcome: Outcome | None = None
    """None while it is open."""
    because: str = ""
    said: str | None = field(default=None, repr=False)
    """The reply's text, all parts of it; None where there is no reply."""
    type: str = ""
    beside: str = field(default="", repr=False)
    """What goes with the text, as it is stored."""
    by: str = ""
    """Who made the reply and why, as the journey tells; empty where it does not."""
    sent_after: timedelta | None = None
    """From receipt to sending; None where nothing was sent."""

    @property
    def is_answered(self) -> bool:
        """Whether there is a reply that arrived or may still arrive."""
        return self.said is not None and self.outcome in (None, Outcome.ANSWERED)

    @property
    def maker(self) -> str:
        """The generator that made the reply; empty where none did."""
        found = _NAME.match(self.by)
        return found[0] if found else ""

    @property
    def is_unasked(self) -> bool:
        """Whether nobody knows the reply's words, as its maker was not asked."""
        return self.said is not None and self.said.endswith(unasked(self.maker))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lived:
    """A contact's message, and what became of it."""

    contact: ContactKey
    mid: str
    kind: str
    text: str = field(repr=False)
    type: str
    received_at: datetime
    is_unsent: bool = False
    """Its words are gone, from the webhooks too, so that it does not come as it came."""
    ending: Ending

    @property
    def key(self) -> Key:
        """What makes it the same message in another database."""
        return self.contact.account_id, self.mid, self.kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A message that fares differently now."""

    message: Lived
    now: Ending
    verdict: Verdict

    @property
    def then(self) -> Ending:
        """How it fared."""
        return self.message.ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a replay showed."""

    since: datetime
    until: datetime
    counts: Mapping[Verdict, int]
    differences: tuple[Difference, ...]
    """The first of them; `counts` knows of all."""
    webhooks: int
    unreadable: int
    """Stored bodies that tell nothing any more."""
    unasked: int
    """Messages whose reply's words nobody knows."""

    @property
    def messages(self) -> int:
        """How many messages of contacts were compared."""
        return sum(self.counts.values())

    @property
    def different(self) -> int:
        """How many of them fare differently."""
        return self.messages - self.counts[Verdict.SAME] - self.counts[Verdict.NOT_REPLAYED]


class Comparison:
    """Counts verdicts, and keeps the first so many differences."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.counts: Counter[Verdict] = Counter(dict.fromkeys(Verdict, 0))
        self.differences: list[Difference] = []
        self.unasked = 0

    def add(self, message: Lived, now: Ending | None) -> None:
        """Compare how a message fared with how it fares now; None where it was not replayed."""
        if now is None or message.is_unsent:
            self.counts[Verdict.NOT_REPLAYED] += 1
            return
        verdict = compare(message.ending, now)
        self.counts[verdict] += 1
        self.unasked += now.is_unasked
        if verdict is not Verdict.SAME and len(self.differences) < self._most:
            self.differences.append(Difference(message=message, now=now, verdict=verdict))


def compare(then: Ending, now: Ending) -> Verdict:
    """Say how an end differs from another."""
    if then.is_answered and now.is_answered:
        if not _says_the_same(then, now):
            return Verdict.CHANGED
        return Verdict.SAME if _comes_when(then, now) else Verdict.ANOTHER_TIME
    if then.is_answered:
        return Verdict.NO_LONGER_ANSWERED
    if now.is_answered:
        return Verdict.NOW_ANSWERED
    return Verdict.SAME if _reason(then) == _reason(now) else Verdict.ANOTHER_END


def _says_the_same(then: Ending, now: Ending) -> bool:
    if now.is_unasked and then.maker == now.maker:
        return True
    return (then.said, then.type, then.beside) == (now.said, now.type, now.beside)


def _comes_when(then: Ending, now: Ending) -> bool:
    if then.sent_after is None or now.sent_after is None:
        return True
    return abs(then.sent_after - now.sent_after) <= _ABOUT_THE_SAME


def _reason(ending: Ending) -> tuple[Outcome | None, str]:
    return ending.outcome, _FIGURE.sub("", ending.because)
