"""Each rule that would not answer a message says why."""

import pytest
from structlog.testing import capture_logs

from moca.replies.rules import pattern_search
from moca.replies.rules.mismatches import MAX_NAMED_RULES, passed_rules
from moca.replies.rules.pattern_search import MAX_SLOW_PATTERNS
from moca.replies.rules.reader import read_rules
from tests.replies.requests import asked, tapped

RULES = """
[[rule]]
name = "gift"
keywords = {en = ["gift", "voucher"], de = ["gutschein"]}
on = "message"
exclude = ["wholesale"]
answers = "From 10 €."

[[rule]]
name = "order"
patterns = ['no\\. ?\\d+']
answers = "A teammate looks."

[[rule]]
name = "size"
keywords = ["size"]
patterns = ["XX?L"]
payloads = ["SIZE"]
answers = "M and L"

[[rule]]
name = "start"
on = ["postback", "quick_reply"]
answers = "Welcome!"

[[rule]]
name = "menu"
payloads = ["MENU"]
answers = "See the menu."

[[rule]]
name = "all"
answers = "Hello"

[[rule]]
name = "late"
answers = "Hello again"
"""
GIFT = "none of its keywords was found (en, de)"
ORDER = "none of its patterns was found"
SIZE = "none of its keywords, patterns and payloads was found"
START = "is only for these kinds: postback, quick reply"
MENU = "none of its payloads was tapped"
SLOW = "its patterns, or those before, took too long and were given up"
LATE = "would match, but rule 'all' comes first"


def reasons(text: str, rules: str = RULES) -> dict[str, str]:
    found = passed_rules(read_rules(rules), asked(text).inputs)
    return {passed.who: passed.why for passed in found}


def test_every_rule_but_the_one_that_answers_says_why_it_does_not() -> None:
    assert reasons("hello") == {
        "rule 'gift'": GIFT,
        "rule 'order'": ORDER,
        "rule 'size'": SIZE,
        "rule 'start'": START,
        "rule 'menu'": MENU,
        "rule 'late'": LATE,
    }


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        ("a gift for Wholesale", "gift", "has 'wholesale', which the rule excludes"),
        ("a gift, size L", "size", "would match, but rule 'gift' comes first"),
    ],
)
def test_a_rule_that_nearly_answers_says_what_kept_it(text: str, name: str, why: str) -> None:
    assert reasons(text)[f"rule '{name}'"] == why


def test_a_tap_is_told_from_a_message() -> None:
    found = dict(passed_rules(read_rules(RULES), tapped("Menu", "MENU").inputs))
    assert found == {
        "rule 'gift'": "is only for these kinds: message",
        "rule 'order'": ORDER,
        "rule 'size'": SIZE,
        "rule 'menu'": "would match, but rule 'start' comes first",
        "rule 'all'": "would match, but rule 'start' comes first",
        "rule 'late'": "would match, but rule 'start' comes first",
    }


def test_of_several_messages_the_one_that_comes_nearest_counts() -> None:
    inputs = asked("a voucher for wholesale", "please").inputs
    found = dict(passed_rules(read_rules(RULES), inputs))
    assert found["rule 'gift'"] == "has 'wholesale', which the rule excludes"


def test_a_pattern_that_takes_too_long_is_told_and_soon_no_more_are_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pattern_search, "_MAX_SECONDS_EACH", 0.0001)
    slow = "[[rule]]\nname = 'r{}'\npatterns = ['(a|aa)+$']\nanswers = 'x'\n"
    text = "".join(slow.format(number) for number in range(MAX_SLOW_PATTERNS + 2))
    with capture_logs() as logs:
        found = list(reasons("a" * 40 + "b", text).values())
    assert found == [SLOW] * (MAX_SLOW_PATTERNS + 2)
    assert len(logs) == MAX_SLOW_PATTERNS


def test_of_hundreds_of_rules_those_that_come_nearest_are_named_and_the_rest_counted() -> None:
    each = "[[rule]]\nname = 'r{}'\nkeywords = ['word{}']\nanswers = 'x'\n"
    text = "".join(each.format(number, number) for number in range(300)) + RULES

    found = reasons("hello", text)
    assert len(found) == MAX_NAMED_RULES + 1
    assert next(iter(found.values())) == "none of its keywords was found"
    assert found["rule 'late'"] == LATE
    assert found[f"{306 - MAX_NAMED_RULES} more rules"] == "do not match"
