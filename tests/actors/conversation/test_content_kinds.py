"""Every kind of content through the whole system, stepped on a frozen clock."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory

from moca import clock
from moca.core.content.content import Content, Media, QuickReply, Reaction
from moca.core.inbound.events import InboundMessage
from moca.core.messages.replies import QueueReply
from moca.core.outbox.delivery import Delivered, Rejected, Undelivered
from moca.core.outbox.queued_reply import DIRECT, ReplyAddress
from moca.core.types import Author, ContactKey, MessageStatus
from moca.instagram.errors import GraphError, classify
from moca.replies.generator import ReplyRequest
from moca.storage.db.tables import Message
from tests.actors.scenarios import leap
from tests.support.factory import ANNA, BEN, NOON
from tests.support.system import SteppedSystem

SENTENCES = [letter * 700 + "." for letter in "abc"]
LONG = " ".join(SENTENCES)


class Says:
    """A generator with a fixed reply."""

    needs_history = 0

    def __init__(self, content: Content) -> None:
        self.content = content

    def reply(self, request: ReplyRequest) -> Content:
        return self.content


@pytest.fixture
def open_system(
    tmp_path: Path, frozen: FrozenDateTimeFactory
) -> Iterator[Callable[..., SteppedSystem]]:
    systems = []

    def open_system(content: Content, **more: Any) -> SteppedSystem:
        systems.append(SteppedSystem(tmp_path, frozen, generator=Says(content), **more))
        return systems[-1]

    yield open_system
    for system in systems:
        system.stop()


def texts(system: SteppedSystem) -> list[str]:
    return [call.text for call in system.instagram.reached]


def operator_sends(system: SteppedSystem, content: Content, **more: Any) -> None:
    system.actors.tell(QueueReply(1, (), content, clock.now(), Author.OPERATOR, **more))
    system.settle()


def test_a_long_reply_goes_out_in_parts_one_user_cooldown_apart(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(Content(text=LONG))
    mid = system.receive("tell me all")
    system.advance(40)

    assert texts(system) == SENTENCES
    assert system.instagram.times() == [0, 7, 14]
    assert system.outcome(mid) == ("answered", "answered by ig-3")


def test_what_comes_between_the_parts_is_answered_after_the_cooldown_of_the_last(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(Content(text=LONG))
    system.receive("tell me all")
    system.advance(10)
    system.receive("and more")
    system.advance(60)

    times = system.instagram.times()
    assert texts(system) == SENTENCES * 2
    assert times[3] - times[2] >= 30


def test_parts_keep_their_order_when_one_must_be_tried_again(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(Content(text=LONG))
    system.instagram.next_results.extend(
        [Delivered("first"), Undelivered("no connection"), Undelivered("no connection")]
    )
    system.receive("tell me all")
    system.advance(60)

    assert texts(system) == SENTENCES[1:]


def test_parts_keep_their_order_across_a_crash(open_system: Callable[..., SteppedSystem]) -> None:
    system = open_system(Content(text=LONG))
    system.receive("tell me all")
    system.advance(6)
    system.crash()
    system.start()
    system.advance(120)

    assert texts(system) == SENTENCES


def test_a_part_that_is_refused_ends_the_reply(open_system: Callable[..., SteppedSystem]) -> None:
    system = open_system(Content(text=LONG))
    system.instagram.next_results.extend([Delivered("first"), Rejected("the person is gone")])
    mid = system.receive("tell me all")
    system.advance(60)

    assert texts(system) == []
    assert system.outcome(mid) == ("failed", "an earlier part failed: the person is gone")


def test_a_part_in_doubt_is_settled_before_the_next_one_goes(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(Content(text=LONG))
    system.instagram.lost_answers = 1
    system.receive("tell me all")
    system.advance(60)

    assert texts(system) == SENTENCES
    assert system.instagram.times()[1] >= 7


@pytest.mark.parametrize(
    "content",
    [
        Content(media=Media(type="image", url="https://example.com/cat.png")),
        Content(text="well?", quick_replies=(QuickReply(title="Yes", payload="YES"),)),
        Content(is_heart=True),
    ],
)
def test_a_generator_may_answer_with_more_than_text(
    open_system: Callable[..., SteppedSystem], content: Content
) -> None:
    system = open_system(content)
    mid = system.receive("hi")
    system.advance(10)

    assert [call.content for call in system.instagram.reached] == [content]
    assert system.outcome(mid)[0] == "answered"


def test_what_instagram_would_refuse_is_not_sent_and_says_why(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(Content(text="?", quick_replies=(QuickReply(title="", payload="P"),)))
    mid = system.receive("hi")
    system.advance(60)

    fault = "Instagram would reject it: quick_replies.0.title: must not be blank"
    assert system.outcome(mid) == ("failed", f"no reply could be generated: {fault}")
    assert system.instagram.reached == []


def test_a_picture_whose_answer_was_lost_is_found_in_the_record_and_not_sent_again(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(Content(media=Media(type="image", url="https://example.com/cat.png")))
    system.instagram.lost_answers = 1
    mid = system.receive("hi")
    system.advance(60)

    assert len(system.instagram.reached) == 1
    assert system.outcome(mid) == ("answered", "answered by ig-1")


def test_a_comment_is_answered_in_private(open_system: Callable[..., SteppedSystem]) -> None:
    system = open_system(Content(text="thanks"))
    comment = InboundMessage(
        contact=ANNA, mid="c1", kind="comment", text="nice", sent_at=clock.now()
    )
    system.receive_events(comment)
    system.receive_events(comment)
    system.advance(10)

    assert [(call.text, call.way) for call in system.instagram.reached] == [
        ("thanks", ReplyAddress(comment_id="c1"))
    ]


def test_a_person_writes_after_a_day_as_a_human_agent(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(Content(text="hello"))
    system.receive("hi")
    system.advance(60)
    leap(system, 25)
    operator_sends(system, Content(text="sorry for the wait"))
    system.advance(10)

    assert [call.way for call in system.instagram.reached] == [DIRECT, ReplyAddress(is_late=True)]


def test_an_operators_sign_is_put_and_counts_as_no_word_of_ours(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(Content(text="hello"))
    mid = system.receive("hi")
    system.advance(60)
    system.instagram.next_results.append(Delivered(None))
    operator_sends(system, Content(reaction=Reaction(mid=mid, emoji="love")))
    system.advance(10)

    sign = Message.get(Message.kind == "reaction")
    assert (sign.status, sign.mid) == (MessageStatus.SENT, None)
    system.receive("thank you")
    system.advance(5.5)
    assert texts(system) == ["hello", "hello"]


def test_while_a_reply_is_made_its_contact_sees_it(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(Content(text="hello"), shows_typing=True)
    system.receive("hi")
    system.advance(10)

    at = system.instagram.reached[0].at
    assert system.instagram.shown == [
        (NOON + (at - NOON), ANNA, "mark_seen"),
        (NOON + (at - NOON), ANNA, "typing_on"),
    ]


def test_nothing_is_shown_unless_it_is_wanted(open_system: Callable[..., SteppedSystem]) -> None:
    system = open_system(Content(text="hello"))
    system.receive("hi")
    system.advance(10)

    assert system.instagram.shown == []


def test_under_load_nothing_is_shown_and_no_reply_waits_for_it(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(Content(text="hello"), shows_typing=True)
    for number in range(20):
        system.receive("hi", replace_psid(number))
    system.advance(30)
    assert len(system.instagram.reached) == 20
    assert len(system.instagram.shown) <= 2 * 3


def replace_psid(number: int) -> ContactKey:
    return BEN._replace(psid=f"289786718384{number:05}")


def answers_a_comment_that_has_its_reply(system: SteppedSystem) -> None:
    refused = classify(GraphError(code=100, error_subcode=2534025), 400)
    system.instagram.next_results.append(refused)
    system.receive_events(InboundMessage(contact=ANNA, mid="c1", kind="comment", text="how much?"))


def test_a_private_reply_that_the_comment_has_already_is_not_sent_again(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(Content(text="thanks"))
    answers_a_comment_that_has_its_reply(system)
    system.advance(120)

    outcome, because = system.outcome("c1")
    assert system.instagram.reached == []
    assert outcome == "failed"
    assert because == "not found in Instagram's message history; not sent again"


def test_nor_is_it_after_a_restart(open_system: Callable[..., SteppedSystem]) -> None:
    system = open_system(Content(text="thanks"))
    answers_a_comment_that_has_its_reply(system)
    system.advance(6)
    system.crash()
    system.start()
    system.advance(120)

    assert system.instagram.reached == []
    assert system.outcome("c1")[0] == "failed"


def test_one_that_arrived_all_the_same_is_found_in_the_record(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(Content(text="thanks"))
    system.instagram.lost_answers = 1
    system.receive_events(InboundMessage(contact=ANNA, mid="c1", kind="comment", text="how much?"))
    system.advance(120)

    assert system.outcome("c1") == ("answered", "answered by ig-1")
    assert len(system.instagram.reached) == 1
