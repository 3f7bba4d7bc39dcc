"""Replies that wait for the team go when it says so, give way to one reply to all, or end."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from moca import clock
from moca.core.messages.command import Command
from moca.core.messages.operator_actions import ApproveReply, DiscardReply
from moca.core.policy import ConversationPolicy, ReplyMode, SenderPolicy
from moca.core.topics import Mode, TopicMode, TopicModes
from moca.storage.db.tables import QueueItem
from tests.support.system import SteppedSystem

DRAFT = TopicMode(Mode.DRAFT)
SENDER = SenderPolicy(sweep=timedelta(minutes=1))
DELAY = TopicMode(Mode.DELAY, timedelta(minutes=10))


def items(system: SteppedSystem) -> list[tuple[int, str, str]]:
    columns = (QueueItem.id, QueueItem.status, QueueItem.because)
    return system.rows(QueueItem.select(*columns).order_by(QueueItem.id))


def command(system: SteppedSystem, command: Command) -> None:
    system.actors.tell(command)
    system.settle()


MID = "m1"
"""The message that the draft answers."""


@pytest.fixture
def opened(open_system: Callable[..., SteppedSystem]) -> Callable[[TopicMode], SteppedSystem]:
    def opened(mode: TopicMode) -> SteppedSystem:
        topics = TopicModes({"other": mode})
        policy = ConversationPolicy(topics=topics, mode=ReplyMode.COMBINED)
        return open_system(conversation=policy, sender=SENDER)

    return opened


@pytest.fixture(params=["runs on", "restarts"])
def drafting(
    opened: Callable[[TopicMode], SteppedSystem], request: pytest.FixtureRequest
) -> SteppedSystem:
    """A system with one draft, which may have been restarted since."""
    system = opened(DRAFT)
    assert system.receive("price?") == MID
    system.advance(60)
    if request.param == "restarts":
        system.crash()
        system.start()
        system.advance(1)
    return system


def test_a_draft_waits_for_approval_however_long(drafting: SteppedSystem) -> None:
    drafting.advance(3600)
    assert drafting.instagram.reached == []
    command(drafting, ApproveReply(1, clock.now(), {1: "ten"}))
    drafting.advance(2)
    assert [call.text for call in drafting.instagram.reached] == ["ten"]
    assert drafting.outcome(MID)[0] == "answered"


def test_a_discarded_draft_is_never_sent(drafting: SteppedSystem) -> None:
    command(drafting, DiscardReply(1, clock.now()))
    drafting.advance(3600)
    assert drafting.instagram.reached == []
    assert drafting.outcome(MID) == ("suppressed", "a teammate discarded the draft")


def test_one_draft_answers_all_once_the_contact_writes_more(drafting: SteppedSystem) -> None:
    mids = [MID, drafting.receive("and shoes?")]
    drafting.advance(60)
    superseded = "the contact wrote more before the reply was sent"
    assert items(drafting)[0] == (1, "cancelled", superseded)
    assert items(drafting)[1:] == [(2, "held", "")]
    command(drafting, ApproveReply(2, clock.now()))
    drafting.advance(60)
    assert [drafting.outcome(mid)[0] for mid in mids] == ["answered", "answered"]
    assert len(drafting.instagram.reached) == 1


def test_a_draft_ends_with_the_reply_window(drafting: SteppedSystem) -> None:
    drafting.frozen.tick(24 * 3600 - 600)
    drafting.advance(30)
    assert items(drafting) == [(1, "held", "")]
    drafting.advance(630)
    because = "the 24-hour reply window has closed"
    assert drafting.outcome(MID) == ("suppressed", because)
    assert drafting.instagram.reached == []


def test_a_delayed_reply_goes_by_itself(opened: Callable[[TopicMode], SteppedSystem]) -> None:
    system = opened(DELAY)
    mid = system.receive("hours?")
    system.advance(5 + 595)
    assert system.instagram.reached == []
    system.advance(60)
    assert len(system.instagram.reached) == 1
    assert system.outcome(mid)[0] == "answered"


def test_what_is_off_is_not_answered(opened: Callable[[TopicMode], SteppedSystem]) -> None:
    system = opened(TopicMode(Mode.OFF))
    mid = system.receive("refund?")
    system.advance(60)
    assert system.outcome(mid) == ("suppressed", "the bot does not answer the topic other")
    assert items(system) == []
