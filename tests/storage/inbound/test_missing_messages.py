from datetime import datetime, timedelta

import pytest

from moca.core.content.words import Words
from moca.core.conversation.consent import Consent
from moca.core.inbound.events import Echo, InboundMessage
from moca.core.messages.inbound import MessageArrived
from moca.core.messages.operator_actions import EraseContact
from moca.core.messages.reconciliation import (
    CompareThread,
    CountArrivals,
    DueReconciliation,
    EndReconciliation,
    FindDueReconciliations,
    MessagesMissed,
    ReconciliationsDue,
)
from moca.core.messages.replies import ConcludeMessages
from moca.core.reasons import Because, Reason
from moca.core.reconciliation.thread_scan import ScanPeriod
from moca.core.types import Author, ContactKey, Outcome
from moca.storage.db.tables import Contact, Conversation, Message
from tests.storage.desk import (
    Desk,
    conversation,
    details,
    echoed,
    id_by_mid,
    item,
    message,
    steps,
    webhook,
    wrote,
)
from tests.support.factory import ANNA, NOON, at
from tests.support.values import of_kind

ACCOUNT = ANNA.account_id
MINUTES = timedelta(minutes=5)
HEARD_BY = 120
"""Two counts later, the arrivals at noon are counted."""


@pytest.fixture
def heard(desk: Desk) -> Desk:
    """An account whose first webhook came at noon, and that is reconciled."""
    desk.receive("first", "good day", sent_at=at(0))
    for seconds in (60, HEARD_BY):
        desk.do(CountArrivals(at(seconds), ACCOUNT))
    desk.do(FindDueReconciliations(at(HEARD_BY), MINUTES, ACCOUNT))
    return desk


def compare(
    desk: Desk,
    *messages: Echo | InboundMessage,
    seconds: float = 400,
    since: int = -3600,
    until: int = 340,
) -> tuple[object, ...]:
    return desk.do(CompareThread(ACCOUNT, messages, ScanPeriod(at(since), at(until)), at(seconds)))


def known(mid: str) -> int:
    return id_by_mid(mid)


def test_what_never_came_is_taken_in_as_if_it_had_come(heard: Desk) -> None:
    arrived, missed = compare(heard, wrote("lost", "are you there?", sent_at=at(200)))

    assert isinstance(arrived, MessageArrived)
    assert (arrived.message.mid, arrived.message.text) == ("lost", "are you there?")
    assert missed == MessagesMissed(ACCOUNT, 1)
    assert steps(known("lost")) == ["reception/found", "storage/stored"]
    assert details(known("lost"))[0] == "no webhook arrived; found in Instagram's message history"


def test_what_came_is_not_taken_in_again(heard: Desk) -> None:
    assert compare(heard, wrote("first", "good day", sent_at=at(0))) == ()
    assert Message.select().count() == 1


def test_a_webhook_that_comes_after_all_is_a_redelivery(heard: Desk) -> None:
    compare(heard, wrote("lost", sent_at=at(200)))
    assert heard.do(webhook(wrote("lost", sent_at=at(200)), seconds=500)) == ()

    assert steps(known("lost"))[-1] == "reception/redelivered"


def test_messages_are_taken_in_oldest_first(heard: Desk) -> None:
    events = compare(heard, wrote("b", "two", sent_at=at(202)), wrote("a", "one", sent_at=at(201)))

    assert [of_kind(each, MessageArrived).message.mid for each in events[:2]] == ["a", "b"]


@pytest.mark.parametrize("seconds", [-3601, 341])
def test_what_is_outside_the_span_is_left_alone(heard: Desk, seconds: int) -> None:
    assert compare(heard, wrote("other", sent_at=at(seconds))) == ()


def test_a_message_without_an_instant_is_left_alone(heard: Desk) -> None:
    assert compare(heard, wrote("other")) == ()


