from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from actors.account_health import Ailments
from actors.calls import Call
from actors.resend_checks import ResendChecks
from actors.runtime.actor import MailboxActor
from actors.runtime.timers import Alarm, Timers
from actors.signals import Drain, LookAgain, SweepDue
from moca import clock
from moca.core.messages import Command, ToCourier
from moca.core.messages.accounts import AccountChanged
from moca.core.messages.delivery import (
    DeliveryEnded,
    DeliveryStarted,
    DeliveryVerified,
    KnownMidsListed,
    PendingFound,
    RecordRetry,
    RecordUnknown,
    ReplyClaimed,
    ReplyDropped,
    ReplySent,
    UnsettledReply,
    VerifyDelivery,
)
from moca.core.messages.operator_actions import FreezeChanged
from moca.core.messages.replies import ReplyQueued
from moca.core.outbox.account_rests import AccountRests
from moca.core.outbox.backlog import Backlog
from moca.core.outbox.call_results import Record, after_call, after_reading, not_called, put_off
from moca.core.outbox.outbox import Outbox
from moca.core.outbox.queued_reply import QueuedReply
from moca.core.outbox.read_budget import Reads
from moca.core.outbox.verification import Settling
from moca.core.policy import SenderPolicy


class SenderActor(MailboxActor):
    """Paces the replies out: one for all accounts, so that the limits hold over all.

    The first `SweepDue` takes over what the last run left; nothing goes before that is known. It
    comes again by itself.
    """

    def __init__(
        self,
        *,
        policy: SenderPolicy,
        record: Callable[[Command], None],
        call: Callable[[ToCourier], None],
        timers: Timers,
        draw: Callable[[], float],
        reads: Reads | None = None,
        rests: AccountRests | None = None,
    ) -> None:
        super().__init__()
        self._policy = policy
        self._record = record
        self._call = call
        self._draw = draw
        self._reads = reads
        self._rests = rests
        self._is_draining = False
        tell = self.actor_ref.tell
        self._next_look = Alarm(timers, lambda: tell(LookAgain()))
        self._next_sweep = Alarm(timers, lambda: tell(SweepDue()))

    def on_start(self) -> None:
        """Begin with nothing in hand."""
        self._outbox = Outbox(self._policy, self._rests)
        self._settling = Settling(self._policy, self._reads)
        self._resends = ResendChecks(self._outbox, self._settling, self._call)
        self._calls: dict[int, Call] = {}
        self._left_to_the_operator: set[int] = set()
        self._ailments = Ailments(self._outbox, self._record)
        self._knows_the_past = False
        self._backlog = Backlog(self._policy)

    def on_restart(self) -> None:
        """Take over from the database what this actor had in hand before it crashed."""
        under_way = self._outbox.under_way
        self.on_start()
        self._outbox.keep_under_way(under_way)
        if not self._is_draining:
            self._sweep()

    def on_crash(self, message: Any, error: Exception) -> None:
        """Start again; a courier whose report was being read is free all the same."""
        if isinstance(message, DeliveryEnded):
            self._outbox.hung_up(message.item_id)
        super().on_crash(message, error)

    def on_receive(self, message: Any) -> Any:
        """Take in what happened, then let go whatever may."""
        now = clock.now()
        self._take_in(message, now)
        if self._knows_the_past and not self._is_draining:
            self._advance(now)
        return self._ailments.told()

    def on_stop(self) -> None:
        """Want no waking any more."""
        self._next_look.cancel()
        self._next_sweep.cancel()

    def _take_in(self, message: Any, now: datetime) -> None:
        match message:
            case ReplyQueued(reply=reply):
                self._queued(reply, now)
            case ReplyClaimed() if not self._is_draining:
                self._resends.claimed(message, now)
            case ReplyDropped(item_id=item_id):
                self._settling.forget(item_id)
                self._resends.forget(item_id, now)
            case DeliveryStarted():
                self._started(message, now)
            case DeliveryEnded():
                self._ended(message, now)
            case KnownMidsListed() if not self._is_draining:
                self._call(VerifyDelivery(message.reply, message.since, message.mids))
            case DeliveryVerified():
                self._verified(message, now)
            case ReplySent():
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
            self._give_all_back("frozen by the operator; nothing was sent yet", now)
        for reply in self._outbox.outlived(now):
            self._give_back(reply, "the database took too long to let it go", now, now)
        for reply, until in self._outbox.overtaken(now):
            because = "the account came to rest before its turn"
            self._give_back(reply, because, now, until)
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
        is_admitted = self._knows_the_past and self._backlog.admits(reply)
        if is_admitted and self._outbox.add(reply, now):
            return
        self._backlog.leave(reply, now, is_crowded=is_admitted)

    def _note_change(self, changed: AccountChanged | FreezeChanged, now: datetime) -> None:
        if isinstance(changed, FreezeChanged):
            self._outbox.is_frozen = changed.is_frozen
        else:
            self._ailments.note_change(changed)
            self._backlog.look_at_all(now)

    def _started(self, started: DeliveryStarted, now: datetime) -> None:
        # It is not in the future, unless the clock was set back since.
        self._outbox.started(started.item_id, min(started.at, now))
        if started.item_id in self._calls:
            self._calls[started.item_id].started_at = started.at

    def _ended(self, ended: DeliveryEnded, now: datetime) -> None:
        call = self._calls.pop(ended.item_id, None) or self._call_of_before(ended.item_id)
        if call is None:
            self._outbox.hung_up(ended.item_id)
            return
        self._outbox.ended(call.reply, now)
        if call.is_settled:
            self._outbox.release(call.reply, now)
            return
        end = after_call(call.reply, ended.result, now, self._policy, self._draw())
        self._ailments.note(call.reply.contact.account_id, end, call.started_at, now)
        self._follow(call.reply, end.record, now, call.started_at)

    def _call_of_before(self, item_id: int) -> Call | None:
        doubt = self._settling.forget(item_id)
        return None if doubt is None else Call(doubt.reply, doubt.started_at)

    def _verified(self, verified: DeliveryVerified, now: datetime) -> None:
        if verified.item_id in self._resends:
            if (ended := self._resends.verified(verified, now)) is not None:
                self._follow(*ended, now, now)
            return
        verdict = self._settling.read(verified.item_id, verified.result, now)
        if verdict is None:
            return
        record = after_reading(verdict.reply, verdict.result, now, self._policy, self._draw())
        if record is None:
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
            again = put_off(reply, record)
            if again.scheduled_for <= now + self._policy.horizon:
                self._outbox.put_back(again, now)

    def _settled(self, item_id: int, now: datetime) -> None:
        self._left_to_the_operator.discard(item_id)
        doubt = self._settling.forget(item_id)
        if doubt is not None:
            self._outbox.release(doubt.reply, now)
        elif item_id in self._calls:
            self._calls[item_id].is_settled = True
        else:
            self._resends.forget(item_id, now)

    def _found(self, found: PendingFound, now: datetime) -> None:
        self._outbox.is_frozen = found.is_frozen
        if not self._knows_the_past:
            if found.recent is None:
                return  # It was asked for before a crash; what was asked for since comes after it.
            self._knows_the_past = True
            self._outbox.count_recent(found.recent, now)
            for account in found.resting:
                self._outbox.rest_account(account.account_id, account.until, now)
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
        # A claim that is still being written is given back too: nobody may hear of it any more.
        self._is_draining = True
        self.on_stop()
        for reply in self._outbox.withdraw():
            self._record(not_called(reply, "Moca is stopping; nothing was sent yet", now, now))

    def _give_all_back(self, because: str, now: datetime) -> None:
        for reply in self._outbox.unclaim():
            self._give_back(reply, because, now, now)

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
            because = "Moca stopped before the call had ended"
            self._record(RecordUnknown(reply.item_id, because, now))

    def _sweep(self) -> None:
        now = clock.now()
        self._next_sweep.set_to(now + self._policy.sweep)
        for claim in self._outbox.claims_unanswered(now):
            self._record(claim)
        self._backlog.sweep(now)
        self._find_pending(now)

    def _find_pending(self, now: datetime) -> None:
        wanted = self._backlog.ask(now, self._outbox.blocked(now), self._outbox.item_ids)
        self._record(replace(wanted, with_recent=not self._knows_the_past))

    def _look_again_at(self, now: datetime) -> None:
        wakes = (self._outbox.wake_at(now), self._settling.wake_at(now), self._backlog.wake_at())
        self._next_look.set_to(min((wake for wake in wakes if wake is not None), default=None))
