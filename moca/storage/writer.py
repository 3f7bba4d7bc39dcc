import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import peewee

from moca.core import messages
from moca.core.messages import Command, Receipt, comparing
from moca.core.messages.auditing import RecordAudit
from moca.core.messages.counting import RecordFigures
from moca.core.messages.freezing import FreezeQueue, ReleaseQueue
from moca.core.messages.idempotency import KeepAnswer
from moca.core.messages.operating import EditReply
from moca.core.messages.seating import Beat, ClaimSeat, LeaveSeats
from moca.core.messages.staffing import (
    ChangeOwnPassword,
    EndLinkSession,
    MarkLoginSeen,
    OpenLinkSession,
)
from moca.storage.accounts import change_accounts, remove_accounts, store_accounts
from moca.storage.auditing import carry_out_deeds, record_audit
from moca.storage.batch import Batch, WriterPolicy
from moca.storage.claiming import claim_replies
from moca.storage.colleagues import (
    add_notes,
    mark_read,
    remove_notes,
    remove_saved_answers,
    save_answers,
)
from moca.storage.command_keys import queue_each_once
from moca.storage.comparing import call_quiet, compare_threads, end_looks, find_due_looks
from moca.storage.concluding import conclude_messages
from moca.storage.deleting import complete_requests, erase_for_persons
from moca.storage.erasing import erase_contacts
from moca.storage.fetching import find_missing, record_fetched
from moca.storage.figures import record_figures
from moca.storage.file import DatabaseFile, truncate_log
from moca.storage.finding import find_pending, find_unanswered, list_known_mids
from moca.storage.freezing import freeze_queue, release_queue
from moca.storage.gathering import gathered
from moca.storage.handing import hand_over_conversations
from moca.storage.house import keep_house
from moca.storage.idempotency import keep_answers
from moca.storage.journeys import record_steps
from moca.storage.loading import load_conversations
from moca.storage.models import Webhook
from moca.storage.names import record_names
from moca.storage.noticing import find_notices, record_notices
from moca.storage.operating import change_conversations
from moca.storage.overruling import cancel_replies, edit_replies, retry_replies, settle_replies
from moca.storage.profiles import record_profiles
from moca.storage.recording import record_webhooks
from moca.storage.results import record_failed, record_retries, record_sent, record_unknown
from moca.storage.seating import beat, claim_seats, leave_seats
from moca.storage.shared_replies import share_replies
from moca.storage.signings import note_signings
from moca.storage.staffing import (
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
from moca.storage.tallying import count_arrivals
from moca.storage.tokens import mark_tokens_dead, note_refresh_failures, renew_tokens

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
    comparing.FindDueLooks: find_due_looks,
    comparing.CompareThread: compare_threads,
    comparing.EndLook: end_looks,
    comparing.CallQuiet: call_quiet,
    comparing.CountArrivals: count_arrivals,
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
