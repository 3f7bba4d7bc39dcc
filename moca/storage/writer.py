import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import peewee

from moca.core import messages
from moca.core.messages import Command, reconciliation
from moca.core.messages.cluster import Beat, ClaimSeat, LeaveSeats
from moca.core.messages.conversation import LoadConversation
from moca.core.messages.delivery import ClaimReply, RecordSent
from moca.core.messages.housekeeping import RecordFigures
from moca.core.messages.idempotency import KeepAnswer
from moca.core.messages.inbound import RecordWebhook
from moca.core.messages.operator_actions import EditReply, FreezeQueue, ReleaseQueue
from moca.core.messages.operators import (
    ChangeOwnPassword,
    EndLinkSession,
    MarkLoginSeen,
    OpenLinkSession,
    RecordAudit,
)
from moca.core.messages.receipt import Receipt
from moca.core.messages.replies import QueueReply, RecordSteps
from moca.storage.accounts.accounts import (
    change_accounts,
    mark_tokens_dead,
    note_refresh_failures,
    record_profiles,
    remove_accounts,
    renew_tokens,
    store_accounts,
)
from moca.storage.cluster_seats import beat, claim_seats, leave_seats
from moca.storage.conversations.contacts import record_names
from moca.storage.conversations.handover import hand_over_conversations
from moca.storage.conversations.snapshots import load_conversations
from moca.storage.conversations.status import change_conversations
from moca.storage.db.connection import DatabaseFile, truncate_log
from moca.storage.db.tables import Webhook
from moca.storage.delivery_counts import count_arrivals
from moca.storage.inbound.missing_messages import find_missing, record_fetched
from moca.storage.inbound.webhooks import note_signings, record_webhooks
from moca.storage.messages.command_keys import queue_each_once
from moca.storage.messages.outcomes import conclude_messages, record_steps
from moca.storage.messages.shared_replies import share_replies
from moca.storage.metrics import record_figures
from moca.storage.notifications import find_notices, record_notices
from moca.storage.operators.audit import carry_out_deeds, record_audit
from moca.storage.operators.idempotency import keep_answers
from moca.storage.operators.notes import (
    add_notes,
    mark_read,
    remove_notes,
    remove_saved_answers,
    save_answers,
)
from moca.storage.operators.operators import (
    add_operators,
    change_operators,
    change_own_passwords,
    close_logins,
    end_link_sessions,
    mark_logins_seen,
    open_link_sessions,
    open_logins,
    remove_operators,
)
from moca.storage.outbox.claim import claim_replies
from moca.storage.outbox.freeze import freeze_queue, release_queue
from moca.storage.outbox.operator_actions import (
    cancel_replies,
    edit_replies,
    retry_replies,
    settle_replies,
)
from moca.storage.outbox.pending import find_pending, find_unanswered, list_known_mids
from moca.storage.outbox.results import record_failed, record_retries, record_sent, record_unknown
from moca.storage.privacy.erase import complete_requests, erase_contacts, erase_for_persons
from moca.storage.privacy.retention import keep_house
from moca.storage.reconciliation.threads import (
    call_quiet,
    compare_threads,
    end_looks,
    find_due_looks,
)
from moca.storage.unit_of_work import Batch, WriterPolicy

_TOGETHER: Sequence[type] = (
    RecordWebhook,
    RecordSteps,
    QueueReply,
    RecordSent,
    ClaimReply,
    LoadConversation,
)
"""Nobody who tells two of these asks for another order than this one: a message's steps come before
its reply, a part is sent before the next is claimed, and what is loaded shows all that was told."""
_PLACES = {kind: place for place, kind in enumerate(_TOGETHER)}


def gathered(commands: Iterable[Command]) -> Iterator[Command]:
    """Bring together those of one type that stand apart by what makes no difference to them."""
    for stretch in _stretches(commands):
        yield from sorted(stretch, key=lambda each: _PLACES.get(type(each), 0))


def _stretches(commands: Iterable[Command]) -> Iterator[list[Command]]:
    stretch: list[Command] = []
    claimed: set[int] = set()
    for command in commands:
        # A claim that is told again must not find that it was sent in the meantime.
        is_bound = isinstance(command, RecordSent) and command.item_id in claimed
        if type(command) not in _PLACES or is_bound:
            yield stretch
            stretch, claimed = [], set()
        if type(command) not in _PLACES:
            yield [command]
            continue
        stretch.append(command)
        if isinstance(command, ClaimReply):
            claimed.add(command.reply.item_id)
    yield stretch


__all__ = ["Writer", "WriterPolicy", "Written"]

