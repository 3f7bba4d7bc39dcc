"""Taps on the whole system: answered within a second, and never two within the contact's 7 s."""

import pytest

from moca.core.inbound.events import InboundMessage
from moca.core.policy import ConversationPolicy
from moca.replies.chain import Chain, Link
from moca.replies.fixed import FixedGenerator
from moca.replies.rules.generator import RulesGenerator
from moca.storage.db.tables import Message
from tests.support.factory import ANNA

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


def taps(house, mid="t1", **form) -> None:
    house.receives(InboundMessage(contact=ANNA, mid=mid, **(form or FORMS[0])))


@pytest.mark.parametrize("form", FORMS)
def test_a_tap_is_answered_within_a_second(house, form) -> None:
    taps(house, **form)
    house.passes(1)
    assert len(house.instagram.reached) == 1


def test_a_tap_within_the_cooldown_waits_for_the_contacts_seven_seconds_alone(house) -> None:
    house.hears("hi")
    house.passes(6)
    taps(house)
    house.passes(20)
    assert house.instagram.times() == [0, 7]


def test_a_tap_after_them_is_answered_within_a_second(house) -> None:
    house.hears("hi")
    house.passes(5 + 7)
    taps(house)
    house.passes(1)
    assert house.instagram.times() == [0, 7]


def test_a_tap_takes_the_burst_before_it_along_in_order(house) -> None:
    house.hears("hi", mid="m1")
    house.passes(1)
    house.hears("there", mid="m2")
    house.passes(1)
    taps(house)
    house.passes(30)
    assert house.instagram.times() == [0, 7, 14]
    query = Message.select(Message.mid, Message.reply).where(Message.role == "user")
    assert [mid for mid, _ in sorted(house.rows(query), key=lambda row: row[1])] == [
        "m1",
        "m2",
        "t1",
    ]


@pytest.fixture
def by_rules(tmp_path, open_house):
    (tmp_path / "rules.toml").write_text(RULES, encoding="utf-8")
    chain = Chain(
        [
            Link("rules", RulesGenerator(tmp_path / "rules.toml"), is_quick=True),
            Link("fixed", FixedGenerator("fixed"), is_quick=True),
        ]
    )
    return open_house(generator=chain, conversation=ConversationPolicy(checks_rules=True))


@pytest.mark.parametrize(("text", "count"), [("price?", 1), ("are you open?", 0), ("hm", 0)])
def test_a_rule_that_says_at_once_answers_a_keyword_within_a_second(
    by_rules, text: str, count: int
) -> None:
    by_rules.hears(text, mid="m1")
    by_rules.passes(1)
    assert len(by_rules.instagram.reached) == count
    details = [step.detail for step in by_rules.journey("m1").steps]
    assert ("rule 'prices' answers at once" in details) is bool(count)


def test_the_first_rule_that_fits_decides(by_rules) -> None:
    by_rules.hears("what is the price, and are you open?")
    by_rules.passes(1)
    assert [call.text for call in by_rules.instagram.reached] == ["20 €"]
