"""Calls that hang until their timeout, beside calls that do not."""

from datetime import datetime, timedelta

from moca.core.messages.delivery import ReplyClaimed
from moca.core.outbox.outbox import Outbox
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.policy import SenderPolicy
from moca.core.types import ContactKey
from tests.support.factory import at, reply_to

ACCOUNT = "17841400000000001"
TIMEOUT = timedelta(seconds=10)
HANGING = frozenset(range(1, 11))
STEP = timedelta(milliseconds=10)


def starts(replies: list[QueuedReply], hanging: frozenset[int]) -> dict[int, datetime]:
    """Start every call that may start; return when each one started, by its item."""
    outbox, now = Outbox(SenderPolicy()), at(0)
    under_way: list[tuple[datetime, QueuedReply]] = []
    started: dict[int, datetime] = {}
    for reply in replies:
        outbox.add(reply, now)
    while len(started) < len(replies):
        for ends_at, reply in [each for each in under_way if each[0] <= now]:
            under_way.remove((ends_at, reply))
            outbox.ended(reply, now)
            outbox.release(reply, now)
        for claim in outbox.claims(now):
            outbox.claimed(ReplyClaimed(claim.reply, claim.at))
        for delivery in outbox.calls(now):
            reply = delivery.reply
            outbox.started(reply.item_id, now)
            started[reply.item_id] = now
            under_way.append((now + (TIMEOUT if reply.item_id in hanging else STEP), reply))
        now += STEP
    return started


def test_ten_calls_that_hang_delay_no_other_reply_by_more_than_a_second() -> None:
    replies = [reply_to(ContactKey(ACCOUNT, str(number)), number) for number in range(1, 61)]
    smooth, rough = starts(replies, frozenset()), starts(replies, HANGING)
    delays = [rough[item] - smooth[item] for item in smooth if item not in HANGING]
    assert len(delays) == 50
    assert max(delays) <= timedelta(seconds=1)


def test_a_call_that_hangs_holds_up_the_next_to_the_same_person_alone() -> None:
    first, second = (reply_to(item_id=number) for number in (1, 2))
    other = reply_to(ContactKey(ACCOUNT, "other"), 3)
    started = starts([first, second, other], frozenset({1}))
    assert started[3] - started[1] < timedelta(seconds=1)
    assert started[2] - started[1] >= TIMEOUT
