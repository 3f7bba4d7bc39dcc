from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import peewee
import structlog

from actors.runtime.actor import MailboxActor
from actors.runtime.timers import ActorTimer, Timers
from actors.signals import SyncProfiles
from moca import clock
from moca.core.messages.accounts import RecordProfile
from moca.core.outbox.call_results import backoff
from moca.core.profile import MessengerProfile, ProfileChange, ProfileFingerprints, change_to
from moca.instagram.graph import GraphClient
from moca.storage.queries.accounts import list_accounts, shown_profiles

log = structlog.get_logger()

_EVERY = timedelta(minutes=5)
_MAX_TRIES = 5


class ProfileSync(Protocol):
    """The messenger profile of every account, and the call that changes it."""

    @property
    def wanted(self) -> MessengerProfile:
        """Return the profile that every account should show."""

    def shown(self) -> Mapping[str, ProfileFingerprints]:
        """Return, by account id, the fingerprints of the profile last set."""

    def change(self, account_id: str, change: ProfileChange) -> str | None:
        """Change a profile over the network; return None, or why Instagram refused."""


@dataclass(frozen=True, slots=True)
class GraphProfileSync:
    """Profiles of the accounts in the database and the settings, changed through the Graph API."""

    wanted: MessengerProfile
    database: peewee.Database
    own_account_id: str
    """Id of the account in the settings; empty if there is none."""
    connect: Callable[[], GraphClient]

    def shown(self) -> Mapping[str, ProfileFingerprints]:
        """Return, by account id, the fingerprints of the profile last set."""
        with self.database.connection_context():
            shown = shown_profiles()
            connected = [each.account_id for each in list_accounts()]
        own = (self.own_account_id,) if self.own_account_id else ()
        return {
            each: shown.get(each, ProfileFingerprints())
            for each in dict.fromkeys((*own, *connected))
        }

    def change(self, account_id: str, change: ProfileChange) -> str | None:
        """Change a profile over the network; return None, or why Instagram refused."""
        with closing(self.connect()) as graph:
            return graph.change_profile(account_id, change)


class ProfileSyncActor(MailboxActor):
    """Sets the ice breakers and the menu of the settings on each account once; blocking.

    Starts with the first `SyncProfiles` and then repeats by timer, for accounts connected later. A
    change that an account refuses is tried five times, then not again until the next start.
    """

    def __init__(
        self, *, profiles: ProfileSync, record: Callable[[RecordProfile], None], timers: Timers
    ) -> None:
        super().__init__()
        self._profiles = profiles
        self._record = record
        tell = self.actor_ref.tell
        self._next_look = ActorTimer(timers, lambda: tell(SyncProfiles()))
        self._failures: Counter[str] = Counter()
        self._given: dict[str, ProfileFingerprints] = {}
        """What was set in this run, and may not be in the database yet."""

    def on_restart(self) -> None:
        """Continue with the next round."""
        self._look_in(_EVERY)

    def on_receive(self, _message: object) -> None:
        """Check every account."""
        for account_id, marks in self._profiles.shown().items():
            change = change_to(self._profiles.wanted, self._given.get(account_id, marks))
            if change is not None and self._failures[account_id] < _MAX_TRIES:
                self._change(account_id, change)
        waiting = [tries for tries in self._failures.values() if tries < _MAX_TRIES]
        self._look_in(backoff(min(waiting), jitter=1) if waiting else _EVERY)

    def on_stop(self) -> None:
        """Cancel the timer."""
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
