from time import perf_counter

import pytest

from moca.core.mentions import MAX_MENTIONS, MentionSpan, find_mentions

NAMES = ("ana", "Ana Maria", "Ben", "Zoë", "Straße", "花子", "a.b", "C++")


def named(text: str, names: tuple[str, ...] = NAMES) -> list[tuple[str, str]]:
    return [(text[each.start : each.end], each.name) for each in find_mentions(text, names)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("@ana please", [("@ana", "ana")]),
        ("Ask @ANA, (@ben) and @zoË!", [("@ANA", "ana"), ("@ben", "Ben"), ("@zoË", "Zoë")]),
        ("@Zoe\u0308", [("@Zoe\u0308", "Zoë")]),
        ("@ana maria's turn", [("@ana maria", "Ana Maria")]),
        ("@ana mario", [("@ana", "ana")]),
        ("@STRASSE", [("@STRASSE", "Straße")]),
        ("@花子", [("@花子", "花子")]),
        ("@a.b. And @C++", [("@a.b", "a.b"), ("@C++", "C++")]),
        ("@ana.", [("@ana", "ana")]),
        ("@ana@ben", []),
        ("@anabel @anna @ ana @@ana ana", []),
        ("mail me@ana.com, @ana.lund or https://x.com/@ana", []),
        ("", []),
    ],
)
def test_a_whole_name_after_an_at_is_a_mention(text: str, found: list[tuple[str, str]]) -> None:
    assert named(text) == found


def test_of_names_that_differ_in_case_the_one_spelt_so_is_meant() -> None:
    assert named("@Anna", ("anna", "Anna")) == [("@Anna", "Anna")]
    assert named("@anna", ("anna", "Anna")) == [("@anna", "anna")]


def test_a_mention_knows_its_place() -> None:
    assert find_mentions("Hi @Ben!", NAMES) == (MentionSpan(3, 7, "Ben"),)


def test_a_note_mentions_at_most_twenty_each_as_often_as_it_likes() -> None:
    names = [f"agent{number}" for number in range(30)]
    text = " ".join(f"@{name} @{name}" for name in names)

    assert len(find_mentions(text, names)) == 2 * MAX_MENTIONS


def test_a_text_full_of_marks_is_soon_read() -> None:
    names = ["x" * length for length in range(1, 81)]
    started = perf_counter()
    find_mentions("@y " * 1333, names)
    find_mentions("@" * 4000, names)

    assert perf_counter() - started < 1
