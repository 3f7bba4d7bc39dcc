"""A backup of any moment that is restored later says nothing twice and loses no question."""

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from freezegun.api import FrozenDateTimeFactory

from moca import clock
from moca.core.content.content import Content
from moca.core.inbound.events import InboundMessage
from moca.core.messages.housekeeping import HoldRestored
from moca.core.messages.operator_actions import ReleaseQueue
from moca.core.messages.replies import QueueReply
from moca.core.types import Author
from moca.storage.db.tables import Conversation
from tests.actors.crashing_system import Mortal
from tests.support.factory import ANNA, NOON, at
from tests.support.system import SteppedSystem

MOCK = "This would be an AI generated message"
Restored = Callable[..., Iterator[SteppedSystem]]


class BackedUp(Mortal):
    """A system that is backed up after a given number of steps of its actors."""

    def __init__(self, system: SteppedSystem, folder: Path, after: int) -> None:
        super().__init__(system, after)
        self._file, self._copy = folder / "moca.db", folder / "copy.db"

    def dies(self) -> None:
        source, target = sqlite3.connect(self._file), sqlite3.connect(self._copy)
        source.backup(target)
        source.close()
        target.close()

    def restore(self) -> None:
        """Stop, start again with the backup, and resume sending after a minute."""
        self.system.stop()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._file}{suffix}").unlink(missing_ok=True)
        self._copy.rename(self._file)
        self.system.write(HoldRestored(clock.now()))
        self.system.start()
        self.system.advance(60)
        self.system.actors.tell(ReleaseQueue(clock.now()))
        self.system.advance(120)


@pytest.fixture
def restored(tmp_path: Path, frozen: FrozenDateTimeFactory) -> Restored:
    """Begin a system again and again, restore it to each of its steps, and yield what becomes."""

    def each(begin: Callable[[SteppedSystem], object], *, lives: float) -> Iterator[SteppedSystem]:
        for after in itertools.count(1):
            folder = tmp_path / str(after)
            folder.mkdir()
            frozen.move_to(NOON)
            system = SteppedSystem(folder, frozen)
            backup = BackedUp(system, folder, after)
            begin(system)
            backup.lives_until(lives)
            if backup.steps < after:
                system.stop()
                assert after > 20
                return
            backup.restore()
            yield system
            system.stop()

    return each


def asks(system: SteppedSystem) -> None:
    system.post(InboundMessage(contact=ANNA, mid="m1", text="hi", sent_at=at(0)))


def needs_reply(system: SteppedSystem) -> list[bool]:
    rows = system.rows(Conversation.select(Conversation.needs_reply_since))
    return [since is not None for (since,) in rows]


def test_a_question_that_was_answered_since_is_not_answered_again(restored: Restored) -> None:
    for system in restored(asks, lives=120):
        assert [call.text for call in system.instagram.reached] == [MOCK]


def test_a_question_that_was_not_answered_since_is_left_to_the_team(restored: Restored) -> None:
    for system in restored(asks, lives=4.9):
        assert system.instagram.reached == []
        assert needs_reply(system) in ([], [True])


def test_a_teammates_reply_that_was_sent_since_is_not_sent_again(restored: Restored) -> None:
    def begin(system: SteppedSystem) -> None:
        system.receive("hi")
        system.advance(60)
        content = Content(text="from Ana")
        system.actors.tell(QueueReply(1, (), content, clock.now(), Author.OPERATOR))

    for system in restored(begin, lives=180):
        assert [call.text for call in system.instagram.reached] == [MOCK, "from Ana"]
