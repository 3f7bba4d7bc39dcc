"""Cases are TOML: what contacts write, and what a bot must do."""

from datetime import UTC, datetime

import pytest

from moca.bots.cases import add_case, read_cases
from moca.core.bots.cases import BotCase, CaseExpectation
from moca.core.bots.documents import BadDocument

CASES = """# Kept in git.
[[case]]
name = "price in German"
message = ["Hallo", "Was kostet das?"]
contact = "Kim Example"
at = 2026-01-05T10:00:00Z
expect = { text = "20 €", rule = "price", hand_over = false }

[[case]]
name = "a picture"
message = "(image)"
on = "image"

[case.expect]
silence = true
"""
KEYS = "text, contains, generator, rule, topic, hand_over, silence"
PRICE = BotCase(
    name="price in German",
    messages=("Hallo", "Was kostet das?"),
    contact="Kim Example",
    at=datetime(2026, 1, 5, 10, tzinfo=UTC),
    expect=CaseExpectation(text="20 €", rule="price", hand_over=False),
)
PICTURE = BotCase(
    name="a picture", messages=("(image)",), on="image", expect=CaseExpectation(silence=True)
)


def faults_of(text: str) -> list[str]:
    with pytest.raises(BadDocument) as raised:
        read_cases(text)
    return [str(fault) for fault in raised.value.faults]


def test_cases_are_read() -> None:
    assert read_cases(CASES) == (PRICE, PICTURE)
    assert read_cases("") == ()


def test_a_case_is_added_at_the_end_under_a_name_of_its_own() -> None:
    added = add_case(CASES, PRICE)

    assert added.startswith(CASES.rstrip())
    first, second, third = read_cases(added)
    assert (first, second) == (PRICE, PICTURE)
    assert third.name == "price in German (2)"
    assert (third.messages, third.at, third.expect) == (PRICE.messages, PRICE.at, PRICE.expect)
    assert read_cases(add_case("", PICTURE)) == (PICTURE,)


def test_every_fault_of_cases_is_told_with_its_line() -> None:
    text = """[[case]]
name = "a"
mesage = "x"
expect = { rule = "price" }

[[case]]
name = "b"
message = "x"
on = "mesage"
expect = {}
"""
    assert faults_of(text) == [
        "case: line 1: case 'a': message: Field required",
        "case: line 3: case 'a': mesage: unknown key",
        "case: line 9: case 'b': on: unknown event 'mesage'; did you mean 'message'?",
        f"case: line 10: case 'b': expect: expects nothing; give one of {KEYS}",
    ]


@pytest.mark.parametrize(
    "text", ["= 1", "case = 3", "[case]", "x" * 48_001, CASES + CASES, "[[case]]\n" * 201]
)
def test_no_text_is_too_odd_to_be_refused(text: str) -> None:
    assert faults_of(text)
