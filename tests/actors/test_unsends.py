"""A message that its writer takes back is erased, and not answered."""

import pytest

from moca.core.content.content import Content
from moca.core.inbound.events import InboundMessage
from moca.core.outbox.delivery import Unconfirmed
from moca.core.policy import ConversationPolicy, ReplyMode
from moca.storage.db.tables import Message, QueueItem, Webhook
from tests.support.events import edited, unsent
from tests.support.factory import ANNA, BEN

UNSENT = ("suppressed", "unsent by its writer")


def stored_text(house, mid: str) -> list:
    columns = (Message.text, Message.content, Message.deleted_at.is_null())
    return house.rows(Message.select(*columns).where(Message.mid == mid))


def test_a_message_that_waits_is_erased_and_not_answered(house) -> None:
    mid = house.hears("my card is 1234")
    house.passes(1)
    house.receives(unsent(mid))
    house.passes(60)

    assert house.outcome(mid) == UNSENT
    assert stored_text(house, mid) == [("", None, False)]
    assert house.instagram.reached == []


def test_what_is_said_beside_it_is_answered(house) -> None:
    mids = [house.hears("oops"), house.hears("how much is it?")]
    house.receives(unsent(mids[0]))
    house.passes(60)

    assert [house.outcome(mid)[0] for mid in mids] == ["suppressed", "answered"]
    assert len(house.instagram.reached) == 1


def test_its_pending_reply_is_cancelled(house) -> None:
    first = house.hears("hi", BEN)
    house.hears("hi", ANNA)
    later = house.hears("and you?", ANNA)
    house.passes(5.1)
    assert house.rows(QueueItem.select(QueueItem.id).where(QueueItem.status == "pending"))

    house.receives(unsent(later))
    house.passes(60)

    assert house.outcome(later) == UNSENT
    assert house.outcome(first)[0] == "answered"
    assert [call.contact for call in house.instagram.reached] == [BEN, ANNA]
    assert house.rows(
        QueueItem.select(QueueItem.status, QueueItem.because).where(QueueItem.status == "cancelled")
    ) == [("cancelled", "unsent by its writer")]


def test_a_reply_that_answers_more_than_it_goes_on(open_house) -> None:
    house = open_house(conversation=ConversationPolicy(mode=ReplyMode.COMBINED))
    house.hears("first")
    house.passes(10)
    mids = [house.hears("oops"), house.hears("how much is it?")]
    house.passes(24.9)
    house.hears("hi", BEN)
    house.passes(0.1)
    house.receives(unsent(mids[0]))
    house.passes(60)

    assert house.outcome(mids[0])[0] in ("suppressed", "answered")
    assert house.outcome(mids[1])[0] == "answered"
    assert stored_text(house, mids[0]) == [("", None, False)]


class Saying:
    """Says the same to everybody."""

    needs_history = 0

    def __init__(self, text: str) -> None:
        self.text = text

    def reply(self, request):
        return Content(text=self.text)


class SlowGenerator:
    """Never answers by itself; the test lets its answer come."""

    needs_history = 0

    def __init__(self, meanwhile) -> None:
        self.meanwhile = meanwhile
        self.asked: list[list[str]] = []

    def reply(self, request):
        self.asked.append([each.text for each in request.inputs])
        if len(self.asked) == 1:
            self.meanwhile()
        return Content(text=f"to {request.inputs[0].text}")


def test_a_message_unsent_while_its_reply_is_written_is_not_answered(open_house) -> None:
    house = open_house(generator=SlowGenerator(lambda: house.posts(unsent("m1"))))
    mid = house.hears("oops")
    house.passes(60)

    assert house.outcome(mid) == UNSENT
    assert house.instagram.reached == []


def test_an_answered_message_is_erased_and_stays_answered(house) -> None:
    mid = house.hears("hi")
    house.passes(60)
    house.receives(unsent(mid))

    assert house.outcome(mid)[0] == "answered"
    assert stored_text(house, mid) == [("", None, False)]
    assert [step.outcome for step in house.journey(mid).steps][-1] == "unsent"


def test_a_deletion_that_comes_before_its_message_erases_it_all_the_same(house) -> None:
    house.receives(unsent("m1"))
    house.takes(
        b'{"object":"instagram","entry":[{"id":"17841400000000001","messaging":[{"sender":'
        b'{"id":"28978671838402975"},"message":{"mid":"m1","text":"secret"}}]}]}'
    )
    house.passes(60)

    assert house.outcome("m1") == UNSENT
    assert stored_text(house, "m1") == [("", None, False)]
    assert house.instagram.reached == []
    bodies = [bytes(body) for (body,) in house.rows(Webhook.select(Webhook.body))]
    assert not any(b"secret" in body for body in bodies)


