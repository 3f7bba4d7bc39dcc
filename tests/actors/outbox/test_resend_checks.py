"""Instagram's record is read before an unconfirmed reply is sent again."""

from dataclasses import replace

import pytest

from actors.resend_checks import ResendChecks
from moca.core.messages.command import Command
from moca.core.messages.delivery import (
    DeliverReply,
    DeliveryVerified,
    RecordSent,
    RecordUnknown,
    ReplyClaimed,
    VerifyDelivery,
)
from moca.core.outbox.delivery import (
    FoundInRecord,
    KnownMessages,
    MissingFromRecord,
    RecordUnreadable,
)
from moca.core.outbox.outbox import Outbox
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.outbox.verification import Verification
from moca.core.policy import SenderPolicy
from tests.support.factory import at, reply_to

DOUBTFUL = replace(reply_to(attempts=2), unconfirmed_since=at(-60))
TOO_LONG = "not sent again: delivery could not be confirmed in time"
KNOWN = KnownMessages(frozenset({"m1"}), "m1")


class VerifyingOutbox:
    """An outbox whose only reply was claimed again and is being looked for."""

    def __init__(self) -> None:
        policy = SenderPolicy()
        self.asked: list[object] = []
        self.outbox = Outbox(policy)
        self.checks = ResendChecks(self.outbox, Verification(policy), self.asked.append)
        self.outbox.add(replace(DOUBTFUL, unconfirmed_since=None), at(0))
        self.outbox.claims(at(0))
        self.checks.claimed(ReplyClaimed(DOUBTFUL, at(0), KNOWN), at(0))

    def ends(
        self, result: FoundInRecord | MissingFromRecord | RecordUnreadable, seconds: float = 1
    ) -> tuple[QueuedReply, Command] | None:
        return self.checks.verified(DeliveryVerified(1, at(seconds), result), at(seconds))


@pytest.fixture
def desk() -> VerifyingOutbox:
    return VerifyingOutbox()


def test_no_call_is_made_before_the_reading_has_ended(desk: VerifyingOutbox) -> None:
    assert desk.asked == [VerifyDelivery(DOUBTFUL, at(-60), KNOWN)]
    assert desk.outbox.calls(at(0)) == ()
    assert desk.ends(MissingFromRecord()) is None
    assert desk.outbox.calls(at(1)) == (DeliverReply(DOUBTFUL),)


@pytest.mark.parametrize(
    ("result", "seconds", "record"),
    [
        (
            FoundInRecord("r1", at(-50)),
            1,
            RecordSent(1, "r1", at(1), "found in Instagram's message history"),
        ),
        (RecordUnreadable("Graph 2"), 1, RecordUnknown(1, "not sent again: Graph 2", at(1))),
        (
            MissingFromRecord(),
            10.1,
            RecordUnknown(1, TOO_LONG, at(10.1)),
        ),
    ],
)
def test_where_it_may_have_arrived_no_call_is_made_and_its_lane_is_held(
    desk: VerifyingOutbox,
    result: FoundInRecord | MissingFromRecord | RecordUnreadable,
    seconds: float,
    record: Command,
) -> None:
    assert desk.ends(result, seconds) == (DOUBTFUL, record)
    assert desk.outbox.calls(at(seconds)) == ()
    assert 1 in desk.outbox


def test_what_is_frozen_during_the_reading_is_given_back(desk: VerifyingOutbox) -> None:
    desk.outbox.is_frozen = True
    assert desk.ends(MissingFromRecord()) is None
    assert desk.outbox.unclaim() == (DOUBTFUL,)


def test_what_is_withdrawn_or_dropped_during_the_reading_does_not_go() -> None:
    stopped, dropped = VerifyingOutbox(), VerifyingOutbox()
    assert [each.item_id for each in stopped.outbox.withdraw()] == [1]
    assert stopped.ends(MissingFromRecord()) is None
    dropped.checks.forget(1, at(0))
    assert 1 not in dropped.checks
    assert (stopped.outbox.calls(at(1)), dropped.outbox.calls(at(1))) == ((), ())
