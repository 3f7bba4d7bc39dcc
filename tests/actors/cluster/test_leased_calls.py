"""A call begins only while the node that claimed it may send, and under that claim's epoch."""

from collections.abc import Callable

import pytest

from actors.cluster.seats import LEASE, Seats
from actors.courier import CourierActor
from actors.runtime.dispatchers import SteppingDispatcher
from moca.core.messages.delivery import DeliverReply, DeliveryEnded
from moca.core.outbox.delivery import NOT_THE_SENDER, Delivered, DeliveryResult, Undelivered
from moca.core.partition import SENDER
from tests.support.factory import ANNA, reply_to
from tests.support.system import FakeInstagram


class InterruptedTokenReader(FakeInstagram):
    """Calls back while it reads the token."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    def prepare(self, account_id: str) -> None:
        self._meanwhile()


class Lease:
    """A node's sender seat, on a clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0
        self.seats = Seats(4, monotonic=lambda: self.now)
        self.hold(1)

    def hold(self, epoch: int) -> None:
        self.seats.take(SENDER, epoch)
        self.seats.extend_lease(self.now)

    def run_out(self) -> None:
        self.now += LEASE.total_seconds()

    def obstacle(self) -> Undelivered | None:
        return None if self.seats.may_call(1) else NOT_THE_SENDER

    def lose_and_win(self) -> None:
        self.seats.leave(SENDER)
        self.hold(2)


@pytest.fixture
def lease() -> Lease:
    return Lease()


def result_of_a_call(lease: Lease, instagram: FakeInstagram) -> DeliveryResult:
    """Deliver a reply that was claimed under the first epoch."""
    told: list[object] = []
    dispatcher = SteppingDispatcher()
    courier = CourierActor.start_on(
        dispatcher, connect=lambda: instagram, notify=told.append, record=told.append
    )
    courier.tell(DeliverReply(reply_to(ANNA), lambda _now: lease.obstacle()))
    dispatcher.run_until_idle()
    courier.stop()
    (ended,) = [each for each in told if isinstance(each, DeliveryEnded)]
    return ended.result


def test_while_the_lease_holds_a_call_is_made(lease: Lease) -> None:
    assert result_of_a_call(lease, FakeInstagram()) == Delivered("ig-1")


@pytest.mark.parametrize("what", ["run_out", "lose_and_win"])
@pytest.mark.parametrize("is_early", [True, False])
def test_none_is_made_once_it_has_run_out_or_was_won_anew_also_while_a_token_is_read(
    lease: Lease, what: str, is_early: bool
) -> None:
    happens = getattr(lease, what)
    instagram = InterruptedTokenReader(lambda: None if is_early else happens())
    if is_early:
        happens()
    assert result_of_a_call(lease, instagram) == NOT_THE_SENDER
    assert instagram.reached == []
