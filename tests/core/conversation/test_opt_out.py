from dataclasses import replace

import pytest

from moca.core.content.content import Button, Content
from moca.core.conversation.consent import OPTED_OUT, ConsentChange
from moca.core.conversation.decide import TimerFired, restore
from moca.core.conversation.disclosure import disclosed
from moca.core.conversation.snapshot import Inbound, Snapshot
from moca.core.conversation.state import Conversation
from moca.core.messages.inbound import MessageArrived
from moca.core.messages.operator_actions import ConversationChanged
from moca.core.messages.replies import (
    ConcludeMessages,
    GenerateReply,
    HandOverConversation,
    HandoverRequested,
    QueueReply,
    ReplyDeclined,
    ReplyGenerated,
)
from moca.core.policy import ConversationPolicy
from moca.core.types import ClosingMessage, ConversationStatus, Outcome
from tests.core.conversation.script import FRESH, Talk
from tests.support.factory import ANNA, at, said

POLICY = ConversationPolicy(
    opt_out_text="out", opt_in_text="in", hand_over_text="A person will.", disclosure="A bot."
)


def wished(id: int, consent_change: ConsentChange, seconds: float = 0) -> Inbound:
    return replace(said(id, consent_change.value, seconds), consent_change=consent_change)


def outcomes(effects: tuple[object, ...]) -> list[tuple[tuple[int, ...], Outcome, str]]:
    ended = (each for each in effects if isinstance(each, ConcludeMessages))
    return [(each.message_ids, each.outcome, each.because) for each in ended]


def test_opting_out_drops_what_was_gathered_and_confirms_at_once() -> None:
    talk = Talk(policy=POLICY).receive(said(1, "hi"))
    talk.receive(wished(2, ConsentChange.OPT_OUT, 1))
    suppressed, confirmation, _ = talk.effects
    assert suppressed == ConcludeMessages((1,), Outcome.SUPPRESSED, OPTED_OUT, at(1))
    content = Content(text="A bot.\n\nout")
    assert confirmation == QueueReply(
        1, (2,), content, at(1), closing_message=ClosingMessage.OPT_OUT
    )


@pytest.mark.parametrize(
    ("unanswered", "suppressed", "answered"),
    [
        ((said(1, "hi"), wished(2, ConsentChange.OPT_IN, 1)), [1], [2]),
        ((said(1, "hi"), wished(2, ConsentChange.OPT_OUT, 1)), [1], [2]),
        ((wished(1, ConsentChange.OPT_OUT), said(2, "hi", 1)), [2], [1]),
        ((wished(1, ConsentChange.OPT_OUT), wished(2, ConsentChange.OPT_IN, 1)), [], [1, 2]),
    ],
)
def test_after_a_restart_each_message_is_met_as_it_was_when_it_came(
    unanswered: tuple[Inbound, Inbound], suppressed: list[int], answered: list[int]
) -> None:
    has_opted_out = unanswered[-1].consent_change is not ConsentChange.OPT_IN
    snapshot = Snapshot(
        contact=ANNA,
        conversation_id=1,
        status=ConversationStatus.OPEN,
        unanswered=unanswered,
        has_opted_out=has_opted_out,
    )
    _, effects = restore(snapshot, at(60), ConversationPolicy(opt_out_text="o", opt_in_text="i"))
    queued = [each for each in effects if isinstance(each, QueueReply)]
    assert [each for ids, *_ in outcomes(effects) for each in ids] == suppressed
    assert [each for reply in queued for each in reply.input_ids] == answered


def test_who_opted_out_stays_so_in_the_next_conversation() -> None:
    talk = Talk(replace(FRESH, has_opted_out=True), POLICY)
    talk.happens(5, MessageArrived(ANNA, 2, said(9, "hi", 5)))
    assert outcomes(talk.effects) == [((9,), Outcome.SUPPRESSED, OPTED_OUT)]


def test_a_declined_reply_lets_the_next_one_go() -> None:
    talk = Talk().receive(said(1, "hi"), said(2, "price?", 1)).happens(5, TimerFired())
    talk.happens(6, ReplyGenerated(ANNA, (2,), 1, Content(text="ten")))
    talk.happens(7, ReplyDeclined(ANNA, (1,), 1, "no rule matches"))
    assert talk.effects == (
        ConcludeMessages((1,), Outcome.SUPPRESSED, "no reply needed: no rule matches", at(7)),
        QueueReply(1, (2,), Content(text="ten"), at(7), made_of=("price?",)),
    )


def test_a_hand_over_does_not_wait_for_the_other_replies_and_gathers_until_it_is_written() -> None:
    talk = Talk(policy=POLICY).receive(said(1, "hi"), said(2, "price?", 1)).happens(5, TimerFired())
    talk.happens(6, HandoverRequested(ANNA, (2,), 1, "unsure"))
    words = (Content(text="A bot.\n\nA person will."),)
    assert talk.effects == (HandOverConversation(1, (2,), "unsure", words, at(6)),)

    assert talk.happens(7, MessageArrived(ANNA, 1, said(3, "and?", 7))).effects == ()
    held = ConversationChanged(ANNA, 1, ConversationStatus.HUMAN, at(3600))
    talk.happens(8, held)
    assert (talk.state.gathered, talk.state.drafts) == ((), ())


def test_an_answer_that_comes_after_the_hand_over_is_forgotten() -> None:
    talk = Talk(policy=POLICY).receive(said(1, "hi"), said(2, "price?", 1)).happens(5, TimerFired())
    talk.happens(6, HandoverRequested(ANNA, (2,), 1, "unsure"))
    assert talk.happens(7, ReplyGenerated(ANNA, (1,), 1, Content(text="hello"))).effects == ()


SPOKE = Conversation(contact=ANNA, conversation_id=1, active_at=at(0), bot_replied_at=at(0))


@pytest.mark.parametrize(
    ("state", "seconds", "is_due"),
    [
        (FRESH, 0, True),
        (SPOKE, 3600, False),
        (SPOKE, 24 * 3600 - 1, False),
        (SPOKE, 24 * 3600, True),
        (replace(SPOKE, person_until=at(-1)), 60, False),
        (replace(SPOKE, person_until=at(0)), 60, True),
        (replace(FRESH, in_flight=frozenset({1})), 0, False),
    ],
)
def test_when_the_bot_says_that_it_is_one(state: Conversation, seconds: int, is_due: bool) -> None:
    told = disclosed(state, Content(text="hi"), at(seconds), POLICY)
    assert told == (Content(text="A bot.\n\nhi" if is_due else "hi"),)


def test_buttons_get_the_disclosure_before_them_for_their_text_is_short() -> None:
    content = Content(text="Which?", buttons=(Button(title="Red", payload="red"),))
    assert disclosed(FRESH, content, at(0), POLICY) == (Content(text="A bot."), content)


def test_what_comes_with_the_window_shut_is_not_even_generated() -> None:
    talk = Talk().receive(said(1, "hi")).happens(24 * 3600, TimerFired())
    because = "the 24-hour reply window closed before it could be answered"
    assert outcomes(talk.effects) == [((1,), Outcome.SUPPRESSED, because)]
    assert not any(isinstance(each, GenerateReply) for each in talk.effects)
