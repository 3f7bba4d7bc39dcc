from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from actors.limited_reads import SharedReads
from actors.runtime.actor import MailboxActor
from actors.runtime.timers import ActorTimer, Timers
from actors.signals import ReadNextPage, ReconciliationDue
from moca import clock
from moca.core.messages import reconciliation as messages
from moca.core.messages.reconciliation import (
    AccountArrivals,
    ArrivalsCounted,
    CompareThread,
    CountArrivals,
    DueReconciliation,
    EndReconciliation,
    FindDueReconciliations,
    ReconciliationsDue,
    ReportSilentAccount,
)
from moca.core.outbox.delivery import RecordUnreadable
from moca.core.reconciliation.silence import expected_arrivals, is_too_quiet, silence_reason
from moca.core.reconciliation.thread_scan import ReadThread, ThreadScan, span_to_compare
from moca.instagram.graph import GraphClient

log = structlog.get_logger()

_COUNTS_EVERY = timedelta(minutes=5)
_APART = timedelta(seconds=1)
"""Instagram allows two reads per second; the other one is left for settling unconfirmed sends."""
_LEAST_APART = timedelta(milliseconds=50)


@dataclass(frozen=True, slots=True)
class ReconciliationConfig:
    """Whether and how often accounts are compared with Instagram's record."""

    connect: Callable[[], GraphClient]
    every: timedelta | None
    """None if accounts are only watched for silence."""
    own_account_id: str = ""
    """Id of the account in the settings; empty if there is none."""


class ReconciliationActor(MailboxActor):
    """Finds messages that never came by webhook, and reports silent accounts; blocking.

    Reads an account at most once per second, and yields to more urgent reads. Starts with the first
    `ReconciliationDue` and then repeats by timer. Progress is stored in the database.
    """

    def __init__(
        self,
        *,
        comparing: ReconciliationConfig,
        reads: SharedReads,
        record: Callable[[messages.Comparing], None],
        timers: Timers,
    ) -> None:
        super().__init__()
        self._comparing = comparing
        self._reads = reads
        self._record = record
        tell = self.actor_ref.tell
        self._next_look = ActorTimer(timers, lambda: tell(ReconciliationDue()))
        self._next_read = ActorTimer(timers, lambda: tell(ReadNextPage()))
        self._graph: GraphClient | None = None
        """The scan under way, if any."""
        self._looks: deque[ThreadScan] = deque()
        self._was_read: dict[str, Mapping[str, datetime]] = {}
        """By account id: what the next scan need not read again."""
        self._watched_since = clock.now()
        self._begins_at = clock.now() + (comparing.every or timedelta(0))
        """Not at once: webhooks missed during the downtime are about to be delivered again."""

    def on_restart(self) -> None:
        """Leave the interrupted scan to a later round, and continue with the next one."""
        self._looks.clear()
        self._hang_up()
        self._wait()

    def on_receive(self, message: Any) -> None:
        """Start due scans, continue the scan under way, or check for silence."""
        match message:
            case ReconciliationDue():
                self._look()
            case ReconciliationsDue(looks):
                self._take_up(looks)
            case ReadNextPage():
                self._read_on()
            case ArrivalsCounted(accounts):
                for each in accounts:
                    self._watch(each)
                self._schedule()

    def on_stop(self) -> None:
        """Cancel the timer."""
        self._next_look.cancel()
        self._next_read.cancel()
        self._hang_up()

    def _look(self) -> None:
        self._wait()
        now, own = clock.now(), self._comparing.own_account_id
        self._record(CountArrivals(now, own))
        if self._comparing.every is not None and now >= self._begins_at:
            self._record(FindDueReconciliations(now, self._comparing.every, own))

    def _wait(self) -> None:
        span = min(self._comparing.every or _COUNTS_EVERY, _COUNTS_EVERY)
        self._next_look.set_to(clock.now() + span)

    def _take_up(self, due: tuple[DueReconciliation, ...]) -> None:
        under_way = {look.account_id for look in self._looks}
        now = clock.now()
        for each in due:
            if each.account_id not in under_way:
                span = span_to_compare(each.compared_until, now)
                before = self._was_read.pop(each.account_id, {})
                self._looks.append(ThreadScan(each.account_id, span, before))
        self._schedule()

    def _schedule(self) -> None:
        if self._looks:
            apart = max(_APART / len(self._looks), _LEAST_APART)
            self._next_read.set_to(clock.now() + apart)
        else:
            self._next_read.cancel()
            self._hang_up()

    def _read_on(self) -> None:
        if self._looks:
            look = self._looks.popleft()
            if self._reads.take(look.account_id, clock.now()):
                self._read(look)
            self._keep(look)
        self._schedule()

    def _read(self, look: ThreadScan) -> None:
        step = look.next
        if isinstance(step, ReadThread):
            self._compare(look, step.id)
        elif step is not None:
            page = self._call(lambda graph: graph.threads(look.account_id, step.after))
            if isinstance(page, RecordUnreadable):
                self._fail(look, page)
            else:
                look.list(page)

    def _compare(self, look: ThreadScan, thread_id: str) -> None:
        listing = self._call(lambda graph: graph.thread(look.account_id, thread_id))
        if isinstance(listing, RecordUnreadable):
            self._fail(look, listing)
            return
        look.read()
        if listing:
            self._record(CompareThread(look.account_id, listing, look.span, clock.now()))

    def _keep(self, look: ThreadScan) -> None:
        if look.is_hopeless:
            return
        if look.next is not None:
            self._looks.append(look)
            return
        self._was_read[look.account_id] = look.was_read
        self._record(EndReconciliation(look.account_id, look.span.until))
        if look.left_out:
            log.warning("threads_not_compared", account=look.account_id, threads=look.left_out)

    @staticmethod
    def _fail(look: ThreadScan, failed: RecordUnreadable) -> None:
        look.fail()
        log.warning("record_unreadable", account=look.account_id, because=failed.because)

    def _watch(self, arrivals: AccountArrivals) -> None:
        now = clock.now()
        since = max(arrivals.last_at, self._watched_since)
        expected = expected_arrivals(arrivals.hours, since, now)
        if arrivals.is_called_quiet or not is_too_quiet(expected):
            return
        account_id = arrivals.account_id
        if not self._reads.take(account_id, now):
            return
        fields = self._call(lambda graph: graph.subscribed_apps(account_id))
        unreadable = fields.because if isinstance(fields, RecordUnreadable) else None
        subscribed = frozenset[str]() if isinstance(fields, RecordUnreadable) else fields
        because = silence_reason(since, expected, subscribed, unreadable)
        log.warning("account_quiet", account=account_id, because=because)
        self._record(ReportSilentAccount(account_id, because, arrivals.last_at, now))

    def _call(self, call: Callable[[GraphClient], Any]) -> Any:
        if self._graph is None:
            self._graph = self._comparing.connect()
        return call(self._graph)

    def _hang_up(self) -> None:
        if self._graph is not None:
            self._graph.close()
            self._graph = None
