from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import peewee

from moca.web.health import Health


@dataclass(frozen=True, slots=True, kw_only=True)
class WebConfig:
    """The figures and secrets by which the web answers."""

    app_secrets: tuple[str, ...] = field(repr=False)
    """Any of them may have signed a webhook."""
    verify_token: str = field(repr=False)
    api_token: str = field(repr=False)
    live: bool = False
    receipt_timeout: timedelta = timedelta(seconds=4)
    """How long a request waits for its commit; Meta gives up after 5 s."""
    public_origin: str = ""
    """`https://host` as browsers see it, where a proxy stands before us."""
    debounce: timedelta = timedelta(seconds=5)
    """With the next one, only to say how long a message still waits."""
    user_cooldown: timedelta = timedelta(seconds=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """All that the web knows of the rest of the system."""

    database: peewee.Database
    """For reads; opened for no longer than a read takes."""
    tell: Callable[[object], None]
    """Hands a command to the supervisor; raises where it cannot be taken."""
    health: Callable[[], Health]
    """Says how the parts are; answers within a second or so."""
