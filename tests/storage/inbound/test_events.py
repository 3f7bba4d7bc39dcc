import json
from typing import Any

import pytest

from moca.core.content.attachments import Attachment, ReceivedContent
from moca.core.content.content import Card, Content, Media
from moca.core.messages.delivery import RecordRetry, ReplyDropped
from moca.core.messages.inbound import (
    FindMissing,
    MessageArrived,
    MessageEdited,
    MessageErased,
    MessagesMissing,
    MissingMessage,
    RecordFetched,
)
from moca.core.messages.operator_actions import ChangeConversation, ConversationChanged
from moca.core.messages.replies import QueueReply, ReplyQueued, ReplyRefused
from moca.core.types import ConversationStatus
from moca.storage.db.tables import Contact, Conversation, Event, Message, Webhook
from tests.storage.desk import Desk, conversation, echoed, item, message, steps, webhook, wrote
from tests.support.events import control, edited, event, hinted, unsent
from tests.support.factory import ANNA, BEN, NOON, at
from tests.support.values import id_of, only, present

UNSENT = "the contact unsent the message"
ELSEWHERE = "another app controls the thread"


def test_an_event_is_stored_with_its_kind_and_what_it_tells(desk: Desk) -> None:
    told = event("reaction", "m9", action="react", emoji="\u2764")
    assert desk.do(webhook(told, seconds=3)) == ()

    row = Event.get()
    assert (row.kind, row.account_id, row.psid, row.mid) == ("reaction", *ANNA, "m9")
    assert (row.at, id_of(row, "webhook"), row.redeliveries) == (at(3), 1, 0)
    assert json.loads(row.detail) == {"action": "react", "emoji": "\u2764"}
    assert Contact.select().count() == 0


def test_an_event_that_comes_again_is_counted(desk: Desk) -> None:
    told = event("read", "m9")
    desk.do(webhook(told, told), webhook(told))
    desk.do(webhook(told, seconds=9))
    assert [(row.redeliveries, row.at) for row in Event.select()] == [(3, NOON)]


def test_an_event_that_a_database_refuses_is_mended(desk: Desk) -> None:
    desk.do(webhook(event("optin", "m9", title="a\0b\ud83d")))
    assert json.loads(Event.get().detail) == {"title": "a\ufffdb?"}


def test_a_big_batch_of_events_takes_few_statements(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "peewee")
    desk.do(webhook(*(event("read", f"m{number}") for number in range(100))))
    assert Event.select().count() == 100
    assert len(caplog.records) <= 8


def test_an_unsent_message_is_erased_in_its_place(desk: Desk) -> None:
    received = ReceivedContent(attachments=(Attachment(type="image", url="https://cdn/1"),))
    first = desk.receive("m1", "secret", received=received, type="image")
    assert desk.do(webhook(unsent("m1"), seconds=2)) == (MessageErased(ANNA, 1, first),)

    row = Message.get_by_id(first)
    assert (row.text, row.content, row.type, row.deleted_at) == ("", None, "image", at(2))
    assert message(first) == ("received", True, "suppressed", UNSENT)
    assert steps(first)[-2:] == ["state/unsent", "outcome/suppressed"]


def test_a_reply_to_nothing_but_an_unsent_message_leaves_the_queue(desk: Desk) -> None:
    first = desk.receive("m1")
    reply = desk.queue(first)
    events = desk.do(webhook(unsent("m1"), seconds=6))

    assert events[0] == ReplyDropped(ANNA, reply.item_id, UNSENT)
    assert item(reply.item_id) == ("cancelled", 0, UNSENT)
    assert message(first) == ("received", True, "suppressed", UNSENT)


def test_a_reply_to_more_stays_in_the_queue(desk: Desk) -> None:
    first, second = desk.receive("m1"), desk.receive("m2", "more")
    reply = desk.queue(first, second)
    desk.do(webhook(unsent("m1"), seconds=6))

    assert item(reply.item_id)[0] == "pending"
    assert message(first)[2:] == ("suppressed", UNSENT)
    desk.send(reply, "r1")
    assert message(second)[2:] == ("answered", "answered by r1")
    assert message(first)[2:] == ("suppressed", UNSENT)


def test_a_reply_under_way_is_not_called_back(desk: Desk) -> None:
    first = desk.receive("m1")
    reply = desk.queue(first)
    desk.claim(reply)
    desk.do(webhook(unsent("m1"), seconds=6))
    assert message(first)[2] is None
    desk.do(webhook(echoed("r1", "hi"), seconds=8))
    assert message(first)[2:] == ("answered", "answered by r1")


