from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from actors.account_health import AccountHealth
from actors.resend_checks import ResendChecks
from actors.runtime.actor import MailboxActor
from actors.runtime.timers import ActorTimer, Timers
from actors.signals import Drain, RecheckOutbox, SweepDue
from moca import clock
from moca.core.messages.accounts import AccountChanged
from moca.core.messages.command import Command
from moca.core.messages.delivery import (
    DeliveryEnded,
    DeliveryStarted,
    DeliveryVerified,
    KnownMessagesListed,
    PendingFound,
    RecordRetry,
    RecordUnknown,
    ReplyClaimed,
    ReplyDropped,
    ReplyFailed,
    ReplySent,
    UnsettledReply,
    VerifyDelivery,
)
from moca.core.messages.operator_actions import FreezeChanged
from moca.core.messages.recipients import ToCourier
from moca.core.messages.replies import ReplyQueued
from moca.core.outbox.account_rests import RATE_LIMITED, AccountRests
from moca.core.outbox.backlog import Backlog
from moca.core.outbox.call_results import Record, after_call, after_reading, not_called, rescheduled
from moca.core.outbox.delivery import NotBegun
from moca.core.outbox.outbox import Outbox
from moca.core.outbox.queued_reply import Call, QueuedReply
from moca.core.outbox.read_budget import ReadBudget
from moca.core.outbox.verification import Verification
from moca.core.policy import SenderPolicy


