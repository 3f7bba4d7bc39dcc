from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from moca.core.messages.comparing import (
    CallQuiet,
    CompareThread,
    DueLook,
    EndLook,
    FindDueLooks,
    LooksDue,
    MessagesMissed,
)
from moca.core.notice import NoticeKind
from moca.core.quiet import hour_of
from moca.core.webhook import Echo, InboundMessage
from moca.storage.arrivals import FOUND, Arrival, store_arrivals
from moca.storage.batch import Batch
from moca.storage.deliveries import Comparison
from moca.storage.echoes import Heard, hear_echoes
from moca.storage.missing import Found, never_came
from moca.storage.noticing import give_notice
from moca.storage.storable import storable
from moca.storage.tallying import Tally, add_up, first_uncounted, open_comparison, watched

_ANSWERABLE = timedelta(hours=24)
_TOO_OLD = "it never came by webhook, and was found too late to be answered"
_BEFORE_US = "it is older than the first webhook that came for this account"
_ANSWERED = "it never came by webhook, and the account has written since"


def find_due_looks(batch: Batch, commands: Sequence[FindDueLooks]) -> None:
    """Choose the accounts whose last look began so long ago; each is told to one process only."""
    for command in commands:
        found = [_claim(each, command) for each in watched(command.own_account_id)]
        batch.tell(LooksDue(tuple(look for look in found if look is not None)))


def compare_threads(batch: Batch, commands: Sequence[CompareThread]) -> None:
    """Take in what never came by webhook, as if it had come, the oldest first."""
    for command in commands:
        row = Comparison.get_or_none(Comparison.account_id == command.account_id)
        if row is not None:
            _compare(batch, command, row)


def end_looks(_batch: Batch, commands: Sequence[EndLook]) -> None:
    """Remember up to when an account was compared."""
    for command in commands:
        ended: Any = Comparison.update(compared_until=command.until)
        ended.where(Comparison.account_id == command.account_id).execute()


def call_quiet(batch: Batch, commands: Sequence[CallQuiet]) -> None:
    """Write down that an account has gone quiet, and have people told."""
    for command in commands:
        because = storable(command.because)
        called: Any = Comparison.update(quiet_since_at=command.since_at, quiet_because=because)
        of_account = Comparison.account_id == command.account_id
        if called.where(of_account & Comparison.quiet_since_at.is_null()).execute():
            kind = NoticeKind.ACCOUNT_QUIET
            give_notice(batch, kind, because, command.at, account_id=command.account_id)


def _claim(account_id: str, command: FindDueLooks) -> DueLook | None:
    open_comparison(account_id)
    of_account = Comparison.account_id == account_id
    is_due = Comparison.looked_at.is_null() | (Comparison.looked_at <= command.at - command.every)
    claimed: Any = Comparison.update(looked_at=command.at)
    if not claimed.where(of_account & is_due).execute():
        return None
    return DueLook(account_id, Comparison.get(of_account).compared_until)


def _compare(batch: Batch, command: CompareThread, row: Any) -> None:
    if row.has_erased:
        row.has_erased, row.erased_at = False, command.at
        row.save()
    since = max(command.span.since, row.erased_at or command.span.since)
    found = never_came(command.messages, since, command.span.until)
    if not found:
        return
    heard_since = row.heard_since_at or first_uncounted(command.account_id)
    for each in found:
        _take_in(batch, each, _ruling(each, heard_since, command.at), command.at)
    _count(batch, command.account_id, found, heard_since)


def _ruling(found: Found, heard_since: datetime | None, at: datetime) -> str | None:
    """Say why a message is only written down; None where it counts as if it had just come."""
    if heard_since is None or found.sent_at < heard_since:
        return _BEFORE_US
    if at - found.sent_at > _ANSWERABLE:
        return _TOO_OLD
    return _ANSWERED if found.is_answered else None


def _take_in(batch: Batch, found: Found, ruling: str | None, at: datetime) -> None:
    told = found.told
    if isinstance(told, Echo):
        is_current = ruling is None and at - found.sent_at < batch.policy.takeover
        hear_echoes(batch, [Heard(None, at, told, is_found=True, takes_over=is_current)])
        return
    message: InboundMessage = replace(told, unanswerable=ruling)
    store_arrivals(batch, [Arrival(None, at, message, FOUND)])


def _count(
    batch: Batch, account_id: str, found: Iterable[Found], heard_since: datetime | None
) -> None:
    missed = [each for each in found if heard_since is not None and each.sent_at >= heard_since]
    add_up(Tally(account_id, hour_of(each.sent_at), missed=1) for each in missed)
    if missed:
        batch.tell(MessagesMissed(account_id, len(missed)))
