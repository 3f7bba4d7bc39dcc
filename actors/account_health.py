from collections.abc import Callable
from datetime import datetime

from moca.core.messages import Command
from moca.core.messages.accounts import AccountChanged, MarkTokenDead
from moca.core.messages.delivery import RecordSent
from moca.core.outbox.call_results import Ended
from moca.core.outbox.outbox import Outbox


class Ailments:
    """What the calls told of their accounts, which rest or stop in the outbox for it."""

    def __init__(self, outbox: Outbox, record: Callable[[Command], None]) -> None:
        self._outbox = outbox
        self._record = record
        self._why: dict[str, str] = {}

    def told(self) -> dict[str, str]:
        """Name the accounts whose last call said that a person must act, and why."""
        return dict(self._why)

    def note(self, account_id: str, end: Ended, started_at: datetime, now: datetime) -> None:
        """Take in how a call of an account ended, which started then."""
        if end.account_rests_until is not None:
            self._outbox.rest_account(account_id, end.account_rests_until, now)
        if end.account_stopped_until is not None:
            self._outbox.stop_account(account_id, end.account_stopped_until, now)
        if end.is_token_dead and end.account_ails is not None:
            self._record(MarkTokenDead(account_id, end.account_ails, started_at))
        if end.account_ails is not None:
            self._why[account_id] = end.account_ails
        elif isinstance(end.record, RecordSent):
            self._why.pop(account_id, None)

    def note_change(self, changed: AccountChanged) -> None:
        """Let an account send again that a person has seen to."""
        if changed.is_usable:
            self._outbox.wake_account(changed.account_id)
            self._why.pop(changed.account_id, None)
