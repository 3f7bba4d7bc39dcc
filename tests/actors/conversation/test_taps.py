"""Taps on the whole system: answered within a second, and never two within the contact's 7 s."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from moca.core.inbound.events import InboundMessage
from moca.core.policy import ConversationPolicy
from moca.replies.chain import ChainLink, GeneratorChain
from moca.replies.fixed import FixedGenerator
from moca.replies.rules.generator import RulesGenerator
from moca.storage.db.tables import Message
from tests.support.factory import ANNA
from tests.support.system import SteppedSystem

FORMS = [{"kind": "postback", "text": "Prices"}, {"type": "quick_reply", "text": "Prices"}]
RULES = """
[[rule]]
name = "prices"
keywords = ["price"]
answers = "20 €"
at_once = true

[[rule]]
name = "hours"
keywords = ["open"]
answers = "From nine."
"""


def taps(system: SteppedSystem, mid: str = "t1", **form: Any) -> None:
    system.receive_events(InboundMessage(contact=ANNA, mid=mid, **(form or FORMS[0])))


@pytest.mark.parametrize("form", FORMS)
def test_a_tap_is_answered_within_a_second(system: SteppedSystem, form: dict[str, str]) -> None:
    taps(system, **form)
    system.advance(1)
    assert len(system.instagram.reached) == 1


def test_a_tap_within_the_cooldown_waits_for_the_contacts_seven_seconds_alone(
    system: SteppedSystem,
) -> None:
    system.receive("hi")
    system.advance(6)
    taps(system)
    system.advance(20)
    assert system.instagram.times() == [0, 7]


def test_a_tap_after_them_is_answered_within_a_second(system: SteppedSystem) -> None:
    system.receive("hi")
    system.advance(5 + 7)
    taps(system)
    system.advance(1)
    assert system.instagram.times() == [0, 7]


def test_a_tap_takes_the_burst_before_it_along_in_order(system: SteppedSystem) -> None:
    system.receive("hi", mid="m1")
    system.advance(1)
    system.receive("there", mid="m2")
    system.advance(1)
    taps(system)
    system.advance(30)
    assert system.instagram.times() == [0, 7, 14]
    query = Message.select(Message.mid, Message.reply).where(Message.role == "user")
    assert [mid for mid, _ in sorted(system.rows(query), key=lambda row: row[1])] == [
        "m1",
        "m2",
        "t1",
    ]


@pytest.fixture
def by_rules(tmp_path: Path, open_system: Callable[..., SteppedSystem]) -> SteppedSystem:
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    chain = GeneratorChain(
        [
            ChainLink("rules", RulesGenerator(tmp_path / "rules.toml"), is_quick=True),
            ChainLink("fixed", FixedGenerator("fixed"), is_quick=True),
        ]
    )
    return open_system(generator=chain, conversation=ConversationPolicy(checks_rules=True))


@pytest.mark.parametrize(("text", "count"), [("price?", 1), ("are you open?", 0), ("hm", 0)])
def test_a_rule_that_says_at_once_answers_a_keyword_within_a_second(
    by_rules: SteppedSystem, text: str, count: int
) -> None:
    by_rules.receive(text, mid="m1")
    by_rules.advance(1)
    assert len(by_rules.instagram.reached) == count
    details = [step.detail for step in by_rules.journey("m1").steps]
    assert ("rule 'prices' replies at once" in details) is bool(count)


def test_the_first_rule_that_fits_decides(by_rules: SteppedSystem) -> None:
    by_rules.receive("what is the price, and are you open?")
    by_rules.advance(1)
    assert [call.text for call in by_rules.instagram.reached] == ["20 €"]
