import pytest

from moca.core.content.words import MAX_CHARACTERS, Words, fold
from moca.core.conversation.consent import Consent, ConsentChange

CONSENT = Consent(opt_out=Words.of(["STOP", "stop all"]), opt_in=Words.of(["START"]))


@pytest.mark.parametrize(
    "text",
    ["stop", " STOP! ", "Stóp.", "\uff53\uff54\uff4f\uff50", "stop   ALL", "*stop*", "STOP\n"],
    ids=repr,
)
def test_a_word_is_recognised_however_it_is_typed(text: str) -> None:
    assert CONSENT.change_of(text, has_opted_out=False) is ConsentChange.OPT_OUT


@pytest.mark.parametrize("text", ["", "!", "stop it", "non-stop", "don't stop", "stopp"], ids=repr)
def test_a_text_that_only_contains_the_word_is_no_wish(text: str) -> None:
    assert CONSENT.change_of(text, has_opted_out=False) is None


def test_a_wish_that_changes_nothing_is_none() -> None:
    assert CONSENT.change_of("stop", has_opted_out=True) is None
    assert CONSENT.change_of("start", has_opted_out=False) is None
    assert CONSENT.change_of("Start", has_opted_out=True) is ConsentChange.OPT_IN


@pytest.mark.parametrize(
    ("text", "is_in"),
    [
        ("I want a HUMAN, now", True),
        ("a real  person please", True),
        ("humanity", False),
        ("really, person", False),
        ("我要人工客服!", True),
        ("", False),
    ],
)
def test_phrases_are_found_as_whole_words(text: str, is_in: bool) -> None:
    assert Words.of(["human", "real person", "人工"]).are_in(text) is is_in


def test_words_of_nothing_but_punctuation_are_none() -> None:
    nothing = Words.of(["", "!?"])
    assert (nothing.are(""), nothing.are_in("!?"), nothing) == (False, False, Words())


def test_a_text_is_folded_once_however_many_phrases_are_looked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = Words.of(f"word {number}" for number in range(200))
    folded: list[str] = []

    def count(text: str) -> str:
        folded.append(text)
        return fold(text)

    monkeypatch.setattr("moca.core.content.words.fold", count)
    assert not words.are_in("no such thing")
    assert folded == ["no such thing"]


def test_only_the_beginning_of_a_text_is_folded() -> None:
    beginning = "word " * (MAX_CHARACTERS // 5)
    assert fold(beginning + "\ufdfa" * 1_000_000) == beginning.strip()
    assert Words.of(["word"]).are_in(beginning + "x" * 1_000_000)


def test_a_text_longer_than_what_is_folded_is_no_wish() -> None:
    blank = " " * MAX_CHARACTERS
    assert CONSENT.change_of(f"stop{blank}", has_opted_out=False) is ConsentChange.OPT_OUT
    assert CONSENT.change_of(f"stop{blank}talking", has_opted_out=False) is None
