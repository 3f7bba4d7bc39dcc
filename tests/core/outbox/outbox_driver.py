from collections.abc import Iterable
from datetime import datetime, timedelta

from moca.core.messages.delivery import ReplyClaimed
from moca.core.outbox.outbox import Outbox
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.policy import SenderPolicy
from moca.core.types import ContactKey
from tests.support.factory import NOON, at

POLICY = SenderPolicy()


def person(number: int, account: str = "17841400000000001") -> ContactKey:
    return ContactKey(account, f"person-{number}")


def drive(
    outbox: Outbox, until: datetime, *, now: datetime = NOON, call: timedelta = timedelta(0)
) -> list[tuple[datetime, QueuedReply]]:
    """Start every call that may start, each lasting `call`, and return when each one started."""
    sent: list[tuple[datetime, QueuedReply]] = []
    while now <= until:
        for claim in outbox.claims(now):
            outbox.claimed(ReplyClaimed(claim.reply, claim.at))
        for delivery in outbox.calls(now):
            outbox.started(delivery.reply.item_id, now)
            sent.append((now, delivery.reply))
            outbox.ended(delivery.reply, now + call)
            outbox.release(delivery.reply, now + call)
        wake_at = outbox.wake_at(now)
        if wake_at is None:
            break
        now = max(wake_at, now + timedelta(microseconds=1))
    return sent


def outbox_with(replies: Iterable[QueuedReply], policy: SenderPolicy = POLICY) -> Outbox:
    outbox = Outbox(policy)
    for reply in replies:
        outbox.add(reply, at(0))
    return outbox


def ids(sent: list[tuple[datetime, QueuedReply]]) -> list[int]:
    return [reply.item_id for _, reply in sent]


def hung(outbox: Outbox, now: datetime) -> list[QueuedReply]:
    """Start every call that may start, and end none."""
    begun = []
    for claim in outbox.claims(now):
        outbox.claimed(ReplyClaimed(claim.reply, claim.at))
    for delivery in outbox.calls(now):
        outbox.started(delivery.reply.item_id, now)
        begun.append(delivery.reply)
    return begun
