from collections.abc import Callable
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta

import pytest

from moca.core.conversation.snapshot import Inbound
from moca.core.inbound.events import OtherEvent
from moca.core.messages.command import Done
from moca.core.messages.inbound import MessageArrived
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.types import ConversationStatus
from moca.storage.db.tables import Contact, Conversation, Event, Message, Webhook
from tests.storage.desk import Desk, contact, conversation, details, message, steps, webhook, wrote
from tests.support.factory import ANNA, BEN, NOON, at
from tests.support.values import id_of, of_kind

FROM_RECEIPT = "24-hour window starts at receipt: "


def test_a_first_message_makes_contact_conversation_and_message(desk: Desk) -> None:
    events = desk.do(webhook(wrote("m1", "hello", sent_at=at(-1)), body=b"raw"))

    inbound = Inbound(id=1, mid="m1", text="hello", received_at=NOON, opened_at=at(-1))
    assert events == (MessageArrived(ANNA, 1, inbound, is_first=True),)
    assert [(row.body, row.received_at) for row in Webhook.select()] == [(b"raw", NOON)]
    assert contact().__data__ == {
        "id": 1,
        "account_id": ANNA.account_id,
        "psid": ANNA.psid,
        "name": None,
        "created_at": NOON,
        "last_seen_at": NOON,
        "window_opened_at": at(-1),
        "opted_out_at": None,
        "message_count": 1,
        "username": None,
        "picture_url": None,
        "follower_count": None,
        "follows_account": None,
        "profile_due_at": at(10),
        "profile_tries": 0,
    }
    assert Conversation.get().__data__ == {
        "id": 1,
        "contact": 1,
        "status": "open",
        "held_until": None,
        "held_by": None,
        "created_at": NOON,
        "last_user_message_at": NOON,
        "last_bot_message_at": None,
        "last_activity_at": NOON,
        "cooldown_until": None,
        "away_text_at": None,
        "read_at": None,
        "needs_reply_since": None,
        "needs_reply_last_id": None,
        "assignee_id": None,
        "snoozed_at": None,
        "snoozed_until": None,
        "earlier_snoozed_at": None,
        "earlier_snoozed_until": None,
        "before_close": None,
        "person_until": None,
    }
    row = Message.get()
    assert (id_of(row, "webhook"), row.mid, row.role, row.author) == (1, "m1", "user", "contact")
    assert (row.text, row.type, row.created_at, row.sent_at) == ("hello", "text", NOON, at(-1))
    assert message(1) == ("received", False, None, "")
    assert steps(1) == ["reception/received", "storage/stored"]


def test_a_receipt_is_answered(desk: Desk) -> None:
    assert desk.answers(webhook(receipt=Future())) == [Done()]


@pytest.mark.parametrize(
    ("sent_at", "opened_at", "clock"),
    [
        (NOON, NOON, "24-hour window starts at Instagram's timestamp"),
        (at(-1), at(-1), "24-hour window starts at Instagram's timestamp"),
        (NOON - timedelta(hours=48), None, "24-hour window starts at Instagram's timestamp"),
        (None, NOON, FROM_RECEIPT + "Instagram sent no timestamp"),
        (at(0.001), NOON, FROM_RECEIPT + "Instagram's timestamp is in the future"),
        (
            NOON - timedelta(hours=48, microseconds=1),
            NOON,
            FROM_RECEIPT + "Instagram's timestamp is 2026-11-20T11:59:59Z",
        ),
        (
            datetime.fromtimestamp(1527459824, UTC),
            NOON,
            FROM_RECEIPT + "Instagram's timestamp is 2018-05-27T22:23:44Z",
        ),
    ],
)
def test_the_window_runs_from_the_clock_that_is_plausible(
    desk: Desk, sent_at: datetime | None, opened_at: datetime | None, clock: str
) -> None:
    desk.receive("m1", sent_at=sent_at)

    assert contact().window_opened_at == (opened_at or sent_at)
    assert details(1)[0] == clock


def test_the_window_never_moves_back(desk: Desk) -> None:
    desk.receive("m1", seconds=0)
    desk.receive("m2", seconds=5, sent_at=at(-60))

    assert contact().window_opened_at == NOON


def test_a_second_message_goes_on_with_the_conversation(desk: Desk) -> None:
    desk.receive("m1")
    desk.receive("m2", seconds=9)

    assert (contact().message_count, contact().last_seen_at) == (2, at(9))
    assert [id_of(row, "conversation") for row in Message.select()] == [1, 1]
    row = Conversation.get()
    assert (row.created_at, row.last_user_message_at, row.last_activity_at) == (NOON, at(9), at(9))


def _once(desk: Desk) -> None:
    desk.do(webhook(wrote("m1")))
    desk.do(webhook(wrote("m1"), seconds=3))


def _in_one_body(desk: Desk) -> None:
    desk.do(webhook(wrote("m1"), wrote("m1")))


def _in_one_transaction(desk: Desk) -> None:
    desk.do(webhook(wrote("m1")), webhook(wrote("m1"), seconds=3))


