"""Replies that wait for the team, and what the bot leaves to it by topic."""

from dataclasses import replace
from datetime import timedelta

import pytest

from moca.core.content.content import Button, Content
from moca.core.conversation.decide import SweepFound, TimerFired, restore
from moca.core.conversation.effects import ReloadConversation, WakeAt
from moca.core.conversation.snapshot import Snapshot
from moca.core.messages.delivery import ReplyDropped
from moca.core.messages.replies import (
    ConcludeMessages,
    GenerateReply,
    QueueReply,
    RecallHeldReplies,
    ReplyGenerated,
    ReplyHeld,
    ReplyQueued,
    ReplyRefused,
)
from moca.core.policy import ConversationPolicy
from moca.core.reasons import Because, Reason
from moca.core.topics import AUTO, Mode, TopicMode, TopicModes
from moca.core.types import ConversationStatus, MadeBy, Outcome
from tests.core.conversation.script import Talk
from tests.support.factory import ANNA, at, reply_to, said

DRAFT = TopicMode(Mode.DRAFT)
DELAY = TopicMode(Mode.DELAY, timedelta(minutes=10))
POLICY = ConversationPolicy(
    topics=TopicModes({"prices": DRAFT, "hours": DELAY, "refunds": TopicMode(Mode.OFF)})
)
TEXT = Content(text="ten")


def about(topic: str | None, first_id: int = 1, content: Content = TEXT) -> ReplyGenerated:
    return ReplyGenerated(ANNA, (first_id,), 1, content, made_by=MadeBy("rules", topic=topic))


def asked(policy: ConversationPolicy = POLICY) -> Talk:
    return Talk(policy=policy).receive(said(1, "price?")).happens(5, TimerFired())


def drafted() -> Talk:
    """A conversation with one held reply, item 1, to message 1."""
    return asked().happens(6, about("prices")).happens(6, ReplyHeld(ANNA, 1, (1,)))


@pytest.mark.parametrize(
    ("topic", "mode"), [("prices", DRAFT), ("hours", DELAY), ("shoes", AUTO), (None, AUTO)]
)
def test_a_reply_goes_to_the_queue_with_the_mode_of_its_topic(
    topic: str | None, mode: TopicMode
) -> None:
    made_by = MadeBy("rules", topic=topic)
    queued = QueueReply(1, (1,), TEXT, at(6), made_of=("price?",), made_by=made_by, mode=mode)
    assert asked().happens(6, about(topic)).effects == (queued,)


def test_what_is_off_is_left_to_the_team() -> None:
    because = Because(Reason.TOPIC_OFF, "the bot does not answer the topic refunds")
    talk = asked().happens(6, about("refunds"))
    assert talk.effects == (
        ConcludeMessages((1,), Outcome.SUPPRESSED, because, at(6)),
        WakeAt(at(66)),
    )
    assert talk.state.drafts == ()


def test_a_held_reply_keeps_nothing_waiting() -> None:
    talk = drafted()
    assert talk.effects == (WakeAt(at(66)),)
    assert (talk.state.held, talk.state.is_answering) == (frozenset({1}), False)


def test_what_is_held_is_recalled_before_the_next_flush() -> None:
    talk = drafted().receive(said(2, "and shoes?", 40))
    assert talk.effects == (WakeAt(at(45)),)
    talk = talk.happens(45, TimerFired())
    assert talk.effects == (RecallHeldReplies(ANNA, 1, at(45)),)

    talk = talk.receive(said(3, "hello?", 46)).happens(52, TimerFired())
    assert talk.effects == ()
    talk = talk.happens(53, ReplyDropped(ANNA, 1, "the contact wrote more", is_recalled=True))
    assert talk.effects == (ReloadConversation(),)


def test_the_conversation_loads_anew_if_nothing_was_held_any_more() -> None:
    talk = drafted().receive(said(2, "and shoes?", 40)).happens(45, TimerFired())
    talk.happens(46, ReplyRefused(ANNA, (), "nothing is held any more", is_outdated=True))
    assert talk.effects == (ReloadConversation(),)


def test_a_lost_answer_to_the_recall_is_made_up_for_by_a_sweep() -> None:
    talk = drafted().receive(said(2, "and shoes?", 40)).happens(45, TimerFired())
    assert talk.happens(160, SweepFound(2)).effects == ()
    assert talk.happens(166, SweepFound(2)).effects == (ReloadConversation(),)


def test_what_a_contact_wrote_while_the_draft_was_made_recalls_it_as_well() -> None:
    talk = asked().receive(said(2, "and shoes?", 6)).happens(7, about("prices"))
    talk.happens(8, ReplyHeld(ANNA, 1, (1,)))
    assert talk.effects == (WakeAt(at(35)),)
    assert talk.happens(35, TimerFired()).effects == (RecallHeldReplies(ANNA, 1, at(35)),)


def test_a_comment_is_answered_beside_what_is_held() -> None:
    comment = said(2, "nice", 40, kind="comment")
    talk = drafted().receive(comment).happens(45, TimerFired())
    assert talk.effects == (GenerateReply(ANNA, (comment,), 1),)


def test_a_held_private_reply_never_gives_way() -> None:
    talk = asked().happens(6, about("prices")).happens(6, ReplyHeld(ANNA, 1, (1,), is_private=True))
    assert talk.state.held == frozenset()


def test_an_approved_reply_is_in_flight_like_any_other() -> None:
    talk = drafted().happens(60, ReplyQueued(ANNA, reply_to(item_id=1), (1,)))
    assert (talk.state.held, talk.state.in_flight) == (frozenset(), frozenset({1}))


def test_a_discarded_reply_is_held_no_more() -> None:
    assert drafted().happens(60, ReplyDropped(ANNA, 1, "discarded")).state.held == frozenset()


def test_what_is_held_is_known_again_after_a_restart() -> None:
    snapshot = Snapshot(
        contact=ANNA,
        conversation_id=1,
        status=ConversationStatus.OPEN,
        unanswered=(said(2, "and shoes?"),),
        held=frozenset({1}),
    )
    state, _ = restore(snapshot, at(0), POLICY)
    talk = Talk(state, POLICY).happens(5, TimerFired())
    assert talk.effects == (RecallHeldReplies(ANNA, 1, at(5)),)


def test_the_disclosure_of_a_held_reply_is_held_with_it() -> None:
    policy = replace(POLICY, disclosure="A bot.")
    content = Content(text="ten", buttons=(Button(title="Shop", url="https://example.com"),))
    talk = asked(policy).happens(6, about("prices", content=content))
    made_by = MadeBy("rules", topic="prices")
    assert talk.effects == (
        QueueReply(
            1,
            (1,),
            content,
            at(6),
            made_of=("price?",),
            made_by=made_by,
            mode=DRAFT,
            preface=(Content(text="A bot."),),
        ),
    )
