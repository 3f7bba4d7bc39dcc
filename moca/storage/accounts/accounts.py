from collections.abc import Mapping, Sequence
from datetime import datetime

from moca.core.accounts import AccountStatus, SealedToken
from moca.core.feed import FeedEvent, FeedKind
from moca.core.messages.accounts import (
    AccountChanged,
    ChangeAccount,
    MarkTokenDead,
    RecordProfile,
    RecordRefreshFailure,
    RemoveAccount,
    RenewToken,
    StoreAccount,
)
from moca.core.messages.command import Conflict, Done, NotFound
from moca.core.messages.housekeeping import RetentionApplied
from moca.core.notifications import NotificationKind
from moca.core.types import DEFAULT_BOT
from moca.storage.accounts.ownership import forget_removed, note_removed, was_removed
from moca.storage.bots.versions import assign_bot
from moca.storage.db.bot_tables import AccountProfile
from moca.storage.db.fields import storable
from moca.storage.db.metric_tables import ReconciledAccount
from moca.storage.db.tables import Account
from moca.storage.handlers import handles
from moca.storage.notifications import store_notification
from moca.storage.operators.idempotency import forget_answers_about_accounts
from moca.storage.outbox.removed_accounts import end_replies_of_removed
from moca.storage.outbox.results import end_stop
from moca.storage.unit_of_work import Batch


@handles(StoreAccount)
def store_accounts(batch: Batch, commands: Sequence[StoreAccount]) -> None:
    """Connect accounts. A connected account is a conflict unless it is to be replaced."""
    for command in commands:
        account_id = command.account.account_id
        is_there = exists(account_id)
        if is_there and not command.replaces:
            batch.answer(
                command.receipt,
                Conflict("the account is already connected; use PATCH to change it"),
            )
            continue
        values = {**_values(command), **revived(command.token, command.at)}
        if is_there:
            change(account_id, values)
        else:
            Account.create(account_id=account_id, created_at=command.at, **values)
            _readmit(batch, account_id, command.at)
        kind = FeedKind.ACCOUNT_CHANGED if is_there else FeedKind.ACCOUNT_CONNECTED
        batch.publish(FeedEvent(kind, command.at, account_id=account_id))
        _resume(batch, account_id)
        batch.answer(command.receipt, Done())


@handles(ChangeAccount)
def change_accounts(batch: Batch, commands: Sequence[ChangeAccount]) -> None:
    """Change the given fields. A new token reactivates the account."""
    for command in commands:
        if not exists(command.account_id):
            batch.answer(command.receipt, NotFound())
            continue
        conflict = _choose_bot(batch, command)
        if conflict is not None:
            batch.answer(command.receipt, conflict)
            continue
        values = _changes(command)
        if values:
            change(command.account_id, values)
            kind = FeedKind.ACCOUNT_CHANGED
            batch.publish(FeedEvent(kind, command.at, account_id=command.account_id))
        if command.token is None:
            batch.tell(AccountChanged(command.account_id, is_usable=False))
        else:
            _resume(batch, command.account_id)
        batch.answer(command.receipt, Done())


@handles(RemoveAccount)
def remove_accounts(batch: Batch, commands: Sequence[RemoveAccount]) -> None:
    """Remove accounts with their tokens."""
    for command in commands:
        is_removed = remove_account(batch, command.account_id, command.at)
        batch.answer(command.receipt, Done() if is_removed else NotFound())


def remove_account(batch: Batch, account_id: str, at: datetime) -> bool:
    """Remove an account with its token and end its pending replies; False if it is not connected.

    If there are many replies, retention ends the rest.
    """
    removed = Account.delete().where(Account.account_id == account_id).execute()
    if removed:
        note_removed(account_id, at)
        assign_bot(batch, account_id, None)
        forget_answers_about_accounts()
        ReconciledAccount.delete().where(ReconciledAccount.account_id == account_id).execute()
        batch.publish(FeedEvent(FeedKind.ACCOUNT_REMOVED, at, account_id=account_id))
        batch.tell(AccountChanged(account_id, is_usable=False))
        if end_replies_of_removed(batch, at):
            batch.tell(RetentionApplied(has_more=True))
    return bool(removed)


def _readmit(batch: Batch, account_id: str, at: datetime) -> None:
    # Replies that were pending at the removal must not be sent after the account is connected
    # again.
    while was_removed(account_id) and end_replies_of_removed(batch, at):
        pass
    forget_removed(account_id)


