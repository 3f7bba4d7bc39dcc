from collections.abc import Sequence
from typing import Any

from moca.core.account import AccountStatus
from moca.core.messages import AccountChanged, Done, MarkTokenDead, NoteRefreshFailure, RenewToken
from moca.core.notice import NoticeKind
from moca.storage.accounts import change, exists, revived
from moca.storage.batch import Batch
from moca.storage.models import Account
from moca.storage.noticing import give_notice
from moca.storage.storable import storable


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
