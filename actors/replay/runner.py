from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from actors.replay.harness import Stage
from moca.clock import VirtualTime, virtual_time
from moca.core.inbound.events import Echo, Event
from moca.core.replay_comparison import Comparison, Rehearsal
from moca.instagram.envelope import NotInstagram, NotJson
from moca.instagram.events import read_webhook
from moca.replies.chain import Chain
from moca.replies.free_only import SparedGenerator
from moca.replies.generator import ReplyGenerator
from moca.replies.registry import FREE, make_generator
from moca.settings.sections import Settings
from moca.storage.db.connection import open_for_a_while
from moca.storage.queries.endings import endings_of
from moca.storage.queries.replay import StoredBody
from moca.storage.replay_source import Archive, seed_opted_out

_WARM_UP = timedelta(hours=24)
"""Replayed before and not compared: cooldowns, holds and what was said reach that far back."""
_TO_SETTLE = timedelta(minutes=2)
"""The last messages are left out: what becomes of them is not known yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """What is replayed, and how."""

    since: datetime
    now: datetime
    with_model: bool = False
    """Whether generators that may cost money are asked."""
    most: int = 100
    """So many differences are told one by one."""

    @property
    def until(self) -> datetime:
        """Before when a message must have come to be compared."""
        return self.now - _TO_SETTLE


def rehearse(
    url: str,
    settings: Settings,
    programme: Programme,
    progress: Callable[[float], None] = lambda _share: None,
) -> Rehearsal:
    """Replay what is stored at an address as if Moca had run with other settings; send nothing.

    Takes the calling thread, and the process's clock; writes into a directory that is gone after.

    Raises:
        BadGenerator: the settings' generators cannot be made.
        peewee.PeeweeException: the database cannot be read.
    """
    begin = programme.since - _WARM_UP
    with (
        TemporaryDirectory(prefix="moca-rehearsal-") as directory,
        Archive.opened(url) as archive,
        virtual_time(begin) as time,
    ):
        replay = _Replay(archive, settings, programme, time, Path(directory))
        with closing(replay):
            replay.run(begin, progress)
            return replay.compared()


def _generator(settings: Settings, programme: Programme) -> Chain:
    def spared(name: str, generator: ReplyGenerator) -> ReplyGenerator:
        if name in FREE:
            return generator
        asked_from = programme.since if programme.with_model else None
        return SparedGenerator(name, generator, asked_from)

    return make_generator(settings.replies.chain, settings.replies.tables, wrap=spared)


class _Replay:
    def __init__(
        self,
        archive: Archive,
        settings: Settings,
        programme: Programme,
        time: VirtualTime,
        directory: Path,
    ) -> None:
        self._archive = archive
        self._settings = settings
        self._programme = programme
        self._webhooks = 0
        self._unreadable = 0
        database = open_for_a_while(directory)
        seed_opted_out(archive.opted_out(time.now()))
        generator = _generator(settings, programme)
        self._stage = Stage(
            settings, generator=generator, archive=archive, database=database, time=time
        )

    def run(self, begin: datetime, progress: Callable[[float], None]) -> None:
        until = self._programme.until
        for each in self._archive.received(begin, until):
            events = self._read(each.body) if isinstance(each, StoredBody) else (each.message,)
            if events:
                self._stage.hear(each.received_at, events)
            progress((each.received_at - begin) / (until - begin))
        self._stage.pass_until(self._programme.now)
        progress(1.0)

    def compared(self) -> Rehearsal:
        since, until = self._programme.since, self._programme.until
        comparison = Comparison(self._programme.most)
        for page in self._archive.lived(since, until):
            endings = endings_of(message.key for message in page)
            for message in page:
                comparison.add(message, endings.get(message.key))
        return Rehearsal(
            since=since,
            until=until,
            counts=comparison.counts,
            differences=tuple(comparison.differences),
            webhooks=self._webhooks,
            unreadable=self._unreadable,
            unasked=comparison.unasked,
        )

    def close(self) -> None:
        self._stage.close()

    def _read(self, body: bytes) -> tuple[Event, ...]:
        self._webhooks += 1
        instagram = self._settings.instagram
        try:
            events = read_webhook(
                body,
                live=instagram.mode == "live",
                app_id=instagram.app_id,
                answer_comments=instagram.answer_comments,
            )
        except (NotJson, NotInstagram):
            self._unreadable += 1
            return ()
        return self._without_ours(events)

    def _without_ours(self, events: Iterable[Event]) -> tuple[Event, ...]:
        """Leave out the echoes of what Moca said then: now it says something else."""
        echoed = [event.mid for event in events if isinstance(event, Echo)]
        ours = self._archive.ours(echoed) if echoed else set()
        return tuple(
            event
            for event in events
            if not isinstance(event, Echo) or (event.contact.account_id, event.mid) not in ours
        )
