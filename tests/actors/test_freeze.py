"""While the queue is frozen everything is received and nothing is sent, whatever happens."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future

import pytest

from moca import clock
from moca.core.inbound.events import InboundMessage
from moca.core.messages.command import AwaitedCommand, Conflict, Done
from moca.core.messages.operator_actions import (
    CancelReply,
    EditReply,
    FreezeQueue,
    ReleaseQueue,
    RetryReply,
)
from moca.core.types import ContactKey, Stage
from moca.storage.db.tables import QueueItem
from moca.web.config import WebConfig
from moca.web.presenters.journey_progress import JourneyWait, waits_for
from tests.support.factory import ANNA, BEN
from tests.support.system import SteppedSystem
from tests.support.values import present

CONFIG = WebConfig(app_secrets=(), verify_token="", api_token="")


def answer(system: SteppedSystem, command: AwaitedCommand) -> object:
    system.actors.tell(command)
    system.settle()
    return present(command.receipt).result(0)


def freeze(system: SteppedSystem) -> object:
    return answer(system, FreezeQueue(clock.now(), receipt=Future()))


def release(system: SteppedSystem) -> object:
    return answer(system, ReleaseQueue(clock.now(), receipt=Future()))


def statuses(system: SteppedSystem) -> list[str]:
    query = QueueItem.select(QueueItem.status).order_by(QueueItem.id)
    return [status for (status,) in system.rows(query)]


def texts(system: SteppedSystem) -> list[str]:
    return [call.text for call in system.instagram.reached]


def test_while_frozen_a_message_is_taken_in_and_its_reply_waits(system: SteppedSystem) -> None:
    assert freeze(system) == Done()
    mid = system.receive("Are you there?")
    system.advance(3600)

    assert (system.instagram.reached, statuses(system)) == ([], ["pending"])
    assert system.outcome(mid) == (None, "")
    waiting = waits_for(system.journey(mid), clock.now(), CONFIG)
    assert waiting == JourneyWait(Stage.QUEUE, "sending is paused")


def test_once_released_what_waited_goes(system: SteppedSystem) -> None:
    freeze(system)
    mid = system.receive("Are you there?")
    system.advance(600)
    assert release(system) == Done()
    system.advance(1)

    assert len(system.instagram.reached) == 1
    assert system.journey(mid).message.outcome == "answered"


def test_a_freeze_survives_the_end_of_the_process(system: SteppedSystem) -> None:
    freeze(system)
    system.receive("Are you there?")
    system.advance(10)
    system.crash()
    system.start()
    system.advance(600)
    assert (system.instagram.reached, statuses(system)) == ([], ["pending"])

    release(system)
    system.advance(1)
    assert len(system.instagram.reached) == 1


def test_what_is_claimed_and_not_called_is_given_back(system: SteppedSystem) -> None:
    people = [ContactKey(ANNA.account_id, str(number)) for number in range(4)]
    for person in people:
        mid = f"to-{person.psid}"
        system.post(InboundMessage(contact=person, mid=mid, text="hello"))
    system.advance(5.95)
    assert (len(system.instagram.reached), statuses(system)[-1]) == (3, "sending")

    freeze(system)
    assert statuses(system)[-1] == "pending"
    steps = [step.detail for step in system.journey("to-3").steps]
    assert "sending was paused before this reply went out" in steps
    system.advance(600)
    assert len(system.instagram.reached) == 3

    release(system)
    system.advance(1)
    assert Counter(system.outcomes()) == {"answered": 4}


@pytest.mark.parametrize("do", [freeze, release])
def test_freezing_or_releasing_twice_is_a_conflict(
    system: SteppedSystem, do: Callable[[SteppedSystem], object]
) -> None:
    if do is freeze:
        freeze(system)
    assert isinstance(do(system), Conflict)


def test_while_frozen_a_reply_can_be_edited_and_another_dropped(system: SteppedSystem) -> None:
    freeze(system)
    system.receive("one", ANNA)
    system.receive("two", BEN)
    system.advance(10)

    assert answer(system, EditReply(1, "By hand.", clock.now(), receipt=Future())) == Done()
    assert answer(system, CancelReply(2, clock.now(), receipt=Future())) == Done()
    release(system)
    system.advance(20)

    assert texts(system) == ["By hand."]
    assert statuses(system) == ["sent", "cancelled"]


def test_what_is_sent_cannot_be_edited_and_what_is_queued_again_can(system: SteppedSystem) -> None:
    system.receive("one")
    system.advance(10)
    edit = EditReply(1, "By hand.", clock.now(), receipt=Future())
    assert answer(system, edit) == Conflict("the reply is sent")

    freeze(system)
    system.receive("two", BEN)
    system.advance(10)
    answer(system, CancelReply(2, clock.now(), receipt=Future()))
    answer(system, RetryReply(2, clock.now(), receipt=Future()))
    assert answer(system, EditReply(2, "By hand.", clock.now(), receipt=Future())) == Done()
    release(system)
    system.advance(20)
    assert texts(system)[-1] == "By hand."


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "the message is empty"),
        ("ä" * 501, "text: must not be longer than 1000 bytes of UTF-8"),
    ],
)
def test_an_edit_that_instagram_would_not_take_is_a_conflict(
    system: SteppedSystem, text: str, fault: str
) -> None:
    freeze(system)
    system.receive("one")
    system.advance(10)
    assert answer(system, EditReply(1, text, clock.now(), receipt=Future())) == Conflict(fault)


def test_while_frozen_nobody_sees_that_a_reply_is_being_made(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(shows_typing=True)
    freeze(system)
    system.receive("Are you there?")
    system.advance(60)
    assert system.instagram.shown == []

    release(system)
    system.receive("Hello?", BEN)
    system.advance(60)
    assert {contact for _, contact, _ in system.instagram.shown} == {BEN}
