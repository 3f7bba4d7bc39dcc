from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

import peewee
import structlog

from actors.bots.bot import BotOf
from actors.runtime.actor import MailboxActor
from actors.runtime.timers import ActorTimer, Timers
from actors.signals import SyncProfiles
from moca import clock
from moca.core.messages.accounts import RecordProfile
from moca.core.outbox.call_results import backoff
from moca.core.profile import MessengerProfile, ProfileChange, ProfileFingerprints, change_to
from moca.instagram.graph import GraphClient
from moca.storage.db.connection import UNAVAILABLE
from moca.storage.queries.accounts import list_accounts, shown_profiles

log = structlog.get_logger()

_EVERY = timedelta(minutes=5)
_MAX_TRIES = 5


class ProfileSync(Protocol):
    """The messenger profile of every account, and the call that changes it."""

    def wanted(self, account_id: str) -> MessengerProfile:
        """Return the profile that an account should show."""

    def shown(self) -> Mapping[str, ProfileFingerprints]:
        """Return, by account id, the fingerprints of the profile last set."""

    def change(self, account_id: str, change: ProfileChange) -> str | None:
        """Change a profile over the network; return None, or why Instagram refused."""


@dataclass(frozen=True, slots=True)
class GraphProfileSync:
    """Profiles of the accounts in the database and the settings, changed through the Graph API."""

    bot_of: BotOf
    database: peewee.Database
    own_account_id: str
    """Id of the account in the settings; empty if there is none."""
    connect: Callable[[], GraphClient]

    def wanted(self, account_id: str) -> MessengerProfile:
        """Return the profile of the account's bot."""
        return self.bot_of(account_id).profile

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
    """Sets the ice breakers and the menu of its bot on each account once; blocking.

    Starts with the first `SyncProfiles` and then repeats by timer, for accounts connected and bots
    published later. A change that an account refuses is tried five times, then not again until the
    next start.
    """

    outages = UNAVAILABLE

    def __init__(
        self, *, profiles: ProfileSync, record: Callable[[RecordProfile], None], timers: Timers
    ) -> None:
        super().__init__()
        self._profiles = profiles
        self._record = record
        tell = self.actor_ref.tell
        self._next_look = ActorTimer(timers, lambda: tell(SyncProfiles()))
        self._failures: Counter[tuple[str, ProfileFingerprints]] = Counter()
        self._given: dict[str, ProfileFingerprints] = {}
        """What was set in this run, and may not be in the database yet."""

    def on_restart(self) -> None:
        """Continue with the next round."""
        self._look_in(_EVERY)

    def on_receive(self, _message: object) -> None:
        """Check every account."""
        for account_id, marks in self._profiles.shown().items():
            wanted = self._profiles.wanted(account_id)
            change = change_to(wanted, self._given.get(account_id, marks))
            if change is not None and self._failures[account_id, wanted.marks] < _MAX_TRIES:
                self._change(account_id, change, wanted.marks)
        waiting = [tries for tries in self._failures.values() if tries < _MAX_TRIES]
        self._look_in(backoff(min(waiting), jitter=1) if waiting else _EVERY)

    def on_stop(self) -> None:
        """Cancel the timer."""
        self._next_look.cancel()

    def _change(self, account_id: str, change: ProfileChange, marks: ProfileFingerprints) -> None:
        because = self._profiles.change(account_id, change)
        if because is None:
            self._given[account_id] = marks
            self._failures.pop((account_id, marks), None)
            self._record(RecordProfile(account_id, marks))
            log.info("profile_given", account=account_id)
            return
        self._failures[account_id, marks] += 1
        tries = self._failures[account_id, marks]
        log.warning("profile_refused", account=account_id, because=because, tries=tries)

    def _look_in(self, span: timedelta) -> None:
        self._next_look.set_to(clock.now() + span)
