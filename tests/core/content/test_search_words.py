import pytest
from hypothesis import given
from hypothesis import strategies as st

from moca.core.content.search_words import (
    MAX_WORD_CHARACTERS,
    SearchTerm,
    matched_spans,
    matches_all,
    search_terms,
    search_words,
)


def found(text: str, words: str) -> bool:
    return matches_all(text, search_terms(words))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Where is my ORDER?", "order"),
        ("Un café, s'il vous plaît", "CAFE plait"),
        ("Straße", "strasse"),
        ("cafe\u0301", "café"),
        ("write to @anna.lund_99", "@lund_99"),
        ("order 4711-b", "4711"),
        ("refunds", "refu"),
        ("東京都に行きます", "東京"),
        ("東京都に行きます", "京都に"),
        ("東京", "京"),
        ("iPhone東京", "iphone 東京"),
        ("x" * 99, "x" * 50),
    ],
)
def test_a_text_is_found_by_its_words(text: str, words: str) -> None:
    assert found(text, words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("refunds", "fund"),
        ("refunds", "refu "),
        ("refunds", "refu now"),
        ("where is it", "where not"),
        ("東京都", "京東"),
    ],
)
def test_a_text_is_not_found_by_a_middle_or_by_some_of_the_words(text: str, words: str) -> None:
    assert not found(text, words)


def test_only_the_last_word_may_be_a_beginning() -> None:
    assert search_terms("Where is") == (SearchTerm("where"), SearchTerm("is", is_beginning=True))
    assert search_terms("Where is?") == (SearchTerm("where"), SearchTerm("is"))
    assert search_terms("...") == ()


def test_each_word_counts_once_and_is_cut() -> None:
    assert search_words("No no NO " + "y" * 99) == ["no", "y" * MAX_WORD_CHARACTERS]


@pytest.mark.parametrize(
    ("text", "words", "marked"),
    [
        ("Cafe\u0301 or CAFÉ, no cafeteria", "cafe ", ["Cafe\u0301", "CAFÉ"]),
        ("the refunds of (order_12)", "order refu", ["refunds", "order"]),
        ("今日は東京都です", "東京都", ["東京都"]),
        ("nothing", "other", []),
    ],
)
def test_what_was_searched_for_is_marked(text: str, words: str, marked: list[str]) -> None:
    assert [text[start:end] for start, end in matched_spans(text, search_terms(words))] == marked


@given(st.text(), st.text())
def test_any_text_can_be_searched_and_marked(text: str, words: str) -> None:
    terms = search_terms(words)
    spans = matched_spans(text, terms)

    places = [place for span in spans for place in span]
    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)
    assert bool(spans) == any(term.matches(word) for term in terms for word in search_words(text))


@given(st.text())
def test_a_text_is_found_by_itself(text: str) -> None:
    assert found(text, text)
