from collections.abc import Callable
from datetime import datetime

from moca import clock
from moca.core.messages.accounts import AccountChanged, MarkTokenDead
from moca.core.messages.command import Command
from moca.core.messages.delivery import DeliveryEnded, RecordSent
from moca.core.outbox.account_rests import RestingAccount
from moca.core.outbox.call_results import CallEnded, rest_after
from moca.core.outbox.outbox import Outbox
from moca.core.policy import SenderPolicy


class AccountHealth:
    """Problems that calls reported about accounts, which then rest or stop in the outbox."""

    def __init__(self, outbox: Outbox, record: Callable[[Command], None]) -> None:
        self._outbox = outbox
        self._record = record
        self._problems: dict[str, str] = {}

    def problems(self) -> dict[str, str]:
        """Return, by account id, why the last call requires an operator to act."""
        return dict(self._problems)

    def note(self, account_id: str, end: CallEnded, started_at: datetime, now: datetime) -> None:
        """Record how a call of an account ended; `started_at` is when that call began."""
        if end.account_rests_until is not None:
            self._outbox.rest_account(RestingAccount(account_id, end.account_rests_until), now)
        if end.account_stopped_until is not None:
            stop = RestingAccount(account_id, end.account_stopped_until, is_stopped=True)
            self._outbox.rest_account(stop, now)
        if end.is_token_dead and end.account_problem is not None:
            self._record(MarkTokenDead(account_id, end.account_problem, started_at))
        if end.account_problem is not None:
            self._problems[account_id] = end.account_problem
        elif isinstance(end.record, RecordSent):
            self._problems.pop(account_id, None)

    def note_lost(self, ended: DeliveryEnded, policy: SenderPolicy) -> None:
        """Free the courier of a call that is not known any more; its account rests if asked to."""
        self._outbox.hung_up(ended.item_id)
        now = clock.now()
        until = rest_after(ended.result, now, policy)
        if until is not None:
            self._outbox.rest_account(RestingAccount(ended.account_id, until), now)

    def note_change(self, changed: AccountChanged) -> None:
        """Resume sending for an account that an operator has fixed."""
        if changed.is_usable:
            self._outbox.wake_account(changed.account_id)
            self._problems.pop(changed.account_id, None)