def exists(account_id: str) -> bool:
    """Return whether an account is connected."""
    found = Account.select().where(Account.account_id == account_id)
    return bool(found.exists())


def change(account_id: str, values: Mapping[str, object]) -> None:
    """Update columns of an account."""
    Account.update(**values).where(Account.account_id == account_id).execute()


def revived(token: SealedToken, at: object) -> dict[str, object]:
    """Return the columns of an account with a new token."""
    return {
        "sealed_token": token.sealed,
        "token_stored_at": at,
        "token_issued_at": token.issued_at,
        "token_expires_at": token.expires_at,
        "status": AccountStatus.ACTIVE,
        "because": "",
        "refresh_failures": 0,
        "refresh_failed_at": None,
    }


def _values(command: StoreAccount) -> dict[str, object]:
    account = command.account
    return {
        "flavour": account.flavour,
        "username": _told(account.username),
        "name": _told(account.name),
        "page_id": account.page_id,
        "app_user_id": account.app_user_id,
        "scopes": " ".join(account.scopes),
        "subscribed_fields": " ".join(account.subscribed_fields),
    }


def _changes(command: ChangeAccount) -> dict[str, object]:
    values: dict[str, object] = {}
    if command.name is not None:
        values["name"] = _told(command.name)
    if command.page_id is not None:
        values["page_id"] = command.page_id
    if command.subscribed_fields is not None:
        values["subscribed_fields"] = " ".join(command.subscribed_fields)
    if command.token is not None:
        values |= revived(command.token, command.at)
    return values


def _choose_bot(batch: Batch, command: ChangeAccount) -> Conflict | None:
    if command.bot is None:
        return None
    name = None if command.bot == DEFAULT_BOT else command.bot
    return assign_bot(batch, command.account_id, name)


def _told(text: str | None) -> str | None:
    return None if text is None else storable(text)


@handles(MarkTokenDead)
def mark_tokens_dead(batch: Batch, commands: Sequence[MarkTokenDead]) -> None:
    """Mark tokens dead, unless a new one was stored since the rejected call began."""
    for command in commands:
        dead = Account.update(status=AccountStatus.DEAD, because=storable(command.because))
        changed = dead.where(
            (Account.account_id == command.account_id)
            & (Account.status == AccountStatus.ACTIVE)
            & (Account.token_stored_at <= command.refused_at)
        )
        if changed.execute():
            batch.tell(AccountChanged(command.account_id, is_usable=False))
            kind, because = NotificationKind.ACCOUNT_PROBLEM, "its access token is no longer valid"
            store_notification(
                batch, kind, because, command.refused_at, account_id=command.account_id
            )
        batch.answer(command.receipt, Done())


@handles(RenewToken)
def renew_tokens(batch: Batch, commands: Sequence[RenewToken]) -> None:
    """Store refreshed tokens; removed accounts are skipped."""
    for command in commands:
        if exists(command.account_id):
            values = revived(command.token, command.at) | {"refreshed_at": command.at}
            change(command.account_id, values)
            kind = FeedKind.ACCOUNT_TOKEN_RENEWED
            batch.publish(FeedEvent(kind, command.at, account_id=command.account_id))
            _resume(batch, command.account_id)


def _resume(batch: Batch, account_id: str) -> None:
    end_stop(account_id)
    batch.tell(AccountChanged(account_id, is_usable=True))


@handles(RecordRefreshFailure)
def note_refresh_failures(_batch: Batch, commands: Sequence[RecordRefreshFailure]) -> None:
    """Count failed refreshes, so that the next one waits longer, even after a restart."""
    for command in commands:
        failures = Account.refresh_failures + 1
        change(
            command.account_id,
            {"refresh_failures": failures, "refresh_failed_at": command.at},
        )


@handles(RecordProfile)
def record_profiles(_batch: Batch, commands: Sequence[RecordProfile]) -> None:
    """Store the fingerprints of the profiles that accounts show."""
    for command in commands:
        row = AccountProfile.insert(
            account_id=command.account_id,
            ice_breakers=command.marks.ice_breakers,
            menu=command.marks.menu,
        )
        row.on_conflict(
            conflict_target=[AccountProfile.account_id],
            preserve=[AccountProfile.ice_breakers, AccountProfile.menu],
        ).execute()
