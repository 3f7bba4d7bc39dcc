"""The whole journey through all actors, on one thread and at frozen time."""

from datetime import timedelta

import pytest

from moca.core.content.content import Content
from moca.core.inbound.events import InboundMessage
from moca.core.messages.conversation import ConversationIdle
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.messages.receipt import Done
from moca.core.outbox.delivery import AccountStopped, Rejected, Throttled, Undelivered
from moca.core.policy import ConversationPolicy, ReplyMode, SenderPolicy
from moca.core.types import ContactKey, ConversationStatus
from moca.replies.generator import GenerationError
from tests.support.factory import ANNA, BEN, at

MOCK = "This would be an AI generated message"


def person(number: int) -> ContactKey:
    return ContactKey(ANNA.account_id, f"person-{number}")


def texts(house) -> list[tuple[str, str]]:
    return [(call.contact.psid, call.text) for call in house.instagram.reached]


def test_a_message_is_answered_five_seconds_later_and_its_journey_tells_how(house) -> None:
    mid = house.hears("hi")
    house.passes(4.9)
    assert house.instagram.reached == []
    house.passes(0.2)

    assert texts(house) == [(ANNA.psid, MOCK)]
    assert house.instagram.reached[0].at == at(5)
    assert house.outcome(mid) == ("answered", "answered by ig-1")
    assert [(step.stage, step.outcome) for step in house.journey(mid).steps] == [
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


def test_the_webhook_is_answered_once_it_is_on_disk(house) -> None:
    message = InboundMessage(contact=ANNA, mid="m1", text="hi")
    assert house.receives(message) == Done()
    assert house.journey("m1").message.text == "hi"


def test_a_second_message_waits_for_the_cooldown_and_is_answered(house) -> None:
    house.hears("hi")
    house.passes(10)
    mid = house.hears("and my order?")
    house.passes(24.9)
    assert len(house.instagram.reached) == 1
    house.passes(0.1)
    assert house.instagram.times() == [0, 30]
    assert house.outcome(mid)[0] == "answered"


def test_a_redelivery_and_a_repeat_are_not_answered_twice(house) -> None:
    house.hears("hi", mid="m1")
    house.passes(1)
    house.hears("hi", mid="m1")
    repeat = house.hears("hi", mid="m2")
    house.passes(600)

    assert len(house.instagram.reached) == 1
    assert house.outcome(repeat) == ("duplicate", "same text 1 s earlier, within 10 s")


def test_a_redelivery_after_the_answer_changes_nothing(house) -> None:
    house.hears("hi", mid="m1")
    house.passes(60)
    house.hears("hi", mid="m1")
    house.passes(600)
    assert len(house.instagram.reached) == 1


def test_different_texts_get_a_reply_each_seven_seconds_apart(house) -> None:
    house.hears("hi")
    house.hears("how much is it?")
    house.passes(60)
    assert house.instagram.times() == [0, 7]


def test_a_burst_may_get_one_reply_for_all(open_house) -> None:
    house = open_house(conversation=ConversationPolicy(mode=ReplyMode.COMBINED))
    mids = [house.hears("hi"), house.hears("how much is it?")]
    house.passes(60)
    assert len(house.instagram.reached) == 1
    assert [house.outcome(mid)[0] for mid in mids] == ["answered", "answered"]


def test_forty_five_people_are_answered_at_three_a_second(house) -> None:
    for number in range(45):
        house.hears("hi", person(number))
    house.passes(60)

    times = house.instagram.times()
    assert len(times) == 45
    assert 42 / times[-1] >= 0.97 * 3
    assert max(sum(start <= each < start + 1 for each in times) for start in times) == 3


def test_an_idle_conversation_is_let_go_and_comes_back_with_its_memory(open_house) -> None:
    house = open_house(
        conversation=ConversationPolicy(cooldown=timedelta(minutes=30), idle=timedelta(0))
    )
    house.hears("hi")
    house.passes(29 * 60)
    assert house.system.live_conversations() == 1
    house.passes(2 * 60)
    assert house.system.live_conversations() == 0

    house.hears("hi again")
    house.passes(10)
    assert len(house.instagram.reached) == 2


def test_an_idle_report_that_a_message_has_overtaken_lets_nothing_go(house) -> None:
    mid = house.hears("hi")
    house.system.tell(ConversationIdle(ANNA, heard=0))
    house.settle()
    assert house.system.live_conversations() == 1
    house.passes(10)
    assert house.outcome(mid)[0] == "answered"


class FailingGenerator:
    needs_history = 0

    def __init__(self, failures: int) -> None:
        self.failures = failures

    def reply(self, _request) -> Content:
        if self.failures:
            self.failures -= 1
            raise GenerationError("the model is asleep")
        return Content(text="at last")


def test_a_generator_that_fails_is_asked_again(open_house) -> None:
    house = open_house(generator=FailingGenerator(2))
    mid = house.hears("hi")
    house.passes(10)
    assert texts(house) == [(ANNA.psid, "at last")]
    assert house.outcome(mid)[0] == "answered"


def test_a_message_to_which_no_reply_can_be_made_has_failed_with_the_reason(open_house) -> None:
    house = open_house(generator=FailingGenerator(3))
    mid = house.hears("hi")
    house.passes(10)
    assert house.outcome(mid) == ("failed", "no reply could be made: the model is asleep")


def test_a_refused_connection_is_tried_again_with_backoff(house) -> None:
    house.instagram.next_results.extend([Undelivered("refused")] * 2)
    mid = house.hears("hi")
    house.passes(60)
    assert texts(house) == [(ANNA.psid, MOCK)]
    retries = [step for step in house.journey(mid).steps if step.outcome == "retry"]
    assert [step.detail for step in retries] == ["refused", "refused"]


def test_after_the_last_attempt_the_message_has_failed(open_house) -> None:
    house = open_house(sender=SenderPolicy(max_attempts=2))
    house.instagram.next_results.extend([Undelivered("refused")] * 2)
    mid = house.hears("hi")
    house.passes(60)
    assert house.outcome(mid) == ("failed", "refused; gave up after 2 tries")


def test_a_rejection_fails_only_the_message_it_concerns(house) -> None:
    house.instagram.next_results.append(Rejected("no such user"))
    gone, fine = house.hears("hi"), house.hears("hi", BEN)
    house.passes(60)
    assert house.outcome(gone) == ("failed", "no such user")
    assert house.outcome(fine)[0] == "answered"


@pytest.mark.parametrize(
    ("result", "seconds"),
    [(Throttled("613", timedelta(minutes=5)), 300), (AccountStopped("190"), 60)],
    ids=["throttled", "stopped"],
)
def test_an_account_that_must_rest_keeps_its_replies_in_their_place(house, result, seconds) -> None:
    house.instagram.next_results.append(result)
    first, second = house.hears("hi"), house.hears("hi", BEN)
    house.passes(5 + seconds - 0.5)
    assert house.instagram.reached == []
    house.passes(20)
    assert [house.outcome(mid)[0] for mid in (first, second)] == ["answered"] * 2
    assert [psid for psid, _ in texts(house)] == [ANNA.psid, BEN.psid]


def test_a_closed_conversation_is_not_answered_and_says_why(house) -> None:
    mid = house.hears("hi")
    house.passes(1)
    conversation_id = house.journey(mid).message.conversation_id
    house.system.tell(ChangeConversation(conversation_id, ConversationStatus.CLOSED, at(1)))
    house.passes(60)
    assert house.instagram.reached == []
    assert house.outcome(mid) == ("suppressed", "the conversation was closed")

    again = house.hears("hello?")
    house.passes(10)
    assert house.outcome(again)[0] == "answered"


def test_a_person_who_answers_in_the_app_silences_the_bot(house) -> None:
    mid = house.hears("hi")
    house.hears_echo("I am here myself", "theirs")
    later = house.hears("great")
    house.passes(3600)
    assert house.instagram.reached == []
    assert [house.outcome(each)[0] for each in (mid, later)] == ["suppressed"] * 2

    house.passes(12 * 3600)
    back = house.hears("are you a bot again?")
    house.passes(10)
    assert house.outcome(back)[0] == "answered"


def test_names_are_read_two_a_second_and_the_rest_another_time(house) -> None:
    for number in range(5):
        house.hears("hi", person(number))
    house.passes(120)
    names = [house.journey(f"m{number}").message.contact.name for number in range(1, 6)]
    assert names == ["Person n-0", "Person n-1", None, None, None]

    house.hears("hi again", person(4))
    house.passes(10)
    assert house.journey("m5").message.contact.name == "Person n-4"
