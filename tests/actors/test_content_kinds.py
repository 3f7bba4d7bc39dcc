"""Every way to send through the whole system, stepped on a frozen clock."""

import pytest
from freezegun import freeze_time

from moca import clock
from moca.core.content.content import Content, Media, QuickReply, Reaction
from moca.core.inbound.events import InboundMessage
from moca.core.messages.replies import QueueReply
from moca.core.outbox.delivery import Delivered, Rejected, Undelivered
from moca.core.outbox.queued_reply import DIRECT, Way
from moca.core.types import Author, MessageStatus
from moca.instagram.errors import GraphError, classify
from moca.storage.db.tables import Message
from tests.support.factory import ANNA, BEN, NOON
from tests.support.system import House

SENTENCES = [letter * 700 + "." for letter in "abc"]
LONG = " ".join(SENTENCES)


class Says:
    """A generator that always says this."""

    needs_history = 0

    def __init__(self, content):
        self.content = content

    def reply(self, request):
        return self.content


@pytest.fixture
def frozen():
    with freeze_time(NOON) as frozen:
        yield frozen


@pytest.fixture
def open_house(tmp_path, frozen):
    houses = []

    def open_house(content, **more):
        houses.append(House(tmp_path, frozen, generator=Says(content), **more))
        return houses[-1]

    yield open_house
    for house in houses:
        house.stop()


def texts(house):
    return [call.text for call in house.instagram.reached]


def operator_sends(house, content, **more):
    house.system.tell(QueueReply(1, (), content, clock.now(), Author.OPERATOR, **more))
    house.settle()


def test_a_long_reply_goes_out_in_parts_one_user_cooldown_apart(open_house):
    house = open_house(Content(text=LONG))
    mid = house.hears("tell me all")
    house.passes(40)

    assert texts(house) == SENTENCES
    assert house.instagram.times() == [0, 7, 14]
    assert house.outcome(mid) == ("answered", "answered by ig-3")


def test_what_comes_between_the_parts_is_answered_after_the_cooldown_of_the_last(open_house):
    house = open_house(Content(text=LONG))
    house.hears("tell me all")
    house.passes(10)
    house.hears("and more")
    house.passes(60)

    times = house.instagram.times()
    assert texts(house) == SENTENCES * 2
    assert times[3] - times[2] >= 30


def test_parts_keep_their_order_when_one_must_be_tried_again(open_house):
    house = open_house(Content(text=LONG))
    house.instagram.next_results.extend(
        [Delivered("first"), Undelivered("no connection"), Undelivered("no connection")]
    )
    house.hears("tell me all")
    house.passes(60)

    assert texts(house) == SENTENCES[1:]


def test_parts_keep_their_order_across_a_crash(open_house):
    house = open_house(Content(text=LONG))
    house.hears("tell me all")
    house.passes(6)
    house.crash()
    house.start()
    house.passes(120)

    assert texts(house) == SENTENCES


def test_a_part_that_is_refused_ends_the_reply(open_house):
    house = open_house(Content(text=LONG))
    house.instagram.next_results.extend([Delivered("first"), Rejected("the person is gone")])
    mid = house.hears("tell me all")
    house.passes(60)

    assert texts(house) == []
    assert house.outcome(mid) == ("failed", "an earlier part failed: the person is gone")


def test_a_part_in_doubt_is_settled_before_the_next_one_goes(open_house):
    house = open_house(Content(text=LONG))
    house.instagram.lost_answers = 1
    house.hears("tell me all")
    house.passes(60)

    assert texts(house) == SENTENCES
    assert house.instagram.times()[1] >= 7


@pytest.mark.parametrize(
    "content",
    [
        Content(media=Media(type="image", url="https://example.com/cat.png")),
        Content(text="well?", quick_replies=(QuickReply(title="Yes", payload="YES"),)),
        Content(is_heart=True),
    ],
)
def test_a_generator_may_answer_with_more_than_text(open_house, content):
    house = open_house(content)
    mid = house.hears("hi")
    house.passes(10)

    assert [call.content for call in house.instagram.reached] == [content]
    assert house.outcome(mid)[0] == "answered"


def test_what_instagram_would_refuse_is_not_sent_and_says_why(open_house):
    house = open_house(Content(text="?", quick_replies=(QuickReply(title="", payload="P"),)))
    mid = house.hears("hi")
    house.passes(60)

    fault = "Instagram would refuse it: quick_replies.0.title: it must not be blank"
    assert house.outcome(mid) == ("failed", f"no reply could be made: {fault}")
    assert house.instagram.reached == []


