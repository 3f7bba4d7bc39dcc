"""Operators' replies from Moca: the whole system on a frozen clock."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from moca import clock
from moca.core.content.content import Content
from moca.core.messages.command import Done
from moca.core.messages.idempotency import RequestKey
from moca.core.messages.operators import AuditedCommand
from moca.core.messages.replies import QueueReply
from moca.core.types import Author
from tests.actors.crashing_system import Mortal
from tests.actors.scenarios import MOCK, POLICY, leap, said
from tests.support.factory import NOON
from tests.support.system import SteppedSystem
from tests.support.values import of_kind

TAKEN_OVER = ("suppressed", "a teammate has taken over")


def writes(system: SteppedSystem, *, hold: bool = True, key: str = "key") -> Future[object]:
    """Request an operator's reply, as the API does."""
    now = clock.now()
    receipt: Future[object] = Future()
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
    system.actors.tell(
        AuditedCommand(reply, "Ada", "sent a reply", "conversation 1", now, request=request)
    )
    return receipt


def test_the_bot_is_silent_after_an_operators_reply_and_the_journey_says_why(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(conversation=POLICY)
    system.receive("hi")
    system.advance(60)
    writes(system)
    system.advance(10)
    mid = system.receive("and tomorrow?")
    system.advance(60)

    assert said(system) == [MOCK, "by hand"]
    assert system.outcome(mid) == TAKEN_OVER

    leap(system, 13)
    system.receive("thanks")
    system.advance(60)
    assert said(system) == [MOCK, "by hand", MOCK]


def test_without_a_hold_the_bot_answers_the_next_message(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(conversation=POLICY)
    system.receive("hi")
    system.advance(60)
    writes(system, hold=False)
    system.advance(10)
    system.receive("and tomorrow?")
    system.advance(60)
    assert said(system) == [MOCK, "by hand", MOCK]


def test_what_the_bot_was_about_to_say_is_not_said_any_more(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(conversation=POLICY)
    mid = system.receive("hi")
    system.advance(5)
    other = system.receive("hello?")
    writes(system)
    system.advance(60)

    assert "by hand" in said(system)
    assert system.outcome(other) == ("suppressed", "a teammate replied")
    assert system.outcome(mid)[0] == "answered"


@pytest.mark.parametrize("dies_after", [*range(1, 16), 20, 25, 30])
def test_a_retried_post_is_sent_once_after_a_crash(
    tmp_path: Path, frozen: FrozenDateTimeFactory, dies_after: int
) -> None:
    system = SteppedSystem(tmp_path, frozen, conversation=POLICY)
    system.receive("hi")
    system.advance(60)
    writes(system)
    Mortal(system, dies_after).lives_until(62)
    for _ in range(2):
        retried = writes(system)
        system.advance(60)
        assert of_kind(retried.result(0), Done).id is not None
    assert said(system).count("by hand") == 1
    system.stop()


def test_a_repeated_key_asked_in_one_instant_is_sent_once(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(conversation=POLICY)
    system.receive("hi")
    system.advance(60)
    receipts = [writes(system), writes(system), writes(system, key="another")]
    system.advance(60)
    first, again, other = (each.result(0) for each in receipts)
    assert first == Done(3)
    assert again == Done(3, is_repeat=True, done_at=NOON + timedelta(minutes=1))
    assert of_kind(other, Done).id == 4
    assert said(system).count("by hand") == 2