def test_no_body_keeps_what_was_unsent(house) -> None:
    said = (
        b'{"object":"instagram","entry":[{"id":"17841400000000001","messaging":['
        b'{"sender":{"id":"28978671838402975"},"message":{"mid":"m1","text":"secret"}},'
        b'{"sender":{"id":"28978671838402975"},"message":{"mid":"m2","text":"fine"}}]}]}'
    )
    house.takes(said)
    house.takes(said)
    house.takes(said.replace(b'"message":{"mid":"m1"', b'"message_edit":{"num_edit":1,"mid":"m1"'))
    house.receives(unsent("m1"))

    bodies = [bytes(body) for (body,) in house.rows(Webhook.select(Webhook.body))]
    assert sum(b"fine" in body for body in bodies) == 3
    assert not any(b"secret" in body for body in bodies)


def test_the_same_words_after_an_unsent_message_are_not_a_repeat(house) -> None:
    house.receives(unsent(house.hears("hi")))
    again = house.hears("hi")
    house.passes(60)
    assert house.outcome(again)[0] == "answered"


def test_an_edit_after_the_deletion_brings_nothing_back(house) -> None:
    mid = house.hears("oops")
    house.receives(unsent(mid))
    house.receives(edited(mid, "oops again"))
    house.passes(60)
    assert stored_text(house, mid) == [("", None, False)]
    assert house.outcome(mid) == UNSENT


@pytest.mark.parametrize("mid", ["ig-1", "theirs"])
def test_what_the_account_takes_back_is_marked(house, mid) -> None:
    house.hears("hi")
    house.passes(10)
    house.hears_echo("by hand", "theirs")
    house.receives(unsent(mid, by_account=True))

    ((text, deleted_at),) = house.rows(
        Message.select(Message.text, Message.deleted_at).where(Message.mid == mid)
    )
    assert text
    assert deleted_at is not None


def test_a_deletion_by_the_account_erases_no_contacts_message(house) -> None:
    mid = house.hears("hi")
    house.receives(unsent(mid, by_account=True))
    house.passes(60)
    assert house.outcome(mid)[0] == "answered"


def test_a_restart_between_deletion_and_flush_answers_nothing(house) -> None:
    mid = house.hears("oops")
    house.receives(unsent(mid))
    house.crash()
    house.start()
    house.passes(60)
    assert house.outcome(mid) == UNSENT
    assert house.instagram.reached == []


def test_media_is_erased_with_the_text(house) -> None:
    from moca.core.content.attachments import Attachment, Received

    received = Received(attachments=(Attachment(type="image", url="https://cdn/private"),))
    house.receives(InboundMessage(contact=ANNA, mid="m1", type="image", received=received))
    house.receives(unsent("m1"))
    assert stored_text(house, "m1") == [("", None, False)]


def test_a_repeat_of_an_unsent_message_is_answered_in_its_place(house) -> None:
    first, repeat = house.hears("hi"), house.hears("hi")
    assert house.outcome(repeat)[0] == "duplicate"
    house.receives(unsent(first))
    house.passes(60)

    assert [house.outcome(mid)[0] for mid in (first, repeat)] == ["suppressed", "answered"]
    assert len(house.instagram.reached) == 1


def test_what_was_unsent_while_its_reply_was_in_doubt_is_not_answered_after_all(house) -> None:
    house.instagram.next_results.append(Unconfirmed("no answer in time"))
    mid = house.hears("oops")
    house.passes(6)
    house.receives(unsent(mid))
    house.passes(120)

    assert house.outcome(mid) == UNSENT
    assert house.instagram.reached == []


def test_no_part_of_a_reply_goes_once_what_it_answers_was_unsent(open_house) -> None:
    long = " ".join(f"{place} {'x' * 700}." for place in (1, 2))
    house = open_house(generator=Saying(long))
    house.instagram.next_results.append(Unconfirmed("no answer in time"))
    mid = house.hears("oops")
    house.passes(6)
    house.receives(unsent(mid))
    house.passes(120)

    assert house.outcome(mid) == UNSENT
    assert house.instagram.reached == []


def test_no_body_of_an_edit_that_came_again_keeps_what_was_unsent(house) -> None:
    edit = (
        b'{"object":"instagram","entry":[{"id":"17841400000000001","messaging":[{"sender":'
        b'{"id":"28978671838402975"},"message_edit":{"mid":"m1","text":"secret","num_edit":1}}]}]}'
    )
    house.hears("hi", mid="m1")
    house.takes(edit)
    house.takes(edit)
    house.receives(unsent("m1"))
    house.takes(edit)

    bodies = [bytes(body) for (body,) in house.rows(Webhook.select(Webhook.body))]
    assert not any(b"secret" in body for body in bodies)


def test_a_repeat_that_was_unsent_as_well_is_not_answered_in_its_place(house) -> None:
    first, repeat = house.hears("hi"), house.hears("hi")
    house.receives(unsent(repeat))
    house.receives(unsent(first))
    house.passes(60)

    assert house.outcome(first) == UNSENT
    assert house.instagram.reached == []
