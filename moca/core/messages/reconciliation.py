from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from moca.core.inbound.events import Echo, InboundMessage
from moca.core.reconciliation.thread_scan import Span


@dataclass(frozen=True, slots=True)
class FindDueLooks:
    """Choose the accounts whose record is to be compared now. Comparer -> Persistence."""

    at: datetime
    every: timedelta
    own_account_id: str = ""
    """Of the account that stands in the settings; empty where none does."""


@dataclass(frozen=True, slots=True)
class DueLook:
    """An account whose record is to be compared with what is stored."""

    account_id: str
    compared_until: datetime | None
    """None where it never was."""


@dataclass(frozen=True, slots=True)
class LooksDue:
    """These accounts are to be compared by nobody else. Persistence -> Comparer."""

    looks: tuple[DueLook, ...]


@dataclass(frozen=True, slots=True)
class CompareThread:
    """Take in what of a thread never came by webhook. Comparer -> Persistence."""

    account_id: str
    messages: tuple[InboundMessage | Echo, ...] = field(repr=False)
    """As the record tells them, newest first."""
    span: Span
    at: datetime


@dataclass(frozen=True, slots=True)
class EndLook:
    """An account's record was compared up to an instant. Comparer -> Persistence."""

    account_id: str
    until: datetime


@dataclass(frozen=True, slots=True)
class MessagesMissed:
    """So many messages never came by webhook. Persistence -> observers."""

    account_id: str
    count: int


@dataclass(frozen=True, slots=True)
class CountArrivals:
    """Count what came by webhook since it was last counted. Comparer -> Persistence."""

    at: datetime
    own_account_id: str = ""
    """Of the account that stands in the settings; empty where none does."""


@dataclass(frozen=True, slots=True)
class AccountArrivals:
    """When messages came to an account by webhook, lately."""

    account_id: str
    last_at: datetime
    hours: Mapping[datetime, int]
    is_called_quiet: bool
    """Whether it was said already that none come any more."""


@dataclass(frozen=True, slots=True)
class ArrivalsCounted:
    """The figures by which an account's silence shows. Persistence -> Comparer."""

    accounts: tuple[AccountArrivals, ...]


@dataclass(frozen=True, slots=True)
class CallQuiet:
    """Say that no webhook comes for an account any more. Comparer -> Persistence."""

    account_id: str
    because: str
    since_at: datetime
    at: datetime


Comparing = FindDueLooks | CompareThread | EndLook | CountArrivals | CallQuiet
"""What the comparer asks of the database."""
