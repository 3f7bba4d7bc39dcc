"""An exchange with a contact becomes a case without personal data."""

from dataclasses import replace
from datetime import UTC, datetime

from moca.core.bots.cases import BotCase, CaseExpectation
from moca.core.bots.exchanges import Exchange, case_of
from moca.core.types import MadeBy

BY_RULE = MadeBy("rules", "price", is_ai=False, topic="prices", bot="shop", version=2)
PRICE = Exchange(
    texts=("Hi, Ada here.", "How much is order 4711?"),
    on="message",
    at=datetime(2026, 11, 22, 12, 0, 7, tzinfo=UTC),
    contact_name="Ada Byron",
    username="ada",
    reply="Hi Ada! 20 €.",
    made_by=BY_RULE,
)


def expected(**changes: object) -> CaseExpectation:
    return case_of(replace(PRICE, **changes)).expect  # type: ignore[arg-type]


def test_the_same_rule_text_and_topic_are_expected_of_a_contact_without_a_name() -> None:
    assert case_of(PRICE) == BotCase(
        name="Hi, Kim here.",
        messages=("Hi, Kim here.", "How much is order 5555?"),
        contact="Kim Example",
        at=datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
        expect=CaseExpectation(text="Hi Kim! 20 €.", rule="price", topic="prices"),
    )


def test_a_disclosure_before_the_text_is_not_expected() -> None:
    assert expected(reply="I am a bot.\n\nHi Ada! 20 €.").contains == ("Hi Kim! 20 €.",)


def test_of_a_model_just_the_generator_is_expected() -> None:
    by_model = MadeBy("model", None, is_ai=True, topic="prices", bot="shop", version=2)
    assert expected(made_by=by_model) == CaseExpectation(generator="model")


def test_a_handover_and_silence_are_expected() -> None:
    assert expected(made_by=None, reply="A person will.", is_handover=True) == CaseExpectation(
        text="A person will.", hand_over=True
    )
    assert expected(made_by=None, reply=None, is_handover=True) == CaseExpectation(hand_over=True)
    assert expected(made_by=None, reply=None) == CaseExpectation(silence=True)
