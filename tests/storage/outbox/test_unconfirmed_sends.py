import pytest

from moca.core.messages.delivery import ClaimReply, FindPending, RecordRetry, RecordUnknown
from moca.core.messages.operator_actions import SettleReply
from moca.core.messages.replies import ReplyQueued
from moca.storage.db.tables import QueueItem
from tests.support.factory import at


def _since():
    return QueueItem.get_by_id(1).unconfirmed_since


def _in_doubt(desk, seconds):
    """Claim the reply and lose its answer."""
    desk.claim(desk.queued, seconds)
    desk.do(RecordUnknown(1, "no answer in time", at(seconds + 1)))


@pytest.fixture
def desk(desk):
    desk.queued = desk.queue(desk.receive("m1"))
    return desk


def test_the_first_call_that_may_have_arrived_is_remembered_through_later_ones(desk):
    assert _since() is None
    _in_doubt(desk, 6)
    assert _since() == at(6)
    desk.do(RecordRetry(1, "not in the record", at(30), at(31)))
    _in_doubt(desk, 32)
    assert _since() == at(6)

    (found,) = desk.do(FindPending(10, at(40), at(40)))
    (unsettled,) = found.unsettled
    assert (unsettled.started_at, unsettled.reply.unconfirmed_since) == (at(32), at(6))


def test_a_claim_after_it_tells_what_is_accounted_for_since(desk):
    _in_doubt(desk, 6)
    desk.do(RecordRetry(1, "not in the record", at(30), at(31)))
    (claimed,) = desk.do(ClaimReply(desk.queued, at(32)))
    assert claimed.reply.unconfirmed_since == at(6)
    assert claimed.known_mids == {"m1"}


def test_the_operator_s_word_that_it_did_not_arrive_ends_the_doubt(desk):
    _in_doubt(desk, 6)
    (queued,) = desk.do(SettleReply(1, delivered=False, at=at(60)))
    assert isinstance(queued, ReplyQueued)
    assert (queued.reply.unconfirmed_since, _since()) == (None, None)
