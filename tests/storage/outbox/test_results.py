from collections.abc import Callable
from dataclasses import replace

import pytest

from moca.core.messages.command import Command
from moca.core.messages.delivery import (
    FindPending,
    PendingFound,
    RecordFailed,
    RecordRetry,
    RecordSent,
    RecordUnknown,
    ReplyFailed,
    ReplySent,
    ReplyUnknown,
)
from moca.core.messages.operator_actions import CancelReply, ChangeConversation, EraseContact
from moca.core.messages.replies import ReplyQueued
from moca.core.outbox.account_rests import RestingAccount
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.types import ConversationStatus
from moca.storage.db.tables import AccountRest, Conversation, Message, QueueItem
from tests.storage.desk import Desk, details, item, message, steps
from tests.support.factory import ANNA, NOON, at
from tests.support.values import id_of, only, present

ANSWER = "the call's answer"


@pytest.fixture
def under_way(desk: Desk) -> QueuedReply:
    """A reply to message 1, being sent."""
    return desk.claim(desk.queue(desk.receive("m1")))


def test_a_sent_reply_answers_its_inputs_and_starts_the_cooldown(
    desk: Desk, under_way: QueuedReply
) -> None:
    events = desk.do(RecordSent(under_way.item_id, "r1", at(7), ANSWER))

    assert events == (ReplySent(ANNA, under_way.item_id, at(7)),)
    assert item(under_way.item_id) == ("sent", 1, ANSWER)
    assert QueueItem.get().sent_at == at(7)
    assert message(1) == ("received", True, "answered", "answered by r1")
    row = Message.get_by_id(under_way.message_id)
    assert (row.status, row.mid, row.sent_at, row.because) == ("sent", "r1", at(7), ANSWER)
    talk = Conversation.get()
    assert (talk.last_bot_message_at, talk.last_activity_at) == (at(7), at(7))
    assert talk.cooldown_until == at(37)
    assert steps(1)[-1] == "outcome/answered"
    assert steps(under_way.message_id)[-1] == "sending/sent"


def test_a_sent_reply_is_written_once_however_often_it_is_told(
    desk: Desk, under_way: QueuedReply
) -> None:
    sent = RecordSent(under_way.item_id, "r1", at(7), ANSWER)
    first = ReplySent(ANNA, under_way.item_id, at(7))
    repeated = replace(first, is_repeated=True)
    assert desk.do(sent, sent) == (first, repeated)
    before = steps(1), steps(under_way.message_id)

    assert desk.do(RecordSent(under_way.item_id, "r1", at(60), "the record")) == (repeated,)
    assert (steps(1), steps(under_way.message_id)) == before
    assert Conversation.get().cooldown_until == at(37)


def test_the_cooldown_never_moves_back(desk: Desk, under_way: QueuedReply) -> None:
    Conversation.update(cooldown_until=at(100), last_bot_message_at=at(70)).execute()
    desk.do(RecordSent(under_way.item_id, "r1", at(7), ANSWER))

    assert Conversation.get().cooldown_until == at(100)
    assert Conversation.get().last_bot_message_at == at(70)


def test_a_failed_reply_fails_its_inputs(desk: Desk, under_way: QueuedReply) -> None:
    because = "the contact is gone"

    assert desk.do(RecordFailed(under_way.item_id, because, at(7))) == (
        ReplyFailed(ANNA, under_way.item_id, because),
    )
    assert item(under_way.item_id) == ("failed", 1, because)
    assert message(under_way.message_id) == ("failed", False, None, because)
    assert message(1) == ("received", True, "failed", because)
    assert steps(under_way.message_id)[-1] == "sending/failed"
    assert steps(1)[-1] == "outcome/failed"


def test_an_unknown_reply_keeps_its_inputs_waiting_and_cools_down(
    desk: Desk, under_way: QueuedReply
) -> None:
    assert desk.do(RecordUnknown(under_way.item_id, "timeout", at(16))) == (
        ReplyUnknown(ANNA, under_way.item_id, at(16)),
    )
    assert item(under_way.item_id) == ("unknown", 1, "timeout")
    assert message(under_way.message_id)[0] == "unknown"
    assert message(1) == ("received", True, None, "")
    assert Conversation.get().cooldown_until == at(46)
    assert Conversation.get().last_bot_message_at is None
    assert steps(under_way.message_id)[-1] == "settling/unknown"


