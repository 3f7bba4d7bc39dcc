import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

import peewee

from moca.core.messages.command import Command, Receipt
from moca.core.messages.conversation import LoadConversation
from moca.core.messages.delivery import ClaimReply, RecordRetry, RecordSent
from moca.core.messages.inbound import RecordWebhook
from moca.core.messages.operators import AuditedCommand
from moca.core.messages.replies import MessagesEnded, QueueReply, RecordSteps
from moca.storage import cluster_seats, delivery_counts, metrics, notifications
from moca.storage.accounts import accounts
from moca.storage.bots import cases, versions
from moca.storage.conversations import contacts, handover, labels, snapshots, snooze, status
from moca.storage.db.connection import DatabaseFile, truncate_log
from moca.storage.db.tables import Webhook
from moca.storage.feed import subscribers
from moca.storage.handlers import Handler, handlers_in
from moca.storage.inbound import missing_messages, webhooks
from moca.storage.messages import command_keys, outcomes, shared_replies
from moca.storage.operators import (
    api_keys,
    assignments,
    audit,
    idempotency,
    mentions,
    notes,
    operators,
    push,
    saved_replies,
)
from moca.storage.operators.audit import carry_out_audited
from moca.storage.outbox import claim, freeze, held, operator_actions, pending, restored, results
from moca.storage.privacy import erase, retention
from moca.storage.privacy.erase import complete_requests
from moca.storage.reconciliation import threads
from moca.storage.search import index
from moca.storage.unit_of_work import Batch, WriterPolicy
from moca.storage.uploads import owners

_TOGETHER: Sequence[type] = (
    RecordWebhook,
    RecordSteps,
    QueueReply,
    RecordSent,
    RecordRetry,
    ClaimReply,
    LoadConversation,
)
"""Commands that can be reordered to this order without a difference to their senders: a message's
steps come before its reply, a part is sent or given back before the next is claimed, and a loaded
snapshot shows every earlier command."""
_ENDS = (RecordSent, RecordRetry)
_PLACES = {kind: place for place, kind in enumerate(_TOGETHER)}


def gathered(commands: Iterable[Command]) -> Iterator[Command]:
    """Group commands of the same type, where the order of those in between makes no difference."""
    for stretch in _stretches(commands):
        yield from sorted(stretch, key=lambda each: _PLACES.get(type(each), 0))


def _stretches(commands: Iterable[Command]) -> Iterator[list[Command]]:
    stretch: list[Command] = []
    claimed: set[int] = set()
    for command in commands:
        # The end of a call must not come before its claim, nor before a repetition of that.
        is_bound = isinstance(command, _ENDS) and command.item_id in claimed
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

_HANDLERS: Mapping[type, Handler] = handlers_in(
    accounts,
    cluster_seats,
    contacts,
    handover,
    labels,
    snapshots,
    snooze,
    status,
    delivery_counts,
    missing_messages,
    webhooks,
    cases,
    versions,
    command_keys,
    outcomes,
    shared_replies,
    metrics,
    notifications,
    api_keys,
    assignments,
    audit,
    idempotency,
    mentions,
    notes,
    operators,
    push,
    saved_replies,
    subscribers,
    claim,
    freeze,
    held,
    operator_actions,
    pending,
    restored,
    results,
    erase,
    retention,
    threads,
    index,
    owners,
) | {AuditedCommand: lambda batch, commands: carry_out_audited(batch, commands, _carry_out_run)}


def _carry_out_run(batch: Batch, run: Sequence[Command]) -> None:
    _HANDLERS[type(run[0])](batch, run)


_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Written:
    """What to publish after the commit."""

    answers: tuple[tuple[Receipt, object], ...]
    events: tuple[object, ...]
    """In the order of their occurrence."""
    ended: tuple[MessagesEnded, ...] = ()


class Writer:
    """Carries out commands on the database; the only writer, used by one thread."""

    def __init__(self, database: peewee.Database, policy: WriterPolicy) -> None:
        self._database = database
        self._policy = policy
        self._file = DatabaseFile(database)

    def apply(self, commands: Sequence[Command]) -> Written:
        """Carry out commands as if in their order, in one transaction: all of them, or none.

        A command that comes too late changes nothing that has ended; that is not an error.

        Raises:
            peewee.PeeweeException: the database refused; everything was rolled back. After an
                operational error the connection is closed, and the next call opens a new one.
        """
        batch = Batch(self._policy)
        with self._transaction():
            self._policy.refresh_bots()
            for _, run in groupby(gathered(self._admitted(batch, commands)), key=type):
                _carry_out_run(batch, tuple(run))
            batch.write_steps()
            batch.write_feed()
        if batch.has_new_bots:
            self._refresh_bots()
        if batch.erased:
            self._complete(batch.erased)
        return Written(tuple(batch.answers), tuple(batch.events), tuple(batch.ended))

    def _refresh_bots(self) -> None:
        # As in `_complete`; and the next transaction begins with them at the latest.
        with contextlib.suppress(peewee.OperationalError, peewee.InterfaceError):
            self._policy.refresh_bots()

    def _complete(self, erased: Mapping[str, datetime]) -> None:
        # The batch is committed: an error here must not repeat it. Incomplete requests are found
        # again by the next `ApplyRetention`.
        with contextlib.suppress(peewee.OperationalError, peewee.InterfaceError):
            if truncate_log(self._database):
                with self._transaction():
                    complete_requests(erased)

    def probe(self) -> None:
        """Write a row and delete it again, to check that the database accepts writes.

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
        """Close this thread's connection. The next call opens a new one."""
        self._database.close()
