"""What an operator writes from Moca: the whole system on a frozen clock."""

from concurrent.futures import Future

import pytest

from moca import clock
from moca.core.content.content import Content
from moca.core.messages.idempotency import RequestKey
from moca.core.messages.operators import Deed
from moca.core.messages.replies import QueueReply
from moca.core.types import Author
from tests.actors.crashing_system import Mortal
from tests.actors.scenarios import MOCK, POLICY, leap, said
from tests.support.system import House

TAKEN_OVER = ("suppressed", "a teammate has taken over")


def writes(house, *, hold=True, key="key"):
    """Ask for an operator's reply, as the API does."""
    now, receipt = clock.now(), Future()
    reply = QueueReply(
        1,
        (),
        Content(text="by hand"),
        now,
        Author.OPERATOR,
        author_name="Ada",
        hold=hold,
        receipt=receipt,
    )
    request = RequestKey(key, "print")
    house.system.tell(Deed(reply, "Ada", "wrote a reply", "conversation 1", now, request=request))
    return receipt


def test_the_bot_is_silent_after_an_operators_reply_and_the_journey_says_why(open_house) -> None:
    house = open_house(conversation=POLICY)
    house.hears("hi")
    house.passes(60)
    writes(house)
    house.passes(10)
    mid = house.hears("and tomorrow?")
    house.passes(60)

    assert said(house) == [MOCK, "by hand"]
    assert house.outcome(mid) == TAKEN_OVER

    leap(house, 13)
    house.hears("thanks")
    house.passes(60)
    assert said(house) == [MOCK, "by hand", MOCK]


def test_without_a_hold_the_bot_answers_the_next_message(open_house) -> None:
    house = open_house(conversation=POLICY)
    house.hears("hi")
    house.passes(60)
    writes(house, hold=False)
    house.passes(10)
    house.hears("and tomorrow?")
    house.passes(60)
    assert said(house) == [MOCK, "by hand", MOCK]


def test_what_the_bot_was_about_to_say_is_not_said_any_more(open_house) -> None:
    house = open_house(conversation=POLICY)
    mid = house.hears("hi")
    house.passes(5)
    other = house.hears("hello?")
    writes(house)
    house.passes(60)

    assert "by hand" in said(house)
    assert house.outcome(other) == ("suppressed", "a teammate replied from Moca")
    assert house.outcome(mid)[0] == "answered"


@pytest.mark.parametrize("dies_after", [*range(1, 16), 20, 25, 30])
def test_a_retried_post_is_sent_once_after_a_crash(tmp_path, frozen, dies_after) -> None:
    house = House(tmp_path, frozen, conversation=POLICY)
    house.hears("hi")
    house.passes(60)
    writes(house)
    Mortal(house, dies_after).lives_until(62)
    for _ in range(2):
        retried = writes(house)
        house.passes(60)
        assert retried.result(0).id is not None
    assert said(house).count("by hand") == 1
    house.stop()


def test_a_repeated_key_asked_in_one_instant_is_sent_once(open_house) -> None:
    house = open_house(conversation=POLICY)
    house.hears("hi")
    house.passes(60)
    receipts = [writes(house), writes(house), writes(house, key="another")]
    house.passes(60)
    first, again, other = (each.result(0) for each in receipts)
    assert first == again != other
    assert said(house).count("by hand") == 2
