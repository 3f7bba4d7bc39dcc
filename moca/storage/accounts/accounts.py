from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from moca.core.accounts import AccountStatus, SealedToken
from moca.core.messages.accounts import (
    AccountChanged,
    ChangeAccount,
    MarkTokenDead,
    NoteRefreshFailure,
    RecordProfile,
    RemoveAccount,
    RenewToken,
    StoreAccount,
)
from moca.core.messages.receipt import Conflict, Done, NotFound
from moca.core.notifications import NoticeKind
from moca.storage.accounts.ownership import forget_removed, note_removed
from moca.storage.db.fields import storable
from moca.storage.db.metric_tables import Comparison
from moca.storage.db.tables import Account, AccountProfile
from moca.storage.notifications import give_notice
from moca.storage.operators.idempotency import forget_answers_about_accounts
from moca.storage.unit_of_work import Batch


def store_accounts(batch: Batch, commands: Sequence[StoreAccount]) -> None:
    """Connect accounts; one that is there already is a conflict unless it is to be replaced."""
    for command in commands:
        account_id = command.account.account_id
        is_there = exists(account_id)
        if is_there and not command.replaces:
            batch.answer(command.receipt, Conflict("the account is connected already; PATCH it"))
            continue
        values = {**_values(command), **revived(command.token, command.at)}
        if is_there:
            change(account_id, values)
        else:
            Account.create(account_id=account_id, created_at=command.at, **values)
            forget_removed(account_id)
        batch.tell(AccountChanged(account_id, is_usable=True))
        batch.answer(command.receipt, Done())


def change_accounts(batch: Batch, commands: Sequence[ChangeAccount]) -> None:
    """Change what is given; a new token revives the account."""
    for command in commands:
        if not exists(command.account_id):
            batch.answer(command.receipt, NotFound())
            continue
        values = _changes(command)
        if values:
            change(command.account_id, values)
        batch.tell(AccountChanged(command.account_id, is_usable=command.token is not None))
        batch.answer(command.receipt, Done())


def remove_accounts(batch: Batch, commands: Sequence[RemoveAccount]) -> None:
    """Forget accounts with their tokens."""
    for command in commands:
        is_removed = remove_account(batch, command.account_id, command.at)
        batch.answer(command.receipt, Done() if is_removed else NotFound())


def remove_account(batch: Batch, account_id: str, at: datetime) -> bool:
    """Forget an account with its token; False if it is not connected."""
    removed = Account.delete().where(Account.account_id == account_id).execute()
    if removed:
        note_removed(account_id, at)
        forget_answers_about_accounts()
        Comparison.delete().where(Comparison.account_id == account_id).execute()
        batch.tell(AccountChanged(account_id, is_usable=False))
    return bool(removed)


def exists(account_id: str) -> bool:
    """Tell whether an account is connected."""
    found: Any = Account.select().where(Account.account_id == account_id)
    return bool(found.exists())


def change(account_id: str, values: Mapping[str, object]) -> None:
    """Change columns of an account."""
    Account.update(**values).where(Account.account_id == account_id).execute()


def revived(token: SealedToken, at: Any) -> dict[str, object]:
    """Give the columns of an account that has just got this token."""
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


def _told(text: str | None) -> str | None:
    return None if text is None else storable(text)


def mark_tokens_dead(batch: Batch, commands: Sequence[MarkTokenDead]) -> None:
    """Write that tokens are dead, unless another one came since the refused call began."""
    for command in commands:
        dead = Account.update(status=AccountStatus.DEAD, because=storable(command.because))
        changed: Any = dead.where(
            (Account.account_id == command.account_id)
            & (Account.status == AccountStatus.ACTIVE)
            & (Account.token_stored_at <= command.refused_at)
        )
        if changed.execute():
            batch.tell(AccountChanged(command.account_id, is_usable=False))
            kind, because = NoticeKind.ACCOUNT_TROUBLE, "its access token is dead"
            give_notice(batch, kind, because, command.refused_at, account_id=command.account_id)
        batch.answer(command.receipt, Done())


def renew_tokens(batch: Batch, commands: Sequence[RenewToken]) -> None:
    """Keep refreshed tokens; nothing for an account removed meanwhile."""
    for command in commands:
        if exists(command.account_id):
            values = revived(command.token, command.at) | {"refreshed_at": command.at}
            change(command.account_id, values)
            batch.tell(AccountChanged(command.account_id, is_usable=True))


def note_refresh_failures(_batch: Batch, commands: Sequence[NoteRefreshFailure]) -> None:
    """Count refreshes that failed, so that the next one waits longer, after a restart too."""
    for command in commands:
        failures: Any = Account.refresh_failures + 1
        change(
            command.account_id,
            {"refresh_failures": failures, "refresh_failed_at": command.at},
        )


def record_profiles(_batch: Batch, commands: Sequence[RecordProfile]) -> None:
    """Write what accounts show by now."""
    for command in commands:
        row: Any = AccountProfile.insert(
            account_id=command.account_id,
            ice_breakers=command.marks.ice_breakers,
            menu=command.marks.menu,
        )
        row.on_conflict(
            conflict_target=[AccountProfile.account_id],
            preserve=[AccountProfile.ice_breakers, AccountProfile.menu],
        ).execute()
