import re
from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo

from moca.core.content.search_words import SearchTerm, search_terms
from moca.core.work_lists import WorkList


class InvalidSearch(ValueError):  # noqa: N818 - the name states the error
    """Raised if an operator of a search has a value without a meaning; says which have one."""


_OPERATOR = re.compile(
    r'(?<!\S)(?P<key>from|label|before|after|is):(?:"(?P<quoted>[^"]+)"?|(?P<plain>[^\s"]\S*))',
    re.IGNORECASE,
)
LISTS = {
    "open": WorkList.ALL_OPEN,
    "closed": WorkList.CLOSED,
    "snoozed": WorkList.SNOOZED,
    "unread": WorkList.UNREAD,
    "unassigned": WorkList.UNASSIGNED,
    "mine": WorkList.MINE,
    "mentions": WorkList.MENTIONS,
    "needs-reply": WorkList.NEEDS_REPLY,
    "waiting": WorkList.WAITING_FOR_CONTACT,
    "bot": WorkList.WITH_BOT,
}
"""What `is:` may be followed by, and the work list it means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """What a search asks for: words, and what the operators among them say."""

    words: str = ""
    senders: tuple[str, ...] = ()
    """Names; any of them."""
    labels: tuple[str, ...] = ()
    """All of them."""
    lists: tuple[WorkList, ...] = ()
    """All of them."""
    after: date | None = None
    """The first day, by the reader's calendar."""
    before: date | None = None
    """The first day that is too late."""

    @property
    def terms(self) -> tuple[SearchTerm, ...]:
        """The terms that a text must match."""
        return search_terms(self.words)

    @property
    def is_about_messages(self) -> bool:
        """Whether it asks for messages; otherwise, for whole conversations."""
        asks = bool(self.words or self.senders or self.after or self.before)
        return asks or not (self.labels or self.lists)


def read_search(text: str) -> SearchQuery:
    """Read the operators of a search. What only looks like one belongs to the words.

    Raises:
        InvalidSearch: an operator's value has no meaning.
    """
    values: dict[str, list[str]] = {key: [] for key in ("from", "label", "before", "after", "is")}
    for found in _OPERATOR.finditer(text):
        values[found["key"].lower()].append((found["quoted"] or found["plain"]).strip('"').strip())
    return SearchQuery(
        words=" ".join(_OPERATOR.sub(" ", text).split()),
        senders=tuple(filter(None, values["from"])),
        labels=tuple(filter(None, values["label"])),
        lists=tuple(map(_list, filter(None, values["is"]))),
        after=max(map(_day, values["after"]), default=None),
        before=min(map(_day, values["before"]), default=None),
    )


def start_of(day: date | None, zone: tzinfo) -> datetime | None:
    """Return when a day begins in a time zone; None stays None."""
    return None if day is None else datetime.combine(day, time.min, zone)


def _list(name: str) -> WorkList:
    known = LISTS.get(name.lower().replace("_", "-"))
    if known is None:
        raise InvalidSearch(f"is:{name} is not known. Known are {', '.join(LISTS)}.")
    return known


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidSearch(f"“{text}” is not a date. Write it like 2026-11-29.") from None
