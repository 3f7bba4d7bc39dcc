from dataclasses import replace

from moca.core.contact_profile import ContactProfile
from moca.core.conversation.snapshot import Snapshot
from moca.core.messages.conversation import (
    ConversationLoaded,
    FindUnanswered,
    LoadConversation,
    RecordContactProfile,
    UnansweredFound,
)
from moca.core.messages.delivery import (
    FindPending,
    KnownMessagesListed,
    ListKnownMessages,
    PendingFound,
    RecentSend,
    RecordUnknown,
    UnsettledReply,
)
from moca.core.messages.operator_actions import ChangeConversation
from moca.core.messages.replies import ConcludeMessages
from moca.core.outbox.delivery import KnownMessages
from moca.core.types import Author, ContactKey, ConversationStatus, Outcome, Priority
from moca.storage.db.tables import Contact
from tests.storage.desk import Desk, echoed, webhook
from tests.support.factory import ANNA, BEN, at, said
from tests.support.values import of_kind, present


def _snapshot(desk: Desk, seconds: float, contact: ContactKey = ANNA) -> Snapshot | None:
    (event,) = desk.do(LoadConversation(contact, at(seconds)))
    assert isinstance(event, ConversationLoaded)
    return event.snapshot


def test_nothing_is_known_of_a_stranger_or_after_a_close(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(ChangeConversation(1, ConversationStatus.CLOSED, at(1)))

    assert desk.do(LoadConversation(ANNA, at(2)), LoadConversation(BEN, at(2))) == (
        ConversationLoaded(ANNA, None),
        ConversationLoaded(BEN, None),
    )


def test_a_conversation_is_loaded_as_it_stands(desk: Desk) -> None:
    first = desk.receive("m1", "one")
    desk.receive("m2", "two", seconds=1)
    desk.do(ConcludeMessages((first,), Outcome.FAILED, "no reply", at(2)))
    desk.queue(text="away", is_away_text=True, seconds=3)
    by_bot = desk.queue(seconds=3)
    desk.claim(by_bot, 4)
    desk.queue(author=Author.OPERATOR, seconds=3)

    assert _snapshot(desk, 5) == Snapshot(
        contact=ANNA,
        conversation_id=1,
        status=ConversationStatus.OPEN,
        unanswered=(said(2, "two", 1),),
        remembered=(said(1, "one", 0),),
        in_flight=frozenset({1, 2}),
        away_text_at=at(3),
        window_opened_at=at(1),
        is_named=False,
    )


def test_a_pause_is_loaded_with_its_end(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(ChangeConversation(1, ConversationStatus.PAUSED, at(1), until=at(60)))

    snapshot = present(_snapshot(desk, 2))
    assert (snapshot.status, snapshot.held_until) == (ConversationStatus.PAUSED, at(60))


def test_only_first_sayings_of_the_last_seconds_are_remembered(desk: Desk) -> None:
    kept, repeat = desk.receive("m1", "one", 1), desk.receive("m2", "one", 2)
    tapped = desk.receive("m3", "tap", 3, kind="postback")
    seen = desk.receive("m4", "", 3, type="image")
    desk.do(
        ConcludeMessages((repeat,), Outcome.DUPLICATE, "same text", at(4), kept),
        ConcludeMessages((kept, tapped, seen), Outcome.FAILED, "no reply", at(4)),
    )

    assert present(_snapshot(desk, 10.9)).remembered == (said(1, "one", 1),)
    assert present(_snapshot(desk, 11)).remembered == ()


def test_what_was_said_before_the_last_reply_is_forgotten(desk: Desk) -> None:
    desk.send(desk.queue(desk.receive("m1", "one"), seconds=1), seconds=3)
    later = desk.receive("m3", "two", 4)
    desk.queue(later, seconds=4)

    assert present(_snapshot(desk, 5)).remembered == (said(later, "two", 4),)
    assert present(_snapshot(desk, 5)).cooldown_until == at(33)


def test_many_conversations_are_loaded_in_the_order_asked(desk: Desk) -> None:
    contacts = [ANNA._replace(psid=str(number)) for number in range(30)]
    for number, contact in enumerate(contacts):
        desk.receive(f"m{number}", contact=contact)
    events = desk.do(*(LoadConversation(contact, at(1)) for contact in reversed(contacts)))

    assert [of_kind(event, ConversationLoaded).contact for event in events] == contacts[::-1]
    assert [
        present(of_kind(event, ConversationLoaded).snapshot).unanswered[0].id for event in events
    ] == list(range(30, 0, -1))


def test_unanswered_messages_are_found_a_page_at_a_time(desk: Desk) -> None:
    for number, contact in enumerate((ANNA, ANNA, BEN, ANNA)):
        desk.receive(f"m{number}", contact=contact)
    desk.do(ConcludeMessages((1,), Outcome.FAILED, "no", at(1)))

    assert desk.do(FindUnanswered(0, 2), FindUnanswered(3, 2), FindUnanswered(0, 3)) == (
        UnansweredFound({ANNA: 2, BEN: 3}, 3),
        UnansweredFound({ANNA: 4}, None),
        UnansweredFound({ANNA: 2, BEN: 3}, 4),
    )


def test_the_queues_head_is_found_by_priority_and_age(desk: Desk) -> None:
    desk.receive("m1")
    low = desk.queue(priority=Priority.LOW)
    desk.queue(scheduled_for=at(900))
    first, second = desk.queue(), desk.queue(scheduled_for=at(899))
    high = desk.queue(priority=Priority.HIGH, author=Author.OPERATOR)

    (found,) = desk.do(FindPending(3, at(6), at(899)))

    assert found == PendingFound((high, first, second), (), ())
    assert of_kind(desk.do(FindPending(9, at(6), at(899)))[0], PendingFound).replies[-1] == low


def test_what_is_unsettled_and_what_went_lately_is_found(desk: Desk) -> None:
    desk.receive("m1")
    unknown = desk.claim(desk.queue(), 6)
    desk.do(RecordUnknown(unknown.item_id, "timeout", at(16)))
    sending = desk.claim(desk.queue(), 40)

    (found,) = desk.do(FindPending(9, at(66), at(99)))
    assert found == PendingFound(
        (),
        (
            UnsettledReply(replace(unknown, unconfirmed_since=at(6)), at(6), attempt_ended=True),
            UnsettledReply(sending, at(40), attempt_ended=False),
        ),
        (RecentSend(ANNA, at(40)),),
    )


def test_the_known_messages_are_the_contacts_and_the_last_before_the_reply(desk: Desk) -> None:
    desk.receive("m1", seconds=-61)
    desk.receive("m2", seconds=-60)
    desk.receive("m3", contact=BEN)
    reply = desk.queue(seconds=-300)
    desk.send(reply, "r1", 1)
    desk.do(webhook(echoed("h1", "by hand"), seconds=2))
    waiting = desk.queue(author=Author.OPERATOR, seconds=3)

    desk.receive("m4", seconds=4)

    known = KnownMessages(frozenset({"m1", "m2", "r1", "h1", "m4"}), "m2")
    assert desk.do(ListKnownMessages(waiting, at(0))) == (
        KnownMessagesListed(waiting, at(0), known),
    )


def test_a_name_is_written_once_and_for_all_and_never_for_somebody_erased(desk: Desk) -> None:
    desk.receive("m1")
    desk.do(
        RecordContactProfile(ANNA, ContactProfile(name="Anna \0 of the \ud83d mill")),
        RecordContactProfile(BEN, ContactProfile(name="Ben")),
    )
    assert present(_snapshot(desk, 5)).is_named
    assert [each.name for each in Contact.select()] == ["Anna \ufffd of the ? mill"]
