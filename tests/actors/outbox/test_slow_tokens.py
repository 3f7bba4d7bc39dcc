"""A token that is slow to read delays its call, and bunches no calls together."""

from collections.abc import Callable
from datetime import timedelta

from freezegun.api import FrozenDateTimeFactory

from moca.core.outbox.delivery import NotBegun
from moca.core.policy import SenderPolicy
from tests.support.factory import BEN, at
from tests.support.system import FakeInstagram, SteppedSystem


class SlowTokenReader(FakeInstagram):
    """Takes three seconds to read the token before its first call."""

    def __init__(self, frozen: FrozenDateTimeFactory) -> None:
        super().__init__()
        self._frozen = frozen
        self._left = timedelta(seconds=3)

    def prepare(self, account_id: str) -> None:
        self._frozen.tick(self._left)
        self._left = timedelta()


def test_a_call_counts_from_when_its_token_was_there(
    open_system: Callable[..., SteppedSystem], frozen: FrozenDateTimeFactory
) -> None:
    system = open_system(sender=SenderPolicy(per_second=1, couriers=1))
    system.instagram = SlowTokenReader(frozen)
    system.receive("hello")
    system.receive("hello", BEN)
    system.advance(20)
    first, second = (call.at for call in system.instagram.reached)
    assert second - first >= timedelta(seconds=1)


def test_a_rest_that_holds_a_call_back_costs_no_attempt_and_no_cooldown(
    open_system: Callable[..., SteppedSystem],
) -> None:
    system = open_system(sender=SenderPolicy(max_attempts=1))
    system.instagram.next_results.append(NotBegun("the account rests", at(5)))
    mid = system.receive("hello")
    system.advance(6)
    assert system.outcome(mid)[0] == "answered"
    assert len(system.instagram.reached) == 1
