import contextlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pykka

from actors.background.jobs import Keepers, Kept
from actors.background.missing_messages import GapKeeperActor
from actors.dependencies import World
from actors.runtime.actor import Ref
from actors.runtime.dispatchers import Dispatchers
from actors.runtime.timers import Timers
from actors.sender import SenderActor
from actors.side_calls import SharedReads
from actors.signals import Drain, LookForGaps, SweepDue
from moca.core.messages import ToCourier
from moca.core.messages.inbound import FetchMessage
from moca.core.outbox.account_rests import AccountRests
from moca.core.policy import SenderPolicy

_PATIENCE = timedelta(seconds=2)


class PostRoom:
    """Those of whom there may be only one each: who sends, who fills gaps, and who keeps house."""

    def __init__(
        self,
        world: World,
        policy: SenderPolicy,
        *,
        dispatchers: Dispatchers,
        timers: Timers,
        reads: SharedReads,
        rests: AccountRests,
        record: Callable[[Any], None],
        call: Callable[[ToCourier], None],
        fetch: Callable[[FetchMessage], object],
    ) -> None:
        common: dict[str, Any] = {
            "record": record,
            "timers": timers,
            "escalate": world.escalate,
        }
        self.sender: Ref[Any] = SenderActor.start_on(
            dispatchers.shared,
            policy=policy,
            reads=reads,
            rests=rests,
            call=call,
            draw=world.draw,
            **common,
        )
        self.gap_keeper: Ref[Any] = GapKeeperActor.start_on(
            dispatchers.shared, fetch=fetch, every=world.look_for_gaps_every, **common
        )
        self._keepers = Keepers(world.keeping, dispatchers=dispatchers, reads=reads, **common)

    def open(self) -> None:
        """Take over what the ones before left."""
        self.sender.tell(SweepDue())
        self.gap_keeper.tell(LookForGaps())

    def hear(self, event: Kept) -> None:
        """Let the keeper whom it concerns go on."""
        self._keepers.hear(event)

    def drain(self) -> None:
        """Let nothing new go; give back what was claimed and not yet called."""
        with contextlib.suppress(pykka.ActorDeadError):
            self.sender.tell(Drain())

    def end_keeping(self) -> None:
        """Stop all but the sender."""
        self.gap_keeper.stop(block=False)
        self._keepers.stop()

    def end_sending(self) -> None:
        """Stop the sender, once it has heard how the last calls ended."""
        with contextlib.suppress(pykka.Timeout):
            self.sender.stop(timeout=_PATIENCE.total_seconds())

    def abandon(self) -> None:
        """Stop them all without waiting: somebody else does their work by now."""
        self.drain()
        self.end_keeping()
        self.sender.stop(block=False)