@pytest.mark.parametrize("was_unknown", [False, True])
def test_a_reply_that_did_not_arrive_waits_for_another_attempt(
    desk: Desk, under_way: QueuedReply, was_unknown: bool
) -> None:
    if was_unknown:
        desk.do(RecordUnknown(under_way.item_id, "timeout", at(7)))

    since = QueueItem.get().sending_at if was_unknown else None
    again = replace(under_way, scheduled_for=at(68), unconfirmed_since=since)
    # Its conversation took an unknown one for said, and must wait for it again.
    told = (ReplyQueued(ANNA, again, ()),) if was_unknown else ()
    assert desk.do(RecordRetry(under_way.item_id, "refused", at(8), at(68))) == told
    assert item(under_way.item_id) == ("pending", 1, "refused")
    assert QueueItem.get().scheduled_for == at(68)
    assert message(under_way.message_id)[0] == "queued"
    assert steps(under_way.message_id)[-1] == "sending/retry"
    assert desk.claim(under_way, 68).attempts == 2


@pytest.mark.parametrize(("is_spent", "attempts"), [(True, 1), (False, 0)])
def test_an_attempt_that_the_account_spoiled_is_given_back(
    desk: Desk, under_way: QueuedReply, is_spent: bool, attempts: int
) -> None:
    desk.do(RecordRetry(under_way.item_id, "613", at(5), at(9), is_spent=is_spent))
    assert item(under_way.item_id) == ("pending", attempts, "613")


@pytest.mark.parametrize(("was_called", "sends"), [(True, 1), (False, 0)])
def test_a_claim_without_a_call_counts_as_no_send(
    desk: Desk, under_way: QueuedReply, was_called: bool, sends: int
) -> None:
    stopping = RecordRetry(under_way.item_id, "Moca is stopping", at(9), at(9), is_spent=False)
    desk.do(replace(stopping, was_called=was_called))

    found = only(desk.do(FindPending(9, at(10), at(99), with_recent=True)), PendingFound)
    assert [reply.attempts for reply in found.replies] == [0]
    assert len(present(found.recent)) == sends


def test_an_account_that_was_refused_rests_and_its_reply_keeps_its_place(
    desk: Desk, under_way: QueuedReply
) -> None:
    throttled = RecordRetry(under_way.item_id, "613", at(8), at(68), is_spent=False)
    desk.do(replace(throttled, resting_account=ANNA.account_id))
    desk.do(RecordRetry(under_way.item_id, "Moca is stopping", at(9), at(9), is_spent=False))

    assert QueueItem.get().scheduled_for == under_way.scheduled_for
    found = only(desk.do(FindPending(9, at(67), at(99))), PendingFound)
    assert found.resting == (RestingAccount(ANNA.account_id, at(68)),)
    found = only(desk.do(FindPending(9, at(68), at(99))), PendingFound)
    assert found.resting == ()


@pytest.mark.parametrize(("needs_operator", "problem"), [(True, "dead token"), (False, "")])
def test_what_an_operator_must_mend_is_stored_with_the_rest(
    desk: Desk, under_way: QueuedReply, needs_operator: bool, problem: str
) -> None:
    retry = RecordRetry(under_way.item_id, "dead token", at(8), at(68), is_spent=False)
    desk.do(replace(retry, needs_operator=needs_operator, resting_account=ANNA.account_id))

    assert AccountRest.get().problem == problem
    found = only(desk.do(FindPending(9, at(67), at(99))), PendingFound)
    assert found.resting == (RestingAccount(ANNA.account_id, at(68), needs_operator),)
    says_limited = "rate limited" in details(under_way.message_id)[-1]
    assert says_limited is not needs_operator