class SenderActor(MailboxActor):
    """Paces replies out: one actor for all accounts, so that the limits hold across them.

    The first `SweepDue` adopts what the last run left; nothing is sent before that. It then repeats
    by timer.
    """

    def __init__(
        self,
        *,
        policy: SenderPolicy,
        record: Callable[[Command], None],
        call: Callable[[ToCourier], None],
        timers: Timers,
        draw: Callable[[], float],
        reads: ReadBudget | None = None,
        rests: AccountRests | None = None,
    ) -> None:
        super().__init__()
        self._policy = policy
        self._record = record
        self._call = call
        self._draw = draw
        self._reads = reads
        self._rests = rests or AccountRests()
        self._is_draining = False
        self._steady = timers.steady
        tell = self.actor_ref.tell
        self._next_look = ActorTimer(timers, lambda: tell(RecheckOutbox()))
        self._next_sweep = ActorTimer(timers, lambda: tell(SweepDue()))

    def on_start(self) -> None:
        """Begin with nothing in hand."""
        self._outbox = Outbox(self._policy, self._rests)
        self._settling = Verification(self._policy, self._reads)
        self._resends = ResendChecks(self._outbox, self._settling, self._call)
        self._calls: dict[int, Call] = {}
        self._left_to_the_operator: set[int] = set()
        self._health_problems = AccountHealth(self._outbox, self._record)
        self._is_restored = False
        self._backlog = Backlog(self._policy)

    def on_restart(self) -> None:
        """Reload from the database what this actor had in hand before it crashed."""
        before = self._outbox
        self._rests.forget_stops()
        self.on_start()
        self._outbox.take_over_calls(before)
        if not self._is_draining:
            self._sweep()

    def on_crash(self, message: object, error: Exception) -> None:
        """Restart; a courier whose report was being processed is free all the same."""
        if isinstance(message, DeliveryEnded):
            self._health_problems.note_lost(message, self._policy)
        super().on_crash(message, error)

    def on_receive(self, message: object) -> object:
        """Process an event, then release whatever may go."""
        now = clock.now()
        self._outbox.follow_clock(now, self._steady())
        # Most outcomes are those of this sender's own records, and it has moved on since.
        is_old = (
            isinstance(message, ReplySent | ReplyFailed) and message.item_id not in self._outbox
        )
        self._take_in(message, now)
        if self._is_restored and not is_old and not self._is_draining:
            self._advance(now)
        return self._health_problems.problems()

    def on_stop(self) -> None:
        """Cancel the timers."""
        self._next_look.cancel()
        self._next_sweep.cancel()

    def _take_in(self, message: object, now: datetime) -> None:
        match message:
            case ReplyQueued(reply=reply):
                self._queued(reply, now)
            case ReplyClaimed() if not self._is_draining:
                self._resends.claimed(message, now)
            case DeliveryStarted():
                self._started(message, now)
            case DeliveryEnded():
                self._ended(message, now)
            case KnownMessagesListed() if not self._is_draining:
                self._call(VerifyDelivery(message.reply, message.since, message.known))
            case DeliveryVerified():
                self._verified(message, now)
            case ReplySent() | ReplyFailed() | ReplyDropped():
                self._settled(message.item_id, now)
            case AccountChanged() | FreezeChanged():
                self._note_change(message, now)
            case Drain():
                self._drain(now)
            case PendingFound() if not self._is_draining:
                self._found(message, now)
            case SweepDue() if not self._is_draining:
                self._sweep()

    def _advance(self, now: datetime) -> None:
        if self._outbox.is_frozen:
            for reply in self._outbox.unclaim():
                self._give_back(reply, "sending was paused before this reply went out", now, now)
        for reply in self._outbox.outlived(now):
            self._give_back(reply, "the database was too slow; the reply was not sent", now, now)
        for reply, until in self._outbox.overtaken(now):
            self._give_back(reply, RATE_LIMITED, now, until)
        for claim in self._outbox.claims(now):
            self._record(claim)
        for call in self._outbox.calls(now):
            self._calls[call.reply.item_id] = Call(call.reply, now)
            self._call(call)
        for reading in self._settling.readings(now):
            self._record(reading)
        self._backlog.thinned(self._outbox.thinned())
        if self._backlog.wants_look(now):
            self._find_pending(now)
        self._look_again_at(now)

    def _queued(self, reply: QueuedReply, now: datetime) -> None:
        self._left_to_the_operator.discard(reply.item_id)
        if self._settling.forget(reply.item_id) is not None:
            self._outbox.release(reply, now)
        if reply.item_id in self._outbox or reply.scheduled_for > now + self._policy.horizon:
            return
        is_admitted = self._is_restored and self._backlog.admits(reply)
        if is_admitted and self._outbox.add(reply, now):
            return
        self._backlog.leave(reply, now, is_crowded=is_admitted)

    def _note_change(self, changed: AccountChanged | FreezeChanged, now: datetime) -> None:
        if isinstance(changed, FreezeChanged):
            self._outbox.is_frozen = changed.is_frozen
        else:
            self._health_problems.note_change(changed)
            self._backlog.look_at_all(now)

    def _started(self, started: DeliveryStarted, now: datetime) -> None:
        # It is not in the future, unless the clock was set back since.
        self._outbox.started(started.item_id, min(started.at, now))
        if started.item_id in self._calls:
            self._calls[started.item_id].started_at = started.at

    def _ended(self, ended: DeliveryEnded, now: datetime) -> None:
        call = self._calls.pop(ended.item_id, None) or self._call_of_before(ended.item_id)
        if call is None:
            self._health_problems.note_lost(ended, self._policy)
            return
        self._outbox.ended(call.reply, now, was_begun=not isinstance(ended.result, NotBegun))
        if call.is_settled:
            self._outbox.release(call.reply, now)
            return
        end = after_call(call.reply, ended.result, now, self._policy, self._draw())
        self._health_problems.note(call.reply.contact.account_id, end, call.started_at, now)
        self._follow(call.reply, end.record, now, call.started_at)

    def _call_of_before(self, item_id: int) -> Call | None:
        unconfirmed = self._settling.forget(item_id)
        return None if unconfirmed is None else Call(unconfirmed.reply, unconfirmed.started_at)

    def _verified(self, verified: DeliveryVerified, now: datetime) -> None:
        if verified.item_id in self._resends:
            if (ended := self._resends.verified(verified, now)) is not None:
                self._follow(*ended, now, now)
            return
        verdict = self._settling.read(verified.item_id, verified.result, now)
        if verdict is None:
            return
        record = after_reading(verdict.reply, verdict.result, now, self._policy, self._draw())
        if isinstance(record, RecordUnknown):
            self._record(record)
            self._left_to_the_operator.add(verdict.reply.item_id)
            self._outbox.release(verdict.reply, now)
        else:
            self._follow(verdict.reply, record, now, now)

    def _follow(
        self, reply: QueuedReply, record: Record, now: datetime, started_at: datetime
    ) -> None:
        self._record(record)
        if isinstance(record, RecordUnknown):
            since = reply.unconfirmed_since or started_at
            self._settling.add(reply, since, now, may_go_again=record.may_go_again)
            return
        self._outbox.release(reply, now)
        if isinstance(record, RecordRetry):
            again = rescheduled(reply, record)
            if again.scheduled_for <= now + self._policy.horizon:
                self._outbox.put_back(again, now)

    def _settled(self, item_id: int, now: datetime) -> None:
        self._left_to_the_operator.discard(item_id)
        if (unconfirmed := self._settling.forget(item_id)) is not None:
            self._outbox.release(unconfirmed.reply, now)
        elif item_id in self._calls:
            self._calls[item_id].is_settled = True
        else:
            self._resends.forget(item_id, now)

    def _found(self, found: PendingFound, now: datetime) -> None:
        self._outbox.is_frozen = found.is_frozen
        if not self._is_restored:
            if found.recent is None:
                return  # It was requested before a crash; what was requested since comes after it.
            self._is_restored = True
            self._outbox.count_recent(found.recent, now)
            for account in found.resting:
                self._outbox.rest_account(account, now)
        for unsettled in found.unsettled:
            item_id = unsettled.reply.item_id
            if item_id not in self._outbox and item_id not in self._left_to_the_operator:
                self._take_over(unsettled, now)
        for reply in found.replies:
            self._outbox.put_back(reply, now)
        self._backlog.found(found)
        for channel, end in found.ends.items():
            for behind in self._outbox.evict(channel, end, now):
                self._backlog.leave(behind, now)

    def _drain(self, now: datetime) -> None:
        # A claim that is still being written is returned too: nothing may act on it any more.
        self._is_draining = True
        self.on_stop()
        for reply in self._outbox.withdraw():
            self._record(not_called(reply, "Moca stopped before this reply went out", now, now))

    def _give_back(self, reply: QueuedReply, because: str, now: datetime, until: datetime) -> None:
        self._follow(reply, not_called(reply, because, now, until), now, now)

    def _take_over(self, unsettled: UnsettledReply, now: datetime) -> None:
        reply = unsettled.reply
        self._outbox.hold(reply)
        if reply.item_id in self._outbox.under_way:
            self._calls[reply.item_id] = Call(reply, unsettled.started_at)
            return
        since = reply.unconfirmed_since or unsettled.started_at
        self._settling.add(reply, since, now, may_go_again=unsettled.may_go_again)
        if not unsettled.attempt_ended:
            self._record(RecordUnknown(reply.item_id, "Moca stopped during the send", now))

    def _sweep(self) -> None:
        now = clock.now()
        self._next_sweep.set_to(now + self._policy.sweep)
        for claim in self._outbox.claims_unanswered(now):
            self._record(claim)
        self._backlog.sweep(now)
        self._find_pending(now, is_sweep=True)

    def _find_pending(self, now: datetime, *, is_sweep: bool = False) -> None:
        wanted = self._backlog.ask(now, self._outbox.blocked(now), self._outbox.item_ids)
        self._record(replace(wanted, with_recent=not self._is_restored, is_sweep=is_sweep))

    def _look_again_at(self, now: datetime) -> None:
        wakes = (self._outbox.wake_at(now), self._settling.wake_at(now), self._backlog.wake_at())
        self._next_look.set_to(min((wake for wake in wakes if wake is not None), default=None))