def test_what_is_found_too_late_is_only_recorded(heard: Desk) -> None:
    late = 25 * 3600
    compare(heard, wrote("lost", sent_at=at(200)), seconds=late + 200, until=late)

    assert message(known("lost"))[2:] == (
        "suppressed",
        "no webhook arrived, and it was found too late to answer",
    )


@pytest.fixture
def consenting(heard: Desk) -> Desk:
    """The same, with words for opting out and in."""
    consent = Consent(opt_out=Words.of(["STOP"]), opt_in=Words.of(["START"]))
    heard.heed(consent)
    return heard


LATE = 25 * 3600


def find_late(desk: Desk, *messages: InboundMessage) -> None:
    compare(desk, *messages, seconds=LATE + 200, until=LATE)


def test_an_opt_out_that_is_found_too_late_to_be_answered_is_heeded(consenting: Desk) -> None:
    reply = consenting.queue(seconds=300)
    find_late(consenting, wrote("lost", "Stop!", sent_at=at(200)))

    assert Contact.get().opted_out_at == at(LATE + 200)
    assert item(reply.item_id)[0] == "cancelled"
    assert message(known("lost"))[2] == "suppressed"
    assert "state/opted out" in steps(known("lost"))


def test_an_opt_out_that_was_found_late_ends_with_the_word_for_it(consenting: Desk) -> None:
    find_late(consenting, wrote("lost", "stop", sent_at=at(200)))
    consenting.receive("m9", "start", seconds=LATE + 300)
    assert Contact.get().opted_out_at is None


def test_an_opt_out_is_not_heeded_where_the_contact_opted_in_since(consenting: Desk) -> None:
    consenting.receive("m2", "start", seconds=250, sent_at=at(250))
    find_late(consenting, wrote("lost", "stop", sent_at=at(200)))
    assert Contact.get().opted_out_at is None


def test_an_opt_in_that_is_found_late_is_heeded_unless_they_opted_out_since(
    consenting: Desk,
) -> None:
    consenting.receive("m2", "stop", seconds=250, sent_at=at(250))
    find_late(consenting, wrote("lost", "start", sent_at=at(200)))
    assert Contact.get().opted_out_at == at(250)

    find_late(consenting, wrote("found", "start", sent_at=at(260)))
    assert Contact.get().opted_out_at is None


def test_what_is_older_than_the_first_webhook_is_only_recorded_and_not_counted(heard: Desk) -> None:
    assert compare(heard, wrote("old", sent_at=at(-100))) == ()

    assert message(known("old"))[2:] == (
        "suppressed",
        "it is older than this account's first webhook",
    )


def test_what_a_person_has_answered_is_only_recorded(heard: Desk) -> None:
    heard.do(webhook(echoed("by-hand", "I am here", sent_at=at(250)), seconds=250))
    compare(heard, wrote("lost", sent_at=at(200)))

    assert message(known("lost"))[2:] == (
        "suppressed",
        "no webhook arrived, and the account has replied since",
    )


def test_an_echo_that_never_came_leaves_the_conversation_to_the_person(heard: Desk) -> None:
    compare(heard, echoed("by-hand", "I am here", sent_at=at(200)))

    assert conversation()[0] == "human"
    assert details(known("by-hand")) == [
        "written in the Instagram app; no webhook arrived; found in Instagram's message history"
    ]


def test_an_echo_of_long_ago_changes_nothing_about_who_answers(heard: Desk) -> None:
    late = 13 * 3600
    compare(heard, echoed("by-hand", "I am here", sent_at=at(200)), seconds=late, until=late)

    assert conversation() == ("open", None)
    assert Message.get_by_id(known("by-hand")).author == Author.HUMAN


