import contextlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pykka

from actors.background.jobs import BackgroundJobs
from actors.background.missing_messages import MissingMessagesActor
from actors.dependencies import Dependencies
from actors.limited_reads import SharedReads
from actors.routes import Recipient
from actors.runtime.actor import Ref
from actors.runtime.dispatchers import Dispatchers
from actors.runtime.timers import Timers
from actors.sender import SenderActor
from actors.signals import Drain, FindMissingMessages, Ping, SweepDue
from moca.core.messages.inbound import FetchMessage
from moca.core.messages.recipients import ToCourier
from moca.core.outbox.account_rests import AccountRests
from moca.core.policy import SenderPolicy

_PATIENCE = timedelta(seconds=2)


class Singletons:
    """The actors of which only one of each may run: the sender and the background jobs."""

    def __init__(
        self,
        dependencies: Dependencies,
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
            "escalate": dependencies.escalate,
        }
        self.sender = SenderActor.start_on(
            dispatchers.shared,
            policy=policy,
            reads=reads,
            rests=rests,
            call=call,
            draw=dependencies.draw,
            **common,
        )
        self.missing_messages = MissingMessagesActor.start_on(
            dispatchers.shared, fetch=fetch, every=dependencies.missing_messages_every, **common
        )
        self._jobs = BackgroundJobs(
            dependencies.background,
            dispatchers=dispatchers,
            reads=reads,
            rests=rests,
            call=call,
            **common,
        )
        self.recipients: Mapping[Recipient, Ref[Any]] = {
            Recipient.SENDER: self.sender,
            Recipient.MISSING_MESSAGES: self.missing_messages,
            **self._jobs.recipients,
        }

    def open(self) -> None:
        """Adopt what the predecessors left."""
        self.sender.tell(SweepDue())
        self.missing_messages.tell(FindMissingMessages())
        self._jobs.open()

    def drain(self) -> None:
        """Begin nothing new; return what was claimed and not yet called.

        Waits for the sender: a call that it still makes must precede the couriers' stop.
        """
        with contextlib.suppress(pykka.ActorDeadError, pykka.Timeout):
            self.sender.tell(Drain())
            self.sender.ask(Ping(), block=True, timeout=_PATIENCE.total_seconds())

    def stop_jobs(self) -> None:
        """Stop all but the sender."""
        self.missing_messages.stop(block=False)
        self._jobs.stop()

    def stop_sender(self) -> None:
        """Stop the sender after the results of the last calls."""
        with contextlib.suppress(pykka.Timeout):
            self.sender.stop(timeout=_PATIENCE.total_seconds())

    def abandon(self) -> None:
        """Stop all of them without waiting: another node does their work by now."""
        self.sender.tell_if_alive(Drain())
        self.stop_jobs()
        self.sender.stop(block=False)
