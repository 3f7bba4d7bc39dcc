"""Whatever ends a message without an answer, its journey knows what would have changed it."""

from concurrent.futures import Future
from datetime import UTC, timedelta

import pytest
from freezegun import freeze_time

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
from tests.support.system import House

NO_WORDS = Consent()
CONFIG = WebConfig(app_secrets=(), verify_token="", api_token="")


@pytest.fixture
def house(tmp_path):
    """Makes a house by a policy; at the end it is stopped."""
    with freeze_time(NOON) as frozen:
        houses = []

        def opened(consent=NO_WORDS, **policy):
            policy = ConversationPolicy(**policy)
            houses.append(House(tmp_path, frozen, conversation=policy, consent=consent))
            return houses[-1]

        yield opened
        for each in houses:
            each.stop()


def changes(house, status):
    house.system.tell(ChangeConversation(1, status, clock.now(), None, Future()))
    house.settle()


def otherwise(house, mid):
    journey = house.journey(mid)
    with house._database.connection_context():
        return what_would_have_answered(journey, CONFIG)


def test_a_repeat(house):
    here = house()
    here.hears("hello")
    here.passes(3)
    mid = here.hears("hello")

    assert "with dedup_seconds below 3" in otherwise(here, mid)


def test_a_conversation_taken_over_while_the_cooldown_ran(house):
    here = house()
    here.hears("hello")
    here.passes(6)
    mid = here.hears("and another thing")
    here.passes(20)
    changes(here, ConversationStatus.HUMAN)

    assert otherwise(here, mid) == "With a cooldown of 20 s it would have been answered."


@pytest.mark.parametrize("status", ["paused", "human"])
def test_a_conversation_that_was_held_when_it_came(house, status):
    here = house()
    here.hears("hello")
    here.passes(60)
    changes(here, ConversationStatus(status))
    mid = here.hears("anybody there?")
    here.passes(60)

    assert "Handed back to the bot before it came" in otherwise(here, mid)


def test_a_person_who_answered_in_the_instagram_app(house):
    here = house()
    here.hears("hello")
    here.passes(60)
    here.hears_echo("I am here", "e1")
    here.passes(600)
    mid = here.hears("anybody there?")
    here.passes(60)

    assert "With takeover_minutes at 10" in otherwise(here, mid)


def test_a_closed_shop(house):
    here = house(hours=BusinessHours(UTC, {}))
    mid = here.hears("hello")
    here.passes(60)

    assert "answer_when_open" in otherwise(here, mid)


def test_a_contact_who_opted_out(house):
    here = house(consent=Consent(opt_out=Words.of(("stop",))))
    here.hears("stop")
    here.passes(60)
    mid = here.hears("hello")
    here.passes(60)

    assert "opts in" in otherwise(here, mid)


def test_a_contact_who_had_enough_replies(house):
    here = house(replies_per_hour=1, cooldown=timedelta(seconds=1))
    here.hears("hello")
    here.passes(60)
    mid = here.hears("and?")
    here.passes(60)

    assert "replies_per_hour" in otherwise(here, mid)


def test_what_was_answered_needs_no_other_course(house):
    here = house()
    mid = here.hears("hello")
    here.passes(60)

    assert otherwise(here, mid) == ""