@pytest.mark.parametrize(("sent_at", "needing_since"), [(150, at(100)), (250, None)])
def test_an_echo_that_never_came_answers_what_came_before_it(
    heard: Desk, sent_at: int, needing_since: datetime | None
) -> None:
    unanswered = Because(Reason.NO_REPLY_MADE)
    for mid, seconds in (("m1", 100), ("m2", 200)):
        message_id = heard.receive(mid, seconds=seconds)
        heard.do(ConcludeMessages((message_id,), Outcome.SUPPRESSED, unanswered, at(seconds)))

    compare(heard, echoed("by-hand", "I am here", sent_at=at(sent_at)))

    assert Conversation.get().needs_reply_since == needing_since


def test_the_bots_own_reply_is_no_person(heard: Desk) -> None:
    reply = heard.queue(1, text="hello Anna")
    heard.send(reply, "r1", seconds=200)

    assert compare(heard, echoed("r1", "hello Anna", sent_at=at(199))) == ()
    assert conversation()[0] == "open"


def test_an_echo_that_never_came_still_proves_a_delivery(heard: Desk) -> None:
    reply = heard.queue(1, text="hello Anna", seconds=190)
    heard.claim(reply, seconds=198)
    compare(heard, echoed("r1", "hello Anna", sent_at=at(199)))

    assert item(reply.item_id)[0] == "sent"
    assert conversation()[0] == "open"


def test_an_echo_of_long_ago_proves_no_later_delivery(heard: Desk) -> None:
    reply = heard.queue(1, text="hello Anna", seconds=290)
    heard.claim(reply, seconds=298)
    compare(heard, echoed("r0", "hello Anna", sent_at=at(100)))

    assert item(reply.item_id)[0] == "sending"


def test_a_message_that_the_record_calls_otherwise_is_known_again(heard: Desk) -> None:
    assert compare(heard, wrote("another-name", "good day ", sent_at=at(1))) == ()


def test_a_reply_that_the_record_calls_otherwise_is_known_again(heard: Desk) -> None:
    heard.send(heard.queue(1, text="hello Anna"), "r1", seconds=200)

    assert compare(heard, echoed("another-name", "hello Anna", sent_at=at(196))) == ()


def test_the_same_text_twice_is_two_messages_where_both_have_a_name(heard: Desk) -> None:
    compare(
        heard,
        wrote("first", "good day", sent_at=at(0)),
        wrote("again", "good day", sent_at=at(1)),
    )

    assert message(known("again"))[2] is None


def test_a_thread_that_another_app_holds_stays_with_it(heard: Desk) -> None:
    heard.do(webhook(wrote("elsewhere", is_standby=True, sent_at=at(130)), seconds=130))
    assert conversation()[0] == "standby"
    compare(heard, wrote("lost", "and now?", sent_at=at(200)))

    assert conversation()[0] == "standby"


def test_nobody_who_was_erased_comes_back(heard: Desk) -> None:
    heard.do(EraseContact(ANNA, NOON))
    assert compare(heard, wrote("lost", sent_at=at(200))) == ()
    compare(heard, wrote("later", sent_at=at(450)), seconds=600, until=540)

    assert [each.mid for each in Message.select()] == ["later"]


def test_an_account_nobody_heard_of_is_left_alone(desk: Desk) -> None:
    stranger = ContactKey("other", "1")
    told = wrote("m", contact=stranger, sent_at=at(200))

    assert desk.do(CompareThread("other", (told,), ScanPeriod(at(0), at(340)), at(400))) == ()
    assert Conversation.select().count() == 0


def test_a_look_is_due_once_in_its_span_and_goes_on_where_the_last_one_ended(desk: Desk) -> None:
    def due(seconds: float) -> object:
        (event,) = desk.do(FindDueReconciliations(at(seconds), MINUTES, ACCOUNT))
        return event

    assert due(0) == ReconciliationsDue((DueReconciliation(ACCOUNT, None),))
    assert due(299) == ReconciliationsDue(())
    desk.do(EndReconciliation(ACCOUNT, at(100)))
    assert due(300) == ReconciliationsDue((DueReconciliation(ACCOUNT, at(100)),))
