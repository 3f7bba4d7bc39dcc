from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import Any

import peewee

from moca.core.accounts import TokenState
from moca.instagram.oauth import LoginClient
from moca.instagram.signature import name_of

OK = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How each part is: `ok`, or the reason why it is not; no reason names a secret."""

    database: str = OK
    sender: str = OK
    supervisor: str = OK
    accounts: Mapping[str, str] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Whether webhooks can be taken in and written; accounts may be in trouble all the same."""
        return self.database == self.supervisor == OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What the process tells of itself."""

    waiting: Mapping[str, int] = field(default_factory=dict)
    """Messages that wait for each part of which there is only one, or one pool."""
    live_conversations: int | None = None
    """None where the supervisor does not answer."""
    database_bytes: int | None = None
    wal_bytes: int | None = None
    """What SQLite has yet to bring into its file; None for any other database."""
    seats: int | None = None
    """How many seats this node holds of the cluster's; None on one machine."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What the doctor says of one thing: that it is fine, or the one thing to do."""

    name: str
    is_fine: bool
    told: str


@dataclass(frozen=True, kw_only=True)
class WebConfig:
    """The figures and secrets by which the web answers."""

    app_secrets: tuple[str, ...] = field(repr=False)
    """Any of them may have signed a webhook."""
    verify_token: str = field(repr=False)
    api_token: str = field(repr=False)
    live: bool = False
    app_id: str = ""
    """Of the Meta app; empty where accounts cannot be connected by a login."""
    answer_comments: bool = False
    receipt_timeout: timedelta = timedelta(seconds=4)
    """How long a request waits for its commit; Meta gives up after 5 s."""
    public_origin: str = ""
    """`https://host` as browsers see it, where a proxy stands before us."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    own_token: TokenState | None = None
    """Of the account that the settings name; None where its end is not known."""
    debounce: timedelta = timedelta(seconds=5)
    """With the next ones, only to say what a message waits for, or why it was not answered."""
    cooldown: timedelta = timedelta(seconds=30)
    dedup: timedelta = timedelta(seconds=10)
    takeover: timedelta = timedelta(hours=12)
    user_cooldown: timedelta = timedelta(seconds=7)
    per_second: int = 3
    account_per_second: int = 100

    @property
    def is_secure(self) -> bool:
        """Whether browsers reach us by TLS alone, so that cookies may demand it."""
        return self.live or self.public_origin.startswith("https://")

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The name of each app secret."""
        return {secret: name_of(secret) for secret in self.app_secrets}


def _unforeseen(*_: object) -> Any:
    raise RuntimeError("this process was not built to connect accounts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All that the web knows of the rest of the system."""

    database: peewee.Database
    """For reads; opened for no longer than a read takes."""
    tell: Callable[[object], None]
    """Hands a command to the supervisor; raises where it cannot be taken."""
    health: Callable[[], Health]
    """Says how the parts are; answers within a second or so."""
    seal: Callable[[str], str] = _unforeseen
    """Makes of a token what may be written; raises `WrongKey` where it cannot."""
    login: Callable[[], LoginClient] = _unforeseen
    """Makes what speaks with Meta about logins; the caller closes it."""
    unsubscribe: Callable[[str], str | None] = _unforeseen
    """Ends an account's webhooks at Meta, over the network; None, or why they were not ended."""
    vitals: Callable[[], Vitals] = Vitals
    """Says how the process is; called with the database connected."""
    settings: Sequence[tuple[str, str, str]] = ()
    """Each setting's name, value and default as a person may see them."""
    examine: Callable[[], Sequence[Finding]] = tuple
    """Calls the doctor, who takes seconds."""
    note_signing: Callable[[str], None] = lambda _secret: None
    """Told of every webhook which secret signed it, by name; quick."""