_CARRY_OUT: Mapping[type, Callable[[Batch, Sequence[Any]], None]] = {
    messages.RecordWebhook: record_webhooks,
    messages.LoadConversation: load_conversations,
    messages.FindUnanswered: find_unanswered,
    messages.FindMissing: find_missing,
    messages.RecordFetched: record_fetched,
    messages.ConcludeMessages: conclude_messages,
    messages.RecordSteps: record_steps,
    messages.RecordName: record_names,
    messages.QueueReply: queue_each_once,
    messages.ShareReply: share_replies,
    messages.HandOverConversation: hand_over_conversations,
    messages.FindPending: find_pending,
    messages.ListKnownMids: list_known_mids,
    messages.ClaimReply: claim_replies,
    messages.RecordSent: record_sent,
    messages.RecordFailed: record_failed,
    messages.RecordUnknown: record_unknown,
    messages.RecordRetry: record_retries,
    messages.ChangeConversation: change_conversations,
    messages.CancelReply: cancel_replies,
    messages.RetryReply: retry_replies,
    messages.SettleReply: settle_replies,
    messages.EraseContact: erase_contacts,
    messages.NoteSigning: note_signings,
    messages.EraseForPerson: erase_for_persons,
    messages.KeepHouse: keep_house,
    messages.StoreAccount: store_accounts,
    messages.ChangeAccount: change_accounts,
    messages.RemoveAccount: remove_accounts,
    messages.MarkTokenDead: mark_tokens_dead,
    messages.RenewToken: renew_tokens,
    messages.NoteRefreshFailure: note_refresh_failures,
    messages.RecordProfile: record_profiles,
    messages.FindNotices: find_notices,
    messages.RecordNotice: record_notices,
    messages.AddNote: add_notes,
    messages.RemoveNote: remove_notes,
    messages.MarkRead: mark_read,
    messages.SaveAnswer: save_answers,
    messages.RemoveSavedAnswer: remove_saved_answers,
    messages.AddOperator: add_operators,
    messages.ChangeOperator: change_operators,
    ChangeOwnPassword: change_own_passwords,
    messages.RemoveOperator: remove_operators,
    messages.OpenLogin: open_logins,
    messages.CloseLogin: close_logins,
    OpenLinkSession: open_link_sessions,
    MarkLoginSeen: mark_logins_seen,
    EndLinkSession: end_link_sessions,
    RecordAudit: record_audit,
    EditReply: edit_replies,
    FreezeQueue: freeze_queue,
    ReleaseQueue: release_queue,
    RecordFigures: record_figures,
    reconciliation.FindDueLooks: find_due_looks,
    reconciliation.CompareThread: compare_threads,
    reconciliation.EndLook: end_looks,
    reconciliation.CallQuiet: call_quiet,
    reconciliation.CountArrivals: count_arrivals,
    ClaimSeat: claim_seats,
    LeaveSeats: leave_seats,
    Beat: beat,
    KeepAnswer: keep_answers,
    messages.Deed: lambda batch, deeds: carry_out_deeds(batch, deeds, _carry_out_run),
}


def _carry_out_run(batch: Batch, run: Sequence[Any]) -> None:
    _CARRY_OUT[type(run[0])](batch, run)


_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Written:
    """What is to be told now that the transaction is committed."""

    answers: tuple[tuple[Receipt, object], ...]
    events: tuple[object, ...]
    """In the order in which they came about."""
    ended: tuple[messages.MessagesEnded, ...] = ()


class Writer:
    """Carries out commands on the database; used by one thread, the only one that writes."""

    def __init__(self, database: peewee.Database, policy: WriterPolicy) -> None:
        self._database = database
        self._policy = policy
        self._file = DatabaseFile(database)

    def apply(self, commands: Sequence[Command]) -> Written:
        """Carry out commands as if in their order, in one transaction: all of them, or none.

        A command that comes too late changes nothing that has ended; it is no error.

        Raises:
            peewee.PeeweeException: the database refused; everything was rolled back. After an
                operational error the connection is closed, and the next call opens a new one.
        """
        batch = Batch(self._policy)
        with self._transaction():
            for _, run in groupby(gathered(self._admitted(batch, commands)), key=type):
                _carry_out_run(batch, tuple(run))
            batch.write_steps()
        if batch.erased:
            self._complete(batch.erased)
        return Written(tuple(batch.answers), tuple(batch.events), tuple(batch.ended))

    def _complete(self, erased: Mapping[str, datetime]) -> None:
        # The batch is committed: a fault here must not have it carried out again. What is not
        # complete now is found again by the next `KeepHouse`.
        with contextlib.suppress(peewee.OperationalError, peewee.InterfaceError):
            if truncate_log(self._database):
                with self._transaction():
                    complete_requests(erased)

    def probe(self) -> None:
        """Write something and take it back, to see whether the database takes writes.

        Raises:
            peewee.PeeweeException: it does not.
        """
        with self._transaction():
            probe = Webhook.create(received_at=_LONG_AGO, body=b"")
            Webhook.delete().where(Webhook.id == probe.id).execute()

    def _admitted(self, _batch: Batch, commands: Sequence[Command]) -> Sequence[Command]:
        return commands

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._file.require()
            with self._database.atomic():
                yield
        except (peewee.OperationalError, peewee.InterfaceError):
            self._database.close()
            raise

    def close(self) -> None:
        """Close this thread's connection; the next call would open another."""
        self._database.close()
