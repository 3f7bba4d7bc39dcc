from datetime import datetime

import peewee
import pytest

from moca.core.messages.delivery import (
    ClaimReply,
    FindPending,
    PendingFound,
    RecordRetry,
    RecordUnknown,
    ReplyClaimed,
)
from moca.core.messages.operator_actions import SettleReply
from moca.core.messages.replies import ReplyQueued
from moca.core.outbox.delivery import KnownMessages
from moca.storage.db.tables import QueueItem
from tests.storage.desk import Desk
from tests.support.factory import at
from tests.support.values import only


class QueuedReplyDesk(Desk):
    """A desk with one reply in the queue."""

    def __init__(self, database: peewee.Database) -> None:
        super().__init__(database)
        self.queued = self.queue(self.receive("m1"))


def _since() -> datetime | None:
    since: datetime | None = QueueItem.get_by_id(1).unconfirmed_since
    return since


def _in_doubt(desk: QueuedReplyDesk, seconds: float) -> None:
    """Claim the reply and lose its answer."""
    desk.claim(desk.queued, seconds)
    desk.do(RecordUnknown(1, "no answer in time", at(seconds + 1)))


@pytest.fixture
def desk(database: peewee.Database) -> QueuedReplyDesk:
    return QueuedReplyDesk(database)


def test_the_first_call_that_may_have_arrived_is_remembered_through_later_ones(
    desk: QueuedReplyDesk,
) -> None:
    assert _since() is None
    _in_doubt(desk, 6)
    assert _since() == at(6)
    desk.do(RecordRetry(1, "not in the record", at(30), at(31)))
    _in_doubt(desk, 32)
    assert _since() == at(6)

    found = only(desk.do(FindPending(10, at(40), at(40))), PendingFound)
    (unsettled,) = found.unsettled
    assert (unsettled.started_at, unsettled.reply.unconfirmed_since) == (at(32), at(6))


def test_a_claim_after_it_tells_what_is_accounted_for_since(desk: QueuedReplyDesk) -> None:
    _in_doubt(desk, 6)
    desk.do(RecordRetry(1, "not in the record", at(30), at(31)))
    claimed = only(desk.do(ClaimReply(desk.queued, at(32))), ReplyClaimed)
    assert claimed.reply.unconfirmed_since == at(6)
    assert claimed.known == KnownMessages(frozenset({"m1"}), "m1")


def test_the_operator_s_word_that_it_did_not_arrive_ends_the_doubt(desk: QueuedReplyDesk) -> None:
    _in_doubt(desk, 6)
    (queued,) = desk.do(SettleReply(1, delivered=False, at=at(60)))
    assert isinstance(queued, ReplyQueued)
    assert (queued.reply.unconfirmed_since, _since()) == (None, None)
