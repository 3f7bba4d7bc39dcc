"""Cases run on a draft with the generators that answer contacts, each in its own time."""

import pytest

from moca.core.bots.cases import CaseVerdict
from tests.actors.bots.test_workshop import CHAIN, RULES, workshop

HOURS = (
    '[business_hours]\nenabled = true\ntimezone = "Europe/Berlin"\naway_text = "We are closed."\n'
    + "".join(f"{day} = []\n" for day in ("monday", "saturday", "sunday"))
)
TURNS = '[[rule]]\nname = "hi"\nkeywords = ["hi"]\nanswers = ["A {name}", "B", "C"]\n'


def checked(document: str, message: str, expect: str, more: str = "") -> tuple[str, str]:
    case = f'[[case]]\nname = "it"\nmessage = {message}\n{more}\nexpect = {{ {expect} }}\n'
    (result,) = workshop().check(document, case)
    return str(result.verdict), "; ".join(result.problems)


@pytest.mark.parametrize(
    ("message", "expect", "more"),
    [
        ('"the price?"', 'text = "20 euros", rule = "price", generator = "rules"', ""),
        ('"Der Preis?"', 'contains = ["20", "Euro"], topic = "other"', ""),
        ('["hello", "price"]', 'rule = "price", hand_over = false, silence = false', ""),
        ('"START"', 'text = "Hallo"', 'on = "postback"\nlanguage = "de"'),
        ('"stop"', 'contains = "no more automatic messages"', ""),
        ('"hello"', 'generator = "model"', ""),
    ],
)
def test_a_case_that_is_met_passes(message: str, expect: str, more: str) -> None:
    assert checked(CHAIN + RULES, message, expect, more) == ("passed", "")


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        ('text = "25 euros"', "text: expected '25 euros', but it is '20 euros'"),
        ('contains = "25"', "contains: expected '25' in '20 euros'"),
        (
            'rule = "start"',
            "rule: expected 'start', but it is 'price' (rules: rule 'price')",
        ),
        ("hand_over = true", "hand_over: expected true, but rules: rule 'price'"),
        ("silence = true", "silence: expected true, but the reply is '20 euros'"),
    ],
)
def test_a_case_that_is_not_met_tells_what_is(expect: str, problem: str) -> None:
    assert checked(CHAIN + RULES, '"the price?"', expect) == ("failed", problem)


def test_a_case_that_only_a_model_could_meet_neither_passes_nor_fails() -> None:
    assert checked(CHAIN + RULES, '"hello"', 'contains = "hi"') == ("needs the model", "")
    verdict, problem = checked(CHAIN + RULES, '"hello"', 'rule = "price"')
    assert (verdict, problem.partition(",")[0]) == ("failed", "rule: expected 'price'")


def test_a_case_happens_in_business_hours_unless_it_says_when() -> None:
    document = CHAIN + HOURS + RULES
    assert checked(document, '"price"', 'rule = "price"') == ("passed", "")
    closed = 'text = "We are closed."'
    assert checked(document, '"price"', closed, "at = 2026-01-06T08:59:00") == ("passed", "")
    assert checked(document, '"price"', closed, "at = 2026-01-06T08:00:00Z")[0] == "failed"


def test_any_of_the_answers_that_take_turns_meets_a_case() -> None:
    document = CHAIN + TURNS
    for text in ("A Kim", "B", "C"):
        assert checked(document, '"hi"', f'text = "{text}"', 'contact = "Kim"')[0] == "passed"
    assert checked(document, '"hi"', 'text = "D"')[0] == "failed"


def test_a_topic_that_is_off_is_silence() -> None:
    rule = RULES.replace('name = "price"\n', 'name = "price"\ntopic = "prices"\n')
    document = f'{CHAIN}[topics]\nprices = "off"\n{rule}'
    assert checked(document, '"price"', 'silence = true, topic = "prices"') == ("passed", "")
    assert checked(document, '"price"', 'text = "20 euros"')[0] == "failed"


def test_patterns_that_are_too_slow_end_a_check(monkeypatch: pytest.MonkeyPatch) -> None:
    from actors.bots import workshop as module

    monkeypatch.setattr(module, "_MAX_SECONDS_OF_CASES", -1)
    case = '[[case]]\nname = "it"\nmessage = "price"\nexpect = { rule = "price" }\n'
    (result,) = workshop().check(CHAIN + RULES, case)
    assert (result.verdict, result.reply) == (CaseVerdict.FAILED, None)
