from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from moca.core.inbound.events import Echo, InboundMessage
from moca.core.messages.command import Command
from moca.core.reconciliation.thread_scan import ScanPeriod


@dataclass(frozen=True, slots=True)
class FindDueReconciliations(Command):
    """Claim the accounts that are due for reconciliation. Comparer -> Persistence."""

    at: datetime
    every: timedelta
    own_account_id: str = ""
    """The account in the settings; empty if there is none."""


@dataclass(frozen=True, slots=True)
class DueReconciliation:
    """An account to reconcile."""

    account_id: str
    compared_until: datetime | None
    """None if it was never reconciled."""


@dataclass(frozen=True, slots=True)
class ReconciliationsDue:
    """The accounts claimed for this caller alone. Persistence -> Comparer."""

    looks: tuple[DueReconciliation, ...]


@dataclass(frozen=True, slots=True)
class CompareThread(Command):
    """Store the messages of a thread that never came by webhook. Comparer -> Persistence."""

    account_id: str
    messages: tuple[InboundMessage | Echo, ...] = field(repr=False)
    """In the order of Instagram's record, newest first."""
    span: ScanPeriod
    at: datetime


@dataclass(frozen=True, slots=True)
class EndReconciliation(Command):
    """An account was reconciled up to an instant. Comparer -> Persistence."""

    account_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class MessagesMissed:
    """The number of messages that never came by webhook. Persistence -> observers."""

    account_id: str
    count: int


@dataclass(frozen=True, slots=True)
class CountArrivals(Command):
    """Count the webhooks that arrived since the last count. Comparer -> Persistence."""

    at: datetime
    own_account_id: str = ""
    """The account in the settings; empty if there is none."""


@dataclass(frozen=True, slots=True)
class AccountArrivals:
    """When messages recently came to an account by webhook."""

    account_id: str
    last_at: datetime
    hours: Mapping[datetime, int]
    is_called_quiet: bool
    """Whether its silence has already been reported."""


@dataclass(frozen=True, slots=True)
class ArrivalsCounted:
    """The arrivals from which an account's silence is detected. Persistence -> Comparer."""

    accounts: tuple[AccountArrivals, ...]


@dataclass(frozen=True, slots=True)
class ReportSilentAccount(Command):
    """Report that webhooks have stopped for an account. Comparer -> Persistence."""

    account_id: str
    because: str
    since_at: datetime
    at: datetime


Comparing = (
    FindDueReconciliations | CompareThread | EndReconciliation | CountArrivals | ReportSilentAccount
)
"""Commands of reconciliation."""
