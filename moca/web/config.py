from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any, Protocol

import peewee

from moca.core.accounts import TokenState
from moca.core.bots.rehearsals import Rehearsals
from moca.core.bots.workshop import BotWorkshop
from moca.core.policy import ConversationPolicy, PolicyOf, same_for_all
from moca.instagram.oauth import LoginClient
from moca.instagram.signature import name_of
from moca.uploads.folder import UploadFolder

OK = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The state of each part: `ok`, or its problem; no problem quotes a secret."""

    database: str = OK
    sender: str = OK
    supervisor: str = OK
    accounts: Mapping[str, str] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Return whether webhooks can be stored, whatever the state of the accounts."""
        return self.database == self.supervisor == OK


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessStatus:
    """The process's own metrics."""

    waiting: Mapping[str, int] = field(default_factory=dict)
    """Messages waiting for each singleton or pool."""
    live_conversations: int | None = None
    """None if the supervisor does not answer."""
    database_bytes: int | None = None
    wal_bytes: int | None = None
    """Size of SQLite's write-ahead log; None for any other database."""
    seats: int | None = None
    """How many of the cluster's seats this node holds; None on a single machine."""


@dataclass(frozen=True, slots=True)
class DoctorFinding:
    """The result of one check: that all is well, or the one thing to do."""

    name: str
    is_fine: bool
    text: str


@dataclass(frozen=True, kw_only=True)
class WebConfig:
    """The limits and secrets of the web layer."""

    app_secrets: tuple[str, ...] = field(repr=False)
    """Any of them may have signed a webhook."""
    verify_token: str = field(repr=False)
    api_token: str = field(repr=False)
    version: str = "unknown"
    """Of Moca."""
    live: bool = False
    app_id: str = ""
    """Of the Meta app; empty if accounts cannot be connected by login."""
    answer_comments: bool = False
    receipt_timeout: timedelta = timedelta(seconds=4)
    """How long a request waits for its commit; Meta gives up after 5 s."""
    public_origin: str = ""
    """`https://host` as browsers see it behind a proxy."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks whose X-Forwarded-For and X-Forwarded-Proto are trusted."""
    allows_private_subscribers: bool = False
    """Whether events may be sent to private addresses and without TLS."""
    max_upload_bytes: int = 4_000_000_000
    """Of all attached files together."""
    own_token: TokenState | None = None
    """Of the account in the settings; None if its expiry is unknown."""
    zone: str = "UTC"
    """The time zone of the business hours, in which reports count days."""
    policy_of: PolicyOf = field(default_factory=lambda: same_for_all(ConversationPolicy()))
    """This and the following settings only explain why a message waits or was not answered."""
    user_cooldown: timedelta = timedelta(seconds=7)
    per_second: int = 3
    account_per_second: int = 100

    @property
    def is_secure(self) -> bool:
        """Return whether browsers connect by TLS only, so that cookies may require it."""
        return self.live or self.public_origin.startswith("https://")

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Return the name of each app secret."""
        return {secret: name_of(secret) for secret in self.app_secrets}


def _unforeseen(*_: object) -> Any:
    raise RuntimeError("this process cannot connect accounts")


class PushKeySource(Protocol):
    """Has the key of push messages; both raise `WrongEncryptionKey` if it cannot be used."""

    def make_key(self) -> str:
        """Return a new encrypted key."""

    def public_key(self) -> str | None:
        """Return the public key as browsers want it; None if none was made yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPorts:
    """The web layer's access to the rest of the system."""

    database: peewee.Database
    """For reads; opened for no longer than a read takes."""
    tell: Callable[[object], None]
    """Sends a command to the supervisor; raises if it cannot be accepted."""
    health: Callable[[], Health]
    """Returns the state of the parts; answers within a second or so."""
    seal: Callable[[str], str] = _unforeseen
    """Encrypts a token for storage; raises `WrongKey` if that is impossible."""
    login: Callable[[], LoginClient] = _unforeseen
    """Returns a client for Meta's login; the caller closes it."""
    unsubscribe: Callable[[str], str | None] = _unforeseen
    """Ends an account's webhooks at Meta, over the network; returns None, or why that failed."""
    process_status: Callable[[], ProcessStatus] = ProcessStatus
    """Returns the process's metrics; called with the database connected."""
    uploads: UploadFolder | None = None
    """Keeps the files that operators attach; None if there is no folder for them."""
    settings: Sequence[tuple[str, str, str]] = ()
    """Each setting's name, value and default for display, with secrets masked."""
    run_checks: Callable[[], Sequence[DoctorFinding]] = tuple
    """Runs the doctor, which takes seconds."""
    bots: BotWorkshop | None = None
    """Checks and tries the documents of bots; None if this process edits none."""
    rehearsals: Rehearsals | None = None
    """Rehearses drafts of bots; None if this process cannot."""
    push: PushKeySource | None = None
    """None if push messages cannot be sent."""
    note_signing: Callable[[str], None] = lambda _secret: None
    """Called with the name of the secret that signed each webhook; fast."""
