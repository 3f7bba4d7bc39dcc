from collections.abc import Sequence
from random import Random

from moca.core.content.content import Content
from moca.core.messages.command import Command
from moca.core.messages.conversation import LoadConversation
from moca.core.messages.delivery import ClaimReply, RecordRetry, RecordSent, ReplyClaimed
from moca.core.messages.replies import ConcludeMessages, QueueReply, RecordSteps, ReplyQueued
from moca.core.types import Outcome
from moca.storage.writer import gathered
from tests.storage.desk import Desk, message, webhook, wrote
from tests.support.factory import ANNA, at, reply_to
from tests.support.values import of_kind

STEPS = RecordSteps(())
QUEUE = QueueReply(1, (1,), content=Content(text="hi"), at=at(1))
LOAD = LoadConversation(ANNA, at(1))
CONCLUDE = ConcludeMessages((9,), Outcome.FAILED, "no", at(1))


def claim(item_id: int) -> ClaimReply:
    return ClaimReply(reply_to(item_id=item_id), at(2))


def sent(item_id: int) -> RecordSent:
    return RecordSent(item_id, f"r{item_id}", at(3), "the call's answer")


def retry(item_id: int) -> RecordRetry:
    return RecordRetry(item_id, "the database was too slow", at(3), at(3), is_spent=False)


def kinds(commands: Sequence[Command]) -> list[str]:
    return [type(command).__name__ for command in gathered(commands)]


def test_what_stands_apart_comes_together_in_the_order_of_a_journey() -> None:
    hook = webhook(wrote("m1"))
    apart = [claim(1), QUEUE, STEPS, LOAD, hook, sent(2), STEPS, claim(3), QUEUE]
    assert list(gathered(apart)) == [
        hook, STEPS, STEPS, QUEUE, QUEUE, sent(2), claim(1), claim(3), LOAD
    ]  # fmt: skip


def test_what_may_make_a_difference_is_not_passed() -> None:
    assert kinds([claim(1), CONCLUDE, STEPS]) == ["ClaimReply", "ConcludeMessages", "RecordSteps"]


def test_a_claim_told_again_comes_before_the_end_of_its_call() -> None:
    assert list(gathered([claim(1), claim(2), sent(2), STEPS])) == [
        claim(1), claim(2), STEPS, sent(2)
    ]  # fmt: skip


def test_replies_given_back_and_claims_come_together() -> None:
    told = [claim(1), retry(2), claim(3), retry(4)]
    assert list(gathered(told)) == [retry(2), retry(4), claim(1), claim(3)]


def test_a_reply_claimed_again_or_given_back_again_keeps_its_order() -> None:
    told = [retry(1), claim(1), retry(1), claim(1)]
    assert list(gathered(told)) == told


def test_journeys_told_at_once_end_as_if_told_one_after_the_other(desk: Desk) -> None:
    ids = [desk.receive(f"m{number}") for number in range(8)]
    queued = [
        desk.do(QueueReply(1, (each,), content=Content(text="hi"), at=at(1)))[0] for each in ids
    ]
    told: list[Command] = [ClaimReply(of_kind(each, ReplyQueued).reply, at(2)) for each in queued]
    told += [webhook(wrote(f"n{number}")) for number in range(8)]
    Random(4).shuffle(told)
    events = desk.do(*told)
    claimed = {
        of_kind(e, ReplyClaimed).reply.item_id for e in events if type(e).__name__ == "ReplyClaimed"
    }
    assert claimed == {of_kind(each, ReplyQueued).reply.item_id for each in queued}

    ends = [sent(of_kind(each, ReplyQueued).reply.item_id) for each in queued]
    desk.do(*(each for pair in zip(ends, [STEPS] * 8, strict=True) for each in pair))
    assert [message(each)[2] for each in ids] == ["answered"] * 8
