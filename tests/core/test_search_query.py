import contextlib
import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moca.core.search_query import LISTS, InvalidSearch, SearchQuery, read_search, start_of
from moca.core.work_lists import WorkList


def test_operators_are_read_from_among_the_words() -> None:
    text = (
        'where from:anna Is:Open label:"very important" my after:2026-01-31 order before:2026-03-01'
    )

    assert read_search(text) == SearchQuery(
        words="where my order",
        senders=("anna",),
        labels=("very important",),
        lists=(WorkList.ALL_OPEN,),
        after=date(2026, 1, 31),
        before=date(2026, 3, 1),
    )


def test_an_operator_may_be_repeated_and_a_quote_left_open() -> None:
    text = 'from:anna from:@ben label:vip label:"two words is:needs_reply'
    assert read_search(text) == SearchQuery(
        senders=("anna", "@ben"), labels=("vip", "two words is:needs_reply")
    )
    narrowest = read_search("after:2026-01-01 after:2026-02-01 before:2026-04-01 before:2026-03-01")
    assert (narrowest.after, narrowest.before) == (date(2026, 2, 1), date(2026, 3, 1))


@pytest.mark.parametrize(
    "text",
    [
        "from:",
        "from: anna",
        "10:30",
        "https://x.example/is:open",
        "to:anna",
        "is",
        '"from:anna"',
        "",
    ],
)
def test_what_only_looks_like_an_operator_belongs_to_the_words(text: str) -> None:
    assert read_search(text) == SearchQuery(words=text)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("is:lost", f"is:lost is not known. Known are {', '.join(LISTS)}."),
        ("x before:monday", "“monday” is not a date. Write it like 2026-11-29."),
        ("after:2026-02-30", "“2026-02-30” is not a date. Write it like 2026-11-29."),
    ],
)
def test_a_value_without_a_meaning_is_refused_with_those_that_have_one(
    text: str, error: str
) -> None:
    with pytest.raises(InvalidSearch, match=re.escape(error)):
        read_search(text)


@pytest.mark.parametrize(
    ("text", "is_about_messages"),
    [
        ("is:open", False),
        ("label:vip is:open", False),
        ("is:open order", True),
        ("is:open from:anna", True),
        ("label:vip after:2026-01-01", True),
        ("?!", True),
    ],
)
def test_operators_of_conversations_alone_ask_for_conversations(
    text: str, is_about_messages: bool
) -> None:
    assert read_search(text).is_about_messages is is_about_messages


def test_days_begin_in_the_readers_time_zone() -> None:
    assert start_of(date(2026, 11, 29), ZoneInfo("Asia/Tokyo")) == datetime(
        2026, 11, 28, 15, tzinfo=UTC
    )
    assert start_of(None, UTC) is None


@given(st.text() | st.from_regex(r'(from|is|label|after|before):"?.{0,12}( x)?'))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    with contextlib.suppress(InvalidSearch):
        assert isinstance(read_search(text).terms, tuple)
