"""If a message ends without a reply, its journey explains what would have changed that."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest

from moca import clock
from moca.core.content.words import Words
from moca.core.conversation.business_hours import BusinessHours
from moca.core.conversation.consent import Consent
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.policy import ConversationPolicy
from moca.core.types import ConversationStatus
from moca.web.config import WebConfig
from moca.web.presenters.silence import what_would_have_answered
from tests.support.factory import NOON
from tests.support.frozen_time import frozen_at
from tests.support.system import SteppedSystem

NO_WORDS = Consent()
CONFIG = WebConfig(app_secrets=(), verify_token="", api_token="")


@pytest.fixture
def system(tmp_path: Path) -> Iterator[Callable[..., SteppedSystem]]:
    """Creates a system with a policy, and stops it at the end."""
    with frozen_at(NOON) as frozen:
        systems = []

        def opened(consent: Consent = NO_WORDS, **policy: Any) -> SteppedSystem:
            conversation = ConversationPolicy(**policy)
            systems.append(
                SteppedSystem(tmp_path, frozen, conversation=conversation, consent=consent)
            )
            return systems[-1]

        yield opened
        for each in systems:
            each.stop()


def changes(system: SteppedSystem, status: ConversationStatus) -> None:
    system.actors.tell(ChangeConversation(1, status, clock.now(), None, receipt=Future()))
    system.settle()


def otherwise(system: SteppedSystem, mid: str) -> str:
    journey = system.journey(mid)
    with system._database.connection_context():
        return what_would_have_answered(journey, CONFIG)


def test_a_repeat(system: Callable[..., SteppedSystem]) -> None:
    here = system()
    here.receive("hello")
    here.advance(3)
    mid = here.receive("hello")

    assert "With dedup_seconds below 3" in otherwise(here, mid)


def test_a_conversation_taken_over_while_the_cooldown_ran(
    system: Callable[..., SteppedSystem],
) -> None:
    here = system()
    here.receive("hello")
    here.advance(6)
    mid = here.receive("and another thing")
    here.advance(20)
    changes(here, ConversationStatus.HUMAN)

    assert otherwise(here, mid) == "With a cooldown of 20 s, the bot would have replied."


@pytest.mark.parametrize("status", ["paused", "human"])
def test_a_conversation_that_was_held_when_it_came(
    system: Callable[..., SteppedSystem], status: str
) -> None:
    here = system()
    here.receive("hello")
    here.advance(60)
    changes(here, ConversationStatus(status))
    mid = here.receive("anybody there?")
    here.advance(60)

    assert "if you had handed the conversation back" in otherwise(here, mid)


def test_a_person_who_answered_in_the_instagram_app(system: Callable[..., SteppedSystem]) -> None:
    here = system()
    here.receive("hello")
    here.advance(60)
    here.receive_echo("I am here", "e1")
    here.advance(600)
    mid = here.receive("anybody there?")
    here.advance(60)

    assert "With takeover_minutes at 10" in otherwise(here, mid)


def test_a_closed_shop(system: Callable[..., SteppedSystem]) -> None:
    here = system(hours=BusinessHours(UTC, {}))
    mid = here.receive("hello")
    here.advance(60)

    assert "answer_when_open" in otherwise(here, mid)


def test_a_contact_who_opted_out(system: Callable[..., SteppedSystem]) -> None:
    here = system(consent=Consent(opt_out=Words.of(("stop",))))
    here.receive("stop")
    here.advance(60)
    mid = here.receive("hello")
    here.advance(60)

    assert "opt-in word" in otherwise(here, mid)


def test_a_contact_who_had_enough_replies(system: Callable[..., SteppedSystem]) -> None:
    here = system(replies_per_hour=1, cooldown=timedelta(seconds=1))
    here.receive("hello")
    here.advance(60)
    mid = here.receive("and?")
    here.advance(60)

    assert "replies_per_hour" in otherwise(here, mid)


def test_what_was_answered_needs_no_other_course(system: Callable[..., SteppedSystem]) -> None:
    here = system()
    mid = here.receive("hello")
    here.advance(60)

    assert otherwise(here, mid) == ""
