from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from actors.bots.bot import Bot, BotOf
from actors.bots.factory import BotFactory
from actors.replay.harness import ReplaySystem
from moca.clock import VirtualTime, virtual_time
from moca.core.bots.rehearsals import RehearsedDraft
from moca.core.inbound.events import Echo, Event
from moca.core.replay_comparison import Rehearsal, ReplayComparison
from moca.core.types import BotVersion
from moca.instagram.envelope import NotInstagram, NotJson
from moca.instagram.events import read_webhook
from moca.replies.budget import BudgetRecord
from moca.replies.free_only import FreeOnlyGenerator
from moca.replies.generator import ReplyGenerator
from moca.replies.registry import FREE
from moca.settings.sections import Settings
from moca.storage.db.upgrade import open_for_a_while
from moca.storage.queries.replay import StoredBody
from moca.storage.queries.replay_outcomes import outcomes_of
from moca.storage.replay_source import ReplaySource, seed_opted_out

_WARM_UP = timedelta(hours=24)
"""Replayed before but not compared: cooldowns, holds and the history reach that far back."""
_TO_SETTLE = timedelta(minutes=2)
"""The last messages are left out, because their outcome is not known yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPlan:
    """What is replayed, and how."""

    since: datetime
    now: datetime
    with_model: bool = False
    """Whether generators that may cost money are called."""
    most: int = 100
    """The maximum number of differences listed individually."""
    draft: RehearsedDraft | None = None
    """Takes the place of its bot's published version; only its accounts are compared then. If no
    account has the bot, those of the settings' bot have it for the rehearsal. If it names an
    account, that one has the bot, and is the only one compared."""

    @property
    def until(self) -> datetime:
        """Return the end of the compared period; messages must have arrived before."""
        return self.now - _TO_SETTLE


def rehearse(
    url: str,
    settings: Settings,
    plan: ReplayPlan,
    progress: Callable[[float], None] = lambda _share: None,
) -> Rehearsal:
    """Replay a stored database as if Moca had run with other settings; nothing is sent.

    Accounts with a bot of their own are answered by its published version.

    Occupies the calling thread and the process's clock, and writes to a temporary directory.

    Raises:
        BadGenerator: If the settings' generators cannot be built.
        peewee.PeeweeException: If the database cannot be read.
    """
    begin = plan.since - _WARM_UP
    with (
        TemporaryDirectory(prefix="moca-rehearsal-") as directory,
        ReplaySource.opened(url) as archive,
        virtual_time(begin) as time,
    ):
        replay = _Replay(archive, settings, plan, time, Path(directory))
        with closing(replay):
            replay.run(begin, progress)
            return replay.compared()


def _bots(settings: Settings, archive: ReplaySource, plan: ReplayPlan) -> BotOf:
    def spared(name: str, generator: ReplyGenerator) -> ReplyGenerator:
        if name in FREE:
            return generator
        asked_from = plan.since if plan.with_model else None
        return FreeOnlyGenerator(name, generator, asked_from)

    factory = BotFactory(settings, lambda _name: BudgetRecord())
    default = factory.of_settings(spared)
    published, names = archive.published()
    bots = {
        name: factory.of_published(each.document, each.identity, spared)[0]
        for name, each in published.items()
    }
    draft = plan.draft
    if draft is not None:
        from moca.bots.document import read_document  # noqa: PLC0415 - as in `BotFactory`

        identity = BotVersion(draft.bot, None)
        bots[draft.bot] = factory.of_document(read_document(draft.document), identity, spared)
        if draft.account_id:
            names = {**names, draft.account_id: draft.bot}
        if draft.bot not in names.values():
            default = bots[draft.bot]
    by_account = {account_id: _without_review(bots[name]) for account_id, name in names.items()}
    unreviewed = _without_review(default)
    return lambda account_id: by_account.get(account_id, unreviewed)


def _are_compared(archive: ReplaySource, draft: RehearsedDraft | None) -> Callable[[str], bool]:
    """Return whether an account's messages are compared."""
    if draft is None:
        return lambda _account_id: True
    if draft.account_id:
        return lambda account_id: account_id == draft.account_id
    _, names = archive.published()
    if draft.bot in names.values():
        return lambda account_id: names.get(account_id) == draft.bot
    return lambda account_id: account_id not in names


def _without_review(bot: Bot) -> Bot:
    policy = replace(bot.policy, topics=bot.policy.topics.without_review())
    return replace(bot, policy=policy)


class _Replay:
    def __init__(
        self,
        archive: ReplaySource,
        settings: Settings,
        plan: ReplayPlan,
        time: VirtualTime,
        directory: Path,
    ) -> None:
        self._archive = archive
        self._settings = settings
        self._plan = plan
        self._webhooks = 0
        self._unreadable = 0
        database = open_for_a_while(directory)
        seed_opted_out(archive.opted_out(time.now()))
        self._system = ReplaySystem(
            settings,
            bot_of=_bots(settings, archive, plan),
            archive=archive,
            database=database,
            time=time,
        )

    def run(self, begin: datetime, progress: Callable[[float], None]) -> None:
        until = self._plan.until
        for each in self._archive.received(begin, until):
            events = self._read(each.body) if isinstance(each, StoredBody) else (each.message,)
            if events:
                self._system.receive(each.received_at, events)
            progress((each.received_at - begin) / (until - begin))
        self._system.advance_to(self._plan.now)
        progress(1.0)

    def compared(self) -> Rehearsal:
        since, until = self._plan.since, self._plan.until
        comparison = ReplayComparison(self._plan.most)
        are_compared = _are_compared(self._archive, self._plan.draft)
        for page in self._archive.recorded_messages(since, until):
            outcomes = outcomes_of(message.key for message in page)
            for message in (each for each in page if are_compared(each.contact.account_id)):
                comparison.add(message, outcomes.get(message.key))
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
        self._system.close()

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
        """Drop the echoes of what Moca sent originally: the replay sends something else."""
        echoed = [event.mid for event in events if isinstance(event, Echo)]
        ours = self._archive.ours(echoed) if echoed else set()
        return tuple(
            event
            for event in events
            if not isinstance(event, Echo) or (event.contact.account_id, event.mid) not in ours
        )