def test_a_reply_leaves_the_queue_though_the_first_of_its_messages_was_unsent_during_a_call(
    desk: Desk,
) -> None:
    first, second = desk.receive("m1"), desk.receive("m2", "more")
    reply = desk.queue(first, second)
    desk.claim(reply)
    desk.do(webhook(unsent("m1"), seconds=6))
    desk.do(RecordRetry(reply.item_id, "no answer", at(7), at(9)))
    desk.do(webhook(unsent("m2"), seconds=8))

    assert item(reply.item_id)[0] == "cancelled"
    assert [message(each)[2:] for each in (first, second)] == [("suppressed", UNSENT)] * 2


def test_a_reply_that_was_being_made_is_refused(desk: Desk) -> None:
    first = desk.receive("m1")
    desk.do(webhook(unsent("m1")))
    refused = only(desk.do(QueueReply(1, (first,), Content(text="hi"), at=at(5))), ReplyRefused)
    assert refused.because == "the messages no longer need a reply"


def test_bodies_of_every_delivery_are_scrubbed(desk: Desk) -> None:
    body = b'{"message":{"mid":"m1","text":"secret"}}'
    desk.do(webhook(wrote("m1", "secret"), body=body))
    desk.do(webhook(wrote("m1", "secret"), body=body, seconds=1))
    desk.do(webhook(unsent("m1"), seconds=2))
    desk.do(webhook(wrote("m1", "secret"), body=body, seconds=3))

    bodies = [bytes(row.body) for row in Webhook.select()]
    assert len(bodies) == 4
    assert not any(b"secret" in each for each in bodies)
    assert Message.get().redeliveries == 2


def test_a_body_in_which_a_message_comes_again_and_again_is_remembered_once(desk: Desk) -> None:
    desk.receive("m1")
    again = (wrote("m1"), echoed("h1"), wrote("m1"), wrote("m1", kind="postback"), wrote("m1"))
    desk.do(webhook(*again, seconds=1))
    assert [(row.kind, id_of(row, "webhook")) for row in Event.select()] == [("redelivery", 2)]
    assert Message.get(Message.mid == "m1").redeliveries == 3


def test_a_message_after_its_deletion_is_stored_erased(desk: Desk) -> None:
    desk.do(webhook(unsent("m1"), seconds=1))
    assert desk.do(webhook(wrote("m1", "secret"), seconds=2)) == ()

    row = Message.get()
    assert (row.text, row.deleted_at) == ("", at(1))
    assert message(row.id) == ("received", True, "suppressed", UNSENT)
    assert (Contact.get().message_count, Contact.get().window_opened_at) == (0, None)


def test_what_only_the_account_saw_deleted_is_marked(desk: Desk) -> None:
    reply = desk.queue(desk.receive("m1"))
    desk.send(reply, "r1")
    desk.do(webhook(unsent("r1", by_account=True), seconds=9))
    row = Message.get_by_id(reply.message_id)
    assert (row.text, row.status, row.deleted_at) == ("hi", "sent", at(9))
    assert steps(reply.message_id)[-1] == "delivery/unsent"


def test_an_edit_replaces_the_text_of_what_waits(desk: Desk) -> None:
    first = desk.receive("m1", "coffee")
    assert desk.do(webhook(edited("m1", "tea"))) == (MessageEdited(ANNA, 1, first, "tea"),)
    assert Message.get_by_id(first).text == "tea"


def test_edits_of_one_batch_end_with_the_last(desk: Desk) -> None:
    desk.receive("m1", "coffee")
    desk.do(webhook(edited("m1", "milk", 2), edited("m1", "tea", 1)))
    assert Message.get().text == "milk"


def test_an_edit_without_its_message_is_the_message(desk: Desk) -> None:
    (arrived,) = desk.do(webhook(edited("m1", "tea"), seconds=4))
    assert isinstance(arrived, MessageArrived)
    assert (arrived.message.text, steps(arrived.message.id)[0]) == ("tea", "reception/edited")


def test_a_hint_is_looked_after_until_its_message_comes(desk: Desk) -> None:
    desk.do(webhook(hinted("m1"), hinted("m2")))
    desk.receive("m1", seconds=1)
    assert desk.do(FindMissing(at(9), 10)) == ()
    missing = MessagesMissing((MissingMessage(ANNA.account_id, "m2"),))
    assert desk.do(FindMissing(at(10), 10)) == (missing,)
    assert desk.do(FindMissing(at(60), 10)) == ()
    assert desk.do(FindMissing(at(70), 10)) == (missing,)
    assert desk.do(FindMissing(at(370), 10)) == (missing,)
    assert desk.do(FindMissing(at(9999), 10)) == ()


