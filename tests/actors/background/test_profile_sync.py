from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import peewee
import pytest
from flask import Flask
from freezegun.api import FrozenDateTimeFactory

from actors.background.profile_sync import GraphProfileSync, ProfileSyncActor
from actors.bots.bot import Bot
from actors.runtime.dispatchers import SteppingDispatcher
from actors.runtime.timers import ManualTimers
from actors.signals import SyncProfiles
from moca import clock
from moca.core.messages.accounts import RecordProfile
from moca.core.policy import ConversationPolicy
from moca.core.profile import (
    IceBreaker,
    MenuItem,
    MessengerProfile,
    ProfileChange,
    ProfileFingerprints,
)
from moca.instagram.graph import GraphClient
from moca.instagram.sandbox.accounts import SandboxAccounts
from moca.instagram.sandbox.instagram import SandboxInstagram
from moca.instagram.sandbox.routes import graph_blueprint
from moca.replies.fixed import MockGenerator
from moca.storage.writer import Writer
from tests.instagram.conftest import served
from tests.storage.desk import POLICY
from tests.support.databases import open_migrated
from tests.support.factory import NOON, calls_at
from tests.support.frozen_time import frozen_at

ACCOUNT = "17841400000000001"
WELCOME = MessengerProfile(
    ice_breakers=(IceBreaker(question="When are you open?", payload="HOURS"),),
    menu=(
        MenuItem(title="Prices", payload="PRICES"),
        MenuItem(title="Shop", url="https://example.com/shop"),
    ),
)
SHOWN = {
    "ice_breakers": [{"call_to_actions": [{"question": "When are you open?", "payload": "HOURS"}]}],
    "persistent_menu": [
        {
            "locale": "default",
            "call_to_actions": [
                {"type": "postback", "title": "Prices", "payload": "PRICES"},
                {"type": "web_url", "title": "Shop", "url": "https://example.com/shop"},
            ],
        }
    ],
}


@pytest.fixture
def frozen() -> Iterator[FrozenDateTimeFactory]:
    with frozen_at(NOON) as frozen:
        yield frozen


@pytest.fixture
def instagram() -> SandboxInstagram:
    return SandboxInstagram(SandboxAccounts(ACCOUNT, "token"), lambda _body: None)


@pytest.fixture
def connect(instagram: SandboxInstagram) -> Iterator[Callable[[], GraphClient]]:
    app = Flask("sandbox")
    app.register_blueprint(graph_blueprint(instagram), url_prefix="/graph")
    with served(app) as url:
        calls = calls_at(f"{url}/graph", instagram.accounts.token_for)
        yield lambda: GraphClient(calls, 5)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[peewee.Database]:
    with closing(open_migrated(tmp_path)) as database:
        yield database


class SteppedProfileSync:
    """The actor on a frozen clock, with a real database and a sandbox."""

    def __init__(
        self,
        database: peewee.Database,
        connect: Callable[[], GraphClient],
        frozen: FrozenDateTimeFactory,
        wanted: MessengerProfile = WELCOME,
    ) -> None:
        self.recorded: list[RecordProfile] = []
        self._writer = Writer(database, POLICY)
        self._dispatcher = SteppingDispatcher()
        self._timers = ManualTimers()
        self._frozen = frozen
        bot = Bot(policy=ConversationPolicy(), generator=MockGenerator(), profile=wanted)
        self.desk = GraphProfileSync(lambda _account_id: bot, database, ACCOUNT, connect)
        self._ref = ProfileSyncActor.start_on(
            self._dispatcher, profiles=self.desk, record=self._record, timers=self._timers
        )
        self._ref.tell(SyncProfiles())
        self.advance(0)

    def advance(self, seconds: float) -> None:
        end = clock.now() + timedelta(seconds=seconds)
        while self._dispatcher.step():
            pass
        while (due := self._timers.next_at) is not None and due <= end:
            self._frozen.move_to(due)
            self._timers.advance_to(due)
            while self._dispatcher.step():
                pass
        self._frozen.move_to(end)

    def stop(self) -> None:
        self._ref.stop(block=False)
        while self._dispatcher.step():
            pass

    def _record(self, command: RecordProfile) -> None:
        self.recorded.append(command)
        self._writer.apply([command])


@pytest.fixture
def keep(
    database: peewee.Database, connect: Callable[[], GraphClient], frozen: FrozenDateTimeFactory
) -> Iterator[Callable[..., SteppedProfileSync]]:
    jobs = []

    def keep(wanted: MessengerProfile = WELCOME) -> SteppedProfileSync:
        jobs.append(SteppedProfileSync(database, connect, frozen, wanted))
        return jobs[-1]

    yield keep
    for keeper in jobs:
        keeper.stop()


def test_an_account_is_given_the_ice_breakers_and_the_menu_once(
    keep: Callable[..., SteppedProfileSync], instagram: SandboxInstagram
) -> None:
    keeper = keep()
    keeper.advance(3600)

    assert instagram.profiles == {ACCOUNT: SHOWN}
    assert keeper.recorded == [RecordProfile(ACCOUNT, WELCOME.marks)]


def test_a_second_start_with_the_same_settings_calls_nobody(
    keep: Callable[..., SteppedProfileSync], instagram: SandboxInstagram
) -> None:
    keep()
    instagram.profiles.clear()

    assert keep().recorded == []
    assert instagram.profiles == {}


def test_what_is_no_longer_in_the_settings_is_taken_away(
    keep: Callable[..., SteppedProfileSync], instagram: SandboxInstagram
) -> None:
    keep()

    assert keep(MessengerProfile()).recorded == [RecordProfile(ACCOUNT, ProfileFingerprints())]
    assert instagram.profiles == {ACCOUNT: {}}


def test_an_account_that_was_given_nothing_is_left_as_it_is(
    keep: Callable[..., SteppedProfileSync], instagram: SandboxInstagram
) -> None:
    instagram.profiles[ACCOUNT] = {"ice_breakers": ["somebody else's"]}

    assert keep(MessengerProfile()).recorded == []
    assert instagram.profiles[ACCOUNT] == {"ice_breakers": ["somebody else's"]}


def test_a_refusal_is_tried_again_five_times_and_then_not_before_the_next_start(
    keep: Callable[..., SteppedProfileSync],
    instagram: SandboxInstagram,
    connect: Callable[[], GraphClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries = []

    def refuse(*_: ProfileChange | GraphClient | str) -> str:
        tries.append(clock.now())
        return "no connection"

    monkeypatch.setattr(GraphClient, "change_profile", refuse)
    keeper = keep()
    keeper.advance(24 * 3600)

    waits = [(later - earlier).total_seconds() for earlier, later in pairwise(tries)]
    assert waits == [2, 4, 8, 16]
    assert keeper.recorded == []
