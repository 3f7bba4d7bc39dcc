import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pykka

from actors.background.notifications import NotifierActor, Post
from actors.background.profile_sync import ProfileKeeperActor, Profiles
from actors.background.reconciliation import ComparerActor, Comparing
from actors.background.retention import HousekeeperActor
from actors.background.token_refresh import TokenKeeperActor, Tokens
from actors.runtime.actor import Ref
from actors.runtime.dispatchers import Dispatchers
from actors.runtime.timers import Timers
from actors.side_calls import SharedReads
from actors.signals import CompareDue, HouseworkDue, LookAtProfiles, LookAtTokens
from moca.core.messages import Command
from moca.core.messages.housekeeping import HouseKept, NoticesFound, NoticeWritten
from moca.core.messages.reconciliation import ArrivalsCounted, LooksDue

Kept = HouseKept | NoticeWritten | NoticesFound | ArrivalsCounted | LooksDue


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is looked after by itself; nothing by default, as in most tests."""

    tokens: Tokens | None = None
    """None where no account's token is kept, so that none is refreshed."""
    erases: bool = False
    """Whether what has to go is erased in portions."""
    retention: timedelta | None = None
    """How long what has ended is kept; None keeps it."""
    audit: timedelta | None = None
    """How long it is kept who did what; None keeps it."""
    profiles: Profiles | None = None
    """None where no account is given ice breakers or a menu."""
    post: Post | None = None
    """Tells people outside what waits for them; None where nobody is told."""
    comparing: Comparing | None = None
    """None where nobody sees to what never comes."""


class Keepers:
    """The actors that keep tokens alive, the database clean and people informed."""

    def __init__(
        self,
        keeping: Keeping,
        *,
        dispatchers: Dispatchers,
        reads: SharedReads,
        record: Callable[[Command], None],
        timers: Timers,
        escalate: Callable[[BaseException], None] | None,
    ) -> None:
        common: dict[str, Any] = {"record": record, "timers": timers, "escalate": escalate}
        self._refs: list[Ref[Any]] = []
        self._housekeeper: Ref[Any] | None = None
        if keeping.tokens is not None:
            keeper: Ref[Any] = TokenKeeperActor.start_on(
                dispatchers.readers, tokens=keeping.tokens, **common
            )
            keeper.tell(LookAtTokens())
            self._refs.append(keeper)
        if keeping.profiles is not None:
            profile_keeper: Ref[Any] = ProfileKeeperActor.start_on(
                dispatchers.readers, profiles=keeping.profiles, **common
            )
            profile_keeper.tell(LookAtProfiles())
            self._refs.append(profile_keeper)
        if keeping.erases:
            self._housekeeper = HousekeeperActor.start_on(
                dispatchers.shared,
                retention=keeping.retention,
                audit=keeping.audit,
                **common,
            )
            self._housekeeper.tell(HouseworkDue())
            self._refs.append(self._housekeeper)
        self._comparer: Ref[Any] | None = None
        if keeping.comparing is not None:
            self._comparer = ComparerActor.start_on(
                dispatchers.readers,
                comparing=keeping.comparing,
                reads=reads,
                **common,
            )
            self._comparer.tell(CompareDue())
            self._refs.append(self._comparer)
        self._notifier: Ref[Any] | None = None
        if keeping.post is not None:
            self._notifier = NotifierActor.start_on(
                dispatchers.readers, post=keeping.post, **common
            )
            self._notifier.tell(NoticeWritten())
            self._refs.append(self._notifier)

    def hear(self, event: Kept) -> None:
        """Let the one whom it concerns go on."""
        whom = self._whom(event)
        if whom is not None:
            with contextlib.suppress(pykka.ActorDeadError):
                whom.tell(event)

    def _whom(self, event: Kept) -> Ref[Any] | None:
        match event:
            case HouseKept():
                return self._housekeeper
            case ArrivalsCounted() | LooksDue():
                return self._comparer
            case _:
                return self._notifier

    def stop(self) -> None:
        """Stop them; what is under way comes to its end."""
        for ref in self._refs:
            ref.stop(block=False)