@pytest.mark.parametrize("redeliver", [_once, _in_one_body, _in_one_transaction])
def test_a_redelivered_message_is_counted_not_stored_twice(
    desk: Desk, redeliver: Callable[[Desk], None]
) -> None:
    redeliver(desk)

    assert [(row.mid, row.redeliveries) for row in Message.select()] == [("m1", 1)]
    assert contact().message_count == 1
    assert steps(1) == ["reception/received", "storage/stored", "reception/redelivered"]


def test_a_redelivery_tells_nobody_and_begins_nothing(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(ChangeConversation(1, ConversationStatus.CLOSED, at(1)))

    assert desk.do(webhook(wrote("m1"), wrote("m1"), seconds=2)) == ()
    assert Conversation.select().count() == 1
    assert Message.get().redeliveries == 2
    assert contact().last_seen_at == NOON


def test_the_same_mid_of_another_kind_or_account_is_another_message(desk: Desk) -> None:
    other = ANNA._replace(account_id="2")
    desk.do(webhook(wrote("m1"), wrote("m1", kind="postback"), wrote("m1", contact=other)))

    assert [(row.kind, row.account_id) for row in Message.select().order_by(Message.id)] == [
        ("message", ANNA.account_id),
        ("postback", ANNA.account_id),
        ("message", "2"),
    ]
    assert Contact.select().count() == 2


def test_an_unanswerable_message_is_stored_with_its_end(desk: Desk) -> None:
    because = "a test message from Meta's dashboard"

    assert desk.do(webhook(wrote("m1", unanswerable=because))) == ()
    assert message(1) == ("received", True, "suppressed", because)
    assert steps(1)[-1] == "outcome/suppressed"


def test_what_cannot_be_read_leaves_only_the_body(desk: Desk) -> None:
    assert desk.do(webhook(OtherEvent(kind="unreadable", contact=ANNA))) == ()
    assert Event.select().count() == 0
    assert (Webhook.select().count(), Contact.select().count()) == (1, 0)


def test_a_message_after_a_close_begins_another_conversation(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(ChangeConversation(1, ConversationStatus.CLOSED, at(1)))
    desk.receive("m2", seconds=2)

    assert conversation(1) == ("closed", None)
    assert conversation(2) == ("open", None)
    assert Conversation.get_by_id(2).created_at == at(2)
    assert Contact.select().count() == 1


def test_a_hold_that_ran_out_ends_with_the_next_message(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(ChangeConversation(1, ConversationStatus.PAUSED, at(1), until=at(60)))
    desk.receive("m2", seconds=59)
    assert conversation() == ("paused", at(60))

    last = desk.receive("m3", seconds=60)

    assert conversation() == ("open", None)
    assert "state/resumed" in steps(last)


def test_a_pause_without_an_end_stays(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(ChangeConversation(1, ConversationStatus.PAUSED, at(1)))
    desk.receive("m2", seconds=1_000_000)

    assert conversation() == ("paused", None)


def test_a_big_body_of_many_contacts_is_stored_in_its_order(desk: Desk) -> None:
    keys = [ANNA._replace(psid=str(number % 700)) for number in range(1000)]
    events = desk.do(webhook(*(wrote(f"m{n}", contact=key) for n, key in enumerate(keys))))

    assert [of_kind(event, MessageArrived).contact for event in events] == keys
    assert [of_kind(event, MessageArrived).message.mid for event in events] == [
        f"m{n}" for n in range(1000)
    ]
    assert [of_kind(event, MessageArrived).message.id for event in events] == list(range(1, 1001))
    assert (Contact.select().count(), Conversation.select().count()) == (700, 700)
    assert contact(keys[0]).message_count == 2


@pytest.mark.parametrize(
    ("text", "stored"),
    [("a\0b", "a\ufffdb"), ("\ud83d", "?"), ("caf\u00e9 \U0001f600", "caf\u00e9 \U0001f600")],
)
def test_text_that_a_database_refuses_is_mended(desk: Desk, text: str, stored: str) -> None:
    desk.do(webhook(wrote("m1", text, type="x" * 300), wrote("m2", contact=BEN)))

    assert Message.get_by_id(1).text == stored
    assert Message.get_by_id(1).type == "x" * 255
    assert Message.select().count() == 2


def test_a_full_batch_takes_few_statements(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    commands = [webhook(wrote(f"m{n}", contact=ANNA._replace(psid=str(n)))) for n in range(64)]
    caplog.set_level("DEBUG", "peewee")
    desk.do(*commands)

    assert len(caplog.records) <= 9


def test_an_opt_ins_token_is_not_stored(desk: Desk) -> None:
    optin = b'"optin":{"type":"notification_messages","notification_messages_token":"secret"}'
    desk.do(webhook(wrote("m1", "hello"), body=b'{"object":"instagram",' + optin + b"}"))
    (body,) = (row.body for row in Webhook.select())
    assert b"secret" not in body
    assert b'"notification_messages_token":""' in body