def test_what_is_missing_comes_in_pages_the_longest_awaited_first(desk: Desk) -> None:
    for number in range(3):
        desk.do(webhook(hinted(f"m{number}"), seconds=number))
    first = only(desk.do(FindMissing(at(60), 2)), MessagesMissing)
    second = only(desk.do(FindMissing(at(60), 2)), MessagesMissing)
    assert [each.mid for each in (*first.messages, *second.messages)] == ["m0", "m1", "m2"]


def test_a_fetched_message_says_so_and_is_stored_once(desk: Desk) -> None:
    desk.do(webhook(hinted("m1")))
    found = RecordFetched(ANNA.account_id, "m1", wrote("m1", sent_at=at(-2)), at(11))
    arrived = only(desk.do(found), MessageArrived)
    assert desk.do(found) == ()

    assert steps(arrived.message.id)[0] == "reception/fetched"
    row = Message.get()
    assert (id_of(row, "webhook"), row.redeliveries, row.sent_at) == (None, 0, at(-2))
    assert Event.get().because == "fetched"


def test_a_fetched_message_leaves_a_thread_with_the_app_that_holds_it(desk: Desk) -> None:
    desk.do(webhook(control(ours=False)))
    desk.do(webhook(hinted("m1"), seconds=1))
    desk.do(RecordFetched(ANNA.account_id, "m1", wrote("m1", sent_at=at(1)), at(11)))
    assert conversation()[0] == "standby"


def test_an_app_that_takes_the_thread_silences_the_bot(desk: Desk) -> None:
    first = desk.receive("m1")
    (changed,) = desk.do(webhook(control(ours=False), seconds=1))

    until = at(1 + 24 * 3600)
    assert changed == ConversationChanged(ANNA, 1, ConversationStatus.STANDBY, until)
    assert conversation() == ("standby", until)
    assert message(first) == ("received", True, "suppressed", ELSEWHERE)

    (changed,) = desk.do(webhook(control(ours=True), seconds=2))
    assert changed == ConversationChanged(ANNA, 1, ConversationStatus.OPEN, None)
    assert conversation() == ("open", None)


def test_a_thread_that_was_ours_all_along_tells_nobody(desk: Desk) -> None:
    assert desk.do(webhook(control(ours=True, contact=BEN))) == ()
    assert Contact.select().count() == 0
    desk.receive("m1")
    assert desk.do(webhook(control(ours=True))) == ()


def test_a_pause_is_stronger_than_anothers_turn(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(ChangeConversation(1, ConversationStatus.PAUSED, at(1)))
    assert desk.do(webhook(control(ours=False), seconds=2)) == ()
    assert conversation() == ("paused", None)


def test_messages_in_standby_and_to_us_are_taken_in_their_order(desk: Desk) -> None:
    elsewhere: dict[str, Any] = {
        "unanswerable": "another app controls this thread",
        "is_standby": True,
    }
    desk.do(
        webhook(
            wrote("m1", sent_at=at(-3)),
            wrote("m2", sent_at=at(-2), **elsewhere),
            wrote("m3", sent_at=at(1)),
            seconds=0,
        )
    )
    outcomes = [(row.mid, row.outcome) for row in Message.select().order_by(Message.id)]
    assert outcomes == [("m1", "suppressed"), ("m2", "suppressed"), ("m3", None)]
    assert Conversation.get().status == "open"


@pytest.mark.parametrize(
    ("content", "shown_as", "is_ours"),
    [
        (Content(media=Media(type="image", url="https://x/1.png")), "image", True),
        (Content(media=Media(type="image", url="https://x/1.png")), "video", False),
        (Content(cards=(Card(title="a"),)), "template", True),
        (Content(cards=(Card(title="a"),)), "unsupported", True),
        (Content(text="hi"), "image", False),
    ],
)
def test_an_echo_without_text_is_recognised_by_its_kind(
    desk: Desk, content: Content, shown_as: str, is_ours: bool
) -> None:
    first = desk.receive("m1")
    queued = QueueReply(1, (first,), content, at=at(5))
    event = only(desk.do(queued), ReplyQueued)
    desk.claim(event.reply)
    desk.do(webhook(echoed("r1", "", type=shown_as), seconds=8))
    assert item(event.reply.item_id)[0] == ("sent" if is_ours else "sending")
    assert conversation()[0] == ("open" if is_ours else "human")


def test_what_a_person_sent_by_hand_is_kept(desk: Desk) -> None:
    post = Attachment(type="ig_post", url="https://x/1", title="ours", id="1")
    desk.do(
        webhook(echoed("h1", "", type="ig_post", received=ReceivedContent(attachments=(post,))))
    )
    row = Message.get()
    assert (row.author, row.type) == ("human", "ig_post")
    assert json.loads(present(row.content))["attachments"][0]["url"] == "https://x/1"
