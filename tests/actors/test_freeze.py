"""While the queue is frozen everything comes in and nothing goes out, whatever happens."""

from collections import Counter
from concurrent.futures import Future

import pytest

from moca import clock
from moca.core.inbound.events import InboundMessage
from moca.core.messages.operator_actions import (
    CancelReply,
    EditReply,
    FreezeQueue,
    ReleaseQueue,
    RetryReply,
)
from moca.core.messages.receipt import Conflict, Done
from moca.core.types import ContactKey, Stage
from moca.storage.db.tables import QueueItem
from moca.web.config import WebConfig
from moca.web.presenters.journey_progress import Waiting, waits_for
from tests.support.factory import ANNA, BEN

CONFIG = WebConfig(app_secrets=(), verify_token="", api_token="")


def answer(house, command) -> object:
    house.system.tell(command)
    house.settle()
    return command.receipt.result(0)


def freeze(house) -> object:
    return answer(house, FreezeQueue(clock.now(), Future()))


def release(house) -> object:
    return answer(house, ReleaseQueue(clock.now(), Future()))


def statuses(house) -> list[str]:
    query = QueueItem.select(QueueItem.status).order_by(QueueItem.id)
    return [status for (status,) in house.rows(query)]


def texts(house) -> list[str]:
    return [call.text for call in house.instagram.reached]


def test_while_frozen_a_message_is_taken_in_and_its_reply_waits(house) -> None:
    assert freeze(house) == Done()
    mid = house.hears("Are you there?")
    house.passes(3600)

    assert (house.instagram.reached, statuses(house)) == ([], ["pending"])
    assert house.outcome(mid) == (None, "")
    waiting = waits_for(house.journey(mid), clock.now(), CONFIG)
    assert waiting == Waiting(Stage.QUEUE, "frozen by the operator")


def test_once_released_what_waited_goes(house) -> None:
    freeze(house)
    mid = house.hears("Are you there?")
    house.passes(600)
    assert release(house) == Done()
    house.passes(1)

    assert len(house.instagram.reached) == 1
    assert house.journey(mid).message.outcome == "answered"


def test_a_freeze_survives_the_end_of_the_process(house) -> None:
    freeze(house)
    house.hears("Are you there?")
    house.passes(10)
    house.crash()
    house.start()
    house.passes(600)
    assert (house.instagram.reached, statuses(house)) == ([], ["pending"])

    release(house)
    house.passes(1)
    assert len(house.instagram.reached) == 1


def test_what_is_claimed_and_not_called_is_given_back(house) -> None:
    people = [ContactKey(ANNA.account_id, str(number)) for number in range(4)]
    for person in people:
        mid = f"to-{person.psid}"
        house.posts(InboundMessage(contact=person, mid=mid, text="hello"))
    house.passes(5.95)
    assert (len(house.instagram.reached), statuses(house)[-1]) == (3, "sending")

    freeze(house)
    assert statuses(house)[-1] == "pending"
    steps = [step.detail for step in house.journey("to-3").steps]
    assert "frozen by the operator; nothing was sent yet" in steps
    house.passes(600)
    assert len(house.instagram.reached) == 3

    release(house)
    house.passes(1)
    assert Counter(house.outcomes()) == {"answered": 4}


@pytest.mark.parametrize("do", [freeze, release])
def test_freezing_or_releasing_twice_is_a_conflict(house, do) -> None:
    if do is freeze:
        freeze(house)
    assert isinstance(do(house), Conflict)


def test_while_frozen_a_reply_can_be_edited_and_another_dropped(house) -> None:
    freeze(house)
    house.hears("one", ANNA)
    house.hears("two", BEN)
    house.passes(10)

    assert answer(house, EditReply(1, "By hand.", clock.now(), Future())) == Done()
    assert answer(house, CancelReply(2, clock.now(), Future())) == Done()
    release(house)
    house.passes(20)

    assert texts(house) == ["By hand."]
    assert statuses(house) == ["sent", "cancelled"]


def test_what_is_sent_cannot_be_edited_and_what_is_queued_again_can(house) -> None:
    house.hears("one")
    house.passes(10)
    edit = EditReply(1, "By hand.", clock.now(), Future())
    assert answer(house, edit) == Conflict("the reply is sent")

    freeze(house)
    house.hears("two", BEN)
    house.passes(10)
    answer(house, CancelReply(2, clock.now(), Future()))
    answer(house, RetryReply(2, clock.now(), Future()))
    assert answer(house, EditReply(2, "By hand.", clock.now(), Future())) == Done()
    release(house)
    house.passes(20)
    assert texts(house)[-1] == "By hand."


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "there is nothing in it"),
        ("ä" * 501, "text: it must not be longer than 1000 bytes of UTF-8"),
    ],
)
def test_an_edit_that_instagram_would_not_take_is_a_conflict(house, text, fault) -> None:
    freeze(house)
    house.hears("one")
    house.passes(10)
    assert answer(house, EditReply(1, text, clock.now(), Future())) == Conflict(fault)


def test_while_frozen_nobody_sees_that_a_reply_is_being_made(open_house) -> None:
    house = open_house(shows_typing=True)
    freeze(house)
    house.hears("Are you there?")
    house.passes(60)
    assert house.instagram.shown == []

    release(house)
    house.hears("Hello?", BEN)
    house.passes(60)
    assert {contact for _, contact, _ in house.instagram.shown} == {BEN}