def test_a_picture_whose_answer_was_lost_is_found_in_the_record_and_not_sent_again(open_house):
    house = open_house(Content(media=Media(type="image", url="https://example.com/cat.png")))
    house.instagram.lost_answers = 1
    mid = house.hears("hi")
    house.passes(60)

    assert len(house.instagram.reached) == 1
    assert house.outcome(mid) == ("answered", "answered by ig-1")


def test_a_comment_is_answered_in_private(open_house):
    house = open_house(Content(text="thanks"))
    comment = InboundMessage(
        contact=ANNA, mid="c1", kind="comment", text="nice", sent_at=clock.now()
    )
    house.receives(comment)
    house.receives(comment)
    house.passes(10)

    assert [(call.text, call.way) for call in house.instagram.reached] == [
        ("thanks", Way(comment_id="c1"))
    ]


def test_a_person_writes_after_a_day_as_a_human_agent(open_house):
    house = open_house(Content(text="hello"))
    house.hears("hi")
    house.passes(25 * 3600)
    operator_sends(house, Content(text="sorry for the wait"))
    house.passes(10)

    assert [call.way for call in house.instagram.reached] == [DIRECT, Way(is_late=True)]


def test_an_operators_sign_is_put_and_counts_as_no_word_of_ours(open_house):
    house = open_house(Content(text="hello"))
    mid = house.hears("hi")
    house.passes(60)
    house.instagram.next_results.append(Delivered(None))
    operator_sends(house, Content(reaction=Reaction(mid=mid, emoji="love")))
    house.passes(10)

    sign = Message.get(Message.kind == "reaction")
    assert (sign.status, sign.mid) == (MessageStatus.SENT, None)
    house.hears("thank you")
    house.passes(5.5)
    assert texts(house) == ["hello", "hello"]


def test_while_a_reply_is_made_its_contact_sees_it(open_house):
    house = open_house(Content(text="hello"), shows_typing=True)
    house.hears("hi")
    house.passes(10)

    at = house.instagram.reached[0].at
    assert house.instagram.shown == [
        (NOON + (at - NOON), ANNA, "mark_seen"),
        (NOON + (at - NOON), ANNA, "typing_on"),
    ]


def test_nothing_is_shown_unless_it_is_wanted(open_house):
    house = open_house(Content(text="hello"))
    house.hears("hi")
    house.passes(10)

    assert house.instagram.shown == []


def test_under_load_nothing_is_shown_and_no_reply_waits_for_it(open_house):
    house = open_house(Content(text="hello"), shows_typing=True)
    for number in range(20):
        house.hears("hi", replace_psid(number))
    house.passes(30)

    assert len(house.instagram.reached) == 20
    assert len(house.instagram.shown) <= 2 * 3


def replace_psid(number):
    return BEN._replace(psid=f"289786718384{number:05}")


def answers_a_comment_that_has_its_reply(house):
    refused = classify(GraphError(code=100, error_subcode=2534025), 400)
    house.instagram.next_results.append(refused)
    house.receives(InboundMessage(contact=ANNA, mid="c1", kind="comment", text="how much?"))


def test_a_private_reply_that_the_comment_has_already_is_not_sent_again(open_house):
    house = open_house(Content(text="thanks"))
    answers_a_comment_that_has_its_reply(house)
    house.passes(120)

    outcome, because = house.outcome("c1")
    assert house.instagram.reached == []
    assert outcome == "failed"
    assert because == "Instagram's record shows that it did not arrive; it must not be sent again"


def test_nor_is_it_after_a_restart(open_house):
    house = open_house(Content(text="thanks"))
    answers_a_comment_that_has_its_reply(house)
    house.passes(6)
    house.crash()
    house.start()
    house.passes(120)

    assert house.instagram.reached == []
    assert house.outcome("c1")[0] == "failed"


def test_one_that_arrived_all_the_same_is_found_in_the_record(open_house):
    house = open_house(Content(text="thanks"))
    house.instagram.lost_answers = 1
    house.receives(InboundMessage(contact=ANNA, mid="c1", kind="comment", text="how much?"))
    house.passes(120)

    assert house.outcome("c1") == ("answered", "answered by ig-1")
    assert len(house.instagram.reached) == 1
