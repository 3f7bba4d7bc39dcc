import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from moca.core.content.content import Button, Content, QuickReply
from moca.core.content.splitting import MAX_MESSAGE_BYTES, graphemes, parts_of, split

FAMILY = "👨‍👩‍👧‍👦"
FLAG = "🇩🇪"
THUMB = "👍🏽"
WALES = "🏴\U000e0067\U000e0062\U000e0077\U000e006c\U000e0073\U000e007f"
ACCENT = "e\u0301"
KEYCAP = "1\ufe0f\u20e3"

CHARACTERS = st.sampled_from(["a", "ß", "語", FAMILY, FLAG, THUMB, WALES, ACCENT, KEYCAP])
WORDS = st.lists(CHARACTERS, min_size=1, max_size=60).map("".join)
SENTENCES = st.lists(WORDS, min_size=1, max_size=12).map(lambda words: " ".join(words) + ".")
TEXTS = st.lists(SENTENCES, min_size=1, max_size=12).map(" ".join)


def without_spaces(text: str) -> str:
    return re.sub(r"\s", "", text)


@given(st.text(min_size=1, max_size=4000))
def test_every_part_fits_and_nothing_but_space_is_lost(text: str) -> None:
    parts = split(text, 100)

    assert all(0 < len(part.encode()) <= 100 for part in parts)
    assert all(part == part.strip() for part in parts)
    assert without_spaces("".join(parts)) == without_spaces(text)


@given(TEXTS)
def test_no_character_is_ever_broken(text: str) -> None:
    assert [
        each for part in split(text, 200) for each in graphemes(part) if not each.isspace()
    ] == [each for each in graphemes(text) if not each.isspace()]


@given(TEXTS)
def test_two_neighbouring_parts_would_not_have_fitted_in_one(text: str) -> None:
    parts = split(text, 1000)

    assert len(parts) <= 2 * len(text.encode()) // 1000 + 1


@pytest.mark.parametrize("whole", [FAMILY, FLAG, THUMB, WALES, ACCENT, KEYCAP, "\r\n", "각"])
def test_what_a_person_takes_for_one_character_is_one(whole: str) -> None:
    assert list(graphemes(f"a{whole}{whole}b")) == ["a", whole, whole, "b"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("short", ("short",)),
        ("One is here. Two is there.", ("One is here.", "Two is there.")),
        ("First line\nSecond line here", ("First line", "Second line here")),
        ("Ask? Yes! Then go on and on", ("Ask? Yes!", "Then go on and on")),
        ("one two three four five", ("one two three four", "five")),
        ("abcdefghijklmnopqrstuvw", ("abcdefghijklmnopqrs", "tuvw")),
        ("今日はい。明日もはい。", ("今日はい。", "明日もはい。")),
        ("é" * 12, ("é" * 9, "é" * 3)),
    ],
)
def test_it_is_cut_where_a_reader_would_pause(text: str, parts: tuple[str, ...]) -> None:
    assert split(text, 19) == parts


def test_a_character_longer_than_a_message_is_broken_up_after_all() -> None:
    assert [len(part) for part in split("e" + "\u0301" * 30, 20)] == [10, 10, 10, 1]


@pytest.mark.parametrize("over", [0, 1])
def test_a_thousand_bytes_are_one_message_and_one_more_are_two(over: int) -> None:
    assert len(parts_of(Content(text="a" * (MAX_MESSAGE_BYTES + over)))) == 1 + over


def test_the_first_part_is_the_threaded_reply_and_the_last_has_the_quick_replies() -> None:
    taps = (QuickReply(title="Yes", payload="YES"),)
    long = Content(text="a" * 900 + ". " + "b" * 900, quick_replies=taps, reply_to_mid="m1")

    assert parts_of(long) == (
        Content(text="a" * 900 + ".", reply_to_mid="m1"),
        Content(text="b" * 900, quick_replies=taps),
    )


def test_text_above_buttons_stays_in_one_piece() -> None:
    template = Content(text="語" * 500, buttons=(Button(title="Open", payload="OPEN"),))

    assert parts_of(template) == (template,)
