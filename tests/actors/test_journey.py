"""The whole journey through all actors, on one thread and at frozen time."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from moca.core.content.content import Content
from moca.core.inbound.events import InboundMessage
from moca.core.messages.command import Done
from moca.core.messages.conversation import ConversationIdle
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.outbox.delivery import AccountStopped, Rejected, Throttled, Undelivered
from moca.core.policy import ConversationPolicy, ReplyMode, SenderPolicy
from moca.core.types import ContactKey, ConversationStatus
from moca.replies.generator import GenerationError, ReplyRequest
from tests.actors.scenarios import leap
from tests.support.factory import ANNA, BEN, at
from tests.support.system import SteppedSystem

MOCK = "This would be an AI generated message"


def person(number: int) -> ContactKey:
    return ContactKey(ANNA.account_id, f"person-{number}")


def texts(system: SteppedSystem) -> list[tuple[str, str]]:
    return [(call.contact.psid, call.text) for call in system.instagram.reached]


def test_a_message_is_answered_five_seconds_later_and_its_journey_tells_how(
    system: SteppedSystem,
) -> None:
    mid = system.receive("hi")
    system.advance(4.9)
    assert system.instagram.reached == []
    system.advance(0.2)

    assert texts(system) == [(ANNA.psid, MOCK)]
    assert system.instagram.reached[0].at == at(5)
    assert system.outcome(mid) == ("answered", "answered by ig-1")
    assert [(step.stage, step.outcome) for step in system.journey(mid).steps] == [
        ("reception", "received"),
        ("storage", "stored"),
        ("deduplication", "passed"),
        ("debounce", "waiting"),
        ("debounce", "flushed"),
        ("generation", "generated"),
        ("queue", "queued"),
        ("queue", "queued"),
        ("sending", "claimed"),
        ("sending", "sent"),
        ("outcome", "answered"),
    ]


def test_the_webhook_is_answered_once_it_is_on_disk(system: SteppedSystem) -> None:
    message = InboundMessage(contact=ANNA, mid="m1", text="hi")
    assert system.receive_events(message) == Done()
    assert system.journey("m1").message.text == "hi"


def test_a_second_message_waits_for_the_cooldown_and_is_answered(system: SteppedSystem) -> None:
    system.receive("hi")
    system.advance(10)
    mid = system.receive("and my order?")
    system.advance(24.9)
    assert len(system.instagram.reached) == 1
    system.advance(0.1)
    assert system.instagram.times() == [0, 30]
    assert system.outcome(mid)[0] == "answered"


def test_a_redelivery_and_a_repeat_are_not_answered_twice(system: SteppedSystem) -> None:
    system.receive("hi", mid="m1")
    system.advance(1)
    system.receive("hi", mid="m1")
    repeat = system.receive("hi", mid="m2")
    system.advance(600)

    assert len(system.instagram.reached) == 1
    assert system.outcome(repeat) == ("duplicate", "same text 1 s earlier, within 10 s")


def test_a_redelivery_after_the_answer_changes_nothing(system: SteppedSystem) -> None:
    system.receive("hi", mid="m1")
    system.advance(60)
    system.receive("hi", mid="m1")
    system.advance(600)
    assert len(system.instagram.reached) == 1


def test_different_texts_get_a_reply_each_seven_seconds_apart(system: SteppedSystem) -> None:
    system.receive("hi")
    system.receive("how much is it?")
    system.advance(60)
    assert system.instagram.times() == [0, 7]


def test_a_burst_may_get_one_reply_for_all(open_system: Callable[..., SteppedSystem]) -> None:
    system = open_system(conversation=ConversationPolicy(mode=ReplyMode.COMBINED))
    mids = [system.receive("hi"), system.receive("how much is it?")]
    system.advance(60)
    assert len(system.instagram.reached) == 1
    assert [system.outcome(mid)[0] for mid in mids] == ["answered", "answered"]


def test_forty_five_people_are_answered_at_three_a_second(system: SteppedSystem) -> None:
    for number in range(45):
        system.receive("hi", person(number))
    system.advance(60)

    times = system.instagram.times()
    assert len(times) == 45
    assert 42 / times[-1] >= 0.97 * 3
    assert max(sum(start <= each < start + 1 for each in times) for start in times) == 3


def test_an_idle_conversation_is_let_go_and_comes_back_with_its_memory(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(
        conversation=ConversationPolicy(cooldown=timedelta(minutes=30), idle=timedelta(0))
    )
    system.receive("hi")
    system.advance(29 * 60)
    assert system.actors.live_conversations() == 1
    system.advance(2 * 60)
    assert system.actors.live_conversations() == 0

    system.receive("hi again")
    system.advance(10)
    assert len(system.instagram.reached) == 2


def test_an_idle_report_that_a_message_has_overtaken_lets_nothing_go(system: SteppedSystem) -> None:
    mid = system.receive("hi")
    system.actors.tell(ConversationIdle(ANNA, received=0))
    system.settle()
    assert system.actors.live_conversations() == 1
    system.advance(10)
    assert system.outcome(mid)[0] == "answered"


class FailingGenerator:
    needs_history = 0

    def __init__(self, failures: int) -> None:
        self.failures = failures

    def reply(self, _request: ReplyRequest) -> Content:
        if self.failures:
            self.failures -= 1
            raise GenerationError("the model is asleep")
        return Content(text="at last")


def test_a_generator_that_fails_is_asked_again(open_system: Callable[..., SteppedSystem]) -> None:
    system = open_system(generator=FailingGenerator(2))
    mid = system.receive("hi")
    system.advance(10)
    assert texts(system) == [(ANNA.psid, "at last")]
    assert system.outcome(mid)[0] == "answered"


def test_a_message_to_which_no_reply_can_be_made_has_failed_with_the_reason(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(generator=FailingGenerator(3))
    mid = system.receive("hi")
    system.advance(10)
    assert system.outcome(mid) == ("failed", "no reply could be generated: the model is asleep")


def test_a_refused_connection_is_tried_again_with_backoff(system: SteppedSystem) -> None:
    system.instagram.next_results.extend([Undelivered("refused")] * 2)
    mid = system.receive("hi")
    system.advance(60)
    assert texts(system) == [(ANNA.psid, MOCK)]
    retries = [step for step in system.journey(mid).steps if step.outcome == "retry"]
    assert [step.detail for step in retries] == ["refused", "refused"]


def test_after_the_last_attempt_the_message_has_failed(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(sender=SenderPolicy(max_attempts=2))
    system.instagram.next_results.extend([Undelivered("refused")] * 2)
    mid = system.receive("hi")
    system.advance(60)
    assert system.outcome(mid) == ("failed", "refused; gave up after 2 attempts")


def test_a_rejection_fails_only_the_message_it_concerns(system: SteppedSystem) -> None:
    system.instagram.next_results.append(Rejected("no such user"))
    gone, fine = system.receive("hi"), system.receive("hi", BEN)
    system.advance(60)
    assert system.outcome(gone) == ("failed", "no such user")
    assert system.outcome(fine)[0] == "answered"


@pytest.mark.parametrize(
    ("result", "seconds"),
    [(Throttled("613", timedelta(minutes=5)), 300), (AccountStopped("190"), 60)],
    ids=["throttled", "stopped"],
)
def test_an_account_that_must_rest_keeps_its_replies_in_their_place(
    system: SteppedSystem, result: AccountStopped | Throttled, seconds: int
) -> None:
    system.instagram.next_results.append(result)
    first, second = system.receive("hi"), system.receive("hi", BEN)
    system.advance(5 + seconds - 0.5)
    assert system.instagram.reached == []
    system.advance(20)
    assert [system.outcome(mid)[0] for mid in (first, second)] == ["answered"] * 2
    assert [psid for psid, _ in texts(system)] == [ANNA.psid, BEN.psid]


def test_a_closed_conversation_is_not_answered_and_says_why(system: SteppedSystem) -> None:
    mid = system.receive("hi")
    system.advance(1)
    conversation_id = system.journey(mid).message.conversation_id
    system.actors.tell(ChangeConversation(conversation_id, ConversationStatus.CLOSED, at(1)))
    system.advance(60)
    assert system.instagram.reached == []
    assert system.outcome(mid) == ("suppressed", "the conversation was closed")

    again = system.receive("hello?")
    system.advance(10)
    assert system.outcome(again)[0] == "answered"


def test_a_person_who_answers_in_the_app_silences_the_bot(system: SteppedSystem) -> None:
    mid = system.receive("hi")
    system.receive_echo("I am here myself", "theirs")
    later = system.receive("great")
    system.advance(3600)
    assert system.instagram.reached == []
    assert [system.outcome(each)[0] for each in (mid, later)] == ["suppressed"] * 2

    leap(system, 12)
    back = system.receive("are you a bot again?")
    system.advance(10)
    assert system.outcome(back)[0] == "answered"


def test_names_are_read_two_a_second_and_the_rest_another_time(system: SteppedSystem) -> None:
    for number in range(5):
        system.receive("hi", person(number))
    system.advance(120)
    names = [system.journey(f"m{number}").message.contact.name for number in range(1, 6)]
    assert names == ["Person n-0", "Person n-1", None, None, None]

    system.receive("hi again", person(4))
    system.advance(10)
    assert system.journey("m5").message.contact.name == "Person n-4"