def test_an_account_that_was_refused_rests_though_its_reply_was_erased_meanwhile(
    desk: Desk, under_way: QueuedReply
) -> None:
    desk.do(EraseContact(ANNA, NOON))
    throttled = RecordRetry(under_way.item_id, "613", at(8), at(68), is_spent=False)
    desk.do(replace(throttled, resting_account=ANNA.account_id))

    found = only(desk.do(FindPending(9, at(67), at(99))), PendingFound)
    assert found.resting == (RestingAccount(ANNA.account_id, at(68)),)


LATE = {
    "failed": lambda item_id: RecordFailed(item_id, "late", at(9)),
    "unknown": lambda item_id: RecordUnknown(item_id, "late", at(9)),
    "retry": lambda item_id: RecordRetry(item_id, "late", at(9), at(9)),
    "cancel": lambda item_id: CancelReply(item_id, at(9)),
    "close": lambda _: ChangeConversation(1, ConversationStatus.CLOSED, at(9)),
}


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
def test_what_comes_late_never_undoes_a_sent_reply(
    desk: Desk, under_way: QueuedReply, late: Callable[[int], Command]
) -> None:
    desk.do(RecordSent(under_way.item_id, "r1", at(7), ANSWER))
    desk.do(late(under_way.item_id))

    assert item(under_way.item_id) == ("sent", 1, ANSWER)
    assert message(under_way.message_id) == ("sent", False, None, ANSWER)
    assert message(1)[2] == "answered"


@pytest.mark.parametrize("before", [LATE["failed"], LATE["unknown"], LATE["retry"]])
def test_a_proof_that_comes_late_still_counts(
    desk: Desk, under_way: QueuedReply, before: Callable[[int], Command]
) -> None:
    desk.do(before(under_way.item_id))
    desk.do(RecordSent(under_way.item_id, "r1", at(10), "the record"))

    assert item(under_way.item_id) == ("sent", 1, "the record")


def test_a_failure_told_twice_is_written_once(desk: Desk, under_way: QueuedReply) -> None:
    failed = RecordFailed(under_way.item_id, "rejected", at(7))
    desk.do(failed, failed)
    desk.do(RecordUnknown(under_way.item_id, "late", at(8)), failed)

    assert steps(under_way.message_id).count("sending/failed") == 1
    assert item(under_way.item_id)[0] == "failed"


@pytest.mark.parametrize("late", [LATE["failed"], LATE["unknown"], LATE["retry"]])
def test_an_item_that_is_gone_is_passed_over(desk: Desk, late: Callable[[int], Command]) -> None:
    assert desk.do(late(7), RecordSent(7, "r1", at(9), ANSWER)) == ()


def test_an_unknown_reply_cannot_take_the_mid_of_another_reply(
    desk: Desk, under_way: QueuedReply
) -> None:
    desk.do(RecordUnknown(under_way.item_id, "timeout", at(7)))
    other = desk.queue(desk.receive("m2", seconds=20), seconds=20)
    desk.send(other, "r2", 21)

    assert desk.do(RecordSent(under_way.item_id, "r2", at(30), "the record")) == ()
    assert (item(under_way.item_id)[0], item(other.item_id)[0]) == ("unknown", "sent")


def test_a_reply_settled_by_the_wrong_echo_takes_the_name_of_the_calls_answer(
    desk: Desk, under_way: QueuedReply
) -> None:
    desk.do(RecordSent(under_way.item_id, "h1", at(7), "echo"))
    desk.do(RecordSent(under_way.item_id, "r1", at(8), ANSWER))

    assert Message.get_by_id(under_way.message_id).mid == "r1"
    assert steps(under_way.message_id)[-1] == "settling/named"


def test_many_results_are_written_at_once(desk: Desk) -> None:
    replies = []
    for n in range(3):
        contact = ANNA._replace(psid=str(n))
        first = desk.receive(f"m{n}", contact=contact)
        place = present(id_of(Message.get_by_id(first), "conversation"))
        replies.append(desk.claim(desk.queue(first, conversation_id=place)))
    desk.do(*(RecordSent(reply.item_id, f"r{n}", at(7), ANSWER) for n, reply in enumerate(replies)))

    answered = Message.select().where(Message.role == "user").order_by(Message.id)
    assert [row.because for row in answered] == [f"answered by r{n}" for n in range(3)]
    assert [row.cooldown_until for row in Conversation.select()] == [at(37)] * 3
