from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

import peewee
import structlog

from actors.runtime.actor import MailboxActor
from actors.runtime.timers import Alarm, Timers
from actors.signals import LookAtProfiles
from moca import clock
from moca.core.messages.accounts import RecordProfile
from moca.core.outbox.call_results import backoff
from moca.core.profile import Marks, ProfileChange, Welcome, change_to
from moca.instagram.graph import GraphClient
from moca.storage.queries.accounts import list_accounts, shown_profiles

log = structlog.get_logger()

_EVERY = timedelta(minutes=5)
_MOST_TRIES = 5


class Profiles(Protocol):
    """What every account shows, and how that is changed."""

    @property
    def wanted(self) -> Welcome:
        """What every account is to show."""

    def shown(self) -> Mapping[str, Marks]:
        """Tell by account what it was given to show."""

    def change(self, account_id: str, change: ProfileChange) -> str | None:
        """Have Instagram change it, over the network; None, or why it did not."""


@dataclass(frozen=True, slots=True)
class ProfileDesk:
    """The accounts of the database and of the settings, and Instagram to change them."""

    wanted: Welcome
    database: peewee.Database
    own_account_id: str
    """Of the account that stands in the settings; empty where none does."""
    connect: Callable[[], GraphClient]

    def shown(self) -> Mapping[str, Marks]:
        """Tell by account what it was given to show."""
        with self.database.connection_context():
            shown = shown_profiles()
            connected = [each.account_id for each in list_accounts()]
        own = (self.own_account_id,) if self.own_account_id else ()
        return {each: shown.get(each, Marks()) for each in dict.fromkeys((*own, *connected))}

    def change(self, account_id: str, change: ProfileChange) -> str | None:
        """Have Instagram change it, over the network; None, or why it did not."""
        with closing(self.connect()) as graph:
            return graph.change_profile(account_id, change)


class ProfileKeeperActor(MailboxActor):
    """Gives the accounts the ice breakers and the menu of the settings, once; blocking.

    The first `LookAtProfiles` begins it; it comes again by itself, for accounts connected later.
    What an account refuses is tried five times, then not before the next start.
    """

    def __init__(
        self, *, profiles: Profiles, record: Callable[[RecordProfile], None], timers: Timers
    ) -> None:
        super().__init__()
        self._profiles = profiles
        self._record = record
        tell = self.actor_ref.tell
        self._next_look = Alarm(timers, lambda: tell(LookAtProfiles()))
        self._failures: Counter[str] = Counter()
        self._given: dict[str, Marks] = {}
        """What was given in this run, and may not be on disk yet."""

    def on_restart(self) -> None:
        """Go on with the next look."""
        self._look_in(_EVERY)

    def on_receive(self, _message: Any) -> None:
        """Look at every account."""
        for account_id, marks in self._profiles.shown().items():
            change = change_to(self._profiles.wanted, self._given.get(account_id, marks))
            if change is not None and self._failures[account_id] < _MOST_TRIES:
                self._change(account_id, change)
        waiting = [tries for tries in self._failures.values() if tries < _MOST_TRIES]
        self._look_in(backoff(min(waiting), jitter=1) if waiting else _EVERY)

    def on_stop(self) -> None:
        """Want no waking any more."""
        self._next_look.cancel()

    def _change(self, account_id: str, change: ProfileChange) -> None:
        because = self._profiles.change(account_id, change)
        if because is None:
            marks = self._given[account_id] = self._profiles.wanted.marks
            self._failures.pop(account_id, None)
            self._record(RecordProfile(account_id, marks))
            log.info("profile_given", account=account_id)
            return
        self._failures[account_id] += 1
        tries = self._failures[account_id]
        log.warning("profile_refused", account=account_id, because=because, tries=tries)

    def _look_in(self, span: timedelta) -> None:
        self._next_look.set_to(clock.now() + span)
